//! The thread and the queue of the writer: the standard library's, and in unit tests those of `shuttle`, which decides at each
//! of their calls who goes on.

#[cfg(not(test))]
mod standard {
    pub(in super::super) use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
    pub(in super::super) use std::thread;

    /// A build that answers before it commits exists for the crash test alone.
    pub(in super::super) const fn answers_early() -> bool {
        cfg!(feature = "answer-before-commit")
    }
}

#[cfg(not(test))]
pub(super) use standard::{Receiver, RecvTimeoutError, Sender, answers_early, channel, thread};

#[cfg(test)]
pub(super) use scheduled::{Receiver, RecvTimeoutError, Sender, answering_early, answers_early, channel, thread};

#[cfg(test)]
mod scheduled {
    use std::cell::Cell;
    use std::sync::mpsc::TryRecvError;
    use std::time::Duration;

    use shuttle::rand::{Rng, thread_rng};
    use shuttle::sync::mpsc;

    pub(in super::super) use shuttle::sync::mpsc::Sender;
    pub(in super::super) use shuttle::thread;
    pub(in super::super) use std::sync::mpsc::RecvTimeoutError;

    thread_local! {
        static ANSWERS_EARLY: Cell<bool> = const { Cell::new(cfg!(feature = "answer-before-commit")) };
    }

    /// Whether the bug is planted that answers before the commit.
    pub(in super::super) fn answers_early() -> bool {
        ANSWERS_EARLY.get()
    }

    /// Plants the bug for as long as `run` runs on this thread.
    pub(in super::super) fn answering_early(run: impl FnOnce()) {
        ANSWERS_EARLY.set(true);
        run();
        ANSWERS_EARLY.set(false);
    }

    pub(in super::super) struct Receiver<T>(mpsc::Receiver<T>);

    pub(in super::super) fn channel<T>() -> (Sender<T>, Receiver<T>) {
        let (sender, receiver) = mpsc::channel();
        (sender, Receiver(receiver))
    }

    impl<T> Receiver<T> {
        pub(in super::super) fn try_recv(&self) -> Result<T, TryRecvError> {
            self.0.try_recv()
        }

        /// Time passes or it does not, by chance: shuttle's own never times out.
        pub(in super::super) fn recv_timeout(&self, _: Duration) -> Result<T, RecvTimeoutError> {
            match self.0.try_recv() {
                Ok(value) => Ok(value),
                Err(TryRecvError::Disconnected) => Err(RecvTimeoutError::Disconnected),
                Err(TryRecvError::Empty) if thread_rng().gen_bool(0.3) => Err(RecvTimeoutError::Timeout),
                Err(TryRecvError::Empty) => self.0.recv().map_err(|_| RecvTimeoutError::Disconnected),
            }
        }
    }

    /// The standard library's drops what nobody will receive; shuttle's keeps it for as long as there are senders.
    impl<T> Drop for Receiver<T> {
        fn drop(&mut self) {
            while !std::thread::panicking() && self.0.try_recv().is_ok() {}
        }
    }
}
