//! Where words may break: soft hyphens by the rules of a language.
//!
//! In: texts and a language. Out: the same with U+00AD where a word may break. A word that has soft hyphens of its own
//! keeps those alone, and so does all of a text whose language has no rules here. Never: fonts, lines.

use std::borrow::Cow;

use hypher::Lang;
use unicode_segmentation::UnicodeSegmentation;

/// The invisible character at which a word may break.
pub const SOFT: char = '\u{ad}';

/// Letters of a word that is broken, and of its first and last part, at least; as browsers have it.
const WORD: usize = 5;
const PART: usize = 2;

/// Whether words of a language can be broken.
pub fn is_known(lang: &str) -> bool {
    rules(lang).is_some()
}

fn rules(lang: &str) -> Option<Lang> {
    let language = lang.split(['-', '_']).next()?.to_ascii_lowercase();
    let code = match language.as_str() {
        "no" => "nb",
        other => other,
    };
    Lang::from_iso(code.as_bytes().try_into().ok()?)
}

/// A text with a soft hyphen wherever a word of `lang` may break.
pub fn hyphenated<'a>(text: Cow<'a, str>, lang: Option<&str>) -> Cow<'a, str> {
    let Some(rules) = lang.and_then(rules) else {
        return text;
    };
    let mut out = String::with_capacity(text.len() + text.len() / 4);
    for word in text.split_word_bounds() {
        let letters = word.chars().count();
        if letters < WORD || word.contains(SOFT) || !word.chars().all(char::is_alphabetic) {
            out.push_str(word);
            continue;
        }
        let mut before = 0;
        for part in hypher::hyphenate(word, rules) {
            let here = part.chars().count();
            if before >= PART && letters - before >= PART {
                out.push(SOFT);
            }
            out.push_str(part);
            before += here;
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(word: &str, lang: &str) -> String {
        hyphenated(Cow::Borrowed(word), Some(lang)).replace(SOFT, "-")
    }

    #[test]
    fn words_break_by_the_rules_of_their_language() {
        assert_eq!(parts("extraordinary", "en"), "ex-tra-or-di-nary");
        assert_eq!(parts("Silbentrennung", "de-AT"), "Sil-ben-tren-nung");
        assert_eq!(parts("degustación", "es"), "de-gus-ta-ción");
        assert_eq!(parts("menu", "en"), "menu");
        assert_eq!(parts("Donau\u{ad}dampfschiff", "de"), "Donau-dampfschiff");
        assert_eq!(parts("whatever", "xx"), "whatever");
        assert!(is_known("de") && !is_known("ja") && !is_known(""));
    }
}
