//! SIGKILL at every point that a story passes on the private way, under faults, until everything rests: 0 twice.

use serde_json::{Value, json};
use storypress::pipeline::Point;

use super::stage::{PRIVATE, Ready, Stage};

/// The points of this way: nothing is uploaded to where the platform fetches it.
const POINTS: [Point; 10] = [
    Point::Added,
    Point::Claimed,
    Point::Made,
    Point::Contained,
    Point::Ready,
    Point::Intended,
    Point::Answered,
    Point::Published,
    Point::Watching,
    Point::Settled,
];

/// States in which the sandbox may or may not have the story.
const OPEN: [&str; 3] = ["uncertain", "missed", "failed"];

fn once(ready: &Ready, fault: &Value, point: Option<Point>) {
    let stage = Stage::of(ready, PRIVATE);
    stage.rehearsal.post("/sandbox/faults", fault);
    let files = stage.rehearsal.pictures(1);
    let case = format!("{fault} killed at {point:?}");
    let mut run = stage.publish(&files, point.map(Point::name));
    let is_smooth = fault.as_array().is_some_and(Vec::is_empty);
    // a story is looked for only where its answer was none
    let are_in_doubt = [Point::Watching, Point::Settled].map(Some);
    if is_smooth && !are_in_doubt.contains(&point) {
        assert_eq!(run.was_killed(), point.is_some(), "{case}: {run:?}");
    }
    for _ in 0..3 {
        if !run.was_killed() {
            break;
        }
        run = stage.publish(&files, None);
    }
    assert_ne!(run.code, Some(2), "{case}: it did not begin: {run:?}");
    let published = stage.rehearsal.published();
    let times: usize = published.values().sum();
    assert!(times <= 1, "{case}: published {times} times: {run:?}");
    for (sha256, state) in run.states() {
        let times = published.get(&sha256).copied().unwrap_or_default();
        let waits = &run.report["items"][0]["story"]["waits_for"];
        if waits.is_string() || OPEN.contains(&state.as_str()) {
            assert_ne!(run.code, Some(0), "{case}: {run:?}");
            continue;
        }
        assert_eq!((state.as_str(), times), ("live", 1), "{case}: {run:?}");
    }
    // the same again publishes nothing that is live, and nothing of which nobody knows
    stage.publish(&files, None);
    let again: usize = stage.rehearsal.published().values().sum();
    assert!(again <= 1, "{case}, again: {again} times");
    if times == 1 {
        assert_eq!(stage.rehearsal.published(), published, "{case}, again");
    }
}

fn at_every_point(fault: &Value) {
    let points: Vec<_> = std::iter::once(None)
        .chain(POINTS.into_iter().map(Some))
        .collect();
    let ready = &Ready::new();
    for few in points.chunks(3) {
        std::thread::scope(|scope| {
            for point in few {
                scope.spawn(move || once(ready, fault, *point));
            }
        });
    }
}

macro_rules! faults {
    ($($(#[$attribute:meta])* $name:ident: $fault:tt;)*) => {
        $(#[test]
        $(#[$attribute])*
        fn $name() {
            at_every_point(&json!($fault));
        })*
    };
}

faults! {
    nothing_goes_wrong: [];
    done_and_the_connection_drops: [{ "on": "publish", "do": "drop-after" }];
    #[ignore = "`make year` runs it"]
    nothing_is_done_and_the_connection_drops: [{ "on": "publish", "do": "drop-before" }];
    #[ignore = "`make year` runs it"]
    the_answer_breaks_off: [{ "on": "publish", "do": "cut" }];
    it_is_done_after_the_timeout: [{ "on": "publish", "do": "delay-before", "ms": 900 }];
    a_timeout_of_the_server: [{ "on": "publish", "do": "error-after", "status": 408, "body": {} }];
    #[ignore = "`make year` runs it"]
    busy_and_it_is_live: [{ "on": "publish", "do": "error-after", "status": 503, "body": {} }];
    #[ignore = "`make year` runs it"]
    feedback_is_required_and_it_is_live: [{ "on": "publish", "do": "blocked-but-live" }];
    #[ignore = "`make year` runs it"]
    good_and_without_a_story: [{ "on": "publish", "do": "no-media", "effect": true }];
    #[ignore = "`make year` runs it"]
    the_film_is_not_ready: [{ "on": "publish", "do": "not-ready", "times": 2 }];
    #[ignore = "`make year` runs it"]
    a_page_instead_of_an_answer: [{ "on": "publish", "do": "html", "effect": true }];
    #[ignore = "`make year` runs it"]
    the_list_is_late: [{ "on": "publish", "do": "drop-after", "hidden_ms": 300 }];
    #[ignore = "`make year` runs it"]
    the_login_ends: [{ "on": "publish", "do": "expired-token", "times": "always" }];
}
