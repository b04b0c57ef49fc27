//! A calendar as other programs read it (iCalendar, RFC 5545).
//!
//! In: events. Out: the text of an `.ics` file: CRLF, lines of at most 75 octets, times in UTC. Never: a line that a
//! word of an event has made.

use jiff::Timestamp;

/// The longest line, octets without its end.
const LONGEST: usize = 75;

/// Whether an event takes place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventStatus {
    /// It does, or did.
    Confirmed,
    /// Somebody has to decide first.
    Tentative,
    /// It does not.
    Cancelled,
}

/// Something at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// The same for the same event, whenever the calendar is written.
    pub uid: String,
    /// When it takes place.
    pub start: Timestamp,
    /// One line of words.
    pub summary: String,
    /// More words; lines are kept.
    pub description: Option<String>,
    /// An address with more about it.
    pub url: Option<String>,
    /// Whether it takes place.
    pub status: EventStatus,
}

/// The text of a calendar of that name, as it is `now`.
pub fn write(name: &str, events: &[Moment], now: Timestamp) -> String {
    let mut out = String::new();
    let mut line = |name: &str, value: &str| fold(&mut out, &format!("{name}:{value}"));
    line("BEGIN", "VCALENDAR");
    line("VERSION", "2.0");
    line("PRODID", "-//Storypress//Storypress//EN");
    line("CALSCALE", "GREGORIAN");
    line("NAME", &escaped(name));
    line("X-WR-CALNAME", &escaped(name));
    line("REFRESH-INTERVAL;VALUE=DURATION", "PT15M");
    line("X-PUBLISHED-TTL", "PT15M");
    for event in events {
        line("BEGIN", "VEVENT");
        line("UID", &escaped(&event.uid));
        line("DTSTAMP", &utc(now));
        line("DTSTART", &utc(event.start));
        // a moment that is drawn: without a length many programs draw nothing
        line("DURATION", "PT15M");
        line("SUMMARY", &escaped(&event.summary));
        if let Some(text) = &event.description {
            line("DESCRIPTION", &escaped(text));
        }
        if let Some(url) = &event.url {
            line("URL", &without_controls(url));
        }
        let status = match event.status {
            EventStatus::Confirmed => "CONFIRMED",
            EventStatus::Tentative => "TENTATIVE",
            EventStatus::Cancelled => "CANCELLED",
        };
        line("STATUS", status);
        line("TRANSP", "TRANSPARENT");
        line("END", "VEVENT");
    }
    line("END", "VCALENDAR");
    out
}

fn utc(at: Timestamp) -> String {
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// Words as a value of type TEXT.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    for c in text.chars() {
        match c {
            '\\' | ';' | ',' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push('\t'),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

fn without_controls(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

/// Adds a line, folded between characters.
fn fold(out: &mut String, line: &str) {
    let mut used = 0;
    for c in line.chars() {
        if used + c.len_utf8() > LONGEST {
            // the space that says it goes on counts as well
            out.push_str("\r\n ");
            used = 1;
        }
        out.push(c);
        used += c.len_utf8();
    }
    out.push_str("\r\n");
}
