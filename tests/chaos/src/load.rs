//! Load: many clients at once, each waiting for one answer at a time, while something happens to the server.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::act::{Acknowledged, Act};
use crate::chance::Chance;
use crate::facts::Share;
use crate::sign_up;
use crate::wire::{Answer, Wire};
use crate::world::World;

/// What clients take without complaint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tolerance {
    /// No refusal at all.
    Nothing,
    /// A server that answers before it commits reads what is not there yet; its refusals are no findings.
    Refusals,
    /// That nothing can be written, and what was asked for may be done or not, for as long as an outage is announced.
    Outage,
}

/// What can be said of a load that is over.
pub(crate) struct Loaded {
    pub(crate) acknowledged: Acknowledged,
    /// Requests that were sent to their last byte before the signal went out, and never answered.
    pub(crate) in_flight: usize,
    /// Requests that were answered with 503.
    pub(crate) turned_away: u64,
    /// Users whose making was acknowledged.
    pub(crate) signed_up: Vec<String>,
    /// Those that were being made when the kill or the outage came.
    pub(crate) perhaps_signed_up: Vec<String>,
    /// Sign-ups that gave up waiting for the server to let them write.
    pub(crate) gave_way: u32,
}

/// What the threads of a load share.
pub(crate) struct Load {
    pub(crate) acknowledged: Acknowledged,
    cycle: u32,
    server: SocketAddr,
    tolerance: Tolerance,
    /// Requests that are sent and not answered, right now.
    waiting: AtomicUsize,
    cut_off: AtomicUsize,
    turned_away: AtomicU64,
    is_outage: AtomicBool,
    /// Set just before the signal.
    over: AtomicBool,
    trouble: Mutex<Option<String>>,
}

/// Loads the server while `drive` does to it whatever is to be done.
pub(crate) fn run<T>(
    world: &mut World,
    server: SocketAddr,
    tolerance: Tolerance,
    drive: impl FnOnce(&Load) -> Result<T>,
) -> Result<(Loaded, T)> {
    let load = Load {
        acknowledged: Acknowledged::default(),
        cycle: world.cycle,
        server,
        tolerance,
        waiting: AtomicUsize::new(0),
        cut_off: AtomicUsize::new(0),
        turned_away: AtomicU64::new(0),
        is_outage: AtomicBool::new(false),
        over: AtomicBool::new(false),
        trouble: Mutex::new(None),
    };
    let (binary, config) = (world.binary.clone(), world.config());
    let (driven, sign_ups) = thread::scope(|scope| {
        for share in &mut world.shares {
            scope.spawn(|| load.client(share));
        }
        let sign_ups = scope.spawn(|| sign_up::keep_making_users(&binary, &config, &load));
        let driven = drive(&load);
        load.stop();
        (driven, sign_ups.join())
    });
    if let Some(trouble) = load.trouble.into_inner().unwrap_or_else(PoisonError::into_inner) {
        bail!("under load, {trouble}");
    }
    let driven = driven?;
    let Ok(sign_ups) = sign_ups else { bail!("the thread that signs users up panicked") };
    let loaded = Loaded {
        acknowledged: load.acknowledged,
        in_flight: load.cut_off.into_inner(),
        turned_away: load.turned_away.into_inner(),
        signed_up: sign_ups.made,
        perhaps_signed_up: sign_ups.perhaps,
        gave_way: sign_ups.gave_way,
    };
    Ok((loaded, driven))
}

impl Load {
    pub(crate) fn is_over(&self) -> bool {
        self.over.load(Ordering::SeqCst)
    }

    /// The clients send nothing more.
    pub(crate) fn stop(&self) {
        self.over.store(true, Ordering::SeqCst);
    }

    /// From now on nothing, or everything, may have to be written.
    pub(crate) fn announce_outage(&self, is_outage: bool) {
        self.is_outage.store(is_outage, Ordering::SeqCst);
    }

    /// Whether an answer of "not now" is to be expected.
    pub(crate) fn is_outage(&self) -> bool {
        self.tolerance == Tolerance::Outage && self.is_outage.load(Ordering::SeqCst)
    }

    /// What the server has acknowledged so far; sign-ups are made by processes of their own.
    pub(crate) fn served(&self) -> u64 {
        self.acknowledged.total() - self.acknowledged.of(Act::SignUp)
    }

    /// Requests that were answered with 503 so far.
    pub(crate) fn turned_away(&self) -> u64 {
        self.turned_away.load(Ordering::Relaxed)
    }

    pub(crate) fn cycle(&self) -> u32 {
        self.cycle
    }

    /// Something went wrong that no kill explains; only the first is told.
    pub(crate) fn complain(&self, what: String) {
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        trouble.get_or_insert(what);
    }

    /// Comes back when so many more writes are acknowledged, or a few more than that.
    pub(crate) fn wait_for_writes(&self, chance: &mut Chance) -> Result<u64> {
        let begun = Instant::now();
        let wanted = self.acknowledged.total() + (WRITES + chance.below(WRITES)) as u64;
        while self.acknowledged.total() < wanted {
            self.pause(begun)?;
        }
        Ok(wanted)
    }

    /// Comes back at a moment at which the server can be killed.
    pub(crate) fn wait_for_a_moment_to_kill(&self) -> Result<()> {
        let begun = Instant::now();
        let mut chance = Chance::new(self.cycle.into());
        let wanted = self.wait_for_writes(&mut chance)?;
        // Now and then the log grows until it is moved into the database under load.
        let enough = if self.cycle.is_multiple_of(LONG_EVERY) { LONG_WRITES } else { wanted };
        let until = Instant::now() + LONG;
        while self.acknowledged.total() < enough && Instant::now() < until {
            self.pause(begun)?;
        }
        // A moment more, so that the kill does not always follow upon a commit.
        thread::sleep(Duration::from_micros(chance.below(20_000) as u64));
        while self.waiting.load(Ordering::SeqCst) < WAITING {
            if begun.elapsed() > PATIENCE {
                bail!("there were never {WAITING} requests in flight");
            }
            thread::yield_now();
        }
        Ok(())
    }

    /// Fails if something has gone wrong, or takes far too long.
    pub(crate) fn pause(&self, begun: Instant) -> Result<()> {
        if self.trouble.lock().is_ok_and(|trouble| trouble.is_some()) {
            bail!("the load was broken off");
        }
        if begun.elapsed() > PATIENCE {
            bail!("only {} writes were acknowledged in {PATIENCE:?}", self.acknowledged.total());
        }
        thread::sleep(Duration::from_micros(200));
        Ok(())
    }

    fn client(&self, share: &mut Share) {
        let mut wire = match Wire::connect(self.server) {
            Ok(wire) => wire,
            Err(error) => return self.complain(format!("no connection: {error}")),
        };
        // The first sign-up goes first: later ones may have to give way to a server that writes without a pause.
        while !self.is_over() && self.acknowledged.of(Act::SignUp) == 0 {
            thread::sleep(Duration::from_micros(200));
        }
        while !self.is_over() {
            let Some(intent) = share.wish() else {
                thread::sleep(BACK_OFF);
                continue;
            };
            let request = share.request(intent);
            let (asked_at, was_outage) = (Instant::now(), self.is_outage());
            match self.ask(&mut wire, &request) {
                Ok(answer) if answer.status == 503 && (was_outage || self.is_outage()) => {
                    share.doubt(intent, self.cycle);
                    self.turned_away.fetch_add(1, Ordering::Relaxed);
                    thread::sleep(BACK_OFF);
                }
                Ok(answer) => match share.acknowledge(intent, &answer, asked_at, self.cycle) {
                    Ok(()) => self.acknowledged.count(intent.act),
                    Err(_) if self.tolerance == Tolerance::Refusals && answer.status < 500 => {
                        share.forgive(intent, self.cycle);
                    }
                    Err(complaint) => return self.complain(complaint),
                },
                Err(error) => {
                    share.doubt(intent, self.cycle);
                    if !self.is_over() {
                        self.complain(format!("{} was not answered: {error}", intent.act));
                    }
                    return;
                }
            }
        }
    }

    /// One request and its whole answer.
    fn ask(&self, wire: &mut Wire, request: &crate::wire::Request) -> std::io::Result<Answer> {
        wire.send(request)?;
        let before_the_signal = !self.is_over();
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let answer = wire.receive();
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        if answer.is_err() && before_the_signal {
            self.cut_off.fetch_add(1, Ordering::SeqCst);
        }
        answer
    }
}

/// So many writes are acknowledged at least, and less than twice as many wanted, before the kill.
const WRITES: usize = 100;
/// Every so many cycles of a site are long: so many writes, or so much time.
const LONG_EVERY: u32 = 4;
const LONG_WRITES: u64 = 12_000;
const LONG: Duration = Duration::from_secs(3);
/// So many requests wait when the signal goes out; a few of them may be answered while it is on its way.
const WAITING: usize = 16;
const PATIENCE: Duration = Duration::from_secs(60);
/// Before a client that was turned away asks again.
const BACK_OFF: Duration = Duration::from_millis(20);
