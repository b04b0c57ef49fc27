//! As much of Rust's grammar as the house test needs: words outside comments and strings, and where paths lead.

/// A word, number or single sign, and the line it stands on, from 1.
#[derive(Debug, Clone, Copy)]
pub struct Token<'a> {
    pub text: &'a str,
    pub line: usize,
}

/// The tokens of a source text, without comments, strings, characters and lifetimes; `::` is one token.
pub fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let (mut at, mut line) = (0, 1);
    while at < text.len() {
        let rest = &text[at..];
        let (length, is_token) = next(rest);
        if is_token {
            let text = &rest[..length];
            found.push(Token { text, line });
        }
        line += rest[..length].matches('\n').count();
        at += length;
    }
    found
}

/// Length of what `rest` starts with, and whether it is a token.
fn next(rest: &str) -> (usize, bool) {
    let first = rest.chars().next().unwrap_or(' ');
    if rest.starts_with("//") {
        (rest.find('\n').unwrap_or(rest.len()), false)
    } else if rest.starts_with("/*") {
        (block_comment(rest), false)
    } else if let Some(length) = string(rest) {
        (length, false)
    } else if first == '\'' {
        (character_or_lifetime(rest), false)
    } else if first.is_alphanumeric() || first == '_' {
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
        (end.unwrap_or(rest.len()), true)
    } else if rest.starts_with("::") {
        (2, true)
    } else {
        (first.len_utf8(), !first.is_whitespace())
    }
}

fn block_comment(rest: &str) -> usize {
    let (mut at, mut depth) = (0, 0usize);
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

/// Length of the string literal that `rest` starts with, of any kind.
fn string(rest: &str) -> Option<usize> {
    let prefix = ["br", "cr", "b", "c", "r", ""].into_iter().find(|p| {
        rest.strip_prefix(p)
            .is_some_and(|r| r.starts_with(['"', '#']))
    })?;
    let body = &rest[prefix.len()..];
    let hashes = body.len() - body.trim_start_matches('#').len();
    let is_raw = prefix.ends_with('r');
    let inside = body[hashes..].strip_prefix('"')?;
    if !is_raw && hashes > 0 {
        return None;
    }
    let opened = prefix.len() + hashes + 1;
    if is_raw {
        let close = format!("\"{}", "#".repeat(hashes));
        let end = inside.find(&close).map(|at| at + close.len());
        return Some(opened + end.unwrap_or(inside.len()));
    }
    let mut escaped = false;
    let end = inside.find(|c| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    });
    Some(opened + end.map_or(inside.len(), |at| at + 1))
}

fn character_or_lifetime(rest: &str) -> usize {
    let inside = &rest[1..];
    if let Some(escape) = inside.strip_prefix('\\') {
        // the escaped sign itself may be a quote
        let skipped = escape.chars().next().map_or(0, char::len_utf8);
        let end = escape[skipped..].find('\'');
        return end.map_or(rest.len(), |at| 2 + skipped + at + 1);
    }
    let length = inside.chars().next().map_or(0, char::len_utf8);
    match inside[length..].starts_with('\'') {
        true => 1 + length + 1,
        false => 1,
    }
}

/// The module that a place of a file is in: the file's own, and those that are opened inline.
struct Inside {
    module: Vec<String>,
    depth: usize,
    /// How deep the braces were where each inline module was opened.
    opened: Vec<usize>,
}

impl Inside {
    fn of(module: &[String]) -> Self {
        Self {
            module: module.to_vec(),
            depth: 0,
            opened: Vec::new(),
        }
    }

    /// Goes on by one token, or into an inline module; how many tokens that were.
    fn step(&mut self, tokens: &[Token<'_>]) -> usize {
        let text = |ahead: usize| tokens.get(ahead).map_or("", |t| t.text);
        match text(0) {
            "mod" if text(2) == "{" => {
                self.module.push(text(1).to_owned());
                self.opened.push(self.depth);
                self.depth += 1;
                return 3;
            }
            "{" => self.depth += 1,
            "}" => {
                self.depth = self.depth.saturating_sub(1);
                if self.opened.last() == Some(&self.depth) {
                    self.opened.pop();
                    self.module.pop();
                }
            }
            _ => {}
        }
        1
    }
}

/// The names that paths of `module` take from the crate's root, with their lines; a glob there is `*`.
pub fn named_at_root(tokens: &[Token<'_>], module: &[String]) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    let mut inside = Inside::of(module);
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let text = |ahead: usize| tokens.get(at + ahead).map_or("", |t| t.text);
        match token.text {
            "crate" | "super" if text(1) == "::" => {
                path(tokens, &mut at, inside.module.clone(), &mut found);
            }
            _ => at += inside.step(&tokens[at..]),
        }
    }
    found
}

/// Follows one path, groups included, and stands behind it then.
fn path(
    tokens: &[Token<'_>],
    at: &mut usize,
    mut module: Vec<String>,
    found: &mut Vec<(String, usize)>,
) {
    while let Some(Token { text, line }) = tokens.get(*at).copied() {
        *at += 1;
        match text {
            "crate" => module.clear(),
            "super" => {
                module.pop();
            }
            "self" => {}
            "{" => {
                while tokens.get(*at).is_some_and(|t| t.text != "}") {
                    path(tokens, at, module.clone(), found);
                    // what follows a name: a comma, or `as` and another name
                    while tokens
                        .get(*at)
                        .is_some_and(|t| !["}", ","].contains(&t.text))
                    {
                        *at += 1;
                    }
                    if tokens.get(*at).is_some_and(|t| t.text == ",") {
                        *at += 1;
                    }
                }
                *at += 1;
                return;
            }
            name => {
                if module.is_empty() {
                    found.push((name.to_owned(), line));
                }
                module.push(name.to_owned());
            }
        }
        match tokens.get(*at) {
            Some(next) if next.text == "::" => *at += 1,
            _ => return,
        }
    }
}

/// A path that leads somewhere in the crate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    /// From the crate's root.
    pub full: Vec<String>,
    /// What a `use` calls its end.
    pub alias: String,
    /// It stands in a `use`.
    pub is_import: bool,
}

/// The paths that a file's own code names: those from `crate`, `super` and `self`, and those of its `children`. Inline
/// modules of tests are left out.
pub fn paths(
    tokens: &[Token<'_>],
    module: &[String],
    children: &std::collections::BTreeSet<String>,
) -> Vec<Path> {
    let mut found = Vec::new();
    let mut inside = Inside::of(module);
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let text = |ahead: usize| tokens.get(at + ahead).map_or("", |t| t.text);
        match token.text {
            "mod" if text(2) == "{" && text(1) == "tests" => at = behind(tokens, at + 2),
            "use" => {
                at += 1;
                leaves(
                    tokens,
                    &mut at,
                    Vec::new(),
                    &inside.module,
                    children,
                    true,
                    &mut found,
                );
            }
            name if text(1) == "::"
                && (["crate", "super", "self"].contains(&name) || children.contains(name))
                && (at == 0 || tokens[at - 1].text != "::") =>
            {
                leaves(
                    tokens,
                    &mut at,
                    Vec::new(),
                    &inside.module,
                    children,
                    false,
                    &mut found,
                );
            }
            _ => at += inside.step(&tokens[at..]),
        }
    }
    found
}

/// Behind the block that opens at `at`.
fn behind(tokens: &[Token<'_>], mut at: usize) -> usize {
    let mut depth = 0usize;
    while let Some(token) = tokens.get(at) {
        at += 1;
        match token.text {
            "{" => depth += 1,
            "}" if depth == 1 => return at,
            "}" => depth -= 1,
            _ => {}
        }
    }
    at
}

/// Follows one path to its ends, groups included.
fn leaves(
    tokens: &[Token<'_>],
    at: &mut usize,
    mut way: Vec<String>,
    module: &[String],
    children: &std::collections::BTreeSet<String>,
    is_import: bool,
    found: &mut Vec<Path>,
) {
    let word = |at: usize| tokens.get(at).map_or("", |t| t.text);
    loop {
        match word(*at) {
            "" => return,
            "{" if is_import => {
                *at += 1;
                while !["}", ""].contains(&word(*at)) {
                    leaves(tokens, at, way.clone(), module, children, true, found);
                    while !["}", ",", ""].contains(&word(*at)) {
                        *at += 1;
                    }
                    if word(*at) == "," {
                        *at += 1;
                    }
                }
                *at += 1;
                return;
            }
            name => {
                way.push(name.to_owned());
                *at += 1;
            }
        }
        if word(*at) != "::" {
            break;
        }
        // a type's parameters end a path
        if word(*at + 1) == "<" {
            break;
        }
        *at += 1;
    }
    let alias = match (word(*at), is_import) {
        ("as", true) => word(*at + 1).to_owned(),
        _ => match way.last().map(String::as_str) {
            // `use error::{self, Error}` calls it `error`
            Some("self") => way.iter().rev().nth(1).cloned().unwrap_or_default(),
            last => last.unwrap_or_default().to_owned(),
        },
    };
    if let Some(full) = from_root(&way, module, children) {
        found.push(Path {
            full,
            alias,
            is_import,
        });
    }
}

/// A path as the crate's root names it; none where it leads out of the crate.
fn from_root(
    way: &[String],
    module: &[String],
    children: &std::collections::BTreeSet<String>,
) -> Option<Vec<String>> {
    let mut full = match way.first()?.as_str() {
        "crate" => Vec::new(),
        "super" | "self" => module.to_vec(),
        name if children.contains(name) => module.to_vec(),
        _ => return None,
    };
    for part in way {
        match part.as_str() {
            "crate" | "self" => {}
            "super" => {
                full.pop();
            }
            name => full.push(name.to_owned()),
        }
    }
    Some(full)
}
