//! What people and programs decide about the stories of a batch.
//!
//! In: what is said of groups and stories. Out: what holds for each, and what stood there before. Never: which stories a batch
//! has, or a file.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Calls that can be taken back.
const MOST_UNDONE: usize = 100;

/// What can be decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It may be used.
    Approve,
    /// It may not.
    Reject,
}

/// What was decided about a story.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// That.
    pub verdict: Verdict,
    /// Who has decided.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Why, where it was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The picture that was decided about; none as long as it was not made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// One decision of a call.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
pub struct Said {
    /// A group: all of its stories that are not decided one by one.
    pub group: Option<String>,
    /// One story.
    pub story: Option<String>,
    /// `approve`, `reject`, or `undo`, which takes the last call's decisions back.
    pub verdict: String,
    /// Why.
    pub note: Option<String>,
}

/// Stories by name, with what is decided about them; nothing takes a decision away.
pub type Wanted = Vec<(String, Option<Decision>)>;

/// What was decided, story by story.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub struct Decisions {
    by_story: BTreeMap<String, Decision>,
    /// What stood there before each call, for undoing.
    before: Vec<Wanted>,
}

impl Decisions {
    /// What was decided about a story.
    pub fn of(&self, name: &str) -> Option<&Decision> {
        self.by_story.get(name)
    }

    /// Whether anything was decided.
    pub fn is_any(&self) -> bool {
        !self.by_story.is_empty()
    }

    /// Decides; keeps what stood there before.
    pub fn put(&mut self, wanted: Wanted) {
        let before = wanted
            .iter()
            .map(|(name, _)| (name.clone(), self.by_story.get(name).cloned()));
        self.before.push(before.collect());
        if self.before.len() > MOST_UNDONE {
            self.before.remove(0);
        }
        self.set(wanted);
    }

    /// Takes the last call's decisions back; how many stories it was about.
    pub fn undo(&mut self) -> usize {
        let last = self.before.pop().unwrap_or_default();
        let count = last.len();
        self.set(last);
        count
    }

    /// Ends the decisions that no longer hold, for good; how many there were.
    pub fn end(&mut self, holds: impl Fn(&str, &Decision) -> bool) -> usize {
        let before = self.by_story.len();
        self.by_story.retain(|name, decision| holds(name, decision));
        for call in &mut self.before {
            call.retain(|(name, decision)| decision.as_ref().is_none_or(|d| holds(name, d)));
        }
        before - self.by_story.len()
    }

    /// Notes the picture that a story has come to. A decision about another picture ends; whether there was one.
    pub fn seen(&mut self, name: &str, sha256: &str) -> bool {
        let Some(decision) = self.by_story.get_mut(name) else {
            return false;
        };
        match &decision.sha256 {
            None => decision.sha256 = Some(sha256.to_owned()),
            Some(decided) if decided == sha256 => {}
            Some(_) => {
                self.by_story.remove(name);
                return true;
            }
        }
        false
    }

    fn set(&mut self, all: Wanted) {
        for (name, decision) in all {
            match decision {
                Some(decision) => drop(self.by_story.insert(name, decision)),
                None => drop(self.by_story.remove(&name)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn approved(sha256: Option<&str>) -> Option<Decision> {
        Some(Decision {
            verdict: Verdict::Approve,
            by: "ana".into(),
            at: Timestamp::UNIX_EPOCH,
            note: None,
            sha256: sha256.map(str::to_owned),
        })
    }

    #[test]
    fn a_call_is_taken_back_as_a_whole() {
        let mut all = Decisions::default();
        all.put(vec![
            ("a".into(), approved(None)),
            ("b".into(), approved(None)),
        ]);
        all.put(vec![("a".into(), None)]);
        assert!(all.of("a").is_none() && all.of("b").is_some());
        assert_eq!(all.undo(), 1);
        assert!(all.of("a").is_some());
        assert_eq!(all.undo(), 2);
        assert!(!all.is_any());
        assert_eq!(all.undo(), 0);
    }

    #[test]
    fn a_decision_holds_for_the_picture_that_it_was_about() {
        let mut all = Decisions::default();
        all.put(vec![("a".into(), approved(None))]);
        assert!(!all.seen("a", "1"), "the first picture is the one");
        assert_eq!(all.of("a").unwrap().sha256.as_deref(), Some("1"));
        assert!(all.seen("a", "2"));
        assert!(all.of("a").is_none());
    }

    #[test]
    fn what_ended_does_not_come_back_by_undo() {
        let mut all = Decisions::default();
        all.put(vec![("a".into(), approved(None))]);
        all.put(vec![("a".into(), None)]);
        assert_eq!(all.end(|_, _| false), 0);
        all.undo();
        assert!(all.of("a").is_none());
    }
}
