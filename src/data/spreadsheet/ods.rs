//! ODS: `content.xml`, read cell by cell.

use std::collections::HashSet;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::{
    Archive, Broken, Cell, Merged, NO_VALUE, Sheet, attribute, iso_date, iso_time, number, part,
};
use crate::data::markup;

/// Most times that one cell or row with something in it is repeated.
const MAX_REPEATS: u32 = 100_000;

/// The first sheet that people see with something in it.
pub(super) fn read(archive: &mut Archive<'_>) -> Result<Sheet, Broken> {
    let text = part(archive, "content.xml")?.ok_or("it has no content")?;
    let mut reader = Reader::from_str(&text);
    reader.config_mut().expand_empty_elements = true;
    let mut content = Content::default();
    loop {
        match reader.read_event().map_err(|e| e.to_string())? {
            Event::Start(tag) => {
                let name = tag.name().as_ref().to_owned();
                content.open(&name, &tag);
            }
            Event::End(tag) => {
                let name = tag.name().as_ref().to_owned();
                if let Some(sheet) = content.close(&name)? {
                    return Ok(sheet);
                }
            }
            Event::Text(text) => content.push(&text),
            Event::CData(text) => content.push(&text),
            Event::GeneralRef(name) => {
                let written = format!("&{};", &*name);
                content.push(&markup::decoded(&written));
            }
            Event::Eof => return Ok(Sheet::default()),
            _ => {}
        }
    }
}

#[derive(Default)]
struct Content {
    /// Styles of tables that are not displayed.
    hidden_styles: HashSet<String>,
    style: Option<String>,
    sheet: Option<Sheet>,
    is_hidden: bool,
    /// Elements within the table that are no cells: notes, shapes, tables in them.
    aside: u32,
    row: u32,
    row_repeats: u32,
    row_is_hidden: bool,
    column: u32,
    cells: Vec<(u32, Cell)>,
    cell: Option<Open>,
    paragraphs: u32,
}

/// A cell as it is read.
#[derive(Default)]
struct Open {
    kind: Option<String>,
    error: bool,
    has_formula: bool,
    value: Option<String>,
    repeats: u32,
    rows_spanned: u32,
    text: String,
    in_paragraph: bool,
}

/// Elements of which nothing is in a cell's text.
const ASIDES: [&str; 6] = [
    "office:annotation",
    "table:shapes",
    "draw:frame",
    "draw:object",
    "office:forms",
    "text:ruby-text",
];

impl Content {
    fn open(&mut self, name: &str, tag: &BytesStart<'_>) {
        if self.aside > 0 || ASIDES.contains(&name) {
            self.aside += u32::from(ASIDES.contains(&name));
            return;
        }
        let count = |name: &str| {
            attribute(tag, name)
                .and_then(|n| n.parse::<u32>().ok())
                .unwrap_or(1)
        };
        match name {
            "style:style" => self.style = attribute(tag, "style:name"),
            "style:table-properties"
                if attribute(tag, "table:display").as_deref() == Some("false") =>
            {
                self.hidden_styles.extend(self.style.clone());
            }
            "table:table" => {
                let style = attribute(tag, "table:style-name");
                self.is_hidden = style.is_some_and(|style| self.hidden_styles.contains(&style));
                self.sheet = Some(Sheet::default());
                self.row = 0;
            }
            "table:table-row" => {
                self.row_repeats = count("table:number-rows-repeated");
                let visibility = attribute(tag, "table:visibility");
                self.row_is_hidden = visibility.is_some_and(|v| v == "collapse" || v == "filter");
                self.column = 0;
                self.cells.clear();
            }
            "table:table-cell" | "table:covered-table-cell" => {
                let value = [
                    "office:value",
                    "office:date-value",
                    "office:time-value",
                    "office:boolean-value",
                    "office:string-value",
                ];
                self.paragraphs = 0;
                self.cell = Some(Open {
                    kind: attribute(tag, "office:value-type"),
                    error: attribute(tag, "calcext:value-type").as_deref() == Some("error"),
                    has_formula: attribute(tag, "table:formula").is_some(),
                    value: value.iter().find_map(|name| attribute(tag, name)),
                    repeats: count("table:number-columns-repeated"),
                    rows_spanned: count("table:number-rows-spanned"),
                    ..Open::default()
                });
            }
            "text:p" | "text:h" => {
                if let Some(cell) = &mut self.cell {
                    if self.paragraphs > 0 {
                        cell.text.push('\n');
                    }
                    cell.in_paragraph = true;
                    self.paragraphs += 1;
                }
            }
            "text:s" => self.push(&" ".repeat(count("text:c").min(1000) as usize)),
            "text:tab" => self.push("\t"),
            "text:line-break" => self.push("\n"),
            _ => {}
        }
    }

    fn push(&mut self, text: &str) {
        if self.aside > 0 {
            return;
        }
        if let Some(cell) = self.cell.as_mut().filter(|cell| cell.in_paragraph) {
            cell.text.push_str(text);
        }
    }

    /// The sheet, once it is whole, seen and not empty.
    fn close(&mut self, name: &str) -> Result<Option<Sheet>, Broken> {
        if self.aside > 0 {
            self.aside -= u32::from(ASIDES.contains(&name));
            return Ok(None);
        }
        match name {
            "text:p" | "text:h" => {
                if let Some(cell) = &mut self.cell {
                    cell.in_paragraph = false;
                }
            }
            "table:table-cell" | "table:covered-table-cell" => self.close_cell(),
            "table:table-row" => self.close_row()?,
            "table:table" => {
                let sheet = self
                    .sheet
                    .take()
                    .filter(|sheet| !self.is_hidden && !sheet.is_empty());
                return Ok(sheet);
            }
            _ => {}
        }
        Ok(None)
    }

    fn close_cell(&mut self) {
        let Some(open) = self.cell.take() else { return };
        let repeats = open.repeats;
        if let Some(cell) = cell(&open) {
            if open.rows_spanned > 1
                && let Some(sheet) = &mut self.sheet
            {
                let bottom = self.row.saturating_add(open.rows_spanned - 1);
                sheet.merged.push(Merged {
                    top: self.row,
                    bottom,
                    left: self.column,
                });
            }
            for column in 0..repeats.min(MAX_REPEATS) {
                self.cells
                    .push((self.column.saturating_add(column), cell.clone()));
            }
        }
        self.column = self.column.saturating_add(repeats);
    }

    fn close_row(&mut self) -> Result<(), Broken> {
        if let Some(sheet) = &mut self.sheet
            && !self.cells.is_empty()
        {
            for row in 0..self.row_repeats.min(MAX_REPEATS) {
                let row = self.row.saturating_add(row);
                for (column, cell) in &self.cells {
                    sheet.put(row, *column, cell.clone())?;
                }
                if self.row_is_hidden {
                    sheet.hidden.insert(row);
                }
            }
        }
        self.row = self.row.saturating_add(self.row_repeats);
        Ok(())
    }
}

fn cell(open: &Open) -> Option<Cell> {
    let text = open.text.as_str();
    let is_error = open.error
        || (open.has_formula
            && (text.starts_with("Err:") || text.starts_with("#"))
            && open.kind.as_deref() != Some("string"));
    if is_error {
        return Some(Cell::Fault(format!("holds the error `{}`", text.trim())));
    }
    let value = open.value.as_deref();
    Some(match (open.kind.as_deref(), value) {
        (None, _) if open.has_formula && text.is_empty() => Cell::Fault(NO_VALUE.to_owned()),
        (Some("float" | "percentage" | "currency"), Some(value)) => {
            number(value, |_| shown(text, value))
        }
        (Some("float" | "percentage" | "currency" | "date" | "time" | "boolean"), None)
            if open.has_formula =>
        {
            Cell::Fault(NO_VALUE.to_owned())
        }
        (Some("date"), Some(value)) => Cell::Text(iso_date(value)),
        (Some("time"), Some(value)) => Cell::Text(iso_time(value)),
        (Some("boolean"), Some(value)) => Cell::Flag(value == "true"),
        (Some("string"), Some(value)) if text.is_empty() => Cell::Text(value.to_owned()),
        _ if text.is_empty() => return None,
        _ => Cell::Text(text.to_owned()),
    })
}

/// What the sheet shows; a large number in a narrow cell is shown with an exponent that nobody asked for.
fn shown(text: &str, value: &str) -> Option<String> {
    let text = text.trim();
    let is_whole = value.parse::<i64>().is_ok();
    let is_squeezed = is_whole && text.contains(['E', 'e']) && !text.contains(char::is_whitespace);
    (!text.is_empty() && !is_squeezed && !text.starts_with("###")).then(|| text.to_owned())
}
