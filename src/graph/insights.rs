//! A story's numbers.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use super::client::Client;
use super::error::Error;
use super::refusal::Call;
use super::{Insights, StoryId};

/// Known to every story, so that one call asks for all of them; an unknown name would fail the call.
const METRICS: &str = "views,reach,replies,shares,follows,profile_visits,total_interactions";

impl Client {
    /// A story's numbers; empty while it has too few viewers. `now` is when they are taken.
    ///
    /// Two calls, for `navigation` has to be asked for alone with its parts.
    pub async fn insights(&self, story: &StoryId, now: Timestamp) -> Result<Insights, Error> {
        let mut numbers = BTreeMap::new();
        let navigation = [
            ("metric", "navigation"),
            ("breakdown", "story_navigation_action_type"),
        ];
        for query in [&[("metric", METRICS)][..], &navigation] {
            let parts = [story.as_str(), "insights"];
            match self.get(Call::Insights, &parts, query).await {
                Ok(said) => read_numbers(&said, &mut numbers),
                Err(error) if has_few_viewers(&error) => break,
                Err(error) => return Err(error),
            }
        }
        Ok(Insights {
            taken: now,
            numbers,
        })
    }
}

/// 10 says both that nobody looked yet and that a permission is missing.
fn has_few_viewers(error: &Error) -> bool {
    error.refusal().is_some_and(|refusal| {
        refusal.code == 10 && !refusal.message.to_ascii_lowercase().contains("permission")
    })
}

/// `views`, and the parts of a breakdown as `navigation.tap_forward`. What was left out stays out.
fn read_numbers(said: &Value, numbers: &mut BTreeMap<String, i64>) {
    let entries = said["data"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    for entry in entries {
        let Some(name) = entry["name"].as_str() else {
            continue;
        };
        let total = &entry["total_value"];
        let value = total["value"]
            .as_i64()
            .or(entry["values"][0]["value"].as_i64());
        if let Some(value) = value {
            numbers.insert(name.to_owned(), value);
        }
        let breakdowns = total["breakdowns"].as_array().into_iter().flatten();
        let results = breakdowns.filter_map(|b| b["results"].as_array()).flatten();
        for result in results {
            // upper-case in one table of Meta's, lower-case in its samples
            let part = result["dimension_values"][0]
                .as_str()
                .map(str::to_ascii_lowercase);
            if let (Some(part), Some(value)) = (part, result["value"].as_i64()) {
                numbers.insert(format!("{name}.{part}"), value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_their_parts_are_read() {
        let said = serde_json::json!({"data": [
            {"name": "reach", "period": "lifetime", "values": [{"value": 12}]},
            {"name": "replies", "period": "lifetime", "values": []},
            {"name": "navigation", "period": "lifetime", "values": [{"value": 25}],
             "total_value": {"value": 25, "breakdowns": [{"dimension_keys": ["story_navigation_action_type"],
                "results": [{"dimension_values": ["TAP_FORWARD"], "value": 19},
                            {"dimension_values": ["tap_back"], "value": 4}]}]}}
        ]});
        let mut numbers = BTreeMap::new();
        read_numbers(&said, &mut numbers);
        let expected = [
            ("navigation", 25),
            ("navigation.tap_back", 4),
            ("navigation.tap_forward", 19),
            ("reach", 12),
        ];
        assert_eq!(numbers, expected.map(|(n, v)| (n.to_owned(), v)).into());
    }
}
