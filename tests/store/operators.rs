//! What an operator asks of the store: numbers at their points, counts for machines, one try for a token a day.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use storypress::graph::Insights;
use storypress::store::{Error, Filter, Hold, Note, POINTS, Same, Step, Store, Story, reached};

use crate::world::{
    World, add, at, claim, contained, container_id, intent, live, noon, save, story, story_id, url,
};
use crate::{Case, cases};

pub const CASES: &[Case] = cases![
    numbers_are_kept_at_their_points,
    what_machines_count_is_counted,
    failures_are_counted_for_good,
    a_token_is_tried_once_a_day_by_one_worker,
    a_schema_that_is_not_ours_is_told_at_work,
    what_is_due_and_on_its_way_is_listed,
];

/// Live since noon, with so many views at that time.
fn seen(seconds: i64, views: i64) -> Step {
    Step::Published {
        story: Some(story_id(1)),
        container: container_id(1),
        at: noon(),
        insights: Some(Insights {
            taken: at(seconds),
            numbers: [("views".to_owned(), views)].into(),
        }),
    }
}

async fn numbers_are_kept_at_their_points(world: World) {
    let store = world.open().await;
    let one = add(&store, story("instagram:1", 1)).await;
    let claimed = claim(&store, &one.key, noon()).await;
    let hour = 3600;
    assert_eq!(reached(noon(), POINTS[0]), at(hour));
    // by hand before the first point; at it; by hand again; both others late
    for (seconds, views) in [
        (600, 1),
        (hour, 2),
        (2 * hour, 3),
        (9 * hour, 4),
        (10 * hour, 5),
        (24 * hour - 60, 6),
    ] {
        save(&store, &claimed, seen(seconds, views), at(seconds)).await;
    }
    let kept = store.points().await.expect("the points");
    let told: Vec<_> = kept[&one.key]
        .iter()
        .map(|p| {
            (
                p.after.as_secs(),
                p.insights.taken,
                p.insights.numbers["views"],
            )
        })
        .collect();
    let late = 23 * hour + 1800;
    assert_eq!(
        told,
        [
            (hour, at(hour), 2),
            (6 * hour, at(9 * hour), 4),
            (late, at(24 * hour - 60), 6),
        ]
    );
    let newest = store.get(&one.key).await.expect("it is there");
    assert_eq!(newest.step, seen(24 * hour - 60, 6));
}

async fn fail(store: &Store, one: &Story, step: Step) {
    let claimed = claim(store, &one.key, noon()).await;
    let mut story = claimed.story.clone();
    story.step = step;
    let note = Note::new("moved");
    let saved = store.save(&claimed, &story, &note, Hold::Off, noon()).await;
    saved.expect("it is saved");
}

fn failed() -> Step {
    Step::Failed { why: "no".into() }
}

async fn what_machines_count_is_counted(world: World) {
    let store = world.open().await;
    let empty = store.gauges(noon()).await.expect("numbers");
    assert_eq!(
        (empty.due, empty.uncertain, empty.overdue),
        (0, 0, SignedDuration::ZERO)
    );
    let mut stories: Vec<Story> = (0..6).map(|n| story("instagram:1", n)).collect();
    stories.push(story("facebook:2", 7));
    for (story, seconds) in stories.iter_mut().zip([0, 10, 20, 5000, 0, 0, 6000]) {
        (story.due, story.wake) = (at(seconds), at(seconds));
    }
    let added = store.add(&stories, Same::Known, noon()).await;
    added.expect("they are added");
    fail(&store, &stories[0], contained(1)).await;
    let uncertain = Step::Uncertain {
        intent: intent(1, noon()),
        url: Some(url("x")),
        why: "nobody knows".into(),
    };
    fail(&store, &stories[4], uncertain).await;
    fail(&store, &stories[5], live(5, at(-60))).await;
    store
        .beat(&["instagram:1".to_owned()], at(15))
        .await
        .expect("a beat");
    let gauges = store.gauges(at(30)).await.expect("numbers");
    assert_eq!((gauges.due, gauges.uncertain), (3, 1));
    assert_eq!(gauges.overdue, SignedDuration::from_secs(30));
    let sent: BTreeMap<_, _> = [("facebook:2".to_owned(), 0), ("instagram:1".to_owned(), 1)].into();
    assert_eq!(gauges.sent, sent);
    let seen: Vec<_> = gauges.workers.into_iter().collect();
    assert_eq!(seen, [(store.who().to_owned(), at(15))]);
    let a_day_later = store.gauges(at(2 * 86400)).await.expect("numbers");
    assert_eq!((a_day_later.due, a_day_later.workers.len()), (5, 0));
    assert_eq!(a_day_later.sent["instagram:1"], 0);
}

async fn failures_are_counted_for_good(world: World) {
    let store = world.open().await;
    let one = add(&store, story("instagram:1", 1)).await;
    let other = add(&store, story("facebook:2", 2)).await;
    fail(&store, &one, failed()).await;
    // saved once more as it is, tried again, failed again
    fail(&store, &one, failed()).await;
    fail(&store, &one, Step::Rendered).await;
    fail(&store, &one, failed()).await;
    fail(&store, &one, Step::Rendered).await;
    fail(&store, &other, Step::Missed).await;
    let gauges = store.gauges(noon()).await.expect("numbers");
    let failed: BTreeMap<_, _> =
        [("facebook:2".to_owned(), 0), ("instagram:1".to_owned(), 2)].into();
    assert_eq!(gauges.failed, failed);
    assert_eq!(gauges.missed, [(String::new(), 1)].into());
}

async fn a_token_is_tried_once_a_day_by_one_worker(world: World) {
    let stores = [world.open().await, world.open().await, world.open().await];
    let tries = |seconds| {
        let calls = stores.iter().map(|store| {
            let store = store.clone();
            tokio::spawn(async move { store.try_token("instagram:1", at(seconds)).await })
        });
        let calls: Vec<_> = calls.collect();
        async move {
            let mut won = 0;
            for call in calls {
                won += usize::from(call.await.expect("no panic").expect("an answer"));
            }
            won
        }
    };
    let day = 86400;
    assert_eq!(tries(0).await, 1);
    assert_eq!(tries(day - 1).await, 0);
    assert_eq!(tries(day).await, 1);
    // the clock was far ahead, and was put right
    assert_eq!(tries(100 * day).await, 1);
    assert_eq!(tries(2 * day).await, 1);
    let store = &stores[0];
    let trouble = async || store.token_trouble("instagram:1").await.expect("an answer");
    assert_eq!(trouble().await, None);
    let tried = store.token_tried("instagram:1", Some("refused")).await;
    tried.expect("it is saved");
    assert_eq!(trouble().await.as_deref(), Some("refused"));
    store
        .token_tried("instagram:1", None)
        .await
        .expect("it is saved");
    assert_eq!(trouble().await, None);
}

async fn a_schema_that_is_not_ours_is_told_at_work(world: World) {
    let store = world.open().await;
    store.check_schema().await.expect("it is ours");
    let raw = world.raw("INSERT INTO storypress_schema (number) VALUES (9999)");
    raw.await.expect("it is written");
    let told = store.check_schema().await;
    assert!(
        matches!(told, Err(Error::Newer { found: 9999, .. })),
        "{told:?}"
    );
    let raw = world.raw("DELETE FROM storypress_schema WHERE number > 2");
    raw.await.expect("it is written");
    let told = store.check_schema().await;
    assert!(
        matches!(told, Err(Error::Older { found: 2, .. })),
        "{told:?}"
    );
    world
        .raw("DROP TABLE storypress_schema")
        .await
        .expect("it is gone");
    assert!(store.check_schema().await.is_err());
}

async fn what_is_due_and_on_its_way_is_listed(world: World) {
    let store = world.open().await;
    let mut stories: Vec<Story> = (0..4).map(|n| story("instagram:1", n)).collect();
    for (story, seconds) in stories.iter_mut().zip([0, 60, 61, 0]) {
        (story.due, story.wake) = (at(seconds), at(seconds));
    }
    let added = store.add(&stories, Same::Known, noon()).await;
    added.expect("they are added");
    fail(&store, &stories[3], live(3, noon())).await;
    let listed = async |filter: Filter| {
        let found = store.list(&filter).await.expect("a list");
        found
            .into_iter()
            .map(|story| story.name)
            .collect::<Vec<_>>()
    };
    let due = Filter {
        due_until: Some(at(60)),
        ..Filter::default()
    };
    assert_eq!(listed(due).await, ["picture-0", "picture-1"]);
    fail(&store, &stories[0], failed()).await;
    let open = |since| Filter {
        open_since: Some(since),
        ..Filter::default()
    };
    // what is live is there whenever it was due, what has failed only lately
    assert_eq!(
        listed(open(at(1))).await,
        ["picture-3", "picture-1", "picture-2"]
    );
    assert_eq!(listed(open(at(0))).await.len(), 4);
}
