//! The whole service in one process: real router, real store, a clock of the test's own.

mod hostile;
mod ledger;
mod limits;
mod passwords;
mod site;
mod urls;
