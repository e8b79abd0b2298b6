//! Ids: our own layout reads back to the same text, everything else is foreign.
#![no_main]

use jeton_token::id::{FamilyKey, Generation, Jti, Member, TokenId};
use jeton_token::time::Timestamp;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data) {
        texts_round_trip(text);
    }
    // As a text of hex digits, random bytes come nearer to the layout than random letters do.
    let digits: String = data.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    texts_round_trip(&digits);
    if let Some((head, rest)) = data.split_first_chunk::<17>() {
        ours_is_ours(head, rest);
    }
});

fn texts_round_trip(text: &str) {
    let id = TokenId::parse(text);
    let written = match Jti::parse(text) {
        None => {
            assert_eq!(id, TokenId::Foreign(text.to_owned()));
            return;
        }
        Some(jti) => jti,
    };
    assert_eq!(written.to_string(), text);
    let (family, member) = (written.family(), written.member());
    assert_eq!(FamilyKey::from_bytes(family.as_bytes()), Some(family));
    match member {
        Member::Refresh(generation) => {
            assert_eq!(family.refresh(generation), written);
            assert_eq!(id, TokenId::Refresh(family, generation));
        }
        Member::Sliding => {
            assert_eq!(family.sliding(), written);
            assert_eq!(id, TokenId::Sliding(family));
        }
        Member::Access(low) => {
            assert!(low <= 0xFFF);
            assert_eq!(id, TokenId::Foreign(text.to_owned()));
        }
    }
}

fn ours_is_ours(head: &[u8; 17], rest: &[u8]) {
    let [t0, t1, t2, t3, t4, t5, t6, t7, r0, r1, r2, r3, g0, g1, g2, g3, _] = *head;
    let created = Timestamp::from_micros(i64::from_be_bytes([t0, t1, t2, t3, t4, t5, t6, t7]));
    let family = FamilyKey::new(created, [r0, r1, r2, r3]);
    let generation = Generation(u32::from_be_bytes([g0, g1, g2, g3]));
    let random = rest.first_chunk().copied().unwrap_or([0xFF; 5]);
    for (jti, member) in [
        (family.refresh(generation), Member::Refresh(generation)),
        (family.access(generation, random), Member::Access(generation.low_bits())),
        (family.sliding(), Member::Sliding),
    ] {
        let read = Jti::parse(&jti.to_string()).expect("our layout");
        assert_eq!((read, read.family(), read.member()), (jti, family, member));
    }
}
