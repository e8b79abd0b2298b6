//! JSON bodies, held against serde: the two agree on what is JSON and what it says, but for the differences below.
#![no_main]

use jeton::fuzzing::json_body;
use jeton_fuzz::alike;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|data: &[u8]| {
    let ours = json_body(data, 200, false);
    match (&ours, serde_json::from_slice::<Value>(data)) {
        (Ok(ours), Ok(serde)) => assert!(alike(ours, &serde), "{ours} is {serde}"),
        (Ok(ours), Err(error)) => assert!(is_known(data, &error.to_string()), "{error}: {ours}"),
        (Err(words), Ok(serde)) => assert!(words.starts_with("Exceeds the limit"), "{words}: {serde}"),
        (Err(words), Err(_)) => assert!(!words.is_empty()),
    }
    if let Ok(shallow) = json_body(data, 8, true) {
        assert!(depth(&shallow) <= 8);
        assert!(ours.is_ok_and(|ours| alike(&ours, &shallow)));
    }
});

/// What Python reads and serde does not: a body that ends within a letter, lone surrogates, floats beyond the largest,
/// and nesting beyond serde's own limit.
fn is_known(data: &[u8], error: &str) -> bool {
    std::str::from_utf8(data).is_err_and(|error| error.error_len().is_none())
        || ["surrogate", "hex escape", "number out of range", "recursion limit"]
            .iter()
            .any(|known| error.contains(known))
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(values) => 1 + values.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}
