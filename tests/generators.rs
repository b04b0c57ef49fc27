//! Random data of strangers: what is written in one of many ways must be read as it was meant.
//!
//! In: tables, feeds, numbers and dates that proptest makes up. Out: round trips through the public readers. Never: a
//! fixed input; those are in `tests/corpus`.

use proptest::prelude::*;
use storypress::data::{self, Format};
use storypress::diag::Source;
use storypress::template::expression::{Clock, Expressions};

const LANGUAGES: [&str; 28] = [
    "en", "en-US", "en-IN", "es", "es-MX", "de", "de-CH", "fr", "it", "pt", "pt-BR", "nl", "ca",
    "sv", "tr", "hu", "el", "ru", "uk", "fi", "ar-EG", "ar-MA", "fa", "he", "hi", "ja", "ko", "vi",
];

fn expressions() -> Expressions {
    let now = "2026-11-21T10:00[UTC]".parse().expect("a time");
    Expressions::new(Clock { now })
}

/// A filter on a text.
fn filtered(expressions: &Expressions, text: &str, filter: &str) -> String {
    let context = minijinja::context! { text };
    let expression = format!("{{{{ text | {filter} }}}}");
    expressions
        .text(&expression, &context)
        .unwrap_or_else(|why| format!("{text}: {why}"))
}

/// Words as people type them: letters of many scripts, signs that formats use, no control characters.
fn words() -> impl Strategy<Value = String> {
    proptest::string::string_regex("[a-zA-ZéñüßŻЖש漢0-9 &<>'\";,.|%#@/!?€-]{0,24}")
        .expect("a pattern")
}

fn quoted(cell: &str, always: bool, delimiter: char) -> String {
    let needs = cell.contains([delimiter, '"', '\n', '\r']) || cell != cell.trim();
    match needs || always {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell.to_owned(),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

fn numbered(text: &str) -> String {
    let one = |c: char| match c {
        '&' | '<' | '>' => format!("&#{};", u32::from(c)),
        c if !c.is_ascii() => format!("&#x{:X};", u32::from(c)),
        c => c.to_string(),
    };
    text.chars().map(one).collect()
}

fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The titles of a feed.
fn titles(feed: &str) -> Vec<String> {
    let table = data::read_text(&Source::new("feed.xml", feed), Format::Feed).expect("a feed");
    let rows = table.rows.into_iter().map(|row| row.expect("a good row"));
    rows.map(|row| row.values["title"].as_str().expect("a text").to_owned())
        .collect()
}

proptest! {
    #[test]
    fn tables_are_read_as_they_were_written(
        rows in prop::collection::vec([words(), words(), words()], 1..6),
        delimiter in prop::sample::select(vec![',', ';', '\t', '|']),
        always in any::<bool>(),
        line in prop::sample::select(vec!["\n", "\r\n"]),
        encoding in 0..4_u8,
    ) {
        let mut text = format!("first{delimiter}second{delimiter}third{line}");
        for row in &rows {
            let cells: Vec<String> = row.iter().map(|cell| quoted(cell, always, delimiter)).collect();
            text.push_str(&cells.join(&delimiter.to_string()));
            text.push_str(line);
        }
        let utf_16 = |big: bool| -> Vec<u8> {
            let units = format!("\u{feff}{text}");
            units.encode_utf16().flat_map(|u| if big { u.to_be_bytes() } else { u.to_le_bytes() }).collect()
        };
        let bytes = match encoding {
            0 => text.clone().into_bytes(),
            1 => format!("\u{feff}{text}").into_bytes(),
            2 => utf_16(false),
            _ => utf_16(true),
        };
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("rows.csv");
        std::fs::write(&path, bytes).expect("written");
        let is_blank = |row: &&[String; 3]| row.iter().all(|cell| cell.trim().is_empty());
        let right: Vec<&[String; 3]> = rows.iter().filter(|row| !is_blank(row)).collect();
        let table = data::read(&path).expect("a table");
        prop_assert!(table.warnings.is_empty());
        let got: Vec<[String; 3]> = table.rows.iter().map(|row| {
            let row = row.as_ref().expect("a good row");
            ["first", "second", "third"].map(|name| row.values[name].as_str().expect("a text").to_owned())
        }).collect();
        prop_assert_eq!(got.iter().collect::<Vec<_>>(), right);
    }

    #[test]
    fn feeds_say_what_was_meant_however_it_is_encoded(text in words()) {
        let html = escaped(&text);
        let cdata = format!("<![CDATA[{html}]]>");
        let inline = format!("<![CDATA[<p><b></b>{html}</p>]]>");
        let rss: String = [escaped(&html), cdata, inline, numbered(&html)]
            .iter()
            .map(|title| format!("<item><title>{title}</title></item>"))
            .collect();
        let feed = format!("<rss version=\"2.0\"><channel>{rss}</channel></rss>");
        for title in titles(&feed) {
            prop_assert_eq!(title, folded(&text));
        }
        let atom: String = [
            ("text", escaped(&text)),
            ("html", escaped(&html)),
            ("xhtml", format!("<div xmlns=\"http://www.w3.org/1999/xhtml\">{html}</div>")),
            ("xhtml", format!("<div xmlns=\"http://www.w3.org/1999/xhtml\">{}</div>", numbered(&text))),
        ]
        .iter()
        .map(|(kind, title)| format!("<entry><title type=\"{kind}\">{title}</title></entry>"))
        .collect();
        let feed = format!("<feed xmlns=\"http://www.w3.org/2005/Atom\">{atom}</feed>");
        for title in titles(&feed) {
            prop_assert_eq!(title, folded(&text));
        }
    }

    #[test]
    fn numbers_are_read_back_in_their_language(
        whole in 0..100_000_000_u64,
        cents in 0..100_u8,
        is_negative in any::<bool>(),
        lang in prop::sample::select(LANGUAGES.to_vec()),
        currency in prop::sample::select(vec!["EUR", "USD", "CHF", "SEK", "BRL"]),
    ) {
        let expressions = expressions();
        let sign = if is_negative && whole + u64::from(cents) > 0 { "-" } else { "" };
        let plain = format!("{sign}{whole}.{cents:02}");
        for filter in [
            format!("number(decimals=2, lang='{lang}')"),
            format!("money('{currency}', lang='{lang}')"),
        ] {
            let shown = filtered(&expressions, &plain, &filter);
            prop_assert_eq!(&filtered(&expressions, &shown, &filter), &shown);
        }
        let written = filtered(&expressions, &plain, &format!("number(decimals=2, lang='{lang}')"));
        let back = filtered(&expressions, &written, &format!("number(decimals=2, from='{lang}') | replace(',', '')"));
        prop_assert_eq!(back, plain);
    }

    #[test]
    fn whole_numbers_in_groups_are_themselves_or_an_error_never_another(whole in 1_000..1_000_000_u32) {
        let expressions = expressions();
        for (group, lang) in [('.', "de"), (',', "en"), (' ', "fr"), ('\'', "de-CH")] {
            let text = format!("{}{group}{:03}", whole / 1000, whole % 1000);
            let named = filtered(&expressions, &text, &format!("number(from='{lang}') | replace(',', '')"));
            prop_assert_eq!(named, whole.to_string());
            let bare = filtered(&expressions, &text, "number | replace(',', '')");
            prop_assert!(bare == whole.to_string() || bare.contains(" can be "), "{}", bare);
        }
    }

    #[test]
    fn dates_are_read_back_in_every_language(
        year in 1971..2068_i16,
        month in 1..=12_i8,
        day in 1..=28_i8,
        lang in prop::sample::select(LANGUAGES.to_vec()),
        pattern in prop::sample::select(vec![
            "%Y-%m-%d", "%d.%m.%Y", "%-d.%-m.%y", "%Y/%m/%d", "%Y%m%d", "%-d %B %Y", "%A, %-d %b %Y", "%B %-d, %Y",
            "%a %-d %b %Y %H:%M", "%-d/%-m/%Y", "%m/%d/%Y",
        ]),
    ) {
        let expressions = expressions();
        let iso = format!("{year:04}-{month:02}-{day:02}T19:30");
        let right = format!("{year:04}-{month:02}-{day:02}");
        let shown = filtered(&expressions, &iso, &format!("date('{pattern}', lang='{lang}')"));
        let back = filtered(&expressions, &shown, "date('%Y-%m-%d')");
        prop_assert!(back == right || back.contains(" can be ") && pattern.contains('/'), "{} was read as {}", shown, back);
        let long = filtered(&expressions, &iso, &format!("date(lang='{lang}')"));
        prop_assert_eq!(filtered(&expressions, &long, "date('%Y-%m-%d')"), right);
    }
}
