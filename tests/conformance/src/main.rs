//! Plays the recorded scenarios.
fn main() {}
