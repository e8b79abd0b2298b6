//! What clients are told, in the reference's words.

pub(super) const FIELD_REQUIRED: &str = "This field is required.";
pub(super) const FIELD_NULL: &str = "This field may not be null.";
pub(super) const FIELD_BLANK: &str = "This field may not be blank.";
pub(super) const NOT_A_STRING: &str = "Not a valid string.";
pub(super) const NULL_CHARACTERS: &str = "Null characters are not allowed.";
pub(super) const NO_DATA: &str = "No data provided";
pub(super) const NOT_FOUND: &str = "Not found.";
pub(super) const NOT_ACCEPTABLE: &str = "Could not satisfy the request Accept header.";
pub(super) const GOODBYE: &str = "OK, goodbye";
pub(super) const GOODBYE_ALL: &str = "OK, goodbye, all refresh tokens blacklisted";

pub(super) fn surrogate(surrogate: u16) -> String {
    format!("Surrogate characters are not allowed: U+{surrogate:X}.")
}

pub(super) fn not_a_dictionary(python_type: &str) -> String {
    format!("Invalid data. Expected a dictionary, but got {python_type}.")
}

pub(super) fn method_not_allowed(method: &str) -> String {
    format!("Method \"{method}\" not allowed.")
}

pub(super) fn unsupported_media_type(media_type: &str) -> String {
    format!("Unsupported media type \"{media_type}\" in request.")
}

pub(super) fn unsupported_charset(charset: &str) -> String {
    format!("Unsupported charset \"{charset}\" in request Content-Type header.")
}
