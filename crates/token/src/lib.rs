//! Rules and formats of Jeton's tokens: no IO, no async, no clock outside [`time`].

pub mod id;
pub mod rotation;
pub mod secret;
pub mod time;
