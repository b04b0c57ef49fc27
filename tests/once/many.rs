//! A busy day: many stories for many accounts through one store.

use std::collections::HashMap;
use std::time::Instant;

use serde_json::{Value, json};

use super::rehearsal::{Rehearsal, Run};

/// Stories and accounts of the test; the bench has more.
const STORIES: usize = 60;

#[test]
fn many_stories_keep_their_order_and_lose_none() {
    let rehearsal = Rehearsal::new();
    let files = rehearsal.pictures(STORIES);
    let start = Instant::now();
    let mut command = rehearsal.command(&["publish", "--json", "--sandbox", &rehearsal.url]);
    command.args(&files);
    let run = Run::of(command.output().expect("a run"));
    let took = start.elapsed();
    assert_eq!(run.code, Some(0), "{run:?}");
    let listed = rehearsal.get("/sandbox/stories");
    let digest = |value: &Value| value.as_str().expect("a digest").to_owned();
    let live: Vec<String> = listed
        .as_array()
        .expect("a list")
        .iter()
        .map(|story| digest(&story["sha256"]))
        .collect();
    let asked: Vec<String> = run.report["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|item| digest(&item["outputs"][0]["sha256"]))
        .collect();
    assert_eq!(live, asked, "took {took:?}");
    let mut times: HashMap<&String, usize> = HashMap::new();
    for sha256 in &live {
        *times.entry(sha256).or_default() += 1;
    }
    assert!(times.values().all(|times| *times == 1), "{}", json!(times));
}
