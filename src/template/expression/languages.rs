//! How languages write dates and numbers; the parts of Unicode's CLDR that stories need, written out.

use jiff::civil::Weekday;

use super::arguments::Fault;
use crate::diag::did_you_mean;

/// A language, maybe of one country.
#[derive(Debug, Clone, Copy)]
pub(super) struct Language {
    /// `es`, `en-US`.
    tag: &'static str,
    /// January … December.
    pub months: [&'static str; 12],
    /// The same, short.
    pub months_short: [&'static str; 12],
    /// Monday … Sunday.
    pub days: [&'static str; 7],
    /// The same, short.
    pub days_short: [&'static str; 7],
    /// A whole date: `{d}` day, `{m}` month, `{y}` year.
    pub date: &'static str,
    /// Between whole and fraction.
    pub decimal: char,
    /// Between groups of three.
    pub group: char,
    /// Digits from which on groups are parted.
    pub grouped_from: usize,
    /// Where a currency's sign stands.
    pub money: Sign,
    /// Whether a space stands before `%`.
    pub percent_spaced: bool,
}

/// Where a currency's sign stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    /// `€12.50`
    Before,
    /// `€ 12,50`
    BeforeSpaced,
    /// `12,50 €`
    AfterSpaced,
}

/// A space that does not break the line.
pub(super) const SPACE: char = '\u{a0}';

impl Language {
    /// `es`, `en-US`.
    pub fn tag(&self) -> &'static str {
        self.tag
    }

    /// The language of a tag such as `es`, `es-MX` or `pt_BR`; English without one.
    pub fn find(tag: Option<&str>) -> Result<&'static Self, Fault> {
        let Some(tag) = tag else { return Ok(&ENGLISH) };
        let wanted = tag.trim().replace('_', "-").to_lowercase();
        let base = wanted.split('-').next().unwrap_or("");
        let by = |tag: &str| {
            ALL.iter()
                .find(|l| l.tag.eq_ignore_ascii_case(tag))
                .copied()
        };
        by(&wanted).or_else(|| by(base)).ok_or_else(|| {
            let tags = ALL.iter().map(|l| l.tag);
            let hint = did_you_mean(&wanted, tags.clone())
                .unwrap_or_else(|| format!("there are {}", tags.collect::<Vec<_>>().join(", ")));
            Fault::new(format!("no language `{tag}`")).hint(hint)
        })
    }
}

/// The month, from 1, that a small word names whole or short in any language.
pub(super) fn month(word: &str) -> Option<i8> {
    // older short forms that the lists no longer have
    let more = match word {
        "sep" => Some(9),
        "mrz" => Some(3),
        "set" => Some(9),
        _ => None,
    };
    let by_list = || {
        let at = ALL.iter().find_map(|language| {
            let lists = [&language.months, &language.months_short];
            lists
                .iter()
                .find_map(|names| names.iter().position(|name| is(name, word)))
        })?;
        i8::try_from(at + 1).ok()
    };
    more.or_else(by_list)
}

/// The weekday that a small word names whole or short in any language.
pub(super) fn weekday(word: &str) -> Option<Weekday> {
    let at = ALL.iter().find_map(|language| {
        let lists = [&language.days, &language.days_short];
        lists
            .iter()
            .find_map(|names| names.iter().position(|name| is(name, word)))
    });
    // `tues`, `thurs`
    let at = at.or_else(|| {
        (word.len() > 3).then(|| {
            ENGLISH
                .days
                .iter()
                .position(|day| day.to_lowercase().starts_with(word))
        })?
    })?;
    Weekday::from_monday_zero_offset(i8::try_from(at).ok()?).ok()
}

/// Whether a small word is a name of the lists, with or without its point; `segunda` is `segunda-feira`.
fn is(name: &str, word: &str) -> bool {
    let name = name.trim_end_matches('.').to_lowercase();
    name == word || name.split_once('-').is_some_and(|(first, _)| first == word)
}

const ALL: [&Language; 12] = [
    &ENGLISH,
    &AMERICAN,
    &SPANISH,
    &MEXICAN,
    &GERMAN,
    &SWISS,
    &FRENCH,
    &ITALIAN,
    &PORTUGUESE,
    &BRAZILIAN,
    &DUTCH,
    &CATALAN,
];

const ENGLISH: Language = Language {
    tag: "en",
    months: [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    months_short: [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ],
    days: [
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
        "Sunday",
    ],
    days_short: ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
    date: "{d} {m} {y}",
    decimal: '.',
    group: ',',
    grouped_from: 4,
    money: Sign::Before,
    percent_spaced: false,
};

const AMERICAN: Language = Language {
    tag: "en-US",
    date: "{m} {d}, {y}",
    ..ENGLISH
};

const SPANISH: Language = Language {
    tag: "es",
    months: [
        "enero",
        "febrero",
        "marzo",
        "abril",
        "mayo",
        "junio",
        "julio",
        "agosto",
        "septiembre",
        "octubre",
        "noviembre",
        "diciembre",
    ],
    months_short: [
        "ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sept", "oct", "nov", "dic",
    ],
    days: [
        "lunes",
        "martes",
        "miércoles",
        "jueves",
        "viernes",
        "sábado",
        "domingo",
    ],
    days_short: ["lun", "mar", "mié", "jue", "vie", "sáb", "dom"],
    date: "{d} de {m} de {y}",
    decimal: ',',
    group: '.',
    grouped_from: 5,
    money: Sign::AfterSpaced,
    percent_spaced: true,
};

const MEXICAN: Language = Language {
    tag: "es-MX",
    decimal: '.',
    group: ',',
    grouped_from: 4,
    money: Sign::Before,
    percent_spaced: false,
    ..SPANISH
};

const GERMAN: Language = Language {
    tag: "de",
    months: [
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ],
    months_short: [
        "Jan", "Feb", "Mär", "Apr", "Mai", "Jun", "Jul", "Aug", "Sep", "Okt", "Nov", "Dez",
    ],
    days: [
        "Montag",
        "Dienstag",
        "Mittwoch",
        "Donnerstag",
        "Freitag",
        "Samstag",
        "Sonntag",
    ],
    days_short: ["Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"],
    date: "{d}. {m} {y}",
    decimal: ',',
    group: '.',
    grouped_from: 4,
    money: Sign::AfterSpaced,
    percent_spaced: true,
};

const SWISS: Language = Language {
    tag: "de-CH",
    decimal: '.',
    group: '’',
    money: Sign::BeforeSpaced,
    percent_spaced: false,
    ..GERMAN
};

const FRENCH: Language = Language {
    tag: "fr",
    months: [
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ],
    months_short: [
        "janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.",
        "déc.",
    ],
    days: [
        "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche",
    ],
    days_short: ["lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim."],
    date: "{d} {m} {y}",
    decimal: ',',
    // CLDR has the narrow space, which many display faces lack
    group: SPACE,
    grouped_from: 4,
    money: Sign::AfterSpaced,
    percent_spaced: true,
};

const ITALIAN: Language = Language {
    tag: "it",
    months: [
        "gennaio",
        "febbraio",
        "marzo",
        "aprile",
        "maggio",
        "giugno",
        "luglio",
        "agosto",
        "settembre",
        "ottobre",
        "novembre",
        "dicembre",
    ],
    months_short: [
        "gen", "feb", "mar", "apr", "mag", "giu", "lug", "ago", "set", "ott", "nov", "dic",
    ],
    days: [
        "lunedì",
        "martedì",
        "mercoledì",
        "giovedì",
        "venerdì",
        "sabato",
        "domenica",
    ],
    days_short: ["lun", "mar", "mer", "gio", "ven", "sab", "dom"],
    date: "{d} {m} {y}",
    decimal: ',',
    group: '.',
    grouped_from: 4,
    money: Sign::AfterSpaced,
    percent_spaced: false,
};

const PORTUGUESE: Language = Language {
    tag: "pt",
    months: [
        "janeiro",
        "fevereiro",
        "março",
        "abril",
        "maio",
        "junho",
        "julho",
        "agosto",
        "setembro",
        "outubro",
        "novembro",
        "dezembro",
    ],
    months_short: [
        "jan", "fev", "mar", "abr", "mai", "jun", "jul", "ago", "set", "out", "nov", "dez",
    ],
    days: [
        "segunda-feira",
        "terça-feira",
        "quarta-feira",
        "quinta-feira",
        "sexta-feira",
        "sábado",
        "domingo",
    ],
    days_short: ["seg", "ter", "qua", "qui", "sex", "sáb", "dom"],
    date: "{d} de {m} de {y}",
    decimal: ',',
    group: SPACE,
    grouped_from: 5,
    money: Sign::AfterSpaced,
    percent_spaced: false,
};

const BRAZILIAN: Language = Language {
    tag: "pt-BR",
    group: '.',
    grouped_from: 4,
    money: Sign::BeforeSpaced,
    ..PORTUGUESE
};

const DUTCH: Language = Language {
    tag: "nl",
    months: [
        "januari",
        "februari",
        "maart",
        "april",
        "mei",
        "juni",
        "juli",
        "augustus",
        "september",
        "oktober",
        "november",
        "december",
    ],
    months_short: [
        "jan", "feb", "mrt", "apr", "mei", "jun", "jul", "aug", "sep", "okt", "nov", "dec",
    ],
    days: [
        "maandag",
        "dinsdag",
        "woensdag",
        "donderdag",
        "vrijdag",
        "zaterdag",
        "zondag",
    ],
    days_short: ["ma", "di", "wo", "do", "vr", "za", "zo"],
    date: "{d} {m} {y}",
    decimal: ',',
    group: '.',
    grouped_from: 4,
    money: Sign::BeforeSpaced,
    percent_spaced: false,
};

const CATALAN: Language = Language {
    tag: "ca",
    months: [
        "gener", "febrer", "març", "abril", "maig", "juny", "juliol", "agost", "setembre",
        "octubre", "novembre", "desembre",
    ],
    months_short: [
        "gen.", "febr.", "març", "abr.", "maig", "juny", "jul.", "ag.", "set.", "oct.", "nov.",
        "des.",
    ],
    days: [
        "dilluns",
        "dimarts",
        "dimecres",
        "dijous",
        "divendres",
        "dissabte",
        "diumenge",
    ],
    days_short: ["dl.", "dt.", "dc.", "dj.", "dv.", "ds.", "dg."],
    date: "{d} de {m} de {y}",
    decimal: ',',
    group: '.',
    grouped_from: 4,
    money: Sign::AfterSpaced,
    percent_spaced: true,
};
