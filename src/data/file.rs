//! Opens a data file and finds out what it is.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use super::{Damage, Encoding, Format, Table, encoding, feed, read_decoded, spreadsheet};
use crate::diag::{Code, Diagnostic, Place, Source, did_you_mean};

/// Larger files are refused.
pub const MAX_BYTES: u64 = 64 << 20;

/// Reads a data file; its format is known by the extension, else by what is in it.
///
/// # Errors
/// Everything that is wrong, where not a single row can be read: no such file, over [`MAX_BYTES`], empty, not a
/// format we know, broken syntax, an unusable heading. A row that is wrong by itself is in [`Table::rows`].
pub fn read(path: &Path) -> Result<Table, Vec<Diagnostic>> {
    read_as(path, None)
}

/// The same for a text file that does not say itself how it is encoded: with a byte-order mark, or an XML declaration.
///
/// # Errors
/// As [`read`].
pub fn read_as(path: &Path, named: Option<Encoding>) -> Result<Table, Vec<Diagnostic>> {
    let bytes = load(path).map_err(|diagnostic| vec![diagnostic])?;
    let extension = path
        .extension()
        .map(|e| e.to_string_lossy().to_lowercase())
        .unwrap_or_default();
    if bytes.is_empty() {
        return Err(vec![super::empty(&Source::new(path, ""))]);
    }
    let refuse = |message: &str, hint: &str| {
        Err(vec![
            Diagnostic::of_file(Code::Syntax, path, message).hint(hint),
        ])
    };
    if bytes.starts_with(b"PK\x03\x04") {
        return spreadsheet::read(&Source::new(path, ""), bytes);
    }
    match extension.as_str() {
        "xlsx" | "xlsm" | "ods" => {
            return refuse(
                "this is not a spreadsheet: the file is damaged or has another format",
                "open it and save it anew as .xlsx or .csv",
            );
        }
        "xls" | "xlsb" | "numbers" => {
            return refuse(
                &format!("`.{extension}` files are not read"),
                "save it as .xlsx or .csv",
            );
        }
        _ => {}
    }
    let is_feed = matches!(extension.as_str(), "xml" | "rss" | "atom" | "rdf");
    let text = if is_feed || feed::is_xml(&bytes) {
        feed::decode(&bytes, named)
    } else {
        // JSON and TOML are UTF-8 by their own rules: other bytes are damage, and no code page is guessed
        let own = matches!(
            by_extension(&extension),
            Some(Format::Json | Format::JsonLines | Format::Toml)
        );
        let own = (own && !bytes.contains(&0)).then_some(Encoding::UTF_8);
        encoding::decode(&bytes, named.or(own))
    };
    let Some(decoded) = text else {
        return refuse(
            "this is not a text file",
            "data comes as CSV, TSV, JSON, JSON Lines, TOML, XLSX, ODS, RSS or Atom",
        );
    };
    let format = by_extension(&extension).unwrap_or_else(|| by_content(&decoded.text));
    let source = Source::new(path, decoded.text);
    if is_web_page(&source.text) {
        return Err(vec![
            Diagnostic::at(
                Code::Syntax,
                &Place::whole(&source),
                "this is a web page, not data",
            )
            .hint("a link that needs a login saves its login page; download the file itself"),
        ]);
    }
    let damage = Damage {
        at: &decoded.damaged,
        encoding: Some(decoded.encoding),
    };
    let guessed = decoded
        .is_guess
        .then(|| guessed(&source, decoded.encoding, decoded.word.as_ref()));
    match read_decoded(&source, &damage, format) {
        Ok(mut table) => {
            table.warnings.splice(0..0, guessed);
            Ok(table)
        }
        Err(mut wrong) => {
            // a wrong guess may be why
            wrong.extend(guessed);
            Err(wrong)
        }
    }
}

fn guessed(
    source: &std::sync::Arc<Source>,
    encoding: Encoding,
    word: Option<&encoding::Word>,
) -> Diagnostic {
    let name = encoding.name();
    let mut said = format!("the file does not say how it is encoded: it was read as {name}");
    let mut hint = format!("save it as UTF-8, or name what it is: --encoding {name}");
    if let Some(word) = word {
        said.push_str(&format!(", `{}`", word.read));
        let others = word.others.iter();
        let others: Vec<String> = others
            .map(|(text, page)| format!("`{text}` with {}", page.name()))
            .collect();
        if !others.is_empty() {
            hint.push_str(&format!("; it may also be {}", others.join(", ")));
        }
    }
    Diagnostic::at(Code::Encoding, &Place::whole(source), said).hint(hint)
}

fn load(path: &Path) -> Result<Vec<u8>, Diagnostic> {
    let missing = |message: String| Diagnostic::of_file(Code::MissingAsset, path, message);
    let shown = path.display();
    let file = File::open(path).map_err(|e| match e.kind() {
        ErrorKind::NotFound => {
            missing(format!("no data file `{shown}`")).maybe_hint(neighbour(path))
        }
        _ => missing(format!("cannot open `{shown}`: {e}")),
    })?;
    if file.metadata().is_ok_and(|m| m.is_dir()) {
        return Err(missing(format!("`{shown}` is a folder, not a data file")));
    }
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|e| missing(format!("cannot read `{shown}`: {e}")))?;
    if bytes.len() as u64 > MAX_BYTES {
        let message = format!("the data file is over {} MiB", MAX_BYTES >> 20);
        return Err(Diagnostic::of_file(Code::TooLong, path, message).hint("split it"));
    }
    Ok(bytes)
}

/// `did you mean …` from the files beside the one that is not there.
fn neighbour(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_string_lossy().into_owned();
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let names: Vec<String> = std::fs::read_dir(folder)
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()))
        .collect();
    did_you_mean(&name, names.iter().map(String::as_str))
}

fn by_extension(extension: &str) -> Option<Format> {
    Some(match extension {
        "csv" => Format::Csv,
        "tsv" | "tab" => Format::Tsv,
        "json" => Format::Json,
        "jsonl" | "ndjson" => Format::JsonLines,
        "toml" => Format::Toml,
        "xml" | "rss" | "atom" | "rdf" => Format::Feed,
        _ => return None,
    })
}

fn by_content(text: &str) -> Format {
    let text = text.trim_start();
    if text.starts_with('<') {
        return Format::Feed;
    }
    let is_toml = || toml::de::DeTable::parse(text).is_ok();
    match text.as_bytes().first() {
        Some(b'[') if is_toml() => Format::Toml,
        Some(b'[') => Format::Json,
        Some(b'{') => {
            let first = text.lines().next().unwrap_or("");
            let is_whole = serde_json::from_str::<serde::de::IgnoredAny>(first).is_ok();
            if is_whole && text.trim_end() != first.trim_end() {
                Format::JsonLines
            } else {
                Format::Json
            }
        }
        _ if is_toml() => Format::Toml,
        _ => Format::Csv,
    }
}

fn is_web_page(text: &str) -> bool {
    let start: String = text.trim_start().chars().take(14).collect();
    let start = start.to_ascii_lowercase();
    start.starts_with("<!doctype html") || start.starts_with("<html")
}
