//! The ledger, played by seeded schedules: nodes that interleave at every call, calls that fail or whose outcome nobody learns,
//! crashes, clocks that are set, answers that get lost, thieves. One seed is one schedule, byte for byte.
//!
//! Most schedules are played by the real rules over a double of the store; the same seeds, played by `jeton::auth` over the
//! statements and transactions of `jeton-store`, leave the same trace.

mod check;
mod double;
mod ledger;
mod lineage;
mod node;
mod numbers;
mod play;
mod real;
mod refresh;
mod run;
mod scene;
mod schedule;
mod trace;

pub use check::Violation;
pub use ledger::Planted;
pub use run::{Figures, Theatres, command, play_double, play_many, replay};
pub use schedule::Played;
pub use trace::Trace;
