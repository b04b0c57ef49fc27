//! What an answer is: by the key, else by its `Content-Type`, else by its bytes.
//!
//! In: bytes and what was said of them. Out: how the copy's name ends, and its code page. Never: rows.

use super::Fault;
use crate::data::Encoding;
use crate::platform::{Content, HEAD, is_web_page, sniff};

/// What a source's answers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Cells parted by `,`, `;`, tab or `|`.
    Csv,
    /// Cells parted by tabs.
    Tsv,
    /// Objects.
    Json,
    /// An object a line.
    JsonLines,
    /// Excel's.
    Xlsx,
    /// OpenDocument's.
    Ods,
    /// RSS or Atom.
    Feed,
}

impl Format {
    /// The words of the key `format`.
    pub const WORDS: [&'static str; 7] = ["csv", "tsv", "json", "jsonl", "xlsx", "ods", "feed"];

    /// The format of that word.
    pub fn of(word: &str) -> Option<Self> {
        Some(match word {
            "csv" => Self::Csv,
            "tsv" => Self::Tsv,
            "json" => Self::Json,
            "jsonl" => Self::JsonLines,
            "xlsx" => Self::Xlsx,
            "ods" => Self::Ods,
            "feed" => Self::Feed,
            _ => return None,
        })
    }

    /// How the name of such a file ends.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Tsv => "tsv",
            Self::Json => "json",
            Self::JsonLines => "jsonl",
            Self::Xlsx => "xlsx",
            Self::Ods => "ods",
            Self::Feed => "xml",
        }
    }

    /// What a `Content-Type` says, where it says anything about data.
    fn of_type(name: &str) -> Option<Self> {
        Some(match name {
            "text/csv" | "application/csv" | "text/x-csv" | "text/comma-separated-values" => {
                Self::Csv
            }
            "text/tab-separated-values" => Self::Tsv,
            "application/x-ndjson"
            | "application/ndjson"
            | "application/jsonl"
            | "application/x-jsonlines"
            | "application/json-lines"
            | "application/jsonlines"
            | "text/jsonl" => Self::JsonLines,
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" => Self::Xlsx,
            "application/vnd.oasis.opendocument.spreadsheet" => Self::Ods,
            "application/xml" | "text/xml" => Self::Feed,
            "application/json" | "text/json" => Self::Json,
            name if name.ends_with("+json") => Self::Json,
            name if name.ends_with("+xml") && !name.contains("html") => Self::Feed,
            _ => return None,
        })
    }
}

/// What is known of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// How the name of the copy ends; the content tells what `txt` is.
    pub extension: &'static str,
    /// The code page that the server names, where the bytes are not UTF-8.
    pub encoding: Option<String>,
}

/// Tells what came. `content_type` is the whole value of the header.
///
/// # Errors
/// Nothing but white space, a web page, a picture or a film.
pub fn known(key: Option<Format>, content_type: Option<&str>, body: &[u8]) -> Result<Known, Fault> {
    let said = content_type.unwrap_or_default();
    let name = said.split(';').next().unwrap_or_default();
    let name = name.trim().to_ascii_lowercase();
    let start = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    let start = start.trim_ascii_start();
    if start.is_empty() {
        return Err(Fault::Empty);
    }
    let is_page_type = matches!(name.as_str(), "text/html" | "application/xhtml+xml");
    if is_page(key, is_page_type, start) {
        return Err(Fault::Page);
    }
    // a text may begin as a film does; a picture or a film is no text
    let is_binary = body[..body.len().min(HEAD)].contains(&0) || std::str::from_utf8(body).is_err();
    if is_binary && !matches!(sniff(body), Content::Unknown) {
        return Err(Fault::Data(
            "a picture or a film came in place of data".into(),
        ));
    }
    if start.starts_with(b"%PDF-") {
        return Err(Fault::Data("a PDF came in place of data".into()));
    }
    let is_json = matches!(start.first(), Some(b'{' | b'['));
    let extension = match (key, Format::of_type(&name)) {
        (Some(key), _) => key.extension(),
        // one object a line is often called JSON; the content tells them apart
        (None, Some(Format::Json)) if is_json => "txt",
        (None, Some(format)) => format.extension(),
        (None, None) => of_content(body, start),
    };
    Ok(Known {
        extension,
        encoding: encoding(said, body),
    })
}

fn of_content(body: &[u8], start: &[u8]) -> &'static str {
    const ODS: &[u8] = b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet";
    if body.starts_with(b"PK\x03\x04") {
        return match body.get(30..).is_some_and(|rest| rest.starts_with(ODS)) {
            true => "ods",
            false => "xlsx",
        };
    }
    match start.first() {
        Some(b'<') => "xml",
        _ => "txt",
    }
}

/// Whether it is a web page, whatever it is called.
fn is_page(key: Option<Format>, is_page_type: bool, start: &[u8]) -> bool {
    if is_web_page(start) {
        return true;
    }
    // markup is a feed, or it is no data
    let is_markup = start.starts_with(b"<");
    let may_be_feed = matches!(key, None | Some(Format::Feed));
    if is_markup && !may_be_feed {
        return true;
    }
    let head = String::from_utf8_lossy(&start[..start.len().min(4096)]).to_ascii_lowercase();
    let opens = |tags: &[&str]| tags.iter().any(|tag| head.contains(tag));
    let is_feed = opens(&["<rss", "<feed", "<rdf:rdf"]);
    if is_markup && !is_feed && opens(&["<html", "<head", "<body", "<script", "<title"]) {
        return true;
    }
    // called a page, by a server that knows no better word for data only if a person says what it is
    is_page_type
        && match key {
            None => !is_feed,
            Some(Format::Feed) => !is_feed,
            Some(_) => opens(&[
                "<html", "<body", "<form", "<div", "<p>", "<a ", "<script", "<title", "<h1", "<br",
            ]),
        }
}

/// The code page of `text/csv; charset=windows-1252`; what is UTF-8 is read as that, whatever it is called.
fn encoding(content_type: &str, body: &[u8]) -> Option<String> {
    let charset = content_type.split(';').skip(1).find_map(|part| {
        let (name, value) = part.split_once('=')?;
        let is_it = name.trim().eq_ignore_ascii_case("charset");
        is_it.then(|| value.trim().trim_matches('"').to_owned())
    })?;
    let is_text = !body.starts_with(b"PK\x03\x04") && std::str::from_utf8(body).is_err();
    (is_text && Encoding::named(&charset).is_ok()).then_some(charset)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extension(key: &str, content_type: &str, body: &str) -> Result<&'static str, Fault> {
        known(Format::of(key), Some(content_type), body.as_bytes()).map(|known| known.extension)
    }

    #[test]
    fn the_key_goes_before_the_type_and_the_type_before_the_content() {
        for (key, content_type, body, wanted) in [
            ("tsv", "text/csv", "a\tb\n1\t2\n", "tsv"),
            ("", "text/csv; charset=utf-8", "a,b\n1,2\n", "csv"),
            ("", "text/tab-separated-values", "a,b\n", "tsv"),
            ("", "application/json", "{\"a\": 1}", "txt"),
            ("", "application/vnd.api+json", "nope", "json"),
            ("", "application/x-ndjson", "{}\n{}", "jsonl"),
            ("", "application/rss+xml", "<rss/>", "xml"),
            ("", "text/plain", "<?xml version='1.0'?><feed/>", "xml"),
            ("", "text/plain", "a,b\n", "txt"),
            ("", "", "PK\u{3}\u{4}", "xlsx"),
            ("csv", "text/html", "a,b\n1,2\n", "csv"),
        ] {
            assert_eq!(
                extension(key, content_type, body),
                Ok(wanted),
                "{content_type} {body}"
            );
        }
    }

    #[test]
    fn a_page_is_no_data_whatever_it_is_called() {
        for (key, content_type, body) in [
            ("csv", "text/csv", "<!DOCTYPE html><html>"),
            ("csv", "text/csv", "\n\n  <!-- hello --><div>log in</div>"),
            ("", "text/csv", "<html lang=en>"),
            ("", "text/html", "please log in"),
            (
                "csv",
                "text/html; charset=utf-8",
                "Please <a href=/login>log in</a>",
            ),
            ("json", "application/json", "<p>502</p>"),
            (
                "feed",
                "application/xml",
                "<?xml version='1.0'?><html><body/></html>",
            ),
            ("feed", "text/html", "sign in, please"),
            ("", "", "<head><title>x</title></head>"),
        ] {
            assert_eq!(
                extension(key, content_type, body),
                Err(Fault::Page),
                "{body}"
            );
        }
        assert_eq!(extension("csv", "text/csv", " \r\n\t"), Err(Fault::Empty));
        assert_eq!(extension("csv", "text/csv", "\u{feff}"), Err(Fault::Empty));
        assert!(extension("", "text/csv", "\u{89}PNG").is_ok());
        let png = known(Some(Format::Csv), None, b"\x89PNG\r\n\x1a\n");
        assert!(matches!(png, Err(Fault::Data(_))));
    }

    #[test]
    fn a_code_page_is_believed_where_the_bytes_are_not_utf_8() {
        let page = |body: &[u8], said: &str| {
            known(Some(Format::Csv), Some(said), body)
                .expect("data")
                .encoding
        };
        let latin = "text/csv; Charset=\"ISO-8859-1\"";
        assert_eq!(page(b"caf\xe9\n", latin).as_deref(), Some("ISO-8859-1"));
        assert_eq!(page("café\n".as_bytes(), latin), None);
        assert_eq!(page(b"caf\xe9\n", "text/csv; charset=klingon"), None);
    }
}
