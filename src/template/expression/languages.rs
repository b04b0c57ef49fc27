//! A language as a template names it: `pl`, `pt-BR`, `ar-EG-u-nu-latn`.
//!
//! In: a tag. Out: the names of months and days, the digits, signs and patterns of its country. Never: a language that
//! was not named; an unknown one is an error with the one that may be meant.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

use super::arguments::Fault;
use super::cldr::{TABLE, Table};
use crate::diag::nearest;

/// A language, maybe of one country, with the digits it writes.
#[derive(Debug)]
pub(super) struct Language {
    /// In the table.
    locale: usize,
    /// From 0 to 9; none for those of ASCII.
    digits: Option<[char; 10]>,
    /// How its numbers are written.
    pub signs: Signs,
    /// The decimal signs of a number in text: with its own digits, and with those of ASCII.
    points: [&'static str; 2],
    /// Added to the year of Gregory's calendar.
    pub year_offset: i16,
}

/// Signs and patterns of numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Signs {
    pub decimal: &'static str,
    pub group: &'static str,
    pub minus: &'static str,
    pub percent: &'static str,
    /// In prices; mostly the same as the first two.
    pub money_decimal: &'static str,
    pub money_group: &'static str,
    /// `#,##0.###`, `#,##0 %`, `¤ #,##0.00;¤ -#,##0.00`.
    pub number_pattern: &'static str,
    pub percent_pattern: &'static str,
    pub money_pattern: &'static str,
    /// Fewest digits before the first separator.
    pub least_before: usize,
}

/// Whether a name is whole or short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Width {
    Whole,
    Short,
}

/// Whether a name has a day of the month beside it: `28 listopada`, and `listopad` alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Setting {
    WithDay,
    Alone,
}

/// A space that does not break the line.
pub(super) const SPACE: char = '\u{a0}';

/// Years that Thailand's calendar is ahead.
pub(super) const BUDDHIST: i16 = 543;

impl Language {
    /// English of no country.
    pub fn english() -> &'static Self {
        static ENGLISH: LazyLock<&Language> = LazyLock::new(|| {
            let read = Language::of_tag("en");
            read.unwrap_or_else(|_| unreachable!("the table has English"))
        });
        &ENGLISH
    }

    /// The language of a tag such as `es`, `es-MX`, `pt_BR` or `ar-EG-u-nu-latn`; English without one.
    ///
    /// A country that is not known takes its language.
    pub fn find(tag: Option<&str>) -> Result<&'static Self, Fault> {
        match tag {
            Some(tag) => Self::of_tag(tag),
            None => Ok(Self::english()),
        }
    }

    fn of_tag(tag: &str) -> Result<&'static Self, Fault> {
        // by what was found, so that it holds no more than there are locales and digits
        static KNOWN: Mutex<Option<Known>> = Mutex::new(None);
        let (locale, wanted) = locale_and_wishes(tag)?;
        let mut known = KNOWN
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let known = known.get_or_insert_with(HashMap::new);
        if let Some(language) = known.get(&(locale, wanted)) {
            return Ok(language);
        }
        let language: &'static Self = Box::leak(Box::new(Self::new(locale, wanted)));
        known.insert((locale, wanted), language);
        Ok(language)
    }

    fn new(locale: usize, wanted: Wishes) -> Self {
        let field = |key: &str| TABLE.field(locale, key).unwrap_or_default();
        let name = wanted.digits.unwrap_or_else(|| field("u"));
        let mut digits = ['0'; 10];
        let characters = TABLE.entry("digits", name).unwrap_or_default().chars();
        for (digit, character) in digits.iter_mut().zip(characters) {
            *digit = character;
        }
        let latin = Signs::of(locale, "latn");
        let signs = Signs::of(locale, name);
        Self {
            locale,
            digits: (name != "latn").then_some(digits),
            points: [signs.decimal, latin.decimal],
            signs,
            year_offset: match wanted.calendar.unwrap_or_else(|| field("k")) {
                "buddhist" => BUDDHIST,
                _ => 0,
            },
        }
    }

    /// Where it stands in the table.
    pub fn locale(&self) -> usize {
        self.locale
    }

    /// `pt-BR`.
    pub fn tag(&self) -> &'static str {
        TABLE.tag(self.locale)
    }

    /// `pt`.
    pub fn code(&self) -> &'static str {
        code_of(self.tag())
    }

    /// The name of a month, from 1.
    pub fn month(&self, month: i8, width: Width, setting: Setting) -> &'static str {
        let at = usize::try_from(month - 1).unwrap_or(0);
        let beside = self.name('m', width, Setting::WithDay, at);
        match setting {
            Setting::WithDay => {
                let alone = self.name('m', width, Setting::Alone, at);
                // Catalan's `de novembre` brings its own preposition, which the pattern of a template has already
                if beside.len() > alone.len() && beside.ends_with(alone) {
                    alone
                } else {
                    beside
                }
            }
            Setting::Alone => self.name('m', width, setting, at),
        }
    }

    /// The name of a month in a whole date.
    pub fn month_in_date(&self, month: i8, width: Width, setting: Setting) -> &'static str {
        self.name('m', width, setting, usize::try_from(month - 1).unwrap_or(0))
    }

    /// The name of a day, Monday being 0.
    pub fn day(&self, day: usize, width: Width, setting: Setting) -> &'static str {
        self.name('d', width, setting, day)
    }

    fn name(&self, kind: char, width: Width, setting: Setting, at: usize) -> &'static str {
        let size = if width == Width::Whole { 'w' } else { 'a' };
        let with_day = format!("{kind}f{size}");
        let alone = format!("{kind}s{size}");
        let names = TABLE.chain(self.locale).find_map(|locale| {
            let alone = TABLE
                .own(locale, &alone)
                .filter(|_| setting == Setting::Alone);
            alone.or_else(|| TABLE.own(locale, &with_day))
        });
        names.unwrap_or_default().split('|').nth(at).unwrap_or("")
    }

    /// What stands for the half of the day, as `%p` asks.
    pub fn half_of_day(&self, is_afternoon: bool) -> &'static str {
        let names = TABLE.field(self.locale, "p").unwrap_or_default();
        let (am, pm) = names.split_once('|').unwrap_or(("AM", "PM"));
        if is_afternoon { pm } else { am }
    }

    /// A whole date in letters of CLDR: `d 'de' MMMM 'de' y`.
    pub fn long_date(&self) -> &'static str {
        TABLE.field(self.locale, "l").unwrap_or("d MMMM y")
    }

    /// A text with its digits of ASCII written in the language's own.
    pub fn in_digits(&self, text: &str) -> String {
        let Some(digits) = self.digits else {
            return text.to_owned();
        };
        let own = |c: char| match c.to_digit(10) {
            Some(digit) if c.is_ascii() => digits[digit as usize],
            _ => c,
        };
        text.chars().map(own).collect()
    }

    /// Whether a character parts whole and fraction in a number of this language.
    pub fn is_point(&self, c: char) -> bool {
        self.points.iter().any(|point| point.starts_with(c))
    }
}

type Known = HashMap<(usize, Wishes), &'static Language>;

/// What a tag asks for beside its language.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Hash)]
struct Wishes {
    digits: Option<&'static str>,
    calendar: Option<&'static str>,
}

impl Signs {
    /// In the digits that a name stands for; signs of ASCII's digits where the language has none for them.
    fn of(locale: usize, digits: &str) -> Self {
        let field = |digits: &str| TABLE.field(locale, &format!("n-{digits}"));
        let text = field(digits).or_else(|| field("latn")).unwrap_or_default();
        let mut parts = text.split('|');
        let mut next = || parts.next().unwrap_or_default();
        Self {
            decimal: next(),
            group: next(),
            minus: next(),
            percent: next(),
            money_decimal: next(),
            money_group: next(),
            number_pattern: next(),
            percent_pattern: next(),
            money_pattern: next(),
            least_before: TABLE
                .field(locale, "g")
                .and_then(|g| g.parse().ok())
                .unwrap_or(1),
        }
    }
}

/// `pt` of `pt-BR`.
fn code_of(tag: &str) -> &str {
    tag.split('-').next().unwrap_or(tag)
}

fn locale_and_wishes(tag: &str) -> Result<(usize, Wishes), Fault> {
    let plain = tag.trim().replace('_', "-").to_ascii_lowercase();
    let (name, extension) = plain
        .split_once("-u-")
        .unwrap_or((plain.as_str(), Default::default()));
    let locale = locale(&TABLE, name).ok_or_else(|| unknown(tag, name))?;
    Ok((locale, wishes(extension)?))
}

/// The locale that fits best: `zh-TW` is written in other signs than `zh`.
fn locale(table: &Table, name: &str) -> Option<usize> {
    let mut parts = name.split('-');
    let code = parts.next()?;
    let code = table.entry("alias", code).unwrap_or(code);
    let rest: Vec<&str> = parts.collect();
    let base = table.find(code)?;
    let is_tag = |part: &&str| {
        (2..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    if !rest.iter().all(is_tag) {
        return None;
    }
    let is_script = |part: &str| part.len() == 4 && part.bytes().all(|b| b.is_ascii_alphabetic());
    let script = rest.first().copied().filter(|part| is_script(part));
    let of = |parts: &[&str]| table.find(&[&[code], parts].concat().join("-"));
    for length in (1..=rest.len()).rev() {
        let parts = &rest[..length];
        if let Some(found) = of(parts) {
            return Some(found);
        }
        if let ([region], None) = (parts, script) {
            let tag = format!("{code}-{}", region.to_ascii_uppercase());
            if let Some(found) = table
                .entry("likely", &tag)
                .and_then(|other| table.find(other))
            {
                return Some(found);
            }
        }
    }
    let own_script = table.own(base, "w").and_then(|w| w.split('|').nth(2));
    match script {
        // written in letters that its names are not in
        Some(script) if !own_script.is_some_and(|own| own.eq_ignore_ascii_case(script)) => None,
        Some(_) => of(&rest[1..]).or(Some(base)),
        None => Some(base),
    }
}

fn wishes(extension: &str) -> Result<Wishes, Fault> {
    let mut wishes = Wishes::default();
    let mut parts = extension.split('-').peekable();
    while let Some(key) = parts.next() {
        let value = parts.next_if(|value| value.len() > 2);
        match (key, value) {
            ("nu", Some(value)) => {
                let found = TABLE.entries("digits").find(|(name, _)| *name == value);
                let (name, _) = found.ok_or_else(|| {
                    Fault::new(format!("no digits `{value}`"))
                        .hint("there are `latn`, `arab`, `deva`, `thai` and others of CLDR")
                })?;
                wishes.digits = Some(name);
            }
            ("ca", Some("buddhist")) => wishes.calendar = Some("buddhist"),
            ("ca", Some("gregory")) => wishes.calendar = Some("gregory"),
            ("ca", Some(value)) => {
                return Err(Fault::new(format!("no calendar `{value}`"))
                    .hint("there are `gregory` and `buddhist`"));
            }
            _ => {}
        }
    }
    Ok(wishes)
}

/// The error about a language that is not there.
fn unknown(tag: &str, name: &str) -> Fault {
    let fault = Fault::new(format!("no language `{tag}`"));
    let code = code_of(name);
    let by_country = TABLE
        .entry("regions", &code.to_ascii_uppercase())
        .filter(|_| name == code);
    match by_name(name).or(by_country) {
        Some(code) => {
            let english = names(code).0;
            fault.hint(format!("did you mean `{code}` ({english})?"))
        }
        None if TABLE.find(code).is_some() => fault.hint(format!(
            "`{code}` ({}) is there, but not in these letters or so",
            names(code).0
        )),
        None => fault.hint(
            "write its code, such as `pl` (Polish), `ar` (Arabic) or `pt-BR` (Portuguese of Brazil)",
        ),
    }
}

/// English name and own name of a language.
fn names(code: &str) -> (&'static str, &'static str) {
    let field = TABLE.find(code).and_then(|at| TABLE.own(at, "w"));
    let mut parts = field.unwrap_or_default().split('|');
    (
        parts.next().unwrap_or_default(),
        parts.next().unwrap_or_default(),
    )
}

/// The code of a language that is called so or nearly so, in English or by its own speakers.
fn by_name(name: &str) -> Option<&'static str> {
    let codes = || (0..TABLE.len()).map(|at| TABLE.tag(at));
    let bases: Vec<(&'static str, String)> = codes()
        .filter(|tag| !tag.contains('-'))
        .flat_map(|tag| {
            let (english, own) = names(tag);
            [(tag, english.to_lowercase()), (tag, own.to_lowercase())]
        })
        .filter(|(_, name)| !name.is_empty())
        .collect();
    let wanted = name.to_lowercase();
    let near = nearest(
        &wanted,
        bases
            .iter()
            .map(|(_, name)| name.as_str())
            .filter(|_| wanted.chars().count() > 3),
    )?;
    bases
        .iter()
        .find(|(_, name)| name == near)
        .map(|(tag, _)| *tag)
}
