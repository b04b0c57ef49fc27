//! The numbers of stories: by story, template, weekday and hour.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde_json::{Value, json};

use super::{Error, Publisher};
use crate::graph::Insights;
use crate::store::{Filter, Point, Step, Story};

/// What the stories of a group came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sums {
    /// How many stories.
    pub stories: u32,
    /// The sum of each number.
    pub numbers: BTreeMap<String, i64>,
    /// How many of the stories have that number: what the platform left out is not 0.
    pub having: BTreeMap<String, u32>,
}

impl Sums {
    fn add(&mut self, story: &Story) {
        self.stories += 1;
        for (name, number) in numbers(story).into_iter().flat_map(|i| &i.numbers) {
            *self.numbers.entry(name.clone()).or_default() += number;
            *self.having.entry(name.clone()).or_default() += 1;
        }
    }

    /// A number of a story on average, of those that have it.
    pub fn mean(&self, name: &str) -> Option<f64> {
        let (sum, count) = (self.numbers.get(name)?, self.having.get(name)?);
        Some(*sum as f64 / f64::from(*count))
    }

    /// The average of each number.
    pub fn means(&self) -> BTreeMap<&str, f64> {
        let names = self.numbers.keys().map(String::as_str);
        names
            .filter_map(|name| Some((name, self.mean(name)?)))
            .collect()
    }
}

/// The newest numbers of a story, where there are any.
pub fn numbers(story: &Story) -> Option<&Insights> {
    match &story.step {
        Step::Published { insights, .. } | Step::Closed { insights, .. } => insights.as_ref(),
        _ => None,
    }
}

/// When a story went live, where it did.
pub fn published(story: &Story) -> Option<Timestamp> {
    match &story.step {
        Step::Published { at, .. } | Step::Closed { at, .. } => Some(*at),
        _ => None,
    }
}

/// The stories of each template, counted and added up; those of none are under `(no template)`.
pub fn by_template(stories: &[Story]) -> BTreeMap<String, Sums> {
    grouped(stories, |story| {
        let template = story.template.clone();
        Some(template.unwrap_or_else(|| "(no template)".into()))
    })
}

/// By the weekday on which they went live in that zone: 1 is Monday, 7 is Sunday.
pub fn by_weekday(stories: &[Story], zone: &TimeZone) -> BTreeMap<i8, Sums> {
    grouped(stories, |story| {
        let at = published(story)?.to_zoned(zone.clone());
        Some(at.weekday().to_monday_one_offset())
    })
}

/// By the hour of the day in which they went live in that zone: 0 to 23.
pub fn by_hour(stories: &[Story], zone: &TimeZone) -> BTreeMap<i8, Sums> {
    grouped(stories, |story| {
        Some(published(story)?.to_zoned(zone.clone()).hour())
    })
}

fn grouped<K: Ord>(stories: &[Story], key: impl Fn(&Story) -> Option<K>) -> BTreeMap<K, Sums> {
    let mut groups: BTreeMap<K, Sums> = BTreeMap::new();
    for story in stories {
        if let Some(key) = key(story) {
            groups.entry(key).or_default().add(story);
        }
    }
    groups
}

/// The short English name of a weekday, 1 to 7, as schedules have it.
pub fn weekday(number: i8) -> &'static str {
    const NAMES: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let place = usize::try_from(number - 1).unwrap_or_default();
    NAMES.get(place).copied().unwrap_or_default()
}

/// A line for each story: what it is, when it went live, its newest numbers and when they were taken. A number that the
/// platform left out is an empty cell. `account` gives the name of an account that stories name so.
pub fn csv(stories: &[Story], zone: &TimeZone, account: impl Fn(&str) -> String) -> String {
    let mut names: Vec<&str> = stories
        .iter()
        .flat_map(numbers)
        .flat_map(|insights| insights.numbers.keys().map(String::as_str))
        .collect();
    names.sort_unstable();
    names.dedup();
    let mut text = String::new();
    let head = [
        "id",
        "name",
        "account",
        "template",
        "published",
        "weekday",
        "hour",
        "taken",
    ];
    line(&mut text, head.into_iter().chain(names.iter().copied()));
    for story in stories {
        let at = published(story).map(|at| local(at, zone));
        let newest = numbers(story);
        let taken = newest.map(|insights| local(insights.taken, zone).to_string());
        let (day, hour) = match &at {
            Some(at) => (
                weekday(at.weekday().to_monday_one_offset()),
                at.hour().to_string(),
            ),
            None => ("", String::new()),
        };
        let at = at.map(|at| at.to_string()).unwrap_or_default();
        let account = account(&story.account);
        let template = story.template.as_deref().unwrap_or_default();
        let cells = [
            &story.key.0,
            &story.name,
            &account,
            template,
            &at,
            day,
            &hour,
            taken.as_deref().unwrap_or_default(),
        ];
        let number = |name: &&str| {
            let number = newest.and_then(|insights| insights.numbers.get(*name));
            number.map(ToString::to_string).unwrap_or_default()
        };
        let values: Vec<String> = names.iter().map(number).collect();
        let values = values.iter().map(String::as_str);
        line(&mut text, cells.into_iter().chain(values));
    }
    text
}

/// A time with its offset and zone, in whole seconds.
pub fn local(at: Timestamp, zone: &TimeZone) -> Zoned {
    let whole = Timestamp::from_second(at.as_second()).unwrap_or(at);
    whole.to_zoned(zone.clone())
}

/// A line as RFC 4180 has it.
fn line<'a>(text: &mut String, cells: impl Iterator<Item = &'a str>) {
    for (place, cell) in cells.enumerate() {
        if place > 0 {
            text.push(',');
        }
        if cell.contains([',', '"', '\n', '\r']) {
            text.push('"');
            text.push_str(&cell.replace('"', "\"\""));
            text.push('"');
        } else {
            text.push_str(cell);
        }
    }
    text.push_str("\r\n");
}

/// Adds the numbers of stories by template, weekday and hour to a report: `templates`, `weekdays`, `hours`.
pub fn with_groups(mut report: Value, stories: &[Story], zone: &TimeZone) -> Value {
    let group = |kind: &str, name: Value, sums: &Sums| json!({ kind: name, "stories": sums.stories, "numbers": sums.numbers, "means": sums.means() });
    let templates = by_template(stories).into_iter();
    let templates = templates.map(|(name, sums)| group("template", json!(name), &sums));
    let days = by_weekday(stories, zone).into_iter();
    let days = days.map(|(day, sums)| group("weekday", json!(weekday(day)), &sums));
    let hours = by_hour(stories, zone).into_iter();
    let hours = hours.map(|(hour, sums)| group("hour", json!(hour), &sums));
    report["templates"] = templates.collect();
    report["weekdays"] = days.collect();
    report["hours"] = hours.collect();
    report
}

/// Adds when a story went live and its numbers at certain ages to its item of a report: `published`, `weekday`, `hour`,
/// `taken`, `numbers`, `points`.
pub fn with_numbers(mut item: Value, story: &Story, points: &[Point], zone: &TimeZone) -> Value {
    let newest = numbers(story);
    let at = published(story).map(|at| local(at, zone));
    let points = points.iter().map(|point| {
        json!({
            "after_s": point.after.as_secs(),
            "taken": point.insights.taken,
            "numbers": point.insights.numbers,
        })
    });
    // in UTC, as of every story: the zone's name in brackets is not what other programs read
    item["published"] = json!(published(story));
    item["weekday"] = json!(
        at.as_ref()
            .map(|at| weekday(at.weekday().to_monday_one_offset()))
    );
    item["hour"] = json!(at.as_ref().map(Zoned::hour));
    item["taken"] = json!(newest.map(|insights| insights.taken));
    item["numbers"] = json!(newest.map(|insights| &insights.numbers));
    item["points"] = points.collect();
    item
}

impl Publisher {
    /// Takes the numbers of what is live on the open accounts, and keeps them.
    ///
    /// # Errors
    /// What the store says.
    pub async fn take_numbers(&self) -> Result<(), Error> {
        let filter = Filter {
            states: vec!["live".to_owned()],
            ..Filter::default()
        };
        for story in self.store.list(&filter).await? {
            if self.rooms.contains_key(&story.account) {
                self.look(&story.key).await?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn story(name: &str, at: &str, numbers: &[(&str, i64)]) -> Story {
        let insights = (!numbers.is_empty()).then(|| {
            serde_json::json!({
                "taken": "2026-10-25T03:00:00Z",
                "numbers": numbers.iter().copied().collect::<BTreeMap<_, _>>(),
            })
        });
        let story = serde_json::json!({
            "key": "7kq2", "account": "instagram:1", "name": name, "template": "menu.toml",
            "outgoing": {
                "path": "/out/a.jpg", "kind": "image", "bytes": 1, "width": 1080, "height": 1920, "sha256": "",
            },
            "place": { "batch": "b", "position": 0, "is_series": false },
            "due": at, "wake": at, "attempts": 0, "trouble": null,
            "step": { "step": "published", "story": null, "container": "1", "at": at, "insights": insights },
        });
        serde_json::from_value(story).expect("a story")
    }

    #[test]
    fn stories_are_grouped_by_the_local_time_of_their_publish() {
        let zone = TimeZone::get("Europe/Madrid").unwrap();
        let stories = [
            // two hours before and one hour after the clocks went back
            story(
                "a",
                "2026-10-24T22:30:00.7Z",
                &[("views", 10), ("reach", 4)],
            ),
            story("b", "2026-10-25T02:30:00Z", &[("views", 20)]),
            story("c", "2026-10-26T02:30:00Z", &[]),
        ];
        let days = by_weekday(&stories, &zone);
        let told: Vec<_> = days.iter().map(|(d, s)| (weekday(*d), s.stories)).collect();
        assert_eq!(told, [("mon", 1), ("sun", 2)]);
        assert_eq!(days[&7].mean("views"), Some(15.0));
        assert_eq!(
            days[&7].mean("reach"),
            Some(4.0),
            "what is left out is not 0"
        );
        assert_eq!(days[&1].mean("views"), None);
        let hours: Vec<_> = by_hour(&stories, &zone).into_keys().collect();
        assert_eq!(hours, [0, 3]);
        assert_eq!(by_template(&stories)["menu.toml"].numbers["views"], 30);
    }

    #[test]
    fn a_report_tells_the_time_as_other_programs_read_it() {
        let zone = TimeZone::get("Europe/Madrid").unwrap();
        let story = story("a", "2026-10-25T22:30:00Z", &[]);
        let item = with_numbers(serde_json::json!({}), &story, &[], &zone);
        assert_eq!(item["published"], "2026-10-25T22:30:00Z");
        assert_eq!(
            (&item["weekday"], &item["hour"]),
            (&"sun".into(), &23.into())
        );
    }

    #[test]
    fn a_table_has_a_line_for_each_story_and_cells_for_what_is_known() {
        let zone = TimeZone::get("Europe/Madrid").unwrap();
        let stories = [
            story(
                "a, \"the\" first",
                "2026-10-25T00:30:00.7Z",
                &[("views", 10), ("reach", 4)],
            ),
            story("b", "2026-10-25T02:30:00Z", &[("views", 0)]),
            story("c", "2026-12-25T02:30:00Z", &[]),
        ];
        let text = csv(&stories, &zone, |account| format!("name of {account}"));
        let mut table = ::csv::Reader::from_reader(text.as_bytes());
        let head = table
            .headers()
            .unwrap()
            .iter()
            .skip(7)
            .collect::<Vec<_>>()
            .join(" ");
        assert_eq!(head, "taken reach views");
        let rows: Vec<Vec<String>> = table
            .records()
            .map(|row| row.unwrap().iter().map(str::to_owned).collect())
            .collect();
        let taken = "2026-10-25T04:00:00+01:00[Europe/Madrid]";
        let account = "name of instagram:1";
        let first = "2026-10-25T02:30:00+02:00[Europe/Madrid]";
        assert_eq!(
            rows[0],
            [
                "7kq2",
                "a, \"the\" first",
                account,
                "menu.toml",
                first,
                "sun",
                "2",
                taken,
                "4",
                "10"
            ]
        );
        assert_eq!(rows[1][7..], [taken, "", "0"]);
        let third = "2026-12-25T03:30:00+01:00[Europe/Madrid]";
        assert_eq!(rows[2][4..], [third, "fri", "3", "", "", ""]);
    }
}
