//! The numbers of a live story: at the points of its day on the sandbox's clock, late where a worker was away, never after
//! its end; and as tables.

use std::collections::HashMap;
use std::sync::LazyLock;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use storypress::graph::{Client, Hosts, Login, Options};
use storypress::pipeline::{Driver, Policy, Rooms};
use storypress::platform::{Cancel, Clock};
use storypress::store::{Filter, Step, Store, StoryKey};

use super::rehearsal::{Rehearsal, Run};

/// The clock of this test.
static CLOCK: LazyLock<Clock> = LazyLock::new(|| Clock::of_world(Timestamp::now(), 1.0));

/// Turns the sandbox's clock and ours.
fn pass(rehearsal: &Rehearsal, seconds: i64) {
    rehearsal.post("/sandbox/clock", &json!({ "advance_s": seconds }));
    CLOCK.set(CLOCK.now() + SignedDuration::from_secs(seconds), 1.0);
}

async fn driver(rehearsal: &Rehearsal, account: &str, store: &Store) -> Driver {
    let told = &rehearsal.accounts[0];
    let login: Login = serde_json::from_value(told["login"].clone()).expect("a login");
    let mut options = Options::new(login);
    options.hosts = Hosts::at(&rehearsal.url.parse().expect("an address"));
    options.user_id = Some(
        told["user_id"]
            .as_str()
            .expect("an id")
            .parse()
            .expect("an id"),
    );
    let token = told["token"].as_str().expect("a token").to_owned();
    let rooms = Rooms {
        upload: None,
        platform: Client::new(options, token.into(), None)
            .expect("a client")
            .into(),
        by_hand: None,
        store: store.clone(),
        policy: Policy::default(),
    };
    let rooms = HashMap::from([(account.to_owned(), rooms)]);
    Driver::new(store.clone(), rooms, CLOCK.clone(), Cancel::default())
}

/// Hours after its publish at which each point's numbers were taken, by the hour of the point.
async fn taken(store: &Store, key: &StoryKey) -> Vec<(i64, f64)> {
    let story = store.get(key).await.expect("it is there");
    let (Step::Published { at, .. } | Step::Closed { at, .. }) = story.step else {
        panic!("{story:?}");
    };
    let points = store
        .points()
        .await
        .expect("points")
        .remove(key)
        .unwrap_or_default();
    let hours = |taken: Timestamp| taken.duration_since(at).as_secs() as f64 / 3600.0;
    points
        .iter()
        .map(|p| {
            assert!(p.insights.numbers["views"] > 0);
            (
                p.after.as_hours(),
                (hours(p.insights.taken) * 10.0).round() / 10.0,
            )
        })
        .collect()
}

#[test]
fn numbers_are_taken_at_an_hour_at_six_hours_and_before_the_end() {
    let rehearsal = Rehearsal::new();
    let files = rehearsal.pictures(3);
    assert_eq!(rehearsal.publish(&files[..2], None).code, Some(0));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    runtime.expect("a runtime").block_on(async {
        let open = || Store::open("sqlite:.storypress/store.db", rehearsal.path());
        let store = open().await.expect("a store");
        let stories = store.list(&Filter::default()).await.expect("a list");
        let (one, other) = (stories[0].key.clone(), stories[1].key.clone());
        let driver = driver(&rehearsal, &stories[0].account, &store).await;
        let drive = async |key: &StoryKey| {
            driver.drive(key).await.expect("it goes on");
        };
        drive(&one).await;
        assert_eq!(taken(&store, &one).await, [], "it is too early");
        tokio::task::block_in_place(|| pass(&rehearsal, 3600));
        drive(&one).await;
        assert_eq!(taken(&store, &one).await, [(1, 1.0)]);
        drive(&one).await;
        // the worker was away at six hours; the other story was looked at by nobody so far
        tokio::task::block_in_place(|| pass(&rehearsal, 7 * 3600));
        drive(&one).await;
        assert_eq!(taken(&store, &one).await, [(1, 1.0), (6, 8.0)]);
        // the platform tells nothing for a while, and then it does
        let away = json!([{ "on": "insights", "do": "server-error", "times": 1 }]);
        tokio::task::block_in_place(|| {
            pass(&rehearsal, 15 * 3600 + 1900);
            rehearsal.post("/sandbox/faults", &away);
        });
        drive(&one).await;
        assert_eq!(taken(&store, &one).await.len(), 2);
        tokio::task::block_in_place(|| pass(&rehearsal, 660));
        drive(&one).await;
        assert_eq!(taken(&store, &one).await, [(1, 1.0), (6, 8.0), (23, 23.7)]);
        // after the end nothing is taken, also not what was missed
        tokio::task::block_in_place(|| pass(&rehearsal, 3600));
        for key in [&one, &other] {
            drive(key).await;
            let story = store.get(key).await.expect("it is there");
            assert_eq!(story.step.state(), "closed");
        }
        assert_eq!(taken(&store, &one).await.len(), 3);
        assert_eq!(taken(&store, &other).await, []);
        store.close().await;
    });
    tables(&rehearsal);
}

/// What is kept is told as tables.
fn tables(rehearsal: &Rehearsal) {
    let run = |more: &[&str]| {
        let mut command = rehearsal.command(&["insights", "--kept"]);
        command.args(more).output().expect("a run")
    };
    let csv = run(&["--csv"]);
    assert_eq!(csv.status.code(), Some(0), "{csv:?}");
    let mut table = csv::Reader::from_reader(&csv.stdout[..]);
    let head: Vec<String> = table
        .headers()
        .expect("a head")
        .iter()
        .map(str::to_owned)
        .collect();
    assert_eq!(
        head[..8],
        [
            "id",
            "name",
            "account",
            "template",
            "published",
            "weekday",
            "hour",
            "taken"
        ]
    );
    assert!(
        head[8..].contains(&"navigation.tap_forward".to_owned()),
        "{head:?}"
    );
    let views = head.iter().position(|name| name == "views").expect("views");
    let rows: Vec<csv::StringRecord> = table.records().map(|row| row.expect("a row")).collect();
    assert_eq!(rows.len(), 2);
    let own = run(&["--csv", "--account", &rows[0][2]]);
    assert_eq!(own.stdout, csv.stdout);
    let other = run(&["--csv", "--account", "nosuch"]);
    assert_eq!((other.status.code(), other.stdout.len()), (Some(2), 0));
    let is_number = |row: &csv::StringRecord| row[views].parse::<u32>().is_ok();
    // one of them was never looked at: nothing is known of it, which is not 0
    assert!(is_number(&rows[0]) && !rows[0][7].is_empty(), "{rows:?}");
    assert_eq!((&rows[1][7], &rows[1][views]), ("", ""));
    assert!(rows[1][4].parse::<jiff::Zoned>().is_ok(), "{rows:?}");
    let report = Run::of(run(&["--json"])).report;
    let item = &report["items"][0];
    let after: Vec<_> = item["points"]
        .as_array()
        .expect("points")
        .iter()
        .map(|p| &p["after_s"])
        .collect();
    assert_eq!(after, [3600, 21600, 84600]);
    assert!(item["points"][0]["numbers"]["views"].as_i64() < item["numbers"]["views"].as_i64());
    for (groups, name) in [
        ("templates", "template"),
        ("weekdays", "weekday"),
        ("hours", "hour"),
    ] {
        let groups = report[groups].as_array().expect("groups");
        let stories: i64 = groups.iter().filter_map(|g| g["stories"].as_i64()).sum();
        assert_eq!(stories, 2, "{report}");
        assert!(!groups[0][name].is_null(), "{report}");
        let known = groups
            .iter()
            .find(|g| !g["means"]["views"].is_null())
            .expect("numbers");
        assert_eq!(
            known["means"]["views"].as_f64(),
            item["numbers"]["views"].as_f64()
        );
    }
    assert_eq!(run(&["--csv", "--json"]).status.code(), Some(2));
    let table = String::from_utf8(run(&[]).stdout).expect("text");
    for word in [
        "weekday (stories), on average",
        "hour (stories), on average",
    ] {
        assert!(table.contains(word), "{table}");
    }
}
