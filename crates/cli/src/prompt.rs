//! Questions to people. Where nobody can answer, the command says which flag does instead.

use std::io::{self, IsTerminal, Write};

use jeton_token::secret::Secret;

use crate::failure::Failure;
use crate::words::say;

/// Whether somebody sits there.
pub(crate) fn is_answered() -> bool {
    io::stdin().is_terminal()
}

/// Asks for a line.
pub(crate) fn text(question: &str) -> Result<String, Failure> {
    let mut out = io::stderr();
    write!(out, "{question}: ")?;
    out.flush()?;
    let mut answer = String::new();
    if io::stdin().read_line(&mut answer).map_err(|error| unreadable(&error))? == 0 {
        return Err(Failure::refused(say!("there was no answer"), say!("Nothing was done.")));
    }
    Ok(answer.trim().to_owned())
}

/// Asks for yes or no; anything but yes is no.
pub(crate) fn yes(question: &str) -> Result<bool, Failure> {
    let answer = text(&format!("{question} [y/N]"))?;
    Ok(["y", "yes", "예", "네"].iter().any(|yes| answer.eq_ignore_ascii_case(yes)))
}

/// Asks for a new password twice, until both are alike.
pub(crate) fn new_password() -> Result<Secret<String>, Failure> {
    loop {
        let first = hidden(&say!("Password: "))?;
        let second = hidden(&say!("Password (again): "))?;
        if first.expose() == second.expose() {
            return Ok(first);
        }
        writeln!(io::stderr(), "{}", say!("The two are not alike."))?;
    }
}

fn hidden(question: &str) -> Result<Secret<String>, Failure> {
    rpassword::prompt_password(question).map(Secret::new).map_err(|error| unreadable(&error))
}

fn unreadable(error: &io::Error) -> Failure {
    Failure::io(say!("the answer could not be read: {}", error), say!("Use the flags instead; --help shows them."))
}
