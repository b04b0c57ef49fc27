//! What a sticker layer says, held against what the app takes.
//!
//! In: the layer's keys, filled in. Out: a [`StickerKind`] with the words its drawing brings, or nothing and why.
//! Never: a place, a look.

use unicode_segmentation::UnicodeSegmentation;
use url::Url;

use super::model::StickerKind;
use crate::diag::{Code, Diagnostic, Severity, did_you_mean};
use crate::template::expression::Expressions;
use crate::template::language::Key;
use crate::template::{Node, Table, grammar, key};

/// The most characters of a question, of an answer, of a link's words and of a countdown's name. The app stops people
/// there who type; it publishes no figures (measured in the app by its users, read 2026-11).
const QUESTION: usize = 80;
const ANSWER: usize = 24;
pub const LINK_TEXT: usize = 30;
const NAME: usize = 50;
/// The platform's own limit for account names.
const USERNAME: usize = 30;

/// Words that a drawing brings itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// In the field of a question.
    pub placeholder: String,
    /// Under the digits of a countdown.
    pub units: [&'static str; 3],
}

impl Words {
    const LANGUAGES: [&'static str; 7] = ["en", "es", "de", "fr", "pt", "it", "nl"];

    fn of(keys: &Table) -> Self {
        let word = Self::in_language(keys.read(key!(STICKER.lang as word)));
        let (placeholder, units) = match word.unwrap_or_default() {
            "es" => ("Escribe algo…", ["días", "horas", "minutos"]),
            "de" => ("Gib etwas ein …", ["Tage", "Stunden", "Minuten"]),
            "fr" => ("Écrivez quelque chose…", ["jours", "heures", "minutes"]),
            "pt" => ("Escreva algo…", ["dias", "horas", "minutos"]),
            "it" => ("Scrivi qualcosa…", ["giorni", "ore", "minuti"]),
            "nl" => ("Typ iets…", ["dagen", "uren", "minuten"]),
            _ => ("Type something…", ["days", "hours", "minutes"]),
        };
        Self {
            placeholder: placeholder.to_owned(),
            units,
        }
    }

    /// The language of a tag, if there are words in it.
    fn in_language(tag: &str) -> Option<&'static str> {
        let tag = tag.trim().to_lowercase();
        let first = tag.split(['-', '_']).next()?;
        let mut all = Self::LANGUAGES.into_iter();
        all.find(|known| *known == first)
    }
}

/// Reads one sticker.
pub fn read(
    keys: &Table,
    label: &str,
    expressions: &Expressions,
    wrong: &mut Vec<Diagnostic>,
) -> Option<(StickerKind, Words)> {
    let node = keys.node(key!(STICKER.kind))?;
    let kind = node.as_text()?.to_owned();
    let mut reader = Reader {
        keys,
        label,
        kind: &kind,
        wrong,
        is_whole: true,
    };
    let read = reader.kind(expressions);
    reader.others();
    reader.language();
    let is_whole = reader.is_whole;
    read.filter(|_| is_whole)
        .map(|kind| (kind, Words::of(keys)))
}

/// What is wrong with a value, and what helps.
pub type Fault = (String, &'static str);

/// The name of an account without its `@`.
///
/// # Errors
/// No account is called so.
pub fn account(written: &str) -> Result<String, Fault> {
    let name = written.trim().trim_start_matches('@');
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_');
    if name.is_empty() || name.len() > USERNAME || !name.chars().all(is_part) {
        let message = format!("`{name}` is not the name of an account");
        return Err((message, "letters, digits, `.` and `_`, 30 at most"));
    }
    if name.starts_with('.') || name.ends_with('.') || name.contains("..") {
        let message = format!("`{name}` is not the name of an account");
        return Err((message, "a `.` stands alone, between other characters"));
    }
    Ok(name.to_owned())
}

/// Holds an address against what the app takes for a link.
///
/// # Errors
/// It is none.
pub fn web_page(url: &str) -> Result<(), Fault> {
    let parsed = Url::parse(url).ok().filter(Url::has_host);
    let hint = if parsed.is_none_or(|url| url.scheme() != "https") {
        "with `https://` at its beginning, as in https://example.com/menu"
    } else if url.contains(|c: char| c.is_whitespace() || c.is_control()) {
        "a space in an address is written `%20`"
    } else {
        return Ok(());
    };
    let message = format!("`{url}` is not an address that the app takes for a link");
    Err((message, hint))
}

/// Whether a character as people see them is drawn in colours: a selector says so, or its first code point may be.
fn is_emoji(character: &str) -> bool {
    let may_be = |c: char| match c {
        '©' | '®' | '〰' | '〽' | '㊗' | '㊙' | '\u{1f000}'..='\u{1ffff}' => true,
        '\u{203c}'..='\u{2b55}' => !c.is_alphanumeric(),
        _ => false,
    };
    let is_selected = character.contains(['\u{fe0f}', '\u{20e3}']);
    is_selected || character.chars().next().is_some_and(may_be)
}

struct Reader<'a> {
    keys: &'a Table,
    label: &'a str,
    kind: &'a str,
    wrong: &'a mut Vec<Diagnostic>,
    /// Nothing keeps it from being drawn.
    is_whole: bool,
}

impl Reader<'_> {
    fn kind(&mut self, expressions: &Expressions) -> Option<StickerKind> {
        match self.kind {
            "link" => self.link(),
            "mention" => self.mention(),
            "hashtag" => self.hashtag(),
            "location" => self.location(),
            "poll" => {
                let question = self.text(key!(STICKER.question), QUESTION);
                let options = self.options()?;
                let options = options.into_iter().map(|(_, text)| text).collect();
                Some(StickerKind::Poll { question, options })
            }
            "question" => {
                let question = self.needed(key!(STICKER.question), QUESTION)?;
                Some(StickerKind::Question { question })
            }
            "quiz" => self.quiz(),
            "countdown" => self.countdown(expressions),
            _ => self.slider(),
        }
    }

    fn link(&mut self) -> Option<StickerKind> {
        let text = self.text(key!(STICKER.text), LINK_TEXT);
        let url = self.needed(key!(STICKER.url), 2048)?;
        if let Err((message, hint)) = web_page(&url) {
            self.bad(key!(STICKER.url), message, hint);
            return None;
        }
        Some(StickerKind::Link { url, text })
    }

    fn mention(&mut self) -> Option<StickerKind> {
        let key = key!(STICKER.username);
        let username = self.needed(key, usize::MAX)?;
        match account(&username) {
            Ok(username) => Some(StickerKind::Mention { username }),
            Err((message, hint)) => {
                self.bad(key, message, hint);
                None
            }
        }
    }

    fn hashtag(&mut self) -> Option<StickerKind> {
        let key = key!(STICKER.name);
        let name = self.needed(key, 100)?;
        let name = name.trim_start_matches('#').to_owned();
        // marks are parts of letters in many scripts, and no punctuation of ASCII is one
        let is_part =
            |c: char| c == '_' || c.is_alphanumeric() || (!c.is_ascii() && !c.is_whitespace());
        if name.is_empty() || !name.chars().all(is_part) {
            let message = format!("`{name}` is not a hashtag");
            self.bad(key, message, "one word of letters, digits and `_`");
            return None;
        }
        if name.chars().all(|c| c.is_ascii_digit()) {
            let message = format!("`{name}` is not a hashtag");
            self.bad(key, message, "it needs a letter");
            return None;
        }
        Some(StickerKind::Hashtag { name })
    }

    fn location(&mut self) -> Option<StickerKind> {
        let name = self.needed(key!(STICKER.name), NAME)?;
        // `id` names the layer, too; the number of a place cannot be taken for anything else
        let id = self.keys.node(key!(LAYER.id)).and_then(grammar::text);
        let is_place = |id: &String| !id.is_empty() && id.chars().all(|c| c.is_ascii_digit());
        let id = id.map(|id| id.trim().to_owned()).filter(is_place);
        if id.is_none() {
            let at = self.keys.node(key!(STICKER.name)).map(|n| &n.place);
            let message = format!(
                "{} has no number of its place: the app may find several of this name",
                self.label
            );
            let found = Diagnostic::at(Code::BadValue, at.unwrap_or(&self.keys.place), message)
                .severity(Severity::Warning)
                .hint("`id = \"213385402\"`, the number in the address of the place's page");
            self.wrong.push(found);
        }
        Some(StickerKind::Location { name, id })
    }

    fn quiz(&mut self) -> Option<StickerKind> {
        let question = self.needed(key!(STICKER.question), QUESTION);
        let options = self.options();
        let answer = self.keys.node(key!(STICKER.answer));
        let Some(answer) = answer.and_then(grammar::number).map(|n| n as usize) else {
            let message = format!("{} does not say which answer is right", self.label);
            self.bad_at_layer(message, "`answer = 2`, counted from 1");
            return None;
        };
        let (question, options) = (question?, options?);
        // one that comes out empty is left out, and the others move up
        let Some(right) = options.iter().position(|(number, _)| *number == answer) else {
            let numbers: Vec<String> = options.iter().map(|(n, _)| n.to_string()).collect();
            let message = format!("there are answers {}, and no {answer}.", numbers.join(", "));
            self.bad(key!(STICKER.answer), message, "counted from 1");
            return None;
        };
        Some(StickerKind::Quiz {
            question,
            options: options.into_iter().map(|(_, text)| text).collect(),
            answer: right + 1,
        })
    }

    fn countdown(&mut self, expressions: &Expressions) -> Option<StickerKind> {
        let name = self.needed(key!(STICKER.name), NAME);
        let ends = self.needed(key!(STICKER.ends), 100)?;
        match expressions.instant(&ends) {
            Ok(ends) => {
                if ends.timestamp() <= expressions.now().timestamp() {
                    let at = self.keys.node(key!(STICKER.ends)).map(|n| &n.place);
                    let message = format!("the countdown of {} is over", self.label);
                    let at = at.unwrap_or(&self.keys.place);
                    self.wrong.push(
                        Diagnostic::at(Code::BadValue, at, message).severity(Severity::Warning),
                    );
                }
                let ends = ends.timestamp();
                Some(StickerKind::Countdown { name: name?, ends })
            }
            Err(why) => {
                self.bad(key!(STICKER.ends), why, "as in `2026-12-24T18:00`");
                None
            }
        }
    }

    fn slider(&mut self) -> Option<StickerKind> {
        let question = self.text(key!(STICKER.question), QUESTION);
        let emoji = self
            .keys
            .read(key!(STICKER.emoji as word))
            .trim()
            .to_owned();
        if emoji.graphemes(true).count() != 1 || !is_emoji(&emoji) {
            let message = format!("`{emoji}` is not one emoji");
            self.bad(key!(STICKER.emoji), message, "one: `emoji = \"🔥\"`");
            return None;
        }
        Some(StickerKind::Slider { question, emoji })
    }

    /// Two to four options that are not empty, each with its number as it is written, from 1.
    fn options(&mut self) -> Option<Vec<(usize, String)>> {
        let key = key!(STICKER.options);
        let Some(items) = self.keys.node(key).and_then(grammar::list) else {
            self.bad_at_layer(
                format!("{} needs `options`", self.label),
                "two to four answers: `options = [\"Yes\", \"No\"]`",
            );
            return None;
        };
        let mut options = Vec::new();
        for (number, item) in (1..).zip(items) {
            let text = grammar::text(item).unwrap_or_default().trim().to_owned();
            if text.is_empty() {
                continue;
            }
            self.length(&text, ANSWER, &format!("the answer `{text}`"), item);
            options.push((number, text));
        }
        if !(2..=4).contains(&options.len()) {
            let answers = match options.len() {
                1 => "answer",
                _ => "answers",
            };
            let message = format!("{} has {} {answers}", self.label, options.len());
            self.bad(key, message, "the app takes two to four");
            return None;
        }
        Some(options)
    }

    /// The text of a key, if there is one.
    fn text(&mut self, key: &Key, most: usize) -> Option<String> {
        let node = self.keys.node(key)?;
        let text = grammar::text(node)?.trim().to_owned();
        if text.is_empty() {
            return None;
        }
        self.length(&text, most, &format!("`{}`", key.name), node);
        Some(text)
    }

    fn needed(&mut self, key: &Key, most: usize) -> Option<String> {
        let text = self.text(key, most);
        if text.is_none() {
            let message = format!("{} needs `{}`", self.label, key.name);
            self.bad_at_layer(message, "`when` leaves a layer out");
        }
        text
    }

    fn length(&mut self, text: &str, most: usize, what: &str, at: &Node) {
        let count = text.graphemes(true).count();
        if count > most {
            let message = format!("{what} has {count} characters, the app takes {most}");
            self.wrong
                .push(Diagnostic::at(Code::TooLong, &at.place, message));
            self.is_whole = false;
        }
    }

    fn bad(&mut self, key: &Key, message: String, hint: &str) {
        let at = self.keys.node(key).map_or(&self.keys.place, |n| &n.place);
        self.wrong
            .push(Diagnostic::at(Code::BadValue, at, message).hint(hint));
        self.is_whole = false;
    }

    fn bad_at_layer(&mut self, message: String, hint: &str) {
        self.wrong
            .push(Diagnostic::at(Code::BadValue, &self.keys.place, message).hint(hint));
        self.is_whole = false;
    }

    /// Words that a drawing brings itself are English in a language that has none here.
    fn language(&mut self) {
        let Some(node) = self.keys.node(key!(STICKER.lang)) else {
            return;
        };
        let lang = node.as_text().unwrap_or_default();
        if !matches!(self.kind, "countdown" | "question") || Words::in_language(lang).is_some() {
            return;
        }
        let message = format!("{} has no words of its own in `{lang}`", self.label);
        let hint = format!(
            "they are English; there are {}",
            Words::LANGUAGES.join(", ")
        );
        let found = Diagnostic::at(Code::BadValue, &node.place, message);
        let found = found.severity(Severity::Warning).hint(hint);
        self.wrong.push(found);
    }

    /// Keys that another kind of sticker has.
    fn others(&mut self) {
        let own: &[&str] = match self.kind {
            "link" => &["url", "text"],
            "mention" => &["username"],
            "hashtag" | "location" => &["name"],
            "poll" => &["question", "options"],
            "question" => &["question"],
            "quiz" => &["question", "options", "answer"],
            "countdown" => &["name", "ends"],
            _ => &["question", "emoji"],
        };
        let common = ["kind", "look", "lang"];
        let stickers = crate::template::language::STICKER;
        for entry in &self.keys.entries {
            let name = entry.key.as_str();
            let is_ours = stickers.iter().any(|key| key.name == name);
            if !is_ours || own.contains(&name) || common.contains(&name) {
                continue;
            }
            let message = format!("a {} sticker has no key `{name}`", self.kind);
            let hint = did_you_mean(name, own.iter().copied());
            let hint = hint.unwrap_or_else(|| format!("it has `{}`", own.join("`, `")));
            self.wrong
                .push(Diagnostic::at(Code::UnknownKey, &entry.key_place, message).hint(hint));
            self.is_whole = false;
        }
    }
}
