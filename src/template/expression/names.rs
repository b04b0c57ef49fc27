//! What the words of dates mean, in every language.
//!
//! In: words, as [`super::date_words`] parts a text. Out: the months or weekdays that they name, and in which language. Never:
//! the choice where they name two: `listopad` is November in Prague and October in Zagreb.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use jiff::civil::Weekday;

use super::cldr::{TABLE, Table};
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

/// Names of months and weekdays, small and their words parted by one space, with what they mean.
pub(super) type Names = HashMap<String, Vec<Meaning>>;

/// The names that one language has.
pub(super) fn names_of(language: &Language) -> Names {
    let all = of_locale(language.locale(), Table::field);
    collected(all.filter(|(name, _)| is_telling(name)))
}

/// What `words` name; of those that `own` has too, only what it says.
pub(super) fn meanings<'n>(words: &str, own: Option<&'n Names>) -> &'n [Meaning] {
    let of_own = own.and_then(|own| own.get(words));
    if let Some(meanings) = of_own.or_else(|| INDEX.get(words)) {
        return meanings;
    }
    // `tues`, `thurs`
    let is_begun = |name: &&String| words.len() > 3 && name.starts_with(words);
    match ENGLISH_DAYS.iter().find(is_begun) {
        Some(name) => INDEX.get(name).map_or(&[], Vec::as_slice),
        None => &[],
    }
}

/// The weekdays that one letter stands for: Hungarian `P` is Friday, Estonian `P` Sunday. A date that names its month
/// tells which.
pub(super) fn letters_of_weekdays(letter: &str) -> &'static [Meaning] {
    LETTERS.get(letter).map_or(&[], Vec::as_slice)
}

/// A word that stands in whole dates beside the names, such as `de`, `г` or `gada`.
pub(super) fn is_filler(word: &str) -> bool {
    FILLERS.contains(word)
}

static INDEX: LazyLock<Names> = LazyLock::new(|| {
    let all = read_locales().flat_map(|locale| of_locale(locale, Table::own));
    let mut index = collected(all.filter(|(name, _)| is_telling(name)));
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

static LETTERS: LazyLock<Names> = LazyLock::new(|| {
    let all = read_locales().flat_map(|locale| of_locale(locale, Table::own));
    let is_weekday = |meaning: &Meaning| matches!(meaning.named, Named::Weekday(_));
    collected(all.filter(|(name, meaning)| !is_telling(name) && is_weekday(meaning)))
});

static ENGLISH_DAYS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let names = TABLE.field(Language::english().locale(), "dfw");
    let names = names.unwrap_or_default().split('|');
    names.map(str::to_lowercase).collect()
});

fn collected(names: impl Iterator<Item = (String, Meaning)>) -> Names {
    let mut out = Names::new();
    for (name, meaning) in names {
        let meanings = out.entry(name).or_default();
        if !meanings.contains(&meaning) {
            meanings.push(meaning);
        }
    }
    out
}

/// Words of CLDR's whole dates, and others that people write.
static FILLERS: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let more = [
        "d", "de", "del", "of", "the", "at", "a", "à", "as", "às", "las", "los", "um", "uhr", "le",
        "den", "der", "on", "el", "il", "om", "alle", "ngày", "року", "года", "roku", "godz", "kl",
        "klo", "o", "ob", "u", "в", "о",
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

/// The names that `field` finds for a locale: its own, or those above it as well.
fn of_locale(
    locale: usize,
    field: fn(&Table, usize, &str) -> Option<&'static str>,
) -> impl Iterator<Item = (String, Meaning)> {
    let tag = TABLE.tag(locale);
    let language = tag.split('-').next().unwrap_or(tag);
    let kinds = ["mfw", "mfa", "msw", "msa", "dfw", "dfa", "dsw", "dsa"];
    let around = around_month(TABLE.field(locale, "l").unwrap_or_default());
    kinds.into_iter().flat_map(move |kind| {
        let (before, after) = match kind.starts_with("mf") {
            true => around,
            false => ("", ""),
        };
        let names = field(&TABLE, locale, kind).unwrap_or_default();
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
                .filter(|name| !name.is_empty())
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
    first.is_some_and(|c| c > '\u{900}') || letters.next().is_some()
}

fn words_of(text: &str) -> Vec<String> {
    super::date_words::words(text)
}
