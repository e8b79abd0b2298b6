//! The first administrator: whoever reads the terminal of a server without one may make them, once.

use std::sync::Mutex;
use std::time::Duration;

use jeton_token::secret::Secret;
use jeton_token::time::Timestamp;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::users::{Account, UserError};
use super::{Auth, AuthError, Caller};
use crate::entropy::LETTERS_AND_DIGITS;
use crate::limits::Outcome;

/// What is printed once on the terminal. Only its digest is kept, in memory.
pub type SetupCode = Secret<String>;

/// The code that is out, if any.
#[derive(Default)]
pub(super) struct Setup(Mutex<Option<Pending>>);

struct Pending {
    digest: [u8; 32],
    until: Timestamp,
    failures: u8,
}

/// Why no administrator was made.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// No code is out, it is another, its time is over, or it was guessed at too often.
    #[error("The setup code is not valid. Restart the server for a new one, or run `jeton createsuperuser`.")]
    WrongCode,
    /// This address guessed too often, or the guess cannot be looked at now.
    #[error(transparent)]
    Refused(#[from] AuthError),
    /// The name or the password will not do.
    #[error(transparent)]
    User(#[from] UserError),
}

impl Auth {
    /// A code for making the first administrator, or nothing if there is one. A new code replaces the one before.
    ///
    /// # Errors
    ///
    /// [`AuthError::Store`].
    pub async fn issue_setup_code(&self) -> Result<Option<SetupCode>, AuthError> {
        if self.store().is_any_superuser().await? {
            return Ok(None);
        }
        let code = self.entropy().text(CODE_LENGTH, LETTERS_AND_DIGITS);
        let pending = Pending { digest: digest(&code), until: self.now() + CODE_LIFETIME, failures: 0 };
        if let Ok(mut setup) = self.0.setup.0.lock() {
            *setup = Some(pending);
        }
        Ok(Some(Secret::new(code)))
    }

    /// Makes the first administrator. The code is used up by it.
    ///
    /// # Errors
    ///
    /// [`SetupError`].
    pub async fn set_up(&self, code: &SetupCode, account: Account, caller: &Caller) -> Result<i64, SetupError> {
        let guess = self.begin_guess(caller).await?;
        match self.check_setup_code(code) {
            Ok(()) => guess.end(Outcome::Succeeded).await,
            Err(error) => {
                guess.end(Outcome::Failed).await;
                return Err(error);
            }
        };
        if self.store().is_any_superuser().await.map_err(UserError::from)? {
            self.forget_setup_code();
            return Err(SetupError::WrongCode);
        }
        let account = Account { is_staff: true, is_superuser: true, ..account };
        let id = self.create_user(account).await?;
        self.forget_setup_code();
        Ok(id)
    }

    fn check_setup_code(&self, code: &SetupCode) -> Result<(), SetupError> {
        let mut setup = self.0.setup.0.lock().map_err(|_| SetupError::WrongCode)?;
        let Some(pending) = setup.as_mut().filter(|pending| self.now() < pending.until) else {
            return Err(SetupError::WrongCode);
        };
        if bool::from(pending.digest.ct_eq(&digest(code.expose()))) {
            return Ok(());
        }
        pending.failures += 1;
        if pending.failures >= MAX_FAILURES {
            *setup = None;
        }
        Err(SetupError::WrongCode)
    }

    fn forget_setup_code(&self) {
        if let Ok(mut setup) = self.0.setup.0.lock() {
            *setup = None;
        }
    }
}

fn digest(code: &str) -> [u8; 32] {
    Sha256::digest(code.as_bytes()).into()
}

/// 142 bits.
const CODE_LENGTH: usize = 24;
const CODE_LIFETIME: Duration = Duration::from_secs(30 * 60);
const MAX_FAILURES: u8 = 10;
