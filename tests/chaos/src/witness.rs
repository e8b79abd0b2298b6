//! A client that looks on during an outage: what is still answered, what is not, and that nothing ended is good.

use std::fmt;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::json;

use crate::facts::{User, refresh, verify};
use crate::outage::Severity;
use crate::wire::{self, Answer, PATIENCE, Request, Wire};
use crate::world::{Stance, WITNESS};

/// Someone with a login that lives and one that has ended.
pub(crate) struct Witness {
    pub(crate) address: SocketAddr,
    stance: Stance,
    user: User,
    access: String,
    refresh: String,
    ended_refresh: String,
    ended_access: String,
}

/// What was seen.
#[derive(Default)]
pub(crate) struct Testimony {
    looks: u32,
    /// Of so many looks: the process said that it is ready.
    ready: u32,
    /// An access token was verified, which needs no database.
    access_verified: u32,
    /// A refresh token was verified, which needs to be looked up.
    refresh_verified: u32,
    logged_in: u32,
    slowest: Duration,
}

impl Witness {
    pub(crate) fn sign_in(address: SocketAddr, stance: Stance) -> Result<Self> {
        let user = User::new(WITNESS.to_owned());
        let mut wire = Wire::connect(address)?;
        let mut login = || {
            let answer = wire.post(&user.login())?;
            let token = |name| answer.text(name).with_context(|| format!("the witness was answered {answer:?}"));
            Ok::<_, anyhow::Error>((token("access")?, token("refresh")?))
        };
        let ((access, refresh), (ended_access, ended_refresh)) = (login()?, login()?);
        let body = json!({"refresh": ended_refresh});
        let ended = wire.post(&Request { path: "/api/token/blacklist/", body, bearer: None })?;
        ensure!(ended.status == 200, "the blacklisting of the witness was answered {ended:?}");
        Ok(Self { address, stance, user, access, refresh, ended_refresh, ended_access })
    }

    /// Looks again and again for so long.
    pub(crate) fn watch(&self, time: Duration, severity: Severity) -> Result<Testimony> {
        let begun = Instant::now();
        let mut testimony = Testimony::default();
        while begun.elapsed() < time {
            self.look(&mut testimony)?;
            thread::sleep(Duration::from_millis(20));
        }
        if severity == Severity::Away {
            ensure!(testimony.ready == 0, "/readyz says ready though the database is away ({testimony})");
        } else {
            ensure!(
                testimony.access_verified == testimony.looks && testimony.refresh_verified == testimony.looks,
                "reads are refused though only room is lacking ({testimony})"
            );
        }
        Ok(testimony)
    }

    fn look(&self, seen: &mut Testimony) -> Result<()> {
        let mut wire = Wire::connect(self.address)?;
        let mut is_good = |request: &Request, refusals: &[u16]| {
            let asked_at = Instant::now();
            let answer = wire.post(request)?;
            seen.slowest = seen.slowest.max(asked_at.elapsed());
            expect(&answer, refusals).map(|()| u32::from(answer.status == 200))
        };
        let access = is_good(&verify(&self.access), &[503])?;
        let live = is_good(&verify(&self.refresh), &[503])?;
        let login = is_good(&self.user.login(), &[503])?;
        let ended = is_good(&verify(&self.ended_refresh), &[400, 503])?;
        let refreshed = is_good(&refresh(&self.ended_refresh), &[401, 503])?;
        // The exact stance takes access tokens as they are.
        if self.stance == Stance::Safe {
            let ended = is_good(&verify(&self.ended_access), &[401, 503])?;
            ensure!(ended == 0, "the access token of a login that had ended was good during the outage");
        }
        ensure!(ended + refreshed == 0, "a token that had ended was good during the outage");
        ensure!(wire::is_well(self.address, "/healthz"), "/healthz is not well");
        let ready = wire::get(self.address, "/readyz", PATIENCE)?;
        expect(&ready, &[503])?;
        seen.looks += 1;
        seen.ready += u32::from(ready.status == 200);
        (seen.access_verified, seen.refresh_verified) = (seen.access_verified + access, seen.refresh_verified + live);
        seen.logged_in += login;
        Ok(())
    }
}

/// 200, or one of these.
fn expect(answer: &Answer, refusals: &[u16]) -> Result<()> {
    ensure!(
        answer.status == 200 || refusals.contains(&answer.status),
        "during the outage the witness was answered {} {}",
        answer.status,
        answer.body
    );
    Ok(())
}

impl fmt::Display for Testimony {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { looks, ready, access_verified, refresh_verified, logged_in, slowest } = self;
        write!(
            f,
            "of {looks} looks {ready} ready, {access_verified} access and {refresh_verified} refresh tokens verified, \
             {logged_in} logins, each within {} ms",
            slowest.as_millis()
        )
    }
}
