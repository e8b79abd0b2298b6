//! JSON bodies, read as Python's `json` reads them and refused in its words.
//!
//! A library of its own would do for the values, but not for the contract: clients are told where their JSON breaks in
//! Python's terms, lone surrogates are a field's error and not the body's, numbers keep their digits.

mod parser;

use std::fmt;

/// A JSON value. Of equal members the last counts.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    /// The digits, as they stood.
    Integer(String),
    Float(f64),
    Text(Text),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

/// A text, in which each lone surrogate is replaced by U+FFFD and the first of them remembered.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Text {
    pub(crate) text: String,
    pub(crate) surrogate: Option<u16>,
}

/// What is accepted beyond the grammar.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) max_depth: usize,
    pub(crate) refuse_duplicates: bool,
}

/// Why a body is no JSON.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum JsonError {
    /// In Python's words.
    Syntax(String),
    /// An object names a member twice.
    Duplicate(String),
}

impl Json {
    pub(crate) fn parse(body: &[u8], limits: Limits) -> Result<Self, JsonError> {
        parser::parse(body, limits)
    }

    /// The member of this name, if this is an object that has it.
    pub(crate) fn member(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value),
            _ => None,
        }
    }

    /// Whether Python takes the value for true.
    pub(crate) fn is_truthy(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Bool(truth) => *truth,
            Self::Integer(digits) => digits.bytes().any(|digit| matches!(digit, b'1'..=b'9')),
            Self::Float(number) => *number != 0.0,
            Self::Text(text) => !text.text.is_empty(),
            Self::Array(values) => !values.is_empty(),
            Self::Object(members) => !members.is_empty(),
        }
    }

    /// Python's name for the type of the value.
    pub(crate) fn python_type(&self) -> &'static str {
        match self {
            Self::Null => "NoneType",
            Self::Bool(_) => "bool",
            Self::Integer(_) => "int",
            Self::Float(_) => "float",
            Self::Text(_) => "str",
            Self::Array(_) => "list",
            Self::Object(_) => "dict",
        }
    }
}

/// A float in the notation of Python's `repr`.
pub(crate) struct PythonFloat(pub(crate) f64);

impl fmt::Display for PythonFloat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_infinite() {
            return f.write_str(if self.0 > 0.0 { "inf" } else { "-inf" });
        }
        let scientific = format!("{:e}", self.0);
        let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
        let exponent: i32 = exponent.parse().unwrap_or(0);
        if (-4..16).contains(&exponent) {
            let plain = format!("{}", self.0);
            let fraction = if plain.contains('.') { "" } else { ".0" };
            return write!(f, "{plain}{fraction}");
        }
        let sign = if exponent < 0 { '-' } else { '+' };
        write!(f, "{mantissa}e{sign}{:02}", exponent.abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { max_depth: 32, refuse_duplicates: false };

    #[test]
    fn numbers_are_written_as_python_writes_them() {
        for (body, written) in [
            ("1.5", "1.5"),
            ("1e2", "100.0"),
            ("1E16", "1e+16"),
            ("123456789012345680.0", "1.2345678901234568e+17"),
            ("0.0001", "0.0001"),
            ("0.00001", "1e-05"),
            ("-0.0", "-0.0"),
            ("1e999", "inf"),
        ] {
            let Ok(Json::Float(number)) = Json::parse(body.as_bytes(), LIMITS) else { panic!("{body}") };
            assert_eq!(PythonFloat(number).to_string(), written, "{body}");
        }
        assert_eq!(Json::parse(b"-0", LIMITS), Ok(Json::Integer("0".to_owned())));
        let long = "9".repeat(40);
        assert_eq!(Json::parse(long.as_bytes(), LIMITS), Ok(Json::Integer(long)));
    }

    #[test]
    fn truth_is_python_s() {
        for (body, truth) in [
            ("null", false),
            ("0", false),
            ("0.0", false),
            ("\"\"", false),
            ("[]", false),
            ("{}", false),
            ("\"false\"", true),
            ("-1", true),
            ("[0]", true),
        ] {
            assert_eq!(Json::parse(body.as_bytes(), LIMITS).unwrap().is_truthy(), truth, "{body}");
        }
    }
}
