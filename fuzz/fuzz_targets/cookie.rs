//! `Cookie` headers: whatever they say, at most the two stale ones are replaced, and the new ones are good.
#![no_main]

use jeton::fuzzing::cookies;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let headers: Vec<&[u8]> = data.split(|&byte| byte == b'\n').collect();
    let Some(set) = cookies(&headers) else { return };
    assert!(set.len() <= 2);
    for cookie in set {
        assert!(!cookie.iter().any(|byte| b"\r\n\0".contains(byte)));
        let pair = cookie.split(|&byte| byte == b';').next().unwrap_or_default();
        match pair {
            b"sessionid=\"\"" => assert!(cookie.ends_with(b"Max-Age=0; Path=/; SameSite=Lax")),
            _ => {
                assert!(pair.starts_with(b"csrftoken="));
                assert_eq!(cookies(&[pair]), Some(Vec::new()), "a new cookie that is stale");
            }
        }
    }
});
