//! The lines of a calendar file, put together where they were folded.

use std::sync::Arc;

use crate::diag::{Code, Diagnostic, Place, Source};

/// One line: `DTSTART;VALUE=DATE:20261225`.
#[derive(Debug)]
pub(super) struct Line {
    /// In capitals.
    pub name: String,
    parameters: Vec<(String, String)>,
    /// What is behind the colon.
    pub value: String,
    /// All of it.
    pub place: Place,
}

impl Line {
    /// A parameter by its name in capitals.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    /// It is not understood.
    pub fn unknown(&self, message: &str) -> Diagnostic {
        Diagnostic::at(Code::BadValue, &self.place, message)
            .hint("write the days themselves into `except`, or save the calendar without it")
    }

    fn read(text: &str, place: Place) -> Option<Self> {
        let mut parts = vec![String::new()];
        let mut is_quoted = false;
        let mut value = None;
        for (at, c) in text.char_indices() {
            match c {
                '"' => is_quoted = !is_quoted,
                ';' if !is_quoted => parts.push(String::new()),
                ':' if !is_quoted => {
                    value = Some(text[at + 1..].to_owned());
                    break;
                }
                c => parts.last_mut().expect("one at least").push(c),
            }
        }
        let name = parts.remove(0).trim().to_uppercase();
        let is_name = !name.is_empty()
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
        let parameters = parts.iter().map(|part| match part.split_once('=') {
            Some((key, value)) => (key.trim().to_uppercase(), value.to_owned()),
            None => (part.trim().to_uppercase(), String::new()),
        });
        is_name.then_some(())?;
        Some(Self {
            name,
            parameters: parameters.collect(),
            value: value?,
            place,
        })
    }
}

/// The lines of each event, the first its `BEGIN`; what stands in a part of an event, such as an alarm, is left out.
pub(super) fn events(source: &Arc<Source>, wrong: &mut Vec<Diagnostic>) -> Vec<Vec<Line>> {
    let mut events: Vec<Vec<Line>> = Vec::new();
    let mut open: Vec<(String, Place)> = Vec::new();
    let mut has_calendar = false;
    for (text, place) in unfolded(source) {
        if text.trim().is_empty() {
            continue;
        }
        let is_first = !has_calendar && open.is_empty();
        let line = Line::read(&text, place.clone());
        let begins = line
            .as_ref()
            .filter(|l| l.name == "BEGIN")
            .map(|l| l.value.trim().to_uppercase());
        if is_first && begins.as_deref() != Some("VCALENDAR") {
            wrong.push(
                Diagnostic::at(Code::Syntax, &place, "this is no calendar file")
                    .hint("it begins with BEGIN:VCALENDAR"),
            );
            return Vec::new();
        }
        has_calendar = true;
        let Some(line) = line else {
            wrong.push(Diagnostic::at(
                Code::Syntax,
                &place,
                "this line has no `NAME:value`",
            ));
            continue;
        };
        if let Some(part) = begins {
            if part == "VEVENT" {
                events.push(vec![line]);
            }
            open.push((part, place));
        } else if line.name == "END" {
            let part = line.value.trim().to_uppercase();
            match open.pop() {
                Some((begun, _)) if begun == part => {}
                Some((begun, _)) => {
                    wrong.push(Diagnostic::at(
                        Code::Syntax,
                        &place,
                        format!("{begun} is open here, not {part}"),
                    ));
                    return Vec::new();
                }
                None => {
                    wrong.push(Diagnostic::at(
                        Code::Syntax,
                        &place,
                        format!("no {part} is open here"),
                    ));
                    return Vec::new();
                }
            }
        } else if open.last().is_some_and(|(part, _)| part == "VEVENT")
            && let Some(event) = events.last_mut()
        {
            event.push(line);
        }
    }
    if let Some((part, place)) = open.last() {
        wrong.push(
            Diagnostic::at(
                Code::Syntax,
                place,
                format!("the file ends within this {part}"),
            )
            .hint("it was cut off"),
        );
        return Vec::new();
    }
    if !has_calendar {
        wrong.push(Diagnostic::at(
            Code::Syntax,
            &Place::whole(source),
            "the file is empty",
        ));
    }
    events
}

/// Lines with those that continue them: they begin with a space or a tab.
fn unfolded(source: &Arc<Source>) -> Vec<(String, Place)> {
    let mut lines: Vec<(String, Place)> = Vec::new();
    let mut start = 0;
    for raw in source.text.split_inclusive('\n') {
        let text = raw.trim_end_matches(['\r', '\n']);
        let place = Place::new(source, start..start + text.len());
        start += raw.len();
        match (text.strip_prefix([' ', '\t']), lines.last_mut()) {
            (Some(more), Some((line, whole))) => {
                line.push_str(more);
                whole.end = place.end;
            }
            _ => lines.push((text.trim_start_matches('\u{feff}').to_owned(), place)),
        }
    }
    lines
}
