//! Traces of the model of rotation, walked through the real store: after each step the row is the model's family.

#![expect(clippy::unwrap_used, reason = "a test may end where it is surprised")]

#[path = "../../token/tests/model/ended.rs"]
mod ended;
#[path = "../../token/tests/model/laws.rs"]
#[expect(dead_code, reason = "the mutations are for the model alone")]
mod laws;
#[path = "../../token/tests/model/step.rs"]
mod step;
#[path = "../../token/tests/model/world.rs"]
#[expect(dead_code, reason = "searching is for the model alone")]
mod world;

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use jeton_store::{EventKind, FamilyKind, NewEvent, NewFamily, OpenMode, Rotation, Store};
use jeton_token::id::{FamilyKey, Generation};
use jeton_token::rotation::{Decision, EndReason, LateReplay, Presented, Refusal, Rules, decide};
use jeton_token::time::Timestamp;
use laws::REAL;
use step::Carried;
use world::{AGENT, Action, Setup, moment};

const WALKS: u64 = 400;
const LENGTH: usize = 40;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn traces_of_the_model_leave_the_store_where_the_model_is() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("jeton.db").display());
    let store = Store::open(&url, OpenMode::Create, moment(0)).unwrap();
    let setups = [Setup::hostile(1), Setup::hostile(3), Setup::honest(3, 1), Setup::honest(1, 0)];
    let (mut traces, mut met, mut steps) = (HashSet::new(), HashMap::new(), 0);
    for walk in 0..WALKS {
        let setup = &setups[walk as usize % setups.len()];
        let trace = walk_through(&store, setup, walk, &mut met).await;
        steps += trace.len();
        traces.insert(format!("{} {trace:?}", walk as usize % setups.len()));
    }
    println!("{} distinct traces, {steps} steps, equal after each; decisions: {met:?}", traces.len());
    assert!(traces.len() >= 300);
    assert_eq!(met.len(), 6, "every decision that these settings allow in a living family was met");
}

async fn walk_through(store: &Store, setup: &Setup, walk: u64, met: &mut HashMap<&str, usize>) -> Vec<Action> {
    let mut numbers = Numbers(walk);
    let key = family(store, walk as u32).await;
    let (mut world, mut trace) = (setup.start(), Vec::new());
    while trace.len() < LENGTH {
        let mut actions = setup.actions(&world);
        // A logout ends the walk, so it has to wait.
        actions.retain(|&action| action != Action::Logout || trace.len() > LENGTH / 2);
        if actions.is_empty() {
            break;
        }
        let action = actions[numbers.below(actions.len())];
        let (next, carried) = setup.step(&world, action, &REAL).unwrap();
        if let Some(carried) = carried {
            *met.entry(name(carried.decision)).or_default() += 1;
            carry_out(store, key, carried, &setup.rules).await;
        }
        if matches!(action, Action::Use | Action::ThiefUses) {
            store.note_in_use(key, next.family.generation.low_bits());
        }
        trace.push(action);
        let row = store.find_family(key).await.unwrap().unwrap();
        assert_eq!(row.state, next.family, "walk {walk}: {trace:?}");
        world = next;
    }
    if world.family.revoked {
        stays_ended(store, key, setup).await;
    }
    trace
}

/// Somebody who decided before the end comes too late, whatever was decided.
async fn stays_ended(store: &Store, key: FamilyKey, setup: &Setup) {
    let ended = store.find_family(key).await.unwrap().unwrap();
    let (newest, at) = (ended.state.generation, ended.revoked_at.unwrap());
    let rotation = rotation(key, newest, at, &setup.rules);
    assert_eq!(store.rotate(&rotation).await.unwrap(), None);
    let late = LateReplay { generation: newest, at: at + DAY, run: 1 };
    assert!(!store.note_late_replay(key, &late, setup.rules.window).await.unwrap());
    assert!(!store.mark_family(key, newest, &event(EventKind::FamilyMarked, key, at)).await.unwrap());
    let again = event(EventKind::FamilyEnded, key, at);
    assert!(!store.end_family(key, EndReason::Logout, None, at, &again).await.unwrap());
    assert_eq!(store.find_family(key).await.unwrap(), Some(ended));
}

/// As a refresh does it, and a logout.
async fn carry_out(store: &Store, key: FamilyKey, Carried { presented, decision }: Carried, rules: &Rules) {
    let row = store.find_family(key).await.unwrap().unwrap();
    let Presented { generation, at, .. } = presented;
    let logout = Decision::End(EndReason::Logout);
    if decision != logout {
        assert_eq!(decide(&row.state, &presented, rules), decision);
    }
    match decision {
        Decision::Refuse(Refusal::LedgerBehind) => {
            store.append_event(&event(EventKind::LedgerBehind, key, at)).await.unwrap();
        }
        Decision::Accept | Decision::SameSuccessor | Decision::Refuse(_) => {}
        Decision::Rotate | Decision::RotateOlder => {
            let rotation = rotation(key, generation, at, rules);
            let rotated = match decision {
                Decision::RotateOlder => store.rotate_older(&rotation).await,
                _ => store.rotate(&rotation).await,
            };
            assert!(rotated.unwrap().is_some());
        }
        Decision::SameSuccessorLate(late) => {
            assert!(store.note_late_replay(key, &late, rules.window).await.unwrap());
            store.append_event(&event(EventKind::LateReplay, key, at)).await.unwrap();
        }
        Decision::RefuseAndMark => {
            let marked = event(EventKind::FamilyMarked, key, at);
            assert!(store.mark_family(key, row.state.generation, &marked).await.unwrap());
        }
        Decision::End(reason) => {
            let newer_than = (reason == EndReason::Reuse).then_some(generation);
            let ended = event(EventKind::FamilyEnded, key, at);
            assert!(store.end_family(key, reason, newer_than, at, &ended).await.unwrap());
        }
    }
}

fn rotation(key: FamilyKey, presented: Generation, at: Timestamp, rules: &Rules) -> Rotation {
    Rotation {
        key,
        presented,
        at,
        agent: Some(AGENT),
        blacklist: rules.blacklist,
        token_expires_at: (at + DAY * 2).seconds(),
        expires_at: at + DAY * 2,
        created_from: None,
    }
}

fn name(decision: Decision) -> &'static str {
    match decision {
        Decision::Accept => "accept",
        Decision::Rotate => "rotate",
        Decision::RotateOlder => "rotate older",
        Decision::SameSuccessor => "same successor",
        Decision::SameSuccessorLate(_) => "late replay",
        Decision::Refuse(_) => "refuse",
        Decision::RefuseAndMark => "refuse and mark",
        Decision::End(EndReason::Logout) => "end by logout",
        Decision::End(_) => "end by reuse",
    }
}

async fn family(store: &Store, number: u32) -> FamilyKey {
    let created_at = moment(0);
    let key = FamilyKey::new(created_at + Duration::from_secs(number.into()), number.to_be_bytes());
    let family = NewFamily {
        key,
        kind: FamilyKind::Refresh,
        user_id: None,
        created_at,
        token_expires_at: (created_at + DAY * 2).seconds(),
        expires_at: created_at + DAY * 2,
        agent: Some(AGENT),
        user_agent: None,
        address: None,
    };
    assert!(store.create_family(&family, None).await.unwrap());
    key
}

fn event(kind: EventKind, key: FamilyKey, at: Timestamp) -> NewEvent {
    NewEvent { at, kind, user_id: None, family: Some(key), address: None, detail: None }
}

/// A repeatable source of numbers (SplitMix64), so that a failing walk can be walked again.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) % limit as u64) as usize
    }
}

const DAY: Duration = Duration::from_secs(86_400);
