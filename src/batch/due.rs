//! When a row of data says that its story goes out.
//!
//! In: a row, the name of a column. Out: a moment, or why the row names none. Never: a time that is made up: a date alone
//! names none.

use jiff::Timestamp;
use jiff::civil::DateTime;

use super::Plan;
use crate::data::Row;
use crate::diag::{Code, Diagnostic, did_you_mean};
use crate::project::{Project, TimeError};
use crate::template::expression;

/// When a row's story goes out, by its column: in the column's own zone, else in the project's.
///
/// # Errors
/// `bad-row` with the place of the column: it is empty, no time, or a date alone.
pub fn due_of_row(project: &Project, row: &Row, column: &str) -> Result<Timestamp, Diagnostic> {
    let wrong = |said: String| {
        let message = format!("{}: column `{column}`: {said}", row.label());
        let mut found = Diagnostic::at(Code::BadRow, row.place_of(column), message);
        found.row = Some(row.label());
        found.hint(
            "write 2026-11-28T19:30, with a zone of its own as 2026-11-28T19:30[Europe/Madrid]",
        )
    };
    let Some(text) = row.text(column) else {
        return Err(wrong("it is empty, and names no time".to_owned()));
    };
    match project.moment(&text) {
        Ok(moment) => return Ok(moment.timestamp()),
        Err(TimeError::NoTime(_)) => {
            return Err(wrong(format!("`{text}` is a date without a time")));
        }
        Err(error @ (TimeError::Machine { .. } | TimeError::Zone(_))) => {
            return Err(wrong(error.to_string()));
        }
        // as tables and feeds write it
        Err(TimeError::Text { .. }) => {}
    }
    let written = expression::written_date(&text).map_err(&wrong)?;
    if let Some(day) = written.other_weekday {
        return Err(wrong(format!(
            "`{text}` names a wrong weekday: it is a {day}"
        )));
    }
    if !written.iso.contains('T') {
        return Err(wrong(match written.iso.contains(':') {
            true => format!("`{text}` is a time without a date"),
            false => format!("`{text}` is a date without a time"),
        }));
    }
    if let Ok(instant) = written.iso.parse::<Timestamp>() {
        return Ok(instant);
    }
    let clock: Result<DateTime, _> = written.iso.parse();
    let clock = clock.map_err(|_| wrong(format!("`{text}` is no time")))?;
    let zone = project.zone().map_err(|error| wrong(error.to_string()))?;
    let moment = clock
        .to_zoned(zone)
        .map_err(|error| wrong(error.to_string()))?;
    Ok(moment.timestamp())
}

impl Plan {
    /// Whether the plan's rows have a column.
    ///
    /// # Errors
    /// What is wrong, in a sentence: there are no rows of data, or no such column.
    pub fn has_column(&self, column: &str) -> Result<(), String> {
        let rows = || self.stories.iter().filter(|story| story.from_data);
        if self.stories.is_empty()
            || rows().any(|story| matches!(story.row.column(column), Ok(Some(_))))
        {
            return Ok(());
        }
        let Some(first) = rows().next() else {
            return Err(format!(
                "`column:{column}` is a column of data: name its file with --data"
            ));
        };
        let columns = first.row.values.keys().map(String::as_str);
        let hint = did_you_mean(column, columns).map(|hint| format!("; {hint}"));
        Err(format!(
            "the data has no column `{column}`{}",
            hint.unwrap_or_default()
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::{Place, Source};

    fn said(text: &str) -> String {
        let source = Source::new("days.csv", "when");
        let values = [("When ".to_owned(), text.into())].into_iter().collect();
        let row = Row::new(3, values, Place::new(&source, 0..4), Vec::new());
        let project = Project {
            timezone: Some("Europe/Madrid".into()),
            ..Project::none(std::path::Path::new("/"))
        };
        match due_of_row(&project, &row, "when") {
            Ok(due) => due.to_string(),
            Err(found) => found.message,
        }
    }

    #[test]
    fn a_row_names_its_time_as_tables_write_it() {
        for (text, right) in [
            ("2026-12-05T09:00", "2026-12-05T08:00:00Z"),
            ("2026-12-05 09:00", "2026-12-05T08:00:00Z"),
            (" 5.12.2026 9:00 ", "2026-12-05T08:00:00Z"),
            ("5 December 2026, 9 am", "2026-12-05T08:00:00Z"),
            ("2026-12-05T09:00[America/New_York]", "2026-12-05T14:00:00Z"),
            ("2026-12-05T09:00:00Z", "2026-12-05T09:00:00Z"),
            ("Sat, 5 Dec 2026 09:00:00 +0200", "2026-12-05T07:00:00Z"),
        ] {
            assert_eq!(said(text), right, "{text}");
        }
    }

    #[test]
    fn what_names_no_time_is_told() {
        for (text, part) in [
            ("", "it is empty"),
            ("2026-12-05", "without a time"),
            ("5.12.2026", "without a time"),
            ("09:30", "a time without a date"),
            ("soon", "`soon`"),
            ("Fri, 5 Dec 2026 09:00", "wrong weekday"),
            ("5/12/2026 09:00", " can be "),
        ] {
            let said = said(text);
            assert!(said.starts_with("row 3"), "{said}");
            assert!(
                said.contains("column `when`") && said.contains(part),
                "{said}"
            );
        }
    }
}
