//! Reads a Rust file as the architecture rules see it: without comments, and without its tests.

/// The code of a file line by line: comments blanked out, string literals kept, cut off where `mod tests` begins.
pub(crate) fn product_code(text: &str) -> String {
    let code = without_comments(text);
    let end = code.match_indices("#[cfg(test)]").map(|(at, _)| at).find(|&at| {
        let rest = code[at + "#[cfg(test)]".len()..].trim_start();
        rest.starts_with("mod ")
    });
    code[..end.unwrap_or(code.len())].to_owned()
}

fn without_comments(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (length, keep) = piece(rest);
        let length = length.max(first.len_utf8());
        if keep {
            code.push_str(&rest[..length]);
        } else {
            code.extend(rest[..length].chars().filter(|&c| c == '\n'));
        }
        rest = &rest[length..];
    }
    code
}

/// The length of the comment, literal or character that the text begins with, and whether it is code.
fn piece(text: &str) -> (usize, bool) {
    if text.starts_with("//") {
        return (text.find('\n').unwrap_or(text.len()), false);
    }
    if text.starts_with("/*") {
        return (block_comment(text), false);
    }
    if let Some(hashes) = raw_string(text) {
        let open = text.find('"').map_or(text.len(), |at| at + 1);
        let close = format!("\"{}", "#".repeat(hashes));
        return (text[open..].find(&close).map_or(text.len(), |at| open + at + close.len()), true);
    }
    if text.starts_with('"') {
        return (quoted(text, '"'), true);
    }
    if text.starts_with("'\"'") || text.starts_with("'\\") {
        return (quoted(text, '\''), true);
    }
    // A word is one piece, so that the `r` at its end does not look like the start of a raw string.
    let word = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    (word, true)
}

fn block_comment(text: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < text.len() {
        if text[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if text[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

fn raw_string(text: &str) -> Option<usize> {
    let rest = text.strip_prefix("br").or_else(|| text.strip_prefix('r'))?;
    let hashes = rest.len() - rest.trim_start_matches('#').len();
    rest[hashes..].starts_with('"').then_some(hashes)
}

fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if !escaped && c == quote {
            return at + c.len_utf8();
        }
        escaped = !escaped && c == '\\';
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_go_and_literals_stay() {
        let text = "let a = \"// no comment\"; // axum\n/* std::fs /* nested */ */let b = r#\"\"x\" // y\"#;\nlet c = '\"'; // z\n";
        assert_eq!(product_code(text), "let a = \"// no comment\"; \nlet b = r#\"\"x\" // y\"#;\nlet c = '\"'; \n");
    }

    #[test]
    fn line_numbers_survive_block_comments() {
        assert_eq!(product_code("a\n/* b\nc */\nd"), "a\n\n\nd");
    }

    #[test]
    fn the_tests_at_the_foot_are_cut_off() {
        assert_eq!(product_code("fn a() {}\n#[cfg(test)]\nmod tests { std::fs::read() }\n"), "fn a() {}\n");
        assert!(product_code("#[cfg(test)]\nfn a() {}\nfn b() {}").contains("fn b"));
    }

    #[test]
    fn a_lifetime_is_not_the_start_of_a_literal() {
        assert_eq!(
            product_code("fn f<'a>(x: &'a str) -> &'a str { x } // y"),
            "fn f<'a>(x: &'a str) -> &'a str { x } "
        );
    }
}
