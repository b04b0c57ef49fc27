//! A diagnostic as programs read it: one object, with the start and the end of what it speaks of.

use std::path::PathBuf;

use serde::de::Error as _;
use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Code, Diagnostic, Lines, RowName, Severity};

impl Serialize for Diagnostic {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("Diagnostic", 10)?;
        fields(self, &mut out)?;
        out.end()
    }
}

/// A diagnostic that also says `start` and `end`, the UTF-8 bytes of its file: for editors.
#[derive(Debug, Clone, Copy)]
pub struct WithBytes<'a>(pub &'a Diagnostic);

impl Serialize for WithBytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("Diagnostic", 12)?;
        fields(self.0, &mut out)?;
        if let Some(place) = &self.0.place {
            let bytes = place.bytes();
            out.serialize_field("start", &bytes.start)?;
            out.serialize_field("end", &bytes.end)?;
        }
        out.end()
    }
}

fn fields<S: SerializeStruct>(diagnostic: &Diagnostic, out: &mut S) -> Result<(), S::Error> {
    let Lines { start, end } = diagnostic.lines();
    out.serialize_field("severity", diagnostic.severity.as_str())?;
    out.serialize_field("code", diagnostic.code.as_str())?;
    out.serialize_field("message", &diagnostic.message)?;
    out.serialize_field("file", &diagnostic.file.display().to_string())?;
    out.serialize_field("line", &start.0)?;
    out.serialize_field("column", &start.1)?;
    if let Some((line, column)) = end {
        out.serialize_field("end_line", &line)?;
        out.serialize_field("end_column", &column)?;
    }
    if let Some(hint) = &diagnostic.hint {
        out.serialize_field("hint", hint)?;
    }
    if let Some(row) = &diagnostic.row {
        out.serialize_field("row", row)?;
    }
    Ok(())
}

/// The fields of a serialised diagnostic.
#[derive(Deserialize)]
struct Fields {
    severity: String,
    code: String,
    message: String,
    file: PathBuf,
    line: usize,
    column: usize,
    end_line: Option<usize>,
    end_column: Option<usize>,
    hint: Option<String>,
    row: Option<RowName>,
}

/// What was serialised comes back as one that was kept: its text is gone, its lines are not.
impl<'de> Deserialize<'de> for Diagnostic {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = Fields::deserialize(deserializer)?;
        let code = Code::ALL.iter().find(|code| code.as_str() == fields.code);
        let severity = [Severity::Error, Severity::Warning]
            .into_iter()
            .find(|severity| severity.as_str() == fields.severity);
        Ok(Self {
            severity: severity.ok_or_else(|| D::Error::custom("no severity"))?,
            code: *code.ok_or_else(|| D::Error::custom("no code"))?,
            message: fields.message,
            place: None,
            file: fields.file,
            hint: fields.hint,
            row: fields.row,
            kept: Some(Lines {
                start: (fields.line, fields.column),
                end: fields.end_line.zip(fields.end_column),
            }),
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::diag::{Code, Diagnostic, Place, Source};

    #[test]
    fn a_diagnostic_tells_programs_where_it_starts_and_ends() {
        let source = Source::new("t.toml", "a = 1\ntitle = \"ä\n\"\n");
        let at = Place::new(&source, 14..source.text.len() - 1);
        let reported = Diagnostic::at(Code::BadValue, &at, "no").hint("yes");
        let json = serde_json::to_value(&reported).expect("JSON");
        let number = |key: &str| json[key].as_u64().expect("a number");
        assert_eq!((number("line"), number("column")), (2, 9));
        assert_eq!((number("end_line"), number("end_column")), (3, 2));
        let back: Diagnostic = serde_json::from_value(json.clone()).expect("a diagnostic");
        assert!(back.is_kept() && !reported.is_kept());
        assert_eq!(serde_json::to_value(&back).expect("JSON"), json);
        assert_eq!(back, reported.into_kept());
    }

    #[test]
    fn what_concerns_a_whole_file_has_no_end() {
        let reported = Diagnostic::of_file(Code::BadRow, "d.csv".as_ref(), "no row of data");
        let json = serde_json::to_value(&reported).expect("JSON");
        assert_eq!(json["line"], 1);
        assert_eq!(json.get("end_line"), None);
    }
}
