//! SIGKILL at every numbered point, under every fault, until everything rests.

use serde_json::{Value, json};
use storypress::pipeline::Point;

use super::rehearsal::{Rehearsal, Run};

/// States in which the sandbox may or may not have the story.
const OPEN: [&str; 3] = ["uncertain", "missed", "failed"];

/// Runs until no plug is pulled any more and everything rests, and holds the sandbox's list against the states.
fn once(fault: &Value, point: Option<Point>) {
    let rehearsal = Rehearsal::new();
    rehearsal.post("/sandbox/faults", fault);
    let files = rehearsal.pictures(2);
    let case = format!("{fault} killed at {point:?}");
    let mut run = rehearsal.publish(&files, point.map(Point::name));
    let was_killed = run.was_killed();
    for _ in 0..3 {
        if !run.was_killed() {
            break;
        }
        run = rehearsal.publish(&files, None);
    }
    check(&rehearsal, &run, &case);
    let before = rehearsal.published();
    // the same again publishes nothing that is live, and nothing of which nobody knows
    let again = rehearsal.publish(&files, None);
    check(&rehearsal, &again, &format!("{case}, again"));
    for (sha256, times) in &before {
        assert_eq!(
            rehearsal.published().get(sha256),
            Some(times),
            "{case}, again"
        );
    }
    let always_passed = [Point::Added, Point::Claimed, Point::Put];
    if let Some(point) = point.filter(|point| always_passed.contains(point)) {
        assert!(was_killed, "nobody came by {point:?}");
    }
}

fn check(rehearsal: &Rehearsal, run: &Run, case: &str) {
    let published = rehearsal.published();
    let states = run.states();
    assert_eq!(states.len(), 2, "{case}: {run:?}");
    for (sha256, state) in &states {
        let times = published.get(sha256).copied().unwrap_or_default();
        assert!(times <= 1, "{case}: published {times} times, {state}");
        // an account that is stopped keeps its stories for later
        if is_held(run, sha256) {
            assert!(times == 0 && run.code != Some(0), "{case}: {run:?}");
            continue;
        }
        if !OPEN.contains(&state.as_str()) {
            assert_eq!(state, "live", "{case}: {run:?}");
            assert_eq!(times, 1, "{case}: {state}, but not there: {run:?}");
        }
    }
    let is_uncertain = states.values().any(|state| state == "uncertain");
    assert_eq!(run.code == Some(3), is_uncertain, "{case}: {run:?}");
}

fn is_held(run: &Run, sha256: &str) -> bool {
    let items = run.report["items"].as_array().cloned().unwrap_or_default();
    let is_it = |item: &&Value| item["outputs"][0]["sha256"] == sha256;
    let item = items.iter().find(is_it);
    let waits_for = item.and_then(|item| item["story"]["waits_for"].as_str());
    waits_for.is_some_and(|why| why.starts_with("the account is stopped"))
}

/// So many rehearsals at the same time: each has a folder and a sandbox of its own, and waits most of the time.
const AT_ONCE: usize = 3;

fn at_every_point(fault: Value) {
    let points: Vec<_> = std::iter::once(None)
        .chain(Point::ALL.into_iter().map(Some))
        .collect();
    for few in points.chunks(AT_ONCE) {
        std::thread::scope(|scope| {
            for point in few {
                scope.spawn(|| once(&fault, *point));
            }
        });
    }
}

macro_rules! faults {
    ($($name:ident: $fault:tt;)*) => {
        $(#[test]
        fn $name() {
            at_every_point(json!($fault));
        })*
    };
}

faults! {
    nothing_goes_wrong: [];
    done_and_the_connection_drops: [{ "on": "publish", "do": "drop-after" }];
    the_connection_drops_and_nothing_is_done: [{ "on": "publish", "do": "drop-before" }];
    the_answer_comes_after_the_timeout: [{ "on": "publish", "do": "delay", "ms": 900 }];
    it_is_done_after_the_timeout: [{ "on": "publish", "do": "delay-before", "ms": 900 }];
    a_server_error: [{ "on": "publish", "do": "server-error" }];
    a_server_error_and_it_is_live: [{ "on": "publish", "do": "server-error", "effect": true }];
    blocked_but_live: [{ "on": "publish", "do": "blocked-but-live" }];
    not_ready_after_finished: [{ "on": "publish", "do": "not-ready", "times": 2 }];
    reads_fail: [
        { "on": "status", "do": "unreachable", "times": 2 },
        { "on": "stories", "do": "server-error", "times": 2 },
        { "on": "publish", "do": "drop-after" }
    ];
    finished_stays_for_a_while: [{ "on": "publish", "do": "stale-finished", "stale_ms": 300, "effect": true }];
    finished_stays_and_the_answer_is_lost: [{ "on": "publish", "do": "drop-after", "stale_ms": 300 }];
    finished_stays_for_longer_than_anybody_looks: [
        { "on": "publish", "do": "drop-after", "stale_ms": 60000, "hidden_ms": 60000 }
    ];
    the_token_ends_in_the_middle: [{ "on": "publish", "do": "expired-token", "times": "always" }];
    the_token_ends_after_the_first: [{ "on": "publish", "do": "expired-token", "times": "always", "after": 1 }];
    a_page_instead_of_an_answer: [{ "on": "publish", "do": "html", "effect": true }];
    an_id_with_letters: [{ "on": "publish", "do": "lettered-id" }];
}
