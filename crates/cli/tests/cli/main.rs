//! The built command, run as operators and scripts run it.

mod check;
mod first_start;
mod secrets;
mod serve;
mod site;
mod tokens;
mod users;
