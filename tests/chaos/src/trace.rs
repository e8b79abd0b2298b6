//! Reads what strace saw: log writes, log syncs and answers, in their order.

use std::collections::HashMap;

/// What came before an answer, and after the answer before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Before {
    /// Writes to the log of the database.
    pub(crate) log_writes: usize,
    /// Syncs of the log that had come back, after the last of these writes.
    pub(crate) syncs_since: usize,
}

/// One entry for each HTTP answer with status 200 that was written to a socket.
pub(crate) fn answers(trace: &str, log: &str) -> Vec<Before> {
    let (mut answers, mut now) = (Vec::new(), Before::default());
    let mut begun: HashMap<&str, bool> = HashMap::new();
    for line in trace.lines() {
        let Some((process, rest)) = line.split_once(' ') else { continue };
        let call = rest.trim_start();
        if call.starts_with("<... ") {
            if begun.remove(process) == Some(true) && call.ends_with("= 0") {
                now.syncs_since += 1;
            }
            continue;
        }
        let is_on_log = call.contains(log);
        let is_sync = is_on_log && (call.starts_with("fdatasync(") || call.starts_with("fsync("));
        if call.ends_with("<unfinished ...>") {
            begun.insert(process, is_sync);
        } else if is_sync && call.ends_with("= 0") {
            now.syncs_since += 1;
        }
        if is_on_log && (call.starts_with("write") || call.starts_with("pwrite")) {
            now = Before { log_writes: now.log_writes + 1, syncs_since: 0 };
        }
        if call.contains("\"HTTP/1.1 200 ") && ["write", "send"].iter().any(|name| call.starts_with(name)) {
            answers.push(std::mem::take(&mut now));
        }
    }
    answers
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "/jeton.db-wal>";

    #[test]
    fn a_sync_that_came_back_before_the_answer_counts() {
        let trace = "\
10 pwrite64(7</tmp/x/jeton.db-wal>, \"\", 24, 32) = 24
10 pwrite64(7</tmp/x/jeton.db-wal>, \"\", 4096, 56) = 4096
10 fdatasync(7</tmp/x/jeton.db-wal> <unfinished ...>
11 write(9<socket:[1]>, \"\\1\", 1) = 1
10 <... fdatasync resumed>)    = 0
11 writev(12<socket:[2]>, [{iov_base=\"HTTP/1.1 200 OK\"..., iov_len=99}], 1) = 99
11 sendto(12<socket:[2]>, \"HTTP/1.1 200 OK\"..., 99, MSG_NOSIGNAL, NULL, 0) = 99
";
        let first = Before { log_writes: 2, syncs_since: 1 };
        assert_eq!(answers(trace, LOG), [first, Before::default()]);
    }

    #[test]
    fn a_sync_that_failed_or_is_still_under_way_does_not() {
        let trace = "\
10  pwrite64(7</tmp/x/jeton.db-wal>, \"\", 24, 32) = 24
10  fdatasync(7</tmp/x/jeton.db-wal>) = -1 EIO (Input/output error)
10  fdatasync(7</tmp/x/jeton.db> <unfinished ...>
10  <... fdatasync resumed>)    = 0
10  fdatasync(7</tmp/x/jeton.db-wal> <unfinished ...>
11  writev(12<socket:[2]>, [{iov_base=\"HTTP/1.1 200 OK\"..., iov_len=99}], 1) = 99
10  <... fdatasync resumed>)    = 0
";
        assert_eq!(answers(trace, LOG), [Before { log_writes: 1, syncs_since: 0 }]);
    }

    #[test]
    fn a_sync_of_earlier_writes_does_not_cover_later_ones() {
        let trace = "\
10 pwrite64(7</tmp/x/jeton.db-wal>, \"\", 24, 32) = 24
10 fdatasync(7</tmp/x/jeton.db-wal>) = 0
10 pwrite64(7</tmp/x/jeton.db-wal>, \"\", 24, 32) = 24
11 write(12<socket:[2]>, \"HTTP/1.1 200 OK\"..., 99) = 99
";
        assert_eq!(answers(trace, LOG), [Before { log_writes: 2, syncs_since: 0 }]);
    }
}
