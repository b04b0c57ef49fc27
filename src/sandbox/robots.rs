//! `robots.txt`: what the crawler may fetch.

/// How the crawler calls itself.
pub const AGENT: &str = "facebookexternalhit/1.1";

/// The name that rules go by.
const NAME: &str = "facebookexternalhit";

/// Whether the rules let the crawler fetch `path` (with its query).
///
/// The group that names the crawler goes before `*`; of the rules that fit, the longest decides, and `Allow` at a tie
/// (RFC 9309).
pub fn allow(rules: &str, path: &str) -> bool {
    let groups = groups(rules);
    let of = |name: &str| -> Vec<&(bool, &str)> {
        groups
            .iter()
            .filter(|group| group.agents.iter().any(|agent| agent == name))
            .flat_map(|group| &group.rules)
            .collect()
    };
    let is_named = groups
        .iter()
        .any(|g| g.agents.iter().any(|agent| agent == NAME));
    let rules = of(if is_named { NAME } else { "*" });
    let fitting = rules.into_iter().filter(|(_, pattern)| fits(pattern, path));
    fitting
        .max_by_key(|(allowed, pattern)| (pattern.len(), *allowed))
        .is_none_or(|(allowed, _)| *allowed)
}

#[derive(Default)]
struct Group<'a> {
    agents: Vec<String>,
    /// Allowed or not, and the pattern.
    rules: Vec<(bool, &'a str)>,
}

fn groups(text: &str) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut was_agent = false;
    for line in text.lines() {
        let line = line.split('#').next().unwrap_or_default();
        let Some((key, value)) = line.split_once(':') else {
            continue;
        };
        let (key, value) = (key.trim().to_lowercase(), value.trim());
        if key == "user-agent" {
            if !was_agent {
                groups.push(Group::default());
            }
            // `facebookexternalhit/1.1` names the same crawler
            let name = value.split('/').next().unwrap_or_default().to_lowercase();
            groups
                .last_mut()
                .expect("one was just pushed, or named before")
                .agents
                .push(name);
            was_agent = true;
        } else if let (Some(group), "allow" | "disallow") = (groups.last_mut(), key.as_str()) {
            was_agent = false;
            if !value.is_empty() {
                group.rules.push((key == "allow", value));
            }
        }
    }
    groups
}

/// `*` stands for anything, `$` at the end for the end.
fn fits(pattern: &str, path: &str) -> bool {
    let (pattern, is_whole) = match pattern.strip_suffix('$') {
        Some(pattern) => (pattern, true),
        None => (pattern, false),
    };
    let mut parts = pattern.split('*');
    let Some(mut rest) = path.strip_prefix(parts.next().unwrap_or_default()) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    for (at, part) in parts.iter().enumerate() {
        if is_whole && at + 1 == parts.len() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(found) => rest = &rest[found + part.len()..],
            None => return false,
        }
    }
    !is_whole || rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crawlers_own_group_goes_first_and_the_longest_rule_decides() {
        let rules = "User-agent: *\nDisallow: /\n\nUser-agent: Googlebot\nUser-agent: facebookexternalhit\n\
                     Disallow: /private # no\nAllow: /private/stories/\n";
        assert!(allow(rules, "/a.jpg"));
        assert!(!allow(rules, "/private/a.jpg"));
        assert!(allow(rules, "/private/stories/a.jpg"));
        assert!(!allow("User-agent: *\nDisallow: /", "/a.jpg"));
        assert!(allow("User-agent: *\nDisallow:", "/a.jpg"));
        assert!(allow("", "/a.jpg"));
        assert!(allow("Disallow: /", "/a.jpg"), "no agent is named");
    }

    #[test]
    fn stars_and_ends() {
        assert!(fits("/*.jpg$", "/a/b.jpg"));
        assert!(!fits("/*.jpg$", "/a/b.jpg?x=1"));
        assert!(fits("/a*c", "/abcd"));
        assert!(!fits("/a$", "/ab"));
        assert!(fits("*", "/"));
        assert!(fits("/a**b", "/ab"));
    }
}
