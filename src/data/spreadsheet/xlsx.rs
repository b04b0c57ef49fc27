//! XLSX: the parts of a workbook, read cell by cell.

use std::collections::HashMap;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::number_format::{self, Kind};
use super::{
    Archive, Broken, Cell, Merged, NO_VALUE, Sheet, attribute, clock, date_time, number, part,
};
use crate::data::markup;

/// What all sheets of a workbook share.
#[derive(Debug, Default)]
struct Book {
    strings: Vec<String>,
    /// The number format of each style.
    formats: Vec<Option<String>>,
    is_1904: bool,
}

/// The first sheet that people see with something in it.
pub(super) fn read(archive: &mut Archive<'_>) -> Result<Sheet, Broken> {
    let root = related(archive, "_rels/.rels")?;
    let main = root
        .values()
        .find(|(kind, _)| kind.ends_with("/officeDocument"));
    let main = main
        .map_or("xl/workbook.xml", |(_, target)| target.as_str())
        .trim_start_matches('/')
        .to_owned();
    let (folder, file) = main.rsplit_once('/').unwrap_or(("", &main));
    let (folder, file) = (folder.to_owned(), file.to_owned());
    let text = part(archive, &main)?.ok_or("it has no workbook")?;
    let relations = related(archive, &format!("{folder}/_rels/{file}.rels"))?;
    let path = |target: &str| match target.strip_prefix('/') {
        Some(absolute) => absolute.to_owned(),
        None => format!("{folder}/{target}"),
    };
    let of_kind = |kind: &str| {
        let found = relations.values().find(|(k, _)| k.ends_with(kind));
        found.map(|(_, target)| path(target))
    };
    let (sheets, is_1904) = workbook(&text)?;
    let strings = of_kind("/sharedStrings").unwrap_or_else(|| path("sharedStrings.xml"));
    let styles = of_kind("/styles").unwrap_or_else(|| path("styles.xml"));
    let book = Book {
        strings: part(archive, &strings)?.map_or(Ok(Vec::new()), |text| shared_strings(&text))?,
        formats: part(archive, &styles)?.map_or(Ok(Vec::new()), |text| formats(&text))?,
        is_1904,
    };
    for id in sheets {
        // a sheet of its own that is a chart is none
        let Some((_, target)) = relations
            .get(&id)
            .filter(|(kind, _)| kind.ends_with("/worksheet"))
        else {
            continue;
        };
        let Some(text) = part(archive, &path(target))? else {
            continue;
        };
        let sheet = worksheet(&text, &book)?;
        if !sheet.is_empty() {
            return Ok(sheet);
        }
    }
    Ok(Sheet::default())
}

/// Each event with the tag's name without prefix.
fn events(
    text: &str,
    mut visit: impl FnMut(&Event<'_>, &str) -> Result<(), Broken>,
) -> Result<(), Broken> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    loop {
        let event = reader.read_event().map_err(|e| e.to_string())?;
        let name = match &event {
            Event::Start(tag) => local(tag.name().as_ref()),
            Event::End(tag) => local(tag.name().as_ref()),
            Event::Eof => return Ok(()),
            _ => String::new(),
        };
        visit(&event, &name)?;
    }
}

fn local(name: &str) -> String {
    name.rsplit(':').next().unwrap_or_default().to_owned()
}

/// The characters of a text, CDATA or reference event.
fn characters(event: &Event<'_>) -> Option<String> {
    match event {
        Event::Text(text) => Some(text.to_string()),
        Event::CData(text) => Some(text.to_string()),
        Event::GeneralRef(name) => {
            let written = format!("&{};", &**name);
            Some(markup::decoded(&written).into_owned())
        }
        _ => None,
    }
}

/// Relations of a part by their ids: kind and target.
fn related(
    archive: &mut Archive<'_>,
    name: &str,
) -> Result<HashMap<String, (String, String)>, Broken> {
    let mut out = HashMap::new();
    let Some(text) = part(archive, name)? else {
        return Ok(out);
    };
    events(&text, |event, name| {
        if let (Event::Start(tag), "Relationship") = (event, name)
            && let Some(id) = attribute(tag, "Id")
        {
            let of = |name: &str| attribute(tag, name).unwrap_or_default();
            out.insert(id, (of("Type"), of("Target")));
        }
        Ok(())
    })?;
    Ok(out)
}

/// The relation ids of the sheets that are not hidden, and whether days are counted from 1904.
fn workbook(text: &str) -> Result<(Vec<String>, bool), Broken> {
    let (mut sheets, mut is_1904) = (Vec::new(), false);
    events(text, |event, name| {
        let Event::Start(tag) = event else {
            return Ok(());
        };
        match name {
            "sheet" => {
                let is_visible = attribute(tag, "state").is_none_or(|state| state == "visible");
                let mut attributes = tag.attributes();
                let mut all = attributes.with_checks(false).flatten();
                let id = all.find(|a| a.key.as_ref() != "sheetId" && local(a.key.as_ref()) == "id");
                if let (true, Some(id)) = (is_visible, id) {
                    sheets.push(id.value.into_owned());
                }
            }
            "workbookPr" => is_1904 = is_on(tag, "date1904"),
            _ => {}
        }
        Ok(())
    })?;
    Ok((sheets, is_1904))
}

fn is_on(tag: &BytesStart<'_>, name: &str) -> bool {
    attribute(tag, name).is_some_and(|value| matches!(value.as_str(), "1" | "true" | "on"))
}

fn shared_strings(text: &str) -> Result<Vec<String>, Broken> {
    let mut out = Vec::new();
    let mut reader = Strings::default();
    events(text, |event, name| {
        reader.take(event, name);
        if let (Event::End(_), "si") = (event, name) {
            out.push(reader.finish());
        }
        Ok(())
    })?;
    Ok(out)
}

/// The text of rich runs, without the reading aids of Japanese.
#[derive(Default)]
struct Strings {
    text: String,
    is_text: bool,
    is_aid: bool,
}

impl Strings {
    fn take(&mut self, event: &Event<'_>, name: &str) {
        match (event, name) {
            (Event::Start(_), "t") => self.is_text = true,
            (Event::End(_), "t") => self.is_text = false,
            (Event::Start(_), "rPh") => self.is_aid = true,
            (Event::End(_), "rPh") => self.is_aid = false,
            _ if self.is_text && !self.is_aid => self.text.extend(characters(event)),
            _ => {}
        }
    }

    fn finish(&mut self) -> String {
        unescaped(&std::mem::take(&mut self.text))
    }
}

/// `_x000D_` is a character that XML does not allow, or had no need of.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("_x") {
        out.push_str(&rest[..at]);
        let hex = rest
            .get(at + 2..at + 6)
            .filter(|_| rest.as_bytes().get(at + 6) == Some(&b'_'));
        match hex.and_then(|hex| char::from_u32(u32::from_str_radix(hex, 16).ok()?)) {
            Some('\r') => rest = &rest[at + 7..],
            Some(c) => {
                out.push(c);
                rest = &rest[at + 7..];
            }
            None => {
                out.push_str("_x");
                rest = &rest[at + 2..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// The code of the number format of each style; none where it is General.
fn formats(text: &str) -> Result<Vec<Option<String>>, Broken> {
    let mut codes: HashMap<u32, String> = HashMap::new();
    let mut styles: Vec<u32> = Vec::new();
    let mut is_cell_styles = false;
    events(text, |event, name| {
        match (event, name) {
            (Event::Start(tag), "numFmt") => {
                let id = attribute(tag, "numFmtId").and_then(|id| id.parse().ok());
                if let (Some(id), Some(code)) = (id, attribute(tag, "formatCode")) {
                    codes.insert(id, code);
                }
            }
            (Event::Start(_), "cellXfs") => is_cell_styles = true,
            (Event::End(_), "cellXfs") => is_cell_styles = false,
            (Event::Start(tag), "xf") if is_cell_styles => {
                styles.push(
                    attribute(tag, "numFmtId")
                        .and_then(|id| id.parse().ok())
                        .unwrap_or(0),
                );
            }
            _ => {}
        }
        Ok(())
    })?;
    let code = |id: u32| {
        codes
            .get(&id)
            .cloned()
            .or_else(|| number_format::built_in(id).map(str::to_owned))
    };
    Ok(styles.into_iter().map(code).collect())
}

/// A cell as it is read.
#[derive(Default)]
struct Open {
    row: u32,
    column: u32,
    kind: String,
    style: Option<usize>,
    value: Option<String>,
    has_formula: bool,
}

fn worksheet(text: &str, book: &Book) -> Result<Sheet, Broken> {
    let mut sheet = Sheet::default();
    let mut open = Open::default();
    // where the next row and cell are, where they do not say it
    let (mut row, mut column) = (0_u32, 0_u32);
    let mut strings = Strings::default();
    let (mut is_value, mut is_inline) = (false, false);
    events(text, |event, name| {
        match (event, name) {
            (Event::Start(tag), "row") => {
                let given = attribute(tag, "r").and_then(|r| r.parse::<u32>().ok());
                row = given.map_or(row, |r| r.saturating_sub(1));
                column = 0;
                if is_on(tag, "hidden") {
                    sheet.hidden.insert(row);
                }
            }
            (Event::End(_), "row") => row += 1,
            (Event::Start(tag), "c") => {
                let given = attribute(tag, "r").and_then(|r| position(&r));
                let (at_row, at_column) = given.unwrap_or((row, column));
                open = Open {
                    row: at_row,
                    column: at_column,
                    kind: attribute(tag, "t").unwrap_or_default(),
                    style: attribute(tag, "s").and_then(|s| s.parse().ok()),
                    ..Open::default()
                };
                column = at_column + 1;
            }
            (Event::Start(_), "f") => open.has_formula = true,
            (Event::Start(_), "v") => {
                is_value = true;
                open.value.get_or_insert_default();
            }
            (Event::End(_), "v") => is_value = false,
            (Event::Start(_), "is") => is_inline = true,
            (Event::End(_), "is") => {
                is_inline = false;
                open.value = Some(strings.finish());
            }
            (Event::End(_), "c") => {
                if let Some(cell) = cell(&open, book) {
                    sheet.put(open.row, open.column, cell)?;
                }
            }
            (Event::Start(tag), "mergeCell") => {
                sheet
                    .merged
                    .extend(attribute(tag, "ref").and_then(|range| merged(&range)));
            }
            _ if is_inline => strings.take(event, name),
            _ if is_value => {
                if let (Some(text), Some(value)) = (characters(event), &mut open.value) {
                    value.push_str(&text);
                }
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(sheet)
}

/// `B3` as row and column, from 0.
fn position(name: &str) -> Option<(u32, u32)> {
    let name = name.replace('$', "");
    let split = name.find(|c: char| c.is_ascii_digit())?;
    let (letters, digits) = name.split_at(split);
    if letters.is_empty() || letters.len() > 3 {
        return None;
    }
    let letter = |c: char| {
        c.to_ascii_uppercase()
            .is_ascii_uppercase()
            .then(|| u32::from(c.to_ascii_uppercase()) - 64)
    };
    let column = letters
        .chars()
        .try_fold(0, |sum, c| Some(sum * 26 + letter(c)?))?;
    let row: u32 = digits.parse().ok()?;
    Some((row.checked_sub(1)?, column - 1))
}

fn merged(range: &str) -> Option<Merged> {
    let (from, to) = range.split_once(':')?;
    let ((top, left), (bottom, _)) = (position(from)?, position(to)?);
    Some(Merged { top, bottom, left })
}

fn cell(open: &Open, book: &Book) -> Option<Cell> {
    let value = open.value.as_deref();
    let is_text = matches!(open.kind.as_str(), "s" | "str" | "inlineStr");
    // a formula may well give an empty text, but then it says that it is one
    let is_missing = value.is_none_or(|v| v.trim().is_empty() && !is_text);
    if is_missing {
        return open.has_formula.then(|| Cell::Fault(NO_VALUE.to_owned()));
    }
    let value = value?;
    Some(match open.kind.as_str() {
        "s" => match value
            .trim()
            .parse::<usize>()
            .ok()
            .and_then(|at| book.strings.get(at))
        {
            Some(text) => Cell::Text(text.clone()),
            None => Cell::Fault("names a text that the file does not have".to_owned()),
        },
        "str" => Cell::Text(unescaped(value)),
        "inlineStr" => Cell::Text(value.to_owned()),
        "b" => Cell::Flag(matches!(value.trim(), "1" | "true")),
        "e" => Cell::Fault(format!("holds the error `{}`", value.trim())),
        "d" => Cell::Text(super::iso_date(value.trim())),
        _ => by_format(value, open, book),
    })
}

/// Letters of `2026-11-21`.
const DAY: usize = 10;

fn by_format(value: &str, open: &Open, book: &Book) -> Cell {
    let format = open
        .style
        .and_then(|style| book.formats.get(style)?.as_deref());
    let Some(code) = format else {
        return number(value, |_| None);
    };
    let days = value.trim().parse::<f64>().ok().filter(|x| x.is_finite());
    match (number_format::kind(code), days) {
        (Kind::Number, _) | (_, None) => number(value, |x| number_format::show(x, code)),
        (Kind::Duration, Some(days)) => Cell::Text(clock((days * 86_400.0).round() as i64)),
        (Kind::Date, Some(days)) => match date_time(days, book.is_1904) {
            Some(day) if day.len() == DAY && number_format::shows_time(code) => Cell::Midnight(day),
            Some(text) => Cell::Text(text),
            None => Cell::Fault(format!(
                "has a date format, and `{}` is no date",
                value.trim()
            )),
        },
    }
}
