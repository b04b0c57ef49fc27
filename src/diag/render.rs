//! Prints a diagnostic for people.

use std::fmt::{self, Display};

use super::Diagnostic;

/// Longest part of a source line that is shown, in characters.
const SHOWN: usize = 120;

impl Display for Diagnostic {
    /// ```text
    /// error[bad-value]: no colour `$acent`
    ///   --> templates/sale.toml:14:8
    ///    |
    /// 14 | fill = "$acent"
    ///    |        ^^^^^^^^ did you mean `$accent`?
    /// ```
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, column) = self.line_column();
        let message: String = self.message.chars().map(printable).collect();
        write!(
            f,
            "{}[{}]: {}",
            self.severity.as_str(),
            self.code.as_str(),
            message
        )?;
        // what is wrong with a row itself opens with the row's name
        if let Some(row) = self
            .row
            .as_ref()
            .filter(|r| !opens_with(&self.message, r.number))
        {
            write!(f, " ({row})")?;
        }
        let Some(place) = self.place.as_ref().filter(|p| !p.source.text.is_empty()) else {
            write!(f, "\n  --> {}", printable_path(&self.file))?;
            if self.kept.is_some() {
                write!(f, ":{line}:{column}")?;
            }
            if let Some(hint) = &self.hint {
                write!(f, "\n   = {hint}")?;
            }
            return Ok(());
        };
        let pad = " ".repeat(line.to_string().len());
        let text = place.source.line(line);
        // a long line is shown from shortly before the caret
        let skip = if column > SHOWN - 20 { column - 20 } else { 0 };
        let shown: String = text.chars().skip(skip).take(SHOWN).map(printable).collect();
        let carets = place.text().lines().next().unwrap_or("").chars().count();
        let room = shown.chars().count().saturating_sub(column - 1 - skip);
        let carets = carets.min(room).max(1);
        writeln!(
            f,
            "\n{pad}--> {}:{line}:{column}",
            printable_path(&self.file)
        )?;
        writeln!(f, "{pad} |")?;
        writeln!(f, "{line} | {shown}")?;
        write!(
            f,
            "{pad} | {}{}",
            " ".repeat(column - 1 - skip),
            "^".repeat(carets)
        )?;
        if let Some(hint) = &self.hint {
            write!(f, " {hint}")?;
        }
        Ok(())
    }
}

/// Control characters of a broken file would reach the terminal as commands.
fn printable(c: char) -> char {
    match c {
        '\t' => ' ',
        c if c.is_control() => '\u{fffd}',
        c => c,
    }
}

/// Whether a message opens with the name of that row: `row 2: …`, `row 2 (id a): …`.
fn opens_with(message: &str, number: usize) -> bool {
    let rest = message.strip_prefix(&format!("row {number}"));
    rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// A path on one line, whatever its name holds.
fn printable_path(path: &std::path::Path) -> String {
    let shown = path.display().to_string();
    let escaped = |c: char| match c.is_control() {
        true => c.escape_default().to_string(),
        false => c.to_string(),
    };
    match shown.contains(char::is_control) {
        true => shown.chars().map(escaped).collect(),
        false => shown,
    }
}

#[cfg(test)]
mod tests {
    use crate::diag::{Code, Diagnostic, Place, Source};

    #[test]
    fn a_broken_file_sends_no_commands_to_the_terminal() {
        let source = Source::new("t.toml", "a = \u{1b}[31m\n");
        let at = Place::new(&source, 4..5);
        let shown = Diagnostic::at(Code::Syntax, &at, "no \u{1b}[2J").to_string();
        assert!(!shown.contains('\u{1b}'), "{shown}");
    }

    #[test]
    fn a_diagnostic_shows_file_line_caret_and_hint() {
        let source = Source::new("templates/sale.toml", "[canvas]\nfill = \"$acent\"\n");
        let at = Place::new(&source, 16..24);
        let shown = Diagnostic::at(Code::BadValue, &at, "no colour `$acent`")
            .hint("did you mean `$accent`?")
            .to_string();
        assert_eq!(
            shown,
            "error[bad-value]: no colour `$acent`\n --> templates/sale.toml:2:8\n  |\n2 | fill = \"$acent\"\n  |        ^^^^^^^^ did you mean `$accent`?"
        );
    }
}
