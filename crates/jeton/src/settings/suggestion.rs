//! Did you mean …?

/// The known path that was most likely meant: the same name in another case or section, or one a slip or two away.
pub(super) fn closest<'k>(path: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let wanted = path.to_lowercase();
    let (section, key) = wanted.rsplit_once('.').unwrap_or(("", &wanted));
    let distance_to = |candidate: &str| {
        let candidate = candidate.to_lowercase();
        let (its_section, its_key) = candidate.rsplit_once('.').unwrap_or(("", &candidate));
        let elsewhere = if its_section == section { 0 } else { 1 + slips(section, its_section).min(1) };
        let wrong = slips(key, its_key);
        (wrong <= key.chars().count() / 4 && (elsewhere == 0 || wrong <= 1)).then_some(wrong * 3 + elsewhere)
    };
    known.filter_map(|candidate| Some((distance_to(candidate)?, candidate))).min().map(|(_, candidate)| candidate)
}

/// Letters to change, add, drop or swap with their neighbour.
fn slips(left: &str, right: &str) -> usize {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=right.len()).collect()];
    for (i, a) in left.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in right.iter().enumerate() {
            let swap = i > 0 && j > 0 && *a == right[j - 1] && left[i - 1] == *b;
            let swapped = if swap { rows[i - 1][j - 1] + 1 } else { usize::MAX };
            row.push((rows[i][j] + usize::from(a != b)).min(rows[i][j + 1] + 1).min(row[j] + 1).min(swapped));
        }
        rows.push(row);
    }
    rows[left.len()][right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 5] = [
        "secret_key",
        "server.listen",
        "simple_jwt.LEEWAY",
        "simple_jwt.ROTATE_REFRESH_TOKENS",
        "ledger.REPLAY_WINDOW",
    ];

    #[test]
    fn a_slip_leads_to_the_key() {
        for (typed, meant) in [
            ("simple_jwt.LEWAY", "simple_jwt.LEEWAY"),
            ("simple_jwt.leeway", "simple_jwt.LEEWAY"),
            ("simple_jwt.ROTATE_REFERSH_TOKEN", "simple_jwt.ROTATE_REFRESH_TOKENS"),
            ("ledger.ROTATE_REFRESH_TOKENS", "simple_jwt.ROTATE_REFRESH_TOKENS"),
            ("listen", "server.listen"),
            ("secretkey", "secret_key"),
            ("sever.listen", "server.listen"),
        ] {
            assert_eq!(closest(typed, KNOWN.into_iter()), Some(meant), "{typed}");
        }
    }

    #[test]
    fn what_is_far_from_everything_gets_no_suggestion() {
        for typed in ["simple_jwt.FOO", "cookies.secure", "x", ""] {
            assert_eq!(closest(typed, KNOWN.into_iter()), None, "{typed}");
        }
    }
}
