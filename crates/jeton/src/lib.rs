//! Sign-in for people.
