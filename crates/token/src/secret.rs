//! Values that must not be seen.

use std::fmt;

use zeroize::Zeroize;

/// A value that is shown nowhere and wiped when dropped.
///
/// ```
/// use jeton_token::secret::Secret;
///
/// let password = Secret::new(String::from("correct horse"));
/// assert_eq!(format!("{password:?}"), "Secret(…)");
/// assert_eq!(password.expose(), "correct horse");
/// ```
#[derive(Clone)]
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Secret<T> {
    /// Takes charge of a value.
    ///
    /// ```
    /// use jeton_token::secret::Secret;
    ///
    /// let secret = Secret::new(vec![1, 2, 3]);
    /// assert_eq!(format!("{secret:?}"), "Secret(…)");
    /// ```
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself. What is done with it is the caller's to answer for.
    ///
    /// ```
    /// use jeton_token::secret::Secret;
    ///
    /// assert_eq!(Secret::from("correct horse").expose(), "correct horse");
    /// ```
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl From<&str> for Secret<String> {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}
