//! `robots.txt` as RFC 9309 has it: who may fetch what.

/// The name by which the platform's crawler goes in `robots.txt`.
const NAME: &str = "facebookexternalhit";

/// Only so much is read, as the RFC allows and large crawlers do.
pub(super) const MAX_BYTES: usize = 500 * 1024;

/// A line that keeps the crawler out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rule {
    /// Counted from 1.
    pub(super) line: usize,
    /// `Disallow: /private`, as it is written, but for comments.
    pub(super) text: String,
}

/// The rules that hold for the platform's crawler.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Robots(Vec<Entry>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    allows: bool,
    pattern: String,
    line: usize,
}

impl Robots {
    /// Reads a file; what is no rule is skipped, as the RFC demands: a page of HTML forbids nothing.
    ///
    /// Groups that name the crawler hold together; without one, those for `*` do.
    pub(super) fn parse(text: &str) -> Self {
        let (mut named, mut others) = (None, Vec::new());
        let (mut is_named, mut is_for_all, mut names_go_on) = (false, false, false);
        for (at, line) in text.lines().enumerate() {
            let line = line.trim_start_matches('\u{feff}');
            let line = line.split('#').next().unwrap_or_default();
            let Some((key, value)) = line.split_once(':') else {
                continue;
            };
            let value = value.trim();
            match key.trim().to_ascii_lowercase().as_str() {
                "user-agent" => {
                    if !names_go_on {
                        (is_named, is_for_all) = (false, false);
                    }
                    names_go_on = true;
                    is_named |= product(value).eq_ignore_ascii_case(NAME);
                    is_for_all |= value == "*";
                    if is_named {
                        named.get_or_insert_with(Vec::new);
                    }
                }
                word @ ("allow" | "disallow") => {
                    names_go_on = false;
                    // an empty pattern says nothing
                    if value.is_empty() {
                        continue;
                    }
                    let entry = Entry {
                        allows: word == "allow",
                        pattern: value.to_owned(),
                        line: at + 1,
                    };
                    if is_named {
                        named.get_or_insert_with(Vec::new).push(entry.clone());
                    }
                    if is_for_all {
                        others.push(entry);
                    }
                }
                // a site map or a delay stands between groups, or inside one
                _ => {}
            }
        }
        Self(named.unwrap_or(others))
    }

    /// The rule that keeps the crawler from `path`, which may have a query. The longest pattern decides; of two as long,
    /// the one that allows.
    pub(super) fn forbids(&self, path: &str) -> Option<Rule> {
        let path = decoded(path);
        let decides = self
            .0
            .iter()
            .filter(|entry| matches(&decoded(&entry.pattern), &path))
            .max_by_key(|entry| (entry.pattern.len(), entry.allows))?;
        (!decides.allows).then(|| Rule {
            line: decides.line,
            text: format!("Disallow: {}", decides.pattern),
        })
    }
}

/// `facebookexternalhit/1.1 (…)` is `facebookexternalhit`.
fn product(name: &str) -> &str {
    let end = name
        .find(|c: char| !(c.is_ascii_alphabetic() || c == '-' || c == '_'))
        .unwrap_or(name.len());
    &name[..end]
}

/// `*` stands for anything, `$` at the end for the end; else a beginning is enough.
fn matches(pattern: &[u8], path: &[u8]) -> bool {
    let (pattern, to_the_end) = match pattern.strip_suffix(b"$") {
        Some(rest) => (rest, true),
        None => (pattern, false),
    };
    let mut parts = pattern.split(|b| *b == b'*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = path.strip_prefix(first) else {
        return false;
    };
    let parts: Vec<&[u8]> = parts.collect();
    let Some((last, middle)) = parts.split_last() else {
        return !to_the_end || rest.is_empty();
    };
    for part in middle {
        match find(rest, part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    match to_the_end {
        true => rest.ends_with(last),
        false => find(rest, last).is_some(),
    }
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    match part.is_empty() {
        true => Some(0),
        false => text.windows(part.len()).position(|window| window == part),
    }
}

/// `%7E` and `~` are the same; an encoded slash, `*` and `$` are not the plain ones.
fn decoded(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let pair = bytes.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        let byte = pair
            .and_then(|pair| std::str::from_utf8(pair).ok())
            .and_then(|pair| u8::from_str_radix(pair, 16).ok());
        match byte {
            Some(byte) if !b"/*$".contains(&byte) => {
                plain.push(byte);
                at += 3;
            }
            _ => {
                plain.push(bytes[at]);
                at += 1;
            }
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forbids(robots: &str, path: &str) -> Option<(usize, String)> {
        let rule = Robots::parse(robots).forbids(path)?;
        Some((rule.line, rule.text))
    }

    #[test]
    fn the_longest_rule_decides_and_a_tie_allows() {
        let robots =
            "User-agent: *\nDisallow: /daily\nAllow: /daily/public\nDisallow: /x\nAllow: /x\n";
        assert_eq!(
            forbids(robots, "/daily/a.jpg"),
            Some((2, "Disallow: /daily".into()))
        );
        assert_eq!(forbids(robots, "/daily/public/a.jpg"), None);
        assert_eq!(forbids(robots, "/x/a.jpg"), None);
        assert_eq!(forbids(robots, "/"), None);
    }

    #[test]
    fn the_crawlers_own_group_stands_before_the_one_for_all() {
        let robots = "User-agent: *\nDisallow: /\n\n# friends\nUser-Agent: Googlebot\nuser-agent: FacebookExternalHit/1.1\nDisallow:\n";
        assert_eq!(forbids(robots, "/a.jpg"), None);
        let robots = "User-agent: facebookexternalhit\nDisallow: /a\n\nUser-agent: *\nAllow: /\n\nUser-agent: facebookexternalhit\nDisallow: /b\n";
        assert_eq!(forbids(robots, "/b.jpg").map(|rule| rule.0), Some(8));
        assert_eq!(forbids(robots, "/a.jpg").map(|rule| rule.0), Some(2));
        let robots = "User-agent: facebookexternalhit-not\nDisallow: /\n";
        assert_eq!(forbids(robots, "/a.jpg"), None);
    }

    #[test]
    fn patterns_know_anything_and_the_end() {
        let robots = |pattern: &str| format!("user-agent:*\ndisallow:{pattern}\n");
        for (pattern, path, is_forbidden) in [
            ("/*.jpg$", "/a/b.jpg", true),
            ("/*.jpg$", "/a/b.jpg?x=1", false),
            ("/*?", "/a.jpg?X-Amz-Signature=1", true),
            ("/*?", "/a.jpg", false),
            ("/a*b*c", "/axxbyyc/z", true),
            ("/a*b*c", "/axxcyyb", false),
            ("/$", "/", true),
            ("/$", "/a", false),
            ("/%7Eme/", "/~me/a", true),
            ("/a%2Fb", "/a/b", false),
            ("*", "/a", true),
        ] {
            assert_eq!(
                forbids(&robots(pattern), path).is_some(),
                is_forbidden,
                "{pattern} {path}"
            );
        }
    }

    #[test]
    fn what_is_no_robots_file_forbids_nothing() {
        for text in [
            "",
            "<html><p style=\"a: b\">Disallow: /</p></html>",
            "Disallow: /\n",
            "User-agent: *\nSitemap: https://x/\n",
            "%%%:%:%",
        ] {
            assert_eq!(forbids(text, "/a.jpg"), None, "{text}");
        }
    }
}
