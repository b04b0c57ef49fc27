//! The stories of a batch on their way into the report.
//!
//! In: outcomes from any thread. Out: items in the order of the plan, in memory only where they are published next.
//! Never: a decision about a story.

use std::sync::{Mutex, PoisonError};

use super::Global;
use super::bars::Bars;
use super::report::{Item, Report, Status};
use super::spool::{Spool, Text};
use crate::batch::contact_sheet::Shown;
use crate::batch::{Outcome, Plan, Watcher};
use crate::media::Progress;

/// Watches a batch for a command.
pub(super) struct Stories<'a> {
    pub bars: Bars,
    global: &'a Global,
    /// What a story's lines for people are.
    lines: fn(&Item) -> String,
    /// Warnings fail, too.
    pub strict: bool,
    /// Stage times are told.
    pub timings: bool,
    spool: Spool,
    /// Items that are needed whole, later.
    items: Option<Mutex<Vec<Option<Item>>>>,
    /// What a contact sheet shows, by place.
    shown: Option<Mutex<Vec<(usize, Shown)>>>,
}

impl<'a> Stories<'a> {
    /// For the stories of a plan; `lines` are what people read of each.
    pub fn new(plan: &Plan, global: &'a Global, lines: fn(&Item) -> String) -> Self {
        Self {
            bars: Bars::new(plan.stories.len(), global.quiet || global.json),
            global,
            lines,
            strict: false,
            timings: false,
            spool: Spool::new(plan.stories.len()),
            items: None,
            shown: None,
        }
    }

    /// Keeps every item: what is published is needed once more.
    pub fn keep_items(&mut self, plan: &Plan) {
        self.items = Some(Mutex::new(vec![None; plan.stories.len()]));
    }

    /// Keeps what a contact sheet shows.
    pub fn keep_shown(&mut self) {
        self.shown = Some(Mutex::default());
    }

    /// What a contact sheet shows, in the order of the plan.
    pub fn shown(&mut self) -> Vec<Shown> {
        let shown = self.shown.take().map(Mutex::into_inner);
        let mut shown = shown
            .map(|shown| shown.unwrap_or_else(PoisonError::into_inner))
            .unwrap_or_default();
        shown.sort_by_key(|(place, _)| *place);
        shown.into_iter().map(|(_, shown)| shown).collect()
    }

    /// Puts the stories behind the report's items.
    pub fn into_report(self, report: &mut Report) {
        self.bars.finish();
        match self.items {
            Some(items) => {
                let items = items.into_inner().unwrap_or_else(PoisonError::into_inner);
                report.items.extend(items.into_iter().flatten());
            }
            None => report.stories = Some(self.spool),
        }
    }
}

impl Watcher for Stories<'_> {
    fn outcome(&self, place: usize, outcome: Outcome) {
        if let Some(shown) = &self.shown
            && let Some(one) = Shown::of(&outcome)
        {
            let mut shown = shown.lock().unwrap_or_else(PoisonError::into_inner);
            shown.push((place, one));
        }
        let strict = self.strict && outcome.has_warnings();
        let mut item = Item::from(outcome);
        if strict {
            item.status = Status::Failed;
        }
        item.timings = item.timings.filter(|_| self.timings);
        if let Some(items) = &self.items {
            items.lock().unwrap_or_else(PoisonError::into_inner)[place] = Some(item);
        } else {
            let json = match self.global.json {
                true => serde_json::to_string(&item).unwrap_or_default(),
                false => String::new(),
            };
            let text = Text {
                json,
                diagnostics: item.diagnostics_for_people(self.global),
                lines: (self.lines)(&item),
            };
            self.spool
                .put(place, text, item.status, item.diagnostics.len());
        }
        self.bars.story();
    }

    fn film(&self, name: &str) -> Box<dyn FnMut(Progress) + '_> {
        let bar = self.bars.film(name);
        Box::new(move |progress| bar.show(progress))
    }
}
