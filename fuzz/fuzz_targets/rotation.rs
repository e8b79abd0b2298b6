//! The rules of rotation: whatever is presented in whatever order, a family keeps its promises.
#![no_main]

use std::time::Duration;

use jeton_token::id::Generation;
use jeton_token::rotation::{Decision, EndReason, Family, Presented, Refusal, Rules, decide, is_blacklisted};
use jeton_token::time::Timestamp;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let [flags, window, late, limit, moves @ ..] = data else { return };
    let rules = Rules {
        rotate: flags & 1 == 0,
        blacklist: flags & 2 == 0,
        detect_reuse: flags & 4 == 0,
        window: Duration::from_secs(u64::from(window % 32)),
        late_replay: Duration::from_secs(u64::from(*late) * 60),
        late_limit: *limit,
    };
    let mut family = Family::new();
    // Few families reach their last generation by themselves.
    if flags & 8 != 0 {
        family.generation = Generation(u32::MAX - 2);
        family.consumed_below = family.generation;
    }
    let mut now = Timestamp::from_seconds(1_700_000_000);
    for step in moves.chunks_exact(3) {
        let &[behind, seconds, who] = step else { return };
        now = match who & 0x80 {
            0 => now + Duration::from_secs(u64::from(seconds) * if who & 0x40 == 0 { 1 } else { 60 }),
            _ => now - Duration::from_secs(u64::from(seconds % 16)),
        };
        let generation = match behind {
            0xFF => family.generation.0.saturating_add(1),
            _ => family.generation.0.saturating_sub(u32::from(behind % 5)),
        };
        let presented = Presented {
            generation: Generation(generation),
            blacklisted: who & 0x20 != 0,
            at: now,
            agent: [None, Some([1; 8]), Some([2; 8]), Some([1; 8])][usize::from(who & 3)],
        };
        if who & 0x10 != 0 {
            family.in_use = family.in_use.max(Some(family.generation));
        }
        let decision = decide(&family, &presented, &rules);
        assert_eq!(decision, decide(&family, &presented, &rules), "the same question, another answer");
        let next = family.after(decision, &presented, &rules);
        the_answer_is_allowed(decision, &family, &presented, &rules);
        the_family_only_moves_on(&family, &next, decision);
        the_same_again(decision, &next, &presented, &rules);
        family = next;
    }
});

fn the_answer_is_allowed(decision: Decision, family: &Family, presented: &Presented, rules: &Rules) {
    let (p, g) = (presented.generation, family.generation);
    let safe = rules.detect_reuse && rules.rotate && rules.blacklist;
    if family.revoked {
        assert_eq!(decision, Decision::Refuse(Refusal::Ended));
    }
    if p > g || presented.blacklisted {
        assert!(matches!(decision, Decision::Refuse(_)), "{decision:?}");
    }
    let good = !is_blacklisted(family, p, presented.blacklisted);
    match decision {
        Decision::Accept => assert!(good && !rules.rotate),
        Decision::Rotate => assert!(good && rules.rotate && p == g),
        Decision::RotateOlder => assert!(good && rules.rotate && p < g),
        Decision::SameSuccessor => assert!(safe && !good && p.next() == Some(g)),
        Decision::SameSuccessorLate(late) => {
            assert!(safe && !good && p.next() == Some(g) && !family.marked);
            assert_eq!((late.generation, late.at), (g, presented.at));
            assert!((1..=rules.late_limit).contains(&late.run), "{late:?}");
            assert!(family.in_use.is_none_or(|used| used < g) && presented.agent == family.rotated_by);
        }
        Decision::Refuse(_) => assert!(!good),
        Decision::RefuseAndMark => assert!(safe && !good && !family.marked),
        Decision::End(EndReason::Exhausted) => assert!(good && rules.rotate && g.next().is_none()),
        Decision::End(reason) => assert!(safe && !good && reason == EndReason::Reuse),
    }
}

fn the_family_only_moves_on(family: &Family, next: &Family, decision: Decision) {
    assert!(next.generation >= family.generation && next.consumed_below >= family.consumed_below);
    assert!(next.consumed_below <= next.generation);
    assert!(next.revoked || !family.revoked);
    assert!(next.marked || !family.marked);
    let rotated = matches!(decision, Decision::Rotate | Decision::RotateOlder);
    assert_eq!(next.generation != family.generation, rotated);
}

/// The very same request once more: it never makes a second successor of a token that is used up, and where answers
/// are repeated it gets its answer again.
fn the_same_again(decision: Decision, next: &Family, presented: &Presented, rules: &Rules) {
    let again = decide(next, presented, rules);
    match decision {
        Decision::Rotate if rules.blacklist && rules.detect_reuse => assert_eq!(again, Decision::SameSuccessor),
        Decision::Rotate if rules.blacklist => assert_eq!(again, Decision::Refuse(Refusal::Blacklisted)),
        Decision::SameSuccessor | Decision::SameSuccessorLate(_) => assert_eq!(again, Decision::SameSuccessor),
        Decision::Accept | Decision::Refuse(_) => assert_eq!(again, decision),
        Decision::End(_) => assert_eq!(again, Decision::Refuse(Refusal::Ended)),
        Decision::Rotate | Decision::RotateOlder | Decision::RefuseAndMark => {}
    }
}
