//! Which statements a text of a template may have.
//!
//! In: a text. Out: the first statement that is not ours, with its place. Never: whether the others are well formed, which
//! the engine says.

use std::ops::Range;

/// Statements that the engine knows for the studio's pages, and templates do not have: there are no other files to include,
/// and a card needs no program.
const OF_PAGES: [&str; 8] = [
    "block", "call", "do", "extends", "from", "import", "include", "macro",
];

/// The word of the first statement that templates do not have, and where it stands.
pub(super) fn foreign(text: &str) -> Option<(&str, Range<usize>)> {
    let mut at = 0;
    while let Some(found) = text[at..].find("{%") {
        let open = at + found;
        // not within `{{ "…{%…" }}`
        if let Some(print) = text[at..open].rfind("{{")
            && !text[at + print..open].contains("}}")
        {
            at = text[open..].find("}}").map_or(text.len(), |end| open + end);
            continue;
        }
        let inside = open + 2;
        let start = inside + text[inside..].len()
            - text[inside..]
                .trim_start_matches(['-', '+'])
                .trim_start()
                .len();
        let word = text[start..]
            .split(|c: char| !c.is_alphanumeric() && c != '_')
            .next()
            .unwrap_or("");
        if OF_PAGES.contains(&word) {
            return Some((word, start..start + word.len()));
        }
        at = match word {
            // what is raw is no statement
            "raw" => text[start..]
                .find("endraw")
                .map_or(text.len(), |end| start + end),
            _ => start,
        };
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_of_pages_are_found_where_they_stand() {
        let word = |text| foreign(text).map(|(word, range)| (word, range.start));
        assert_eq!(word("{% include 'x' %}"), Some(("include", 3)));
        assert_eq!(word("a{%- macro m() %}"), Some(("macro", 5)));
        assert_eq!(
            word("{% if a %}{% block b %}{% endblock %}{% endif %}"),
            Some(("block", 13))
        );
        for fine in [
            "",
            "{% if from %}{{ import }}{% endif %}",
            "{% for block in include %}{% endfor %}",
            "{{ '{% include %}' }}",
            "{% raw %}{% include 'x' %}{% endraw %}",
            "{%",
            "{% ",
            "{% includes %}",
        ] {
            assert_eq!(word(fine), None, "{fine}");
        }
    }
}
