//! Why a command failed, in two lines: what happened, what to do next.

use std::io::{self, Write};
use std::process::ExitCode;

use jeton::auth::{AuthError, BuildError, KeysError, SetupError, UserError};
use jeton::settings::Problems;
use jeton_store::StoreError;
use jeton_store::moving::MoveError;

use crate::problem;
use crate::words::{say, told};

/// A command that was not carried out.
#[derive(Debug)]
pub(crate) struct Failure {
    code: Code,
    what: String,
    next: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Code {
    /// Nothing to tell: whoever read the output has gone.
    Unread = 0,
    Refused = 1,
    Usage = 2,
    Broken = 3,
}

impl Failure {
    /// What was asked for cannot be, or the settings are wrong.
    pub(crate) fn refused(what: impl Into<String>, next: impl Into<String>) -> Self {
        Self { code: Code::Refused, what: what.into(), next: next.into() }
    }

    /// The command line does not say enough, or too much.
    pub(crate) fn usage(what: impl Into<String>, next: impl Into<String>) -> Self {
        Self { code: Code::Usage, what: what.into(), next: next.into() }
    }

    /// A file, the database, the network or the system failed.
    pub(crate) fn io(what: impl Into<String>, next: impl Into<String>) -> Self {
        Self { code: Code::Broken, what: what.into(), next: next.into() }
    }

    /// Whether another answer would do.
    pub(crate) fn is_refusal(&self) -> bool {
        self.code == Code::Refused
    }

    /// Writes both lines to stderr and answers the exit code.
    pub(crate) fn tell(&self) -> ExitCode {
        if self.code != Code::Unread {
            let next = if self.next.is_empty() { String::new() } else { format!("\n  {}", self.next) };
            // Nowhere is left to tell that stderr is closed.
            _ = writeln!(io::stderr(), "jeton: {}{next}", self.what);
        }
        ExitCode::from(self.code as u8)
    }
}

/// Output that could not be written. A reader that has gone, as `head` does, is no failure.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        let code = if error.kind() == io::ErrorKind::BrokenPipe { Code::Unread } else { Code::Broken };
        let next = say!("Check the disk or the terminal that the output goes to.");
        Self { code, what: say!("the output could not be written: {}", error), next }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let text = error.to_string();
        let (what, next) = what_and_next(&text);
        Self::io(told(what), told(&next))
    }
}

impl From<MoveError> for Failure {
    fn from(error: MoveError) -> Self {
        let text = error.to_string();
        let (what, next) = what_and_next(&text);
        let (what, next) = (told(what), told(&next));
        match error {
            MoveError::Store(_)
            | MoveError::File { .. }
            | MoveError::Checksum { .. }
            | MoveError::Content { .. }
            | MoveError::Refused { .. } => Self::io(what, next),
            MoveError::Memory
            | MoveError::FileExists { .. }
            | MoveError::NoFile { .. }
            | MoveError::NotWhole { .. }
            | MoveError::InUse { .. }
            | MoveError::Occupied { .. }
            | MoveError::NotEmpty { .. }
            | MoveError::Connected { .. }
            | MoveError::Same => Self::refused(what, next),
        }
    }
}

/// The two halves of a message of the store: what happened, then mostly a colon and what to do. A colon in brackets is
/// another.
pub(crate) fn what_and_next(text: &str) -> (&str, String) {
    let (what, next) = text.rsplit_once(": ").filter(|(_, next)| !next.contains(')')).unwrap_or((text, ""));
    let mut letters = next.chars();
    let next = letters.next().map(|first| format!("{}{}.", first.to_uppercase(), letters.as_str()));
    (what, next.unwrap_or_default())
}

impl From<Problems> for Failure {
    fn from(problems: Problems) -> Self {
        let list: Vec<String> = problems.errors.iter().map(|error| format!("  {}", problem::tell(error))).collect();
        let what = match list.len() {
            1 => say!("the settings have 1 problem"),
            count => say!("the settings have {} problems", count),
        };
        Self::refused(
            format!("{what}\n{}", list.join("\n")),
            say!("Put that right; `jeton check` tells whether it is."),
        )
    }
}

impl From<BuildError> for Failure {
    fn from(error: BuildError) -> Self {
        match error {
            BuildError::Key(_)
            | BuildError::HandMade(_)
            | BuildError::Cost(_)
            | BuildError::Zero(_)
            | BuildError::UserIdField
            | BuildError::Redis => Self::refused(told(&error.to_string()), say!("Change that setting.")),
            BuildError::Threads(_) => {
                Self::io(told(&error.to_string()), say!("Lower the setting, or raise the limits of this user."))
            }
        }
    }
}

impl From<UserError> for Failure {
    fn from(error: UserError) -> Self {
        match error {
            UserError::Store(error) => error.into(),
            UserError::Password(_) => Self::io(told(&error.to_string()), say!("Try again.")),
            UserError::Taken => {
                Self::refused(told(&error.to_string()), say!("Choose another; `jeton user list` shows who is there."))
            }
            UserError::WeakPassword(weaknesses) => {
                let told: Vec<String> = weaknesses.iter().map(|weakness| told(&weakness.to_string())).collect();
                let next = say!("Choose another; passwords.validators says what is asked of one.");
                Self::refused(told.join(" "), next)
            }
            UserError::BadUsername => Self::refused(told(&error.to_string()), say!("Choose another name.")),
            UserError::LongHash => Self::refused(told(&error.to_string()), say!("Give the hash as Django stores it.")),
        }
    }
}

impl From<SetupError> for Failure {
    fn from(error: SetupError) -> Self {
        match error {
            SetupError::User(error) => error.into(),
            SetupError::Refused(error) => error.into(),
            SetupError::WrongCode => Self::refused(told(&error.to_string()), ""),
        }
    }
}

impl From<KeysError> for Failure {
    fn from(error: KeysError) -> Self {
        let what = told(&error.to_string());
        match error {
            KeysError::Store(error) => error.into(),
            KeysError::Key(_) => Self::refused(what, say!("Choose another one.")),
            KeysError::Waiting { kid } => {
                Self::refused(what, say!("Wait until it signs, or take it back: `jeton keys retire {}`.", kid))
            }
            KeysError::Raced => Self::refused(what, say!("`jeton keys list` shows what it made.")),
            KeysError::Unknown(_) | KeysError::Retired(_) => {
                Self::refused(what, say!("`jeton keys list` shows which there are."))
            }
            KeysError::Signs(_) => Self::refused(
                what,
                say!("Rotate first: `jeton keys rotate`, or `jeton keys rotate --now` if it is stolen."),
            ),
            KeysError::InUse { until, logins, .. } => Self::refused(
                what,
                say!(
                    "{} logins of {} users would end, and access tokens with them. Wait until {}, or give --now.",
                    logins.logins,
                    logins.users,
                    crate::output::moment(until)
                ),
            ),
        }
    }
}

impl From<AuthError> for Failure {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::Store(error) => error.into(),
            AuthError::UserInactive => {
                Self::refused(say!("the user is locked"), say!("Unlock them first: `jeton user unlock NAME`."))
            }
            AuthError::TooManySignIns => {
                let next = say!("End one of them: `jeton session list NAME`, then `jeton session end ID`.");
                Self::refused(say!("the user has as many sign-ins as devices.max_per_user lets them"), next)
            }
            AuthError::Throttled { .. } => {
                Self::refused(told(&error.to_string()), say!("Wait, or forgive it: `jeton limits clear NAME`."))
            }
            AuthError::NoSigningKey => Self::refused(
                told(&error.to_string()),
                say!("Put the former secret_key back, or make a key under the new one: `jeton keys rotate --now`."),
            ),
            AuthError::Overloaded { .. } | AuthError::HashingUnavailable | AuthError::Contended => {
                Self::io(told(&error.to_string()), say!("Try again."))
            }
            error => Self::refused(told(&error.to_string()), say!("`jeton token decode` shows what the token says.")),
        }
    }
}
