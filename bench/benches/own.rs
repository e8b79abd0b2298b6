//! What Jeton's own ways cost, against a saved baseline: `cargo bench -p jeton-bench -- --save-baseline before`.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use jeton_token::algorithm::Algorithm;
use jeton_token::cache::{Looked, VerifiedTokens};
use jeton_token::claims::Claims;
use jeton_token::id::{FamilyKey, Generation, Jti};
use jeton_token::jws::{Jws, Room};
use jeton_token::key::{Key, generate};
use jeton_token::policy::{Policy, TokenType};
use jeton_token::rotation::{Family, Presented, Rules, decide};
use jeton_token::scan::scan;
use jeton_token::time::Timestamp;
use jeton_token::token::Tokens;

const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);
const ID: &str = "0123456789abcdef0123456789abcdef";
const ACCESS: Option<TokenType> = Some(TokenType::Access);

fn key(algorithm: Algorithm) -> Key {
    if algorithm.is_symmetric() {
        return Key::from_secret(algorithm, b"a secret of at least thirty-two bytes").expect("a symmetric algorithm");
    }
    let pair = generate(algorithm).expect("randomness");
    Key::from_private_pem(algorithm, pair.private_pem.expose()).expect("a good key")
}

fn user() -> Claims {
    [("user_id", "1")].into_iter().collect()
}

fn tokens(criterion: &mut Criterion) {
    for algorithm in [Algorithm::Hs256, Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa] {
        let key = key(algorithm);
        let (tokens, jws) = (Tokens::new(key.clone(), Policy::default()), Jws::new(key.clone()));
        let claims = tokens.mint(TokenType::Access, Some(ID), &user(), NOW);
        let text = tokens.sign(&claims);
        let (signed, _) = text.rsplit_once('.').expect("three parts");
        let signature = key.sign(signed.as_bytes());

        let mut group = criterion.benchmark_group(format!("{algorithm} verify"));
        group.bench_function("signature alone", |bencher| {
            bencher.iter(|| assert!(key.verify(black_box(signed.as_bytes()), &signature)));
        });
        group.bench_function("short way", |bencher| {
            let mut room = Room::new();
            bencher.iter(|| {
                let claims = tokens.verify_plain(black_box(text.as_bytes()), ACCESS, NOW, &mut room);
                assert!(black_box(claims).is_some());
            });
        });
        group.bench_function("general way", |bencher| {
            bencher.iter(|| assert!(tokens.decode_by(&jws, black_box(text.as_bytes()), NOW).is_ok()));
        });
        group.finish();

        let mut group = criterion.benchmark_group(format!("{algorithm} mint"));
        group.bench_function("signature alone", |bencher| bencher.iter(|| key.sign(black_box(signed.as_bytes()))));
        group.bench_function("whole", |bencher| {
            let user = user();
            bencher.iter(|| tokens.sign(&tokens.mint(TokenType::Access, Some(ID), black_box(&user), NOW)));
        });
        group.finish();
    }
}

fn parts(criterion: &mut Criterion) {
    let tokens = Tokens::new(key(Algorithm::Hs256), Policy::default());
    let payload = tokens.mint(TokenType::Access, Some(ID), &user(), NOW).to_json();
    let mut group = criterion.benchmark_group("claims");
    group.throughput(Throughput::Bytes(payload.len() as u64));
    group.bench_function("scan", |bencher| bencher.iter(|| scan(black_box(&payload)).is_some()));
    group.bench_function("parse", |bencher| bencher.iter(|| Claims::parse(black_box(&payload))));
    group.bench_function("parse strictly", |bencher| bencher.iter(|| Claims::parse_strict(black_box(&payload))));
    group.finish();

    let cache = VerifiedTokens::new(4096, [7, 9]);
    let text = tokens.sign(&Claims::parse(&payload).expect("we wrote it"));
    if let Looked::Miss(miss) = cache.look(text.as_bytes()) {
        miss.keep(Arc::new(payload));
    }
    criterion.bench_function("a token verified before", |bencher| {
        bencher.iter(|| assert!(matches!(cache.look(black_box(text.as_bytes())), Looked::Hit(_))));
    });

    let jti = FamilyKey::new(NOW, [7; 4]).refresh(Generation(3)).to_string();
    criterion.bench_function("an id read", |bencher| bencher.iter(|| Jti::parse(black_box(&jti))));
    criterion.bench_function("a rotation decided", |bencher| {
        let presented = Presented { generation: Generation(0), blacklisted: false, at: NOW, agent: None };
        bencher.iter(|| decide(black_box(&Family::new()), &presented, &Rules::SAFE));
    });
}

criterion_group!(benches, tokens, parts);
criterion_main!(benches);
