//! What the words of dates mean, in every language.
//!
//! In: words, as [`super::date_words`] parts a text. Out: the months or weekdays that they name, and in which language. Never:
//! the choice where they name two: `listopad` is November in Prague and October in Zagreb.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use jiff::civil::Weekday;

use super::cldr::TABLE;
use super::languages::Language;

/// What words name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Named {
    /// From 1.
    Month(i8),
    Weekday(Weekday),
}

/// What words name, in one language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Meaning {
    pub named: Named,
    /// `pl`
    pub language: &'static str,
}

/// Most words that one name has: Irish `deireadh fómhair`, Vietnamese `tháng 11`.
pub(super) const MOST_WORDS: usize = 3;

/// What `words`, small and parted by one space, name; of those that `language` has too, only its own.
pub(super) fn meanings(words: &str, language: Option<&Language>) -> Vec<Meaning> {
    if let Some(language) = language {
        let own = of_locale(language.locale());
        let own: Vec<Meaning> = own
            .filter(|(name, _)| name == words)
            .map(|(_, m)| m)
            .collect();
        if !own.is_empty() {
            return own;
        }
    }
    if let Some(meanings) = INDEX.get(words) {
        return meanings.clone();
    }
    // `tues`, `thurs`
    let english = Language::english().locale();
    of_locale(english)
        .filter(|(name, m)| {
            let is_day = matches!(m.named, Named::Weekday(_));
            is_day && words.len() > 3 && name.starts_with(words)
        })
        .map(|(_, m)| m)
        .collect()
}

/// A word that stands in whole dates beside the names, such as `de`, `г` or `gada`.
pub(super) fn is_filler(word: &str) -> bool {
    FILLERS.contains(word)
}

static INDEX: LazyLock<HashMap<String, Vec<Meaning>>> = LazyLock::new(|| {
    let mut index: HashMap<String, Vec<Meaning>> = HashMap::new();
    for locale in read_locales() {
        for (name, meaning) in of_locale(locale) {
            let meanings = index.entry(name).or_default();
            if !meanings.contains(&meaning) {
                meanings.push(meaning);
            }
        }
    }
    // short forms that the lists have no longer
    for (name, month) in [("sep", 9), ("mrz", 3), ("set", 9), ("sept", 9)] {
        let named = Named::Month(month);
        let meanings = index.entry(name.to_owned()).or_default();
        if meanings.iter().all(|m| m.named != named) {
            let language = "en";
            meanings.push(Meaning { named, language });
        }
    }
    index
});

/// Words of CLDR's whole dates, and others that people write.
static FILLERS: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let more = [
        "d", "de", "del", "of", "the", "at", "a", "à", "as", "às", "las", "los", "um", "uhr", "le",
        "den", "der", "on", "el", "il", "om", "alle", "ngày", "року", "года", "roku", "godz", "kl",
        "klo", "at", "o", "ob", "u", "в", "о", "la", "ora",
    ];
    let mut words: HashSet<String> = more.map(str::to_owned).into();
    for locale in read_locales() {
        let pattern = TABLE.own(locale, "l").unwrap_or_default();
        // the texts between the letters of a pattern: `d 'de' MMMM`
        let quoted = pattern.split('\'').skip(1).step_by(2);
        let bare = pattern.split(|c: char| c.is_ascii() && c != '.');
        for text in quoted.chain(bare) {
            words.extend(words_of(text));
        }
    }
    words.retain(|word| !word.chars().any(|c| c.is_ascii_digit()));
    words
});

/// Languages with a public that is large enough for CLDR to be sure of them, and their countries.
fn read_locales() -> impl Iterator<Item = usize> {
    (0..TABLE.len()).filter(|at| {
        let base = TABLE.chain(*at).last().unwrap_or(*at);
        TABLE.own(base, "w").is_some_and(|w| w.ends_with('+'))
    })
}

/// The names that a locale has of its own or from those above it.
fn of_locale(locale: usize) -> impl Iterator<Item = (String, Meaning)> {
    let tag = TABLE.tag(locale);
    let language = tag.split('-').next().unwrap_or(tag);
    let kinds = ["mfw", "mfa", "msw", "msa", "dfw", "dfa", "dsw", "dsa"];
    let around = around_month(TABLE.field(locale, "l").unwrap_or_default());
    kinds.into_iter().flat_map(move |kind| {
        let (before, after) = match kind.starts_with("mf") {
            true => around,
            false => ("", ""),
        };
        let names = TABLE.field(locale, kind).unwrap_or_default();
        names.split('|').enumerate().flat_map(move |(at, name)| {
            let number = i8::try_from(at).unwrap_or(0);
            let named = match kind.starts_with('m') {
                true => Named::Month(number + 1),
                false => Named::Weekday(
                    Weekday::from_monday_zero_offset(number).unwrap_or(Weekday::Monday),
                ),
            };
            let meaning = Meaning { named, language };
            let whole = words_of(name).join(" ");
            // `segunda-feira` is `segunda` too
            let first = name
                .split_once('-')
                .map(|(first, _)| words_of(first).join(" "))
                .filter(|first| first.chars().count() > 2);
            let joined = (!before.is_empty() || !after.is_empty())
                .then(|| words_of(&format!("{before}{name}{after}")).join(" "));
            [Some(whole), first, joined]
                .into_iter()
                .flatten()
                .filter(|name| is_telling(name))
                .map(move |name| (name, meaning))
        })
    })
}

/// The letters that a whole date has joined to its month: `ב` of `d בMMMM y`, `ren` of `MMMM'ren'`.
fn around_month(pattern: &str) -> (&str, &str) {
    let Some(start) = pattern.find("MMMM") else {
        return ("", "");
    };
    let is_parting = |c: char| !c.is_alphabetic() && c != '\'';
    let before = pattern[..start].rsplit(is_parting).next().unwrap_or("");
    let after = pattern[start + 4..].split(is_parting).next().unwrap_or("");
    (letters(before), letters(after))
}

/// A literal of a pattern; fields of ASCII letters are none unless quoted.
fn letters(text: &str) -> &str {
    let bare = text.trim_matches('\'');
    let is_field = bare.len() == text.len() && bare.is_ascii();
    if is_field || bare.contains('\'') {
        ""
    } else {
        bare
    }
}

/// Whether a name has letters, and more than one where letters are not words.
fn is_telling(name: &str) -> bool {
    let mut letters = name.chars().filter(|c| c.is_alphabetic());
    let first = letters.next();
    first.is_some_and(|c| c > '\u{2e80}') || letters.next().is_some()
}

fn words_of(text: &str) -> Vec<String> {
    super::date_words::words(text)
}
