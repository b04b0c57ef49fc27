//! Which rows strain a template most: the ones to look at first.
//!
//! In: a template and a table. Out: for each row what is wrong with it, and why it is worth a look. Never: painting.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use jiff::Zoned;
use rayon::prelude::*;
use serde_json::Value;

use super::PreviewError;
use super::names;
use super::preview::{Previewer, read};
use crate::data::{Row, Table};
use crate::diag::{Diagnostic, Severity};
use crate::project::Project;
use crate::scene::{self, Assets, LayerBox};
use crate::template::{Template, VarType};

/// Of longer tables only so many rows are laid out to find the worst: those that look worst by their cells.
const MOST_LAID_OUT: usize = 600;

/// A row of a table as it fills a template.
#[derive(Debug, Clone)]
pub struct RowReport {
    /// Counted from 1.
    pub number: usize,
    /// Its `id` or `key`.
    pub key: Option<String>,
    /// Its columns; none where it cannot be read.
    pub values: serde_json::Map<String, Value>,
    /// What is wrong with it in this template.
    pub diagnostics: Vec<Diagnostic>,
    /// Why it is worth a look, the most telling first; empty for a row like others.
    pub why: Vec<String>,
}

/// What is asked of a table.
#[derive(Debug, Clone, Copy)]
pub enum Rows {
    /// So many, from the one at an index from 0, in the order of the file.
    From(usize, usize),
    /// The so many that strain the template most, the worst first.
    Worst(usize),
}

/// The rows that were asked for.
#[derive(Debug)]
pub struct RowList {
    /// The rows.
    pub rows: Vec<RowReport>,
    /// How many the table has.
    pub total: usize,
    /// What is wrong with the template itself, and with the table as a whole.
    pub diagnostics: Vec<Diagnostic>,
}

/// A row that was laid out.
struct Measured {
    report: RowReport,
    /// Characters of each variable's text.
    lengths: Vec<usize>,
    /// Lines of all texts, as they are set.
    lines: usize,
}

impl Previewer {
    /// Lays out rows of `data` in a template.
    ///
    /// # Errors
    /// There is no template.
    pub fn rows(
        &self,
        project: &Project,
        template: &Path,
        data: &str,
        now: &Zoned,
        asked: Rows,
    ) -> Result<RowList, PreviewError> {
        let read = read(project, template, None)?;
        let (assets, mut diagnostics) = self.assets(project, now);
        diagnostics.extend(read.found);
        let mut list = RowList {
            rows: Vec::new(),
            total: 0,
            diagnostics,
        };
        let Some(template) = &read.template else {
            return Ok(list);
        };
        let table = match self.table(project, data, &[template], &[]) {
            Ok(table) => table,
            Err(wrong) => {
                list.diagnostics.extend(wrong);
                return Ok(list);
            }
        };
        list.total = table.rows.len();
        list.diagnostics.extend(table.warnings.iter().cloned());
        let clashing = names::clashing(&template.name, &table);
        list.rows = match asked {
            Rows::From(from, count) => {
                let places = from.min(list.total)..from.saturating_add(count).min(list.total);
                let places: Vec<usize> = places.collect();
                let measured = laid_out(&table, &places, template, &assets);
                measured.into_iter().map(|m| m.report).collect()
            }
            Rows::Worst(count) => worst(&table, template, &assets, count),
        };
        if !clashing.is_empty() {
            list.add_clashes(&clashing, template, &table);
        }
        Ok(list)
    }
}

impl RowList {
    /// Says of each row that its story would be called as another one: neither is made.
    fn add_clashes(&mut self, clashing: &HashSet<String>, template: &Template, table: &Table) {
        let width = names::width_of(table);
        let rows = table.rows.iter().filter_map(|row| row.as_ref().ok());
        let rows: HashMap<usize, &Row> = rows.map(|row| (row.number, row)).collect();
        for report in &mut self.rows {
            let Some(row) = rows.get(&report.number) else {
                continue;
            };
            let (name, _) = names::of_row(&template.name, row, width);
            if clashing.contains(&name) {
                let mut why = names::clash(&name, row);
                why.row = Some(row.label());
                report.diagnostics.push(why);
            }
        }
    }
}

fn worst(table: &Table, template: &Template, assets: &Assets, count: usize) -> Vec<RowReport> {
    let mut places: Vec<usize> = (0..table.rows.len()).collect();
    if places.len() > MOST_LAID_OUT {
        places.sort_by_cached_key(|at| std::cmp::Reverse(guess(&table.rows[*at], template)));
        places.truncate(MOST_LAID_OUT);
        places.sort_unstable();
    }
    let mut measured = laid_out(table, &places, template, assets);
    let scores = scored(&mut measured, template);
    let mut order: Vec<usize> = (0..measured.len()).collect();
    // the sort is stable: of equals the first row of the file
    order.sort_by_key(|at| std::cmp::Reverse(scores[*at]));
    let reports: HashMap<usize, RowReport> =
        measured.into_iter().map(|m| m.report).enumerate().collect();
    let first = order.into_iter().take(count);
    first.filter_map(|at| reports.get(&at).cloned()).collect()
}

/// How bad a row looks by its cells.
fn guess(row: &Result<Row, Diagnostic>, template: &Template) -> usize {
    let Ok(row) = row else { return usize::MAX };
    let cells = template.vars.iter().map(|var| cell(row, &var.name));
    let cells: Vec<String> = cells.collect();
    let longest = cells.iter().map(|text| text.chars().count()).max();
    let bonus = if cells.iter().any(|text| is_rtl(text)) {
        40
    } else {
        0
    };
    let is_bare = missing_pictures(row, template).next().is_some();
    longest.unwrap_or(0) + bonus + if is_bare { 40 } else { 0 }
}

fn laid_out(
    table: &Table,
    places: &[usize],
    template: &Template,
    assets: &Assets,
) -> Vec<Measured> {
    let one = |at: &usize| match &table.rows[*at] {
        Ok(row) => measured(row, template, assets),
        Err(why) => Measured {
            report: RowReport {
                number: why.row.as_ref().map_or(at + 1, |row| row.number),
                key: None,
                values: serde_json::Map::new(),
                diagnostics: vec![why.clone()],
                why: Vec::new(),
            },
            lengths: Vec::new(),
            lines: 0,
        },
    };
    places.par_iter().map(one).collect()
}

fn measured(row: &Row, template: &Template, assets: &Assets) -> Measured {
    let inspected = scene::inspect(template, row, assets);
    let mut diagnostics = inspected.diagnostics;
    for diagnostic in &mut diagnostics {
        diagnostic.row.get_or_insert_with(|| row.label());
    }
    let lines = |of: &LayerBox| of.lines.as_ref().map_or(0, Vec::len);
    let mut why = Vec::new();
    for name in missing_pictures(row, template) {
        why.push(format!("no picture in `{name}`"));
    }
    let texts = template.vars.iter().filter(|var| var.kind == VarType::Text);
    for var in texts.filter(|var| is_rtl(&cell(row, &var.name))) {
        why.push(format!("`{}` is written from right to left", var.name));
    }
    let lengths = template.vars.iter().map(|var| match var.kind {
        VarType::Text => cell(row, &var.name).chars().count(),
        _ => 0,
    });
    Measured {
        lengths: lengths.collect(),
        lines: inspected.boxes.iter().map(lines).sum(),
        report: RowReport {
            number: row.number,
            key: row.key.clone(),
            values: row.values.clone(),
            diagnostics,
            why,
        },
    }
}

/// A score for each row; adds to each row why it has one.
fn scored(all: &mut [Measured], template: &Template) -> Vec<usize> {
    let most = |of: &dyn Fn(&Measured) -> usize| all.iter().map(of).max().unwrap_or(0);
    let longest: Vec<usize> = (0..template.vars.len())
        .map(|at| most(&|m: &Measured| m.lengths.get(at).copied().unwrap_or(0)))
        .collect();
    let most_lines = most(&|m: &Measured| m.lines);
    let least_lines = all.iter().map(|m| m.lines).min().unwrap_or(0);
    let score = |m: &mut Measured| {
        let of_severity = |severity| {
            let found = m.report.diagnostics.iter();
            found.filter(|d| d.severity == severity).count()
        };
        let mut score = 1000 * of_severity(Severity::Error) + 100 * of_severity(Severity::Warning);
        score += 40 * m.report.why.len();
        let messages = m.report.diagnostics.iter().map(|d| d.message.clone());
        let mut why: Vec<String> = messages.collect();
        for (at, var) in template.vars.iter().enumerate() {
            let (own, most) = (m.lengths.get(at).copied().unwrap_or(0), longest[at]);
            if own > 0 && own == most {
                why.push(format!("the longest `{}`: {own} characters", var.name));
                score += 30;
            }
            // so that the next longest come behind the longest
            score += (own * 10).checked_div(most).unwrap_or(0);
        }
        if m.lines == most_lines && most_lines > least_lines {
            why.push(format!("the most lines: {most_lines}"));
            score += 20;
        }
        why.append(&mut m.report.why);
        m.report.why = why;
        score
    };
    all.iter_mut().map(score).collect()
}

/// A variable's text in a row; empty where the row has none.
fn cell(row: &Row, name: &str) -> String {
    let column = row.column(name).ok().flatten();
    match column.and_then(|column| row.values.get(column)) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    }
}

/// Picture variables whose column is there and empty.
fn missing_pictures<'t>(row: &Row, template: &'t Template) -> impl Iterator<Item = &'t str> {
    let has_column = |name: &str| matches!(row.column(name), Ok(Some(_)));
    let vars = template.vars.iter();
    let pictures = vars.filter(|var| matches!(var.kind, VarType::Image | VarType::Video));
    let bare: Vec<&str> = pictures
        .map(|var| var.name.as_str())
        .filter(|name| has_column(name) && cell(row, name).trim().is_empty())
        .collect();
    bare.into_iter()
}

/// Whether a text has a letter of a script that runs from right to left: Hebrew, Arabic, Syriac, Thaana, N'Ko, Adlam and
/// their kin, by their blocks in Unicode 16.
fn is_rtl(text: &str) -> bool {
    text.chars().any(|letter| {
        matches!(letter,
            '\u{590}'..='\u{8FF}' | '\u{FB1D}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFC}'
            | '\u{10800}'..='\u{10FFF}' | '\u{1E800}'..='\u{1EFFF}')
    })
}
