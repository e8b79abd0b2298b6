//! The store against the rules: after each decision that it carries out, the row is what the rules say.

use std::time::Duration;

use jeton_store::{EventKind, FamilyRow, Rotation, Store};
use jeton_token::id::{FamilyKey, Generation};
use jeton_token::rotation::{Decision, Family, LateReplay, Presented, Rules, decide};
use jeton_token::time::Timestamp;

use crate::{START, after, event, family, rotation};

/// A repeatable source of numbers (SplitMix64), so that a failing walk can be walked again.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % limit
    }
}

const STILL: Rules = Rules { rotate: false, ..Rules::EXACT };
const KEEP: Rules = Rules { blacklist: false, ..Rules::SAFE };

pub(crate) async fn random_walks_leave_the_store_where_the_rules_say(store: Store) {
    let mut met = std::collections::HashMap::new();
    for walk in 0..300 {
        let mut numbers = Numbers(walk);
        let key = family(&store, walk as u32, None).await;
        let (mut state, mut now) = (Family::new(), START);
        for step in 0..40 {
            let rules = [Rules::SAFE, Rules::SAFE, Rules::SAFE, Rules::EXACT, KEEP, STILL][numbers.below(6) as usize];
            now = jump(now, &mut numbers);
            if numbers.below(8) == 0 {
                state.in_use = Some(state.generation);
                store.note_in_use(key, state.generation.low_bits());
            }
            let generation = state.generation.0 + 1 - numbers.below(4).min(u64::from(state.generation.0) + 1) as u32;
            let jti = key.refresh(Generation(generation)).to_string();
            let presented = Presented {
                generation: Generation(generation),
                blacklisted: store.find_blacklisted_token(&jti).await.unwrap().is_some(),
                at: now,
                agent: [None, Some(*b"tab-one!"), Some(*b"tab-one!")][numbers.below(3) as usize],
            };
            let decision = decide(&state, &presented, &rules);
            *met.entry(std::mem::discriminant(&decision)).or_insert(0) += 1;
            let expected = state.after(decision, &presented, &rules);
            if rules.rotate && decision != Decision::Rotate {
                let unseen = store.rotate(&asked(key, &presented, &rules)).await.unwrap();
                assert_eq!(unseen, None, "walk {walk}, step {step}: {decision:?}, and {state:?} rotated");
            }
            let done = carry_out(&store, key, decision, &presented, &rules).await;
            let found = store.find_family(key).await.unwrap().unwrap();
            assert!(done, "walk {walk}, step {step}: {decision:?} was not carried out on {state:?}");
            assert_eq!(found.state, expected, "walk {walk}, step {step}: {decision:?}");
            if state.revoked {
                break;
            }
            state = expected;
        }
    }
    assert_eq!(met.len(), 8, "every decision was met: {met:?}");
}

fn jump(now: Timestamp, numbers: &mut Numbers) -> Timestamp {
    match numbers.below(8) {
        0 => now - Duration::from_millis(numbers.below(8000)),
        1 | 2 => now + Duration::from_secs(numbers.below(40)),
        _ => now + Duration::from_millis(numbers.below(3000)),
    }
}

fn asked(key: FamilyKey, presented: &Presented, rules: &Rules) -> Rotation {
    Rotation {
        presented: presented.generation,
        at: presented.at,
        agent: presented.agent,
        blacklist: rules.blacklist,
        ..rotation(key, 0, 0)
    }
}

/// As the use case does it. Whether the store did it.
async fn carry_out(store: &Store, key: FamilyKey, decision: Decision, presented: &Presented, rules: &Rules) -> bool {
    let rotation = asked(key, presented, rules);
    match decision {
        Decision::Accept | Decision::SameSuccessor | Decision::Refuse(_) => true,
        Decision::Rotate => store.rotate(&rotation).await.unwrap().is_some(),
        Decision::RotateOlder => {
            let row = store.rotate_older(&rotation).await.unwrap();
            let jti = key.refresh(presented.generation).to_string();
            let listed = store.find_blacklisted_token(&jti).await.unwrap().is_some();
            row.is_some() && listed == rules.blacklist
        }
        Decision::SameSuccessorLate(late) => store.note_late_replay(key, &late, rules.window).await.unwrap(),
        Decision::RefuseAndMark => {
            let newest = store.find_family(key).await.unwrap().unwrap().state.generation;
            store.mark_family(key, newest, &event(EventKind::FamilyMarked, Some(key))).await.unwrap()
        }
        Decision::End(reason) => {
            let ended = event(EventKind::FamilyEnded, Some(key));
            let newer_than = Some(presented.generation);
            store.end_family(key, reason, newer_than, presented.at, &ended).await.unwrap()
        }
    }
}

/// On both sides of every edge of the window.
pub(crate) async fn whenever_the_rules_note_a_late_replay_the_store_does(store: Store) {
    let rules = Rules::SAFE;
    let key = family(&store, 1, None).await;
    let row: FamilyRow = store.rotate(&rotation(key, 0, 0)).await.unwrap().unwrap();
    let first = LateReplay { generation: Generation(1), at: after(1000), run: 1 };
    assert!(store.note_late_replay(key, &first, rules.window).await.unwrap());
    for (number, micros) in (2..).zip([-5_000_001, -5_000_000, 0, 10_000_000, 10_000_001, 11_000_000]) {
        let key = family(&store, number, None).await;
        store.rotate(&rotation(key, 0, 0)).await.unwrap().unwrap();
        assert!(store.note_late_replay(key, &first, rules.window).await.unwrap());
        let at = Timestamp::from_micros(first.at.micros() + micros);
        let presented = Presented { generation: Generation(0), blacklisted: false, at, agent: row.state.rotated_by };
        let noted = Family { late: Some(first), ..row.state.clone() };
        let again = LateReplay { at, ..first };
        let decision = decide(&noted, &presented, &rules);
        let store_notes = store.note_late_replay(key, &again, rules.window).await.unwrap();
        assert_eq!(store_notes, decision == Decision::SameSuccessorLate(again), "{micros} µs, {decision:?}");
    }
}
