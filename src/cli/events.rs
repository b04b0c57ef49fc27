//! What happens while stories go out, a line for each thing.
//!
//! In: events of the work. Out: lines for people, on stderr. Never: a name that spoils the terminal.

use std::collections::HashMap;

use jiff::tz::TimeZone;

use super::{printable, say_line};
use crate::pipeline::Event;
use crate::platform::Clock;
use crate::publisher::{after_stop, reason};
use crate::store::Step;

/// What happens, as it happens: `09:00:03 menu@2026-12-01T09:00 live as 1805… (main)`.
pub(super) fn say(event: &Event<'_>, names: &HashMap<String, String>, clock: &Clock, quiet: bool) {
    if !quiet {
        say_line(&line_of(event, names, clock));
    }
}

/// An event as people read it.
fn line_of(event: &Event<'_>, names: &HashMap<String, String>, clock: &Clock) -> String {
    let now = clock.now().to_zoned(TimeZone::system());
    let now = now.strftime("%H:%M:%S").to_string();
    let named = |account: &str| names.get(account).cloned().unwrap_or(account.to_owned());
    match event {
        Event::Rests(story) => {
            let account = named(&story.account);
            let became = match &story.step {
                Step::Published {
                    story: Some(id), ..
                } => format!("live as {id}"),
                Step::Published { .. } => "live; its id is not known".into(),
                step => match reason(story) {
                    Some(why) => format!("{}: {why}", step.state()),
                    None => step.state().to_owned(),
                },
            };
            let (key, name) = (&story.key, printable(&story.name));
            format!("{now} {name} {became} ({account}, {key})")
        }
        Event::Waits(story) => {
            let (key, name) = (&story.key, printable(&story.name));
            let why = reason(story).unwrap_or_default();
            format!(
                "{now} {name} waits: {why} ({}, {key})",
                named(&story.account)
            )
        }
        Event::Stopped(account, stop) => {
            let account = named(account);
            let hint = after_stop(stop.cause, &account);
            format!("{now} {account} is stopped: {}; {hint}", stop.why)
        }
        Event::Resumed(account) => format!("{now} {} goes on", named(account)),
        Event::Slot(slot) => {
            let why = slot.reason.as_ref().map(|why| format!(": {why}"));
            let (id, state) = (printable(&slot.id), slot.state.word());
            format!(
                "{now} {id} {state}{} ({})",
                why.unwrap_or_default(),
                slot.account
            )
        }
        Event::Token(account, said) => format!("{now} {}: {said}", named(account)),
    }
}
