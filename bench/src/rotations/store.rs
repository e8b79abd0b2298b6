//! Jeton's own path: 64 clients who rotate through the `Store`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use jeton_store::{Rotation, Store};
use jeton_token::time::Timestamp;
use tokio::task::JoinSet;

use crate::rotations::families::{Chance, Families, Share, key};
use crate::rotations::{Slice, Use, bare};

/// Rotations a second, and the CPU time of each as `cpu` tells it.
pub(super) struct Rate {
    pub(super) each_second: f64,
    pub(super) cpu: Duration,
}

/// This contender is number `place` of `places` that share the families.
pub(super) async fn rotate(
    store: &Store,
    families: &Families,
    which: Use,
    (place, places): (u32, u32),
    slice: Slice,
    cpu: impl Fn() -> Result<Duration>,
) -> Result<Rate> {
    let done = Arc::new(AtomicU64::new(0));
    let over = Arc::new(AtomicBool::new(false));
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        let share = families.share(which, client * places + place, places * CLIENTS);
        let (store, families, done, over) = (store.clone(), families.clone(), Arc::clone(&done), Arc::clone(&over));
        clients.spawn(async move {
            let mut chance = Chance::new(client + 1);
            while !over.load(Ordering::Relaxed) {
                one(&store, &families, share, &mut chance).await?;
                done.fetch_add(1, Ordering::Relaxed);
            }
            anyhow::Ok(())
        });
    }
    tokio::time::sleep(slice.warm).await;
    let (start, before, used) = (Instant::now(), done.load(Ordering::Relaxed), cpu()?);
    tokio::time::sleep(slice.counted).await;
    let (took, rotations) = (start.elapsed(), done.load(Ordering::Relaxed) - before);
    let used = cpu()?.saturating_sub(used);
    over.store(true, Ordering::Relaxed);
    while let Some(client) = clients.join_next().await {
        client??;
    }
    Ok(bare::rate(rotations, took, used))
}

async fn one(store: &Store, families: &Families, share: Share, chance: &mut Chance) -> Result<()> {
    let family = share.draw(chance);
    let presented = families.generation(family);
    let rotation = Rotation {
        key: key(family),
        presented,
        at: Timestamp::from_seconds(NOW),
        agent: None,
        blacklist: true,
        token_expires_at: EXPIRES,
        expires_at: Timestamp::from_seconds(EXPIRES),
        created_from: None,
    };
    let row = store.rotate(&rotation).await?.context("a rotation that nobody else wanted was refused")?;
    families.rotated(family, row.state.generation);
    Ok(())
}

pub(super) const CLIENTS: u32 = 64;
pub(super) const NOW: i64 = 1_800_000_000;
pub(super) const EXPIRES: i64 = NOW + 14 * 86_400;
