//! Which steps are on their way, are seen, and rest: the sets from which the room's SQL is built, in one place.
//!
//! The words are those of [`Step::state`](super::Step::state). The indexes of the migrations name the same sets; a test
//! holds all three together.

/// Somebody has to look at it again before it is live.
macro_rules! in_flight {
    () => {
        "('rendered', 'uploaded', 'contained', 'publishing')"
    };
}

/// It has a job: on its way, with a person until it is too late, or live with numbers to come.
macro_rules! at_work {
    () => {
        "('rendered', 'uploaded', 'contained', 'publishing', 'handed', 'live')"
    };
}

/// A person has to say what became of it.
macro_rules! with_a_person {
    () => {
        "('handed', 'uncertain')"
    };
}

/// It holds a container that is not live yet.
macro_rules! holds_container {
    () => {
        "('contained', 'publishing')"
    };
}

/// It was seen, or still is.
macro_rules! seen {
    () => {
        "('live', 'closed')"
    };
}

/// It did not go out, and will not by itself.
macro_rules! ended {
    () => {
        "('failed', 'missed', 'cancelled')"
    };
}

#[cfg(test)]
mod tests {
    use crate::store::Step;

    /// One story of each state.
    fn steps() -> Vec<Step> {
        let url =
            serde_json::json!({ "url": "https://a.example/x", "object": "x", "expires": null });
        let made = "2026-11-28T09:00:00Z";
        let container = serde_json::json!({ "id": "1", "made": made });
        let intent =
            serde_json::json!({ "at": made, "container": container, "baseline": [], "tries": 1 });
        let all = serde_json::json!([
            { "step": "rendered" },
            { "step": "uploaded", "url": url },
            { "step": "contained", "url": url, "container": container },
            { "step": "publishing", "url": url, "intent": intent },
            { "step": "handed", "at": made, "package": "/handoff/1" },
            { "step": "published", "story": null, "container": "1", "at": made, "insights": null },
            { "step": "closed", "story": null, "container": "1", "at": made, "insights": null },
            { "step": "failed", "why": "" },
            { "step": "missed" },
            { "step": "uncertain", "intent": intent, "url": url, "why": "" },
            { "step": "cancelled", "why": "" },
        ]);
        serde_json::from_value(all).expect("the steps")
    }

    fn those(fits: impl Fn(&Step) -> bool) -> String {
        let words: Vec<String> = steps()
            .iter()
            .filter(|step| fits(step))
            .map(|step| format!("'{}'", step.state()))
            .collect();
        format!("({})", words.join(", "))
    }

    #[test]
    fn the_sets_of_the_sql_are_those_of_the_steps() {
        assert_eq!(in_flight!(), those(Step::is_in_flight));
        let is_live = |step: &Step| matches!(step, Step::Published { .. });
        let is_handed = |step: &Step| matches!(step, Step::Handed { .. });
        let works = |s: &Step| s.is_in_flight() || is_handed(s) || is_live(s);
        assert_eq!(at_work!(), those(works));
        let asks = |s: &Step| is_handed(s) || matches!(s, Step::Uncertain { .. });
        assert_eq!(with_a_person!(), those(asks));
        let waits = |step: &Step| matches!(step, Step::Contained { .. } | Step::Publishing { .. });
        assert_eq!(holds_container!(), those(waits));
        let was_seen = |step: &Step| is_live(step) || matches!(step, Step::Closed { .. });
        assert_eq!(seen!(), those(was_seen));
        let open = |step: &Step| step.is_in_flight() || was_seen(step) || asks(step);
        assert_eq!(ended!(), those(|step| !open(step)));
    }

    #[test]
    fn the_indexes_of_the_migrations_name_the_same_sets() {
        fn sets<'a>(sql: &'a str, before: &str) -> Vec<&'a str> {
            let set = |(at, found): (usize, &str)| {
                let set = &sql[at + found.len()..];
                &set[..=set.find(')').expect("its end")]
            };
            sql.match_indices(before).map(set).collect()
        }
        let sql = include_str!("migrations/0001_stories.sql");
        // the first of them was replaced
        assert_eq!(sets(sql, "WHERE state IN ")[1..], [in_flight!()]);
        let sql = include_str!("migrations/0007_handed.sql");
        assert_eq!(sets(sql, "WHERE state IN "), [at_work!()]);
        let sql = include_str!("migrations/0005_numbers.sql");
        let inside = sets(sql, "WHERE state IN ");
        assert_eq!(inside, [in_flight!(), holds_container!()]);
        assert_eq!(sets(sql, "WHERE state NOT IN "), [in_flight!()]);
        let sql = include_str!("migrations/0008_ended.sql");
        assert_eq!(sets(sql, "WHERE state IN "), [ended!()]);
    }
}
