//! [`Hooks`] behind a pointer: futures in boxes, so that the service needs no type parameter.

use std::future::Future;
use std::pin::Pin;

use super::{Attempt, Grant, Hooks, Refusal, Shown};

type Outcome<'f> = Pin<Box<dyn Future<Output = Result<(), Refusal>> + Send + 'f>>;

/// What [`Hooks`] has, for any of its kinds.
pub(in super::super) trait DynHooks: Send + Sync {
    fn before_obtain<'f, 'g: 'f>(&'f self, attempt: &'f Attempt<'g>) -> Outcome<'f>;
    fn after_obtain<'f, 'g: 'f>(&'f self, grant: &'f mut Grant<'g>) -> Outcome<'f>;
    fn before_refresh<'f, 'g: 'f>(&'f self, shown: &'f Shown<'g>) -> Outcome<'f>;
    fn after_refresh<'f, 'g: 'f>(&'f self, grant: &'f mut Grant<'g>) -> Outcome<'f>;
    fn before_verify<'f, 'g: 'f>(&'f self, shown: &'f Shown<'g>) -> Outcome<'f>;
    fn after_verify<'f, 'g: 'f>(&'f self, grant: &'f mut Grant<'g>) -> Outcome<'f>;
    fn before_blacklist<'f, 'g: 'f>(&'f self, shown: &'f Shown<'g>) -> Outcome<'f>;
    fn after_blacklist<'f, 'g: 'f>(&'f self, grant: &'f mut Grant<'g>) -> Outcome<'f>;
}

impl<T: Hooks> DynHooks for T {
    fn before_obtain<'f, 'g: 'f>(&'f self, attempt: &'f Attempt<'g>) -> Outcome<'f> {
        Box::pin(Hooks::before_obtain(self, attempt))
    }

    fn after_obtain<'f, 'g: 'f>(&'f self, grant: &'f mut Grant<'g>) -> Outcome<'f> {
        Box::pin(Hooks::after_obtain(self, grant))
    }

    fn before_refresh<'f, 'g: 'f>(&'f self, shown: &'f Shown<'g>) -> Outcome<'f> {
        Box::pin(Hooks::before_refresh(self, shown))
    }

    fn after_refresh<'f, 'g: 'f>(&'f self, grant: &'f mut Grant<'g>) -> Outcome<'f> {
        Box::pin(Hooks::after_refresh(self, grant))
    }

    fn before_verify<'f, 'g: 'f>(&'f self, shown: &'f Shown<'g>) -> Outcome<'f> {
        Box::pin(Hooks::before_verify(self, shown))
    }

    fn after_verify<'f, 'g: 'f>(&'f self, grant: &'f mut Grant<'g>) -> Outcome<'f> {
        Box::pin(Hooks::after_verify(self, grant))
    }

    fn before_blacklist<'f, 'g: 'f>(&'f self, shown: &'f Shown<'g>) -> Outcome<'f> {
        Box::pin(Hooks::before_blacklist(self, shown))
    }

    fn after_blacklist<'f, 'g: 'f>(&'f self, grant: &'f mut Grant<'g>) -> Outcome<'f> {
        Box::pin(Hooks::after_blacklist(self, grant))
    }
}
