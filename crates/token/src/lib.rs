//! Rules and formats of tokens.
