//! Where Jeton keeps users and token families.
