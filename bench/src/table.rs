//! The table: groups of cases, each compared with the first of its group and with Jeton's way.

use std::io::Write;

use anyhow::Result;

use crate::case::Case;

/// Prints every group. Ratios are of medians.
pub(crate) fn print(cases: &[Case], rounds: usize, to: &mut impl Write) -> Result<()> {
    writeln!(to, "CPU time of one operation; cases interleaved, {rounds} rounds")?;
    let mut groups: Vec<&str> = Vec::new();
    for case in cases {
        if !groups.contains(&case.group.as_str()) {
            groups.push(&case.group);
        }
    }
    for group in groups {
        let cases: Vec<&Case> = cases.iter().filter(|case| case.group == group).collect();
        print_group(group, &cases, to)?;
    }
    Ok(())
}

fn print_group(group: &str, cases: &[&Case], to: &mut impl Write) -> Result<()> {
    let first = cases[0].median();
    let jeton = cases.iter().find(|case| case.name.starts_with("Jeton")).map(|case| case.median());
    writeln!(to, "\n{group:<46} {:>11} {:>11} {:>9} {:>9}", "median ns", "quiet ns", "of first", "of Jeton")?;
    for case in cases {
        let median = case.median();
        let of_jeton = jeton.map_or_else(String::new, |jeton| format!("{:.2}", median / jeton));
        let (name, quiet) = (&case.name, case.quiet());
        writeln!(to, "  {name:<44} {median:>11.1} {quiet:>11.1} {:>9.2} {of_jeton:>9}", median / first)?;
    }
    Ok(())
}
