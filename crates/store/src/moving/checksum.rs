//! What the rows of a table come to, in whatever order they are read.

use sha2::{Digest, Sha256};

use crate::engine::Value;

/// The sum of the SHA-256 of each row, and how many there were.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Checksum {
    sum: [u8; 32],
    pub(crate) rows: u64,
}

impl Checksum {
    /// A row whose values are as [`Table::settle`](super::Table::settle) leaves them.
    pub(crate) fn add(&mut self, row: &[Value]) {
        let mut hash = Sha256::new();
        row.iter().for_each(|value| feed(&mut hash, value));
        let digest: [u8; 32] = hash.finalize().into();
        let mut carry = 0_u16;
        for (total, byte) in self.sum.iter_mut().zip(digest) {
            carry += u16::from(*total) + u16::from(byte);
            *total = (carry & 0xff) as u8;
            carry >>= 8;
        }
        self.rows += 1;
    }

    /// In hex, the number of rows included.
    pub(crate) fn hex(&self) -> String {
        let digest = Sha256::new().chain_update(self.rows.to_be_bytes()).chain_update(self.sum).finalize();
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// What it is, how long it is, what it says: two rows that differ are fed differently.
fn feed(hash: &mut Sha256, value: &Value) {
    let mut put = |mark: u8, bytes: &[u8]| {
        hash.update([mark]);
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    };
    match value {
        Value::Null(_) => put(0, &[]),
        Value::Bool(bool) => put(1, &[u8::from(*bool)]),
        Value::Integer(integer) => put(2, &integer.to_be_bytes()),
        Value::Text(text) => put(3, text.as_bytes()),
        Value::Secret(secret) => put(3, secret.expose().as_bytes()),
        Value::Bytes(bytes) => put(4, bytes),
        Value::Time(moment) => put(5, &moment.micros().to_be_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use jeton_token::time::Timestamp;

    use super::*;
    use crate::engine::Kind;

    fn of(rows: &[&[Value]]) -> String {
        let mut checksum = Checksum::default();
        rows.iter().for_each(|row| checksum.add(row));
        checksum.hex()
    }

    #[test]
    fn the_order_of_rows_does_not_matter_and_everything_else_does() {
        let (one, two): (&[Value], &[Value]) = (&["a".into(), 1_i64.into()], &["b".into(), 2_i64.into()]);
        assert_eq!(of(&[one, two]), of(&[two, one]));
        let all = [of(&[]), of(&[one]), of(&[two]), of(&[one, two]), of(&[one, one]), of(&[one, one, one, one])];
        assert_eq!(all.iter().collect::<std::collections::HashSet<_>>().len(), all.len());
    }

    #[test]
    fn values_that_look_alike_are_told_apart() {
        let rows: [&[Value]; 8] = [
            &["ab".into(), "c".into()],
            &["a".into(), "bc".into()],
            &[Value::Null(Kind::Text), "abc".into()],
            &["".into(), "abc".into()],
            &[Value::Bytes(b"ab".to_vec()), "c".into()],
            &[Value::Bool(true)],
            &[Value::Integer(1)],
            &[Value::Time(Timestamp::from_micros(1))],
        ];
        let all: std::collections::HashSet<_> = rows.iter().map(|row| of(&[row])).collect();
        assert_eq!(all.len(), rows.len());
    }
}
