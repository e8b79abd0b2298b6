//! Load: many clients at once, each waiting for one answer at a time, until the server is killed under them.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::act::{Acknowledged, Act};
use crate::chance::Chance;
use crate::facts::Share;
use crate::server::Server;
use crate::sign_up;
use crate::wire::{Answer, Wire};
use crate::world::World;

/// How a load ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The server is killed while requests are in flight.
    Killed,
    /// The clients stop first, and the server has time to finish what it said it had finished.
    Settled,
}

/// What can be said of a load that is over.
pub(crate) struct Loaded {
    pub(crate) acknowledged: Acknowledged,
    /// Requests that were sent to their last byte before the signal went out, and never answered.
    pub(crate) in_flight: usize,
    /// Users whose making was acknowledged.
    pub(crate) signed_up: Vec<String>,
    /// The user that was being made when the kill came.
    pub(crate) perhaps_signed_up: Option<String>,
    /// Sign-ups that gave up waiting for the server to let them write.
    pub(crate) gave_way: u32,
}

/// What the threads of a load share.
pub(crate) struct Load {
    pub(crate) acknowledged: Acknowledged,
    cycle: u32,
    server: std::net::SocketAddr,
    /// Requests that are sent and not answered, right now.
    waiting: AtomicUsize,
    cut_off: AtomicUsize,
    /// Set just before the signal.
    over: AtomicBool,
    /// A server that answers before it commits reads what is not there yet; its refusals are no findings.
    forgives: bool,
    trouble: Mutex<Option<String>>,
}

/// Loads the server until enough is acknowledged and enough is in flight, and kills it.
pub(crate) fn run(world: &mut World, server: &mut Server, end: End, forgives: bool) -> Result<Loaded> {
    let load = Load {
        acknowledged: Acknowledged::default(),
        cycle: world.cycle,
        server: server.address,
        waiting: AtomicUsize::new(0),
        cut_off: AtomicUsize::new(0),
        over: AtomicBool::new(false),
        forgives,
        trouble: Mutex::new(None),
    };
    let (binary, config) = (world.binary.clone(), world.config());
    let (killed, sign_ups) = thread::scope(|scope| {
        for share in &mut world.shares {
            scope.spawn(|| load.client(share));
        }
        let sign_ups = scope.spawn(|| sign_up::keep_making_users(&binary, &config, &load));
        let mut killed = load.wait(Chance::new(load.cycle.into()));
        load.over.store(true, Ordering::SeqCst);
        if end == End::Killed {
            killed = killed.and(server.kill());
        }
        (killed, sign_ups.join())
    });
    if end == End::Settled {
        thread::sleep(SETTLING);
        server.kill()?;
    }
    if let Some(trouble) = load.trouble.into_inner().unwrap_or_else(PoisonError::into_inner) {
        bail!("before the kill, {trouble}");
    }
    killed?;
    let Ok(sign_ups) = sign_ups else { bail!("the thread that signs users up panicked") };
    Ok(Loaded {
        acknowledged: load.acknowledged,
        in_flight: load.cut_off.into_inner(),
        signed_up: sign_ups.made,
        perhaps_signed_up: sign_ups.perhaps,
        gave_way: sign_ups.gave_way,
    })
}

impl Load {
    pub(crate) fn is_over(&self) -> bool {
        self.over.load(Ordering::SeqCst)
    }

    pub(crate) fn cycle(&self) -> u32 {
        self.cycle
    }

    /// Something went wrong that no kill explains; only the first is told.
    pub(crate) fn complain(&self, what: String) {
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        trouble.get_or_insert(what);
    }

    /// Comes back at a moment at which the server can be killed.
    fn wait(&self, mut chance: Chance) -> Result<()> {
        let begun = Instant::now();
        let wanted = (WRITES + chance.below(WRITES)) as u64;
        while self.acknowledged.total() < wanted {
            self.pause(begun)?;
        }
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

    fn pause(&self, begun: Instant) -> Result<()> {
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
            let intent = share.wish();
            let request = share.request(intent);
            let asked_at = Instant::now();
            match self.ask(&mut wire, &request) {
                Ok(answer) => match share.acknowledge(intent, &answer, asked_at, self.cycle) {
                    Ok(()) => self.acknowledged.count(intent.act),
                    Err(_) if self.forgives && answer.status < 500 => share.forgive(intent, self.cycle),
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
/// Many times what a server takes between its answer and its commit where the order of the two is wrong.
const SETTLING: Duration = Duration::from_millis(300);
