//! What the fuzz targets share: an HMAC that is not the product's, a future run to its end, JSON compared.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

/// What the targets sign with.
pub const SECRET: &[u8; 32] = b"0123456789abcdef0123456789abcdef";

/// The HS256 signature of a text under [`SECRET`], by the bare HMAC.
pub fn signature(text: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET).expect("HMAC takes keys of any length");
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

/// Three parts with a good signature, whatever the first two say.
pub fn signed(header: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut token = [header, payload].join(&b'.');
    let signature = URL_SAFE_NO_PAD.encode(signature(&token));
    token.push(b'.');
    token.extend_from_slice(signature.as_bytes());
    token
}

/// Runs a future to its end on this thread.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending => std::thread::park(),
        }
    }
}

/// Whether two values are equal, but for the last digits of a float: serde reads those in a hurry.
pub fn alike(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) if one.is_f64() || other.is_f64() => {
            let (Some(one), Some(other)) = (one.as_f64(), other.as_f64()) else { return false };
            one == other || (one - other).abs() <= one.abs().max(other.abs()) * 1e-14
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| alike(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, value)| other.get(name).is_some_and(|other| alike(value, other)))
        }
        _ => one == other,
    }
}
