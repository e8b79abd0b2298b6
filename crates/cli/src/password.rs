//! Passwords on their way in: from stdin for scripts, from the terminal for people, never from the command line.

use std::io::{self, Read, Write};

use clap::Args;
use jeton::auth::{Auth, NewPassword, UserError};
use jeton::passwords::Person;
use jeton_token::secret::Secret;

use crate::failure::Failure;
use crate::prompt;
use crate::words::{self, say};

/// Where a password comes from.
#[derive(Args)]
#[group(multiple = false)]
pub(crate) struct PasswordArgs {
    /// Read the password from stdin, to its end; one final line break does not count.
    #[arg(long)]
    pub(crate) password_stdin: bool,
    /// Read a stored hash in Django's spelling from stdin, such as pbkdf2_sha256$…
    #[arg(long)]
    password_hash_stdin: bool,
    /// Set none: nobody can sign in with a password.
    #[arg(long)]
    unusable_password: bool,
}

impl PasswordArgs {
    /// The password, checked by `passwords.validators`; asked for if no flag says where it is.
    pub(crate) fn take(&self, auth: &Auth, person: Person<'_>) -> Result<NewPassword, Failure> {
        if self.unusable_password {
            return Ok(NewPassword::Unusable);
        }
        if self.password_hash_stdin {
            return Ok(NewPassword::Hashed(from_stdin()?));
        }
        take(self.password_stdin, auth, person).map(NewPassword::Plain)
    }
}

/// A new password of that person's from stdin or from the terminal, one that is not easily guessed.
pub(crate) fn take(from_script: bool, auth: &Auth, person: Person<'_>) -> Result<Secret<String>, Failure> {
    if from_script {
        let password = from_stdin()?;
        auth.check_new_password(&password, person)?;
        return Ok(password);
    }
    if !prompt::is_answered() {
        return Err(Failure::usage(
            say!("there is no terminal to ask for the password on"),
            say!("Use --password-stdin."),
        ));
    }
    loop {
        let password = prompt::new_password()?;
        match auth.check_new_password(&password, person) {
            Ok(()) => return Ok(password),
            Err(UserError::WeakPassword(weaknesses)) => {
                for weakness in weaknesses {
                    writeln!(io::stderr(), "{}", words::told(&weakness.to_string()))?;
                }
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// A secret from stdin: all of it, but for one line break at the end.
fn from_stdin() -> Result<Secret<String>, Failure> {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text).map_err(|error| {
        Failure::io(say!("stdin could not be read: {}", error), say!("Hand the secret over as UTF-8 text."))
    })?;
    let text = Secret::new(text);
    let line = text.expose().strip_suffix('\n').unwrap_or(text.expose());
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.is_empty() {
        return Err(Failure::usage(
            say!("nothing came by stdin"),
            say!("Pipe the secret in: printf %s \"$SECRET\" | jeton …"),
        ));
    }
    Ok(Secret::from(line))
}
