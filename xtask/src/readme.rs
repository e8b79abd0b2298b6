//! The README in English and in Korean tell the same: heading by heading, command by command.

use std::fs;

use anyhow::{Context, Result, ensure};

use crate::step::Outcome;
use crate::workspace::Workspace;

/// Compares the frames of the two files: what is not prose.
pub(crate) fn check(workspace: &Workspace) -> Result<Outcome> {
    let read = |name: &str| fs::read_to_string(workspace.root().join(name)).with_context(|| name.to_owned());
    let (english, korean) = (read("README.md")?, read("README.ko.md")?);
    let (english, korean) = (frame(&english), frame(&korean));
    for (number, (english, korean)) in english.iter().zip(&korean).enumerate() {
        ensure!(english == korean, "part {} differs: README.md has {english:?}, README.ko.md {korean:?}", number + 1);
    }
    let (count, korean_count) = (english.len(), korean.len());
    let more = english.get(korean_count).or_else(|| korean.get(count));
    ensure!(count == korean_count, "one of README.md and README.ko.md goes on: {more:?}");
    println!("README.md and README.ko.md agree in {count} headings, commands, settings, rows and links");
    Ok(Outcome::Passed)
}

/// What both languages have in common, in its order: the levels of headings, commands, lines of other code without
/// their comments, the number of lines a command prints, what stands in backquotes in the first column of tables, links.
fn frame(text: &str) -> Vec<String> {
    let (mut frame, mut block) = (Vec::new(), None);
    for line in text.lines() {
        match (block, line.strip_prefix("```")) {
            (None, Some(language)) => {
                frame.push(format!("```{language}"));
                block = Some(language);
            }
            (Some(_), Some(_)) => block = None,
            (Some("console"), None) => frame.push(line.strip_prefix("$ ").map_or_else(|| "output".into(), uncommented)),
            (Some(_), None) => frame.push(uncommented(line)),
            (None, None) => frame.extend(landmarks(line)),
        }
    }
    frame
}

fn uncommented(line: &str) -> String {
    line.split(" #").next().unwrap_or_default().trim_end().to_owned()
}

fn landmarks(line: &str) -> Vec<String> {
    if line.starts_with('#') {
        return vec![line.chars().take_while(|c| *c == '#').collect()];
    }
    if let Some(row) = line.strip_prefix("| ") {
        let first = row.split(" |").next().unwrap_or_default();
        return vec![if first.contains('`') { first.to_owned() } else { "row".to_owned() }];
    }
    let links = line.split("](").skip(1).filter_map(|link| link.split_once(')')).map(|(target, _)| target);
    links.filter(|target| !target.starts_with("README")).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_and_comments_may_differ_and_nothing_else() {
        let english = "# A\nText, see [b](B.md).\n```console\n$ run   # this\nmade\n```\n| `x` | what |\n";
        let korean = "# 가\n글은 [b](B.md).\n```console\n$ run   # 이것\n만듦\n```\n| `x` | 무엇 |\n";
        assert_eq!(frame(english), frame(korean));
        for other in [
            korean.replace("# 가", "## 가"),
            korean.replace("B.md", "C.md"),
            korean.replace("$ run", "$ walk"),
            korean.replace("만듦\n", ""),
            korean.replace("`x`", "`y`"),
        ] {
            assert_ne!(frame(english), frame(&other));
        }
    }
}
