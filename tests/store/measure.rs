//! How fast it is. Not a promise: run with `--ignored --nocapture` on a machine that does nothing else.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use storypress::store::{Filter, Hold, Note, Same, Step, Store, Story};
use tokio::sync::Notify;

use crate::jobs::step;
use crate::world::{World, claim, contained, noon, story, url};
use crate::{Case, cases};

pub const CASES: &[Case] = cases![measure_calls, measure_jobs, measure_a_thousand_stories];

fn tell(world: &World, what: &str, count: usize, started: Instant) {
    let kind = world.url.split(':').next().unwrap_or_default();
    let took = started.elapsed();
    let each = took.as_secs_f64() * 1000.0 / count as f64;
    println!(
        "{kind}: {what}: {count} in {took:.2?}, {each:.2} ms each, {:.0} a second",
        1000.0 / each
    );
}

async fn measure_calls(world: World) {
    let store = world.open().await;
    let stories: Vec<Story> = (0..200).map(|n| story("instagram:1", n)).collect();
    let started = Instant::now();
    for story in &stories[..100] {
        store
            .add(std::slice::from_ref(story), Same::Known, noon())
            .await
            .expect("it is added");
    }
    tell(&world, "add, one by one", 100, started);
    let started = Instant::now();
    store
        .add(&stories[100..], Same::Known, noon())
        .await
        .expect("they are added");
    tell(&world, "add, one call", 100, started);
    let started = Instant::now();
    let mut claims = Vec::new();
    for story in &stories {
        claims.push(claim(&store, &story.key, noon()).await);
    }
    tell(&world, "claim, one by one", 200, started);
    let started = Instant::now();
    for claimed in &claims {
        save(&store, claimed, Step::Uploaded { url: url("object") }).await;
    }
    tell(&world, "save, one by one", 200, started);
    let started = Instant::now();
    let saves = claims.iter().map(|claimed| {
        let (store, claimed) = (store.clone(), claimed.clone());
        tokio::spawn(async move {
            save(&store, &claimed, contained(claimed.story.place.position)).await
        })
    });
    for saved in saves.collect::<Vec<_>>() {
        saved.await.expect("no panic");
    }
    tell(&world, "save, all at once", 200, started);
}

async fn save(store: &Store, claimed: &storypress::store::Claimed, step: Step) {
    let mut story = claimed.story.clone();
    story.step = step;
    let note = Note::new("moved");
    let saved = store.save(claimed, &story, &note, Hold::On, noon()).await;
    saved.expect("it is saved");
}

/// Runs a worker until `is_done`.
async fn work_until<F>(
    store: &Store,
    concurrency: usize,
    handler: impl Fn(storypress::store::StoryKey) -> F + Send + Sync + 'static,
    mut is_done: impl AsyncFnMut() -> bool,
) where
    F: Future<Output = Option<Timestamp>> + Send + 'static,
{
    let stop = Arc::new(Notify::new());
    let stopped = stop.clone();
    let worker = store.clone();
    let worker = tokio::spawn(async move {
        worker
            .work(
                concurrency,
                None,
                async move { stopped.notified().await },
                handler,
            )
            .await
    });
    while !is_done().await {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    stop.notify_one();
    worker.await.expect("no panic").expect("it worked");
}

async fn measure_jobs(world: World) {
    let store = world.open().await;
    let now = Timestamp::now();
    let stories: Vec<Story> = (0..1000)
        .map(|n| {
            let mut story = story("instagram:1", n);
            (story.due, story.wake) = (now, now);
            story
        })
        .collect();
    store
        .add(&stories, Same::Known, now)
        .await
        .expect("they are added");
    let count = Arc::new(AtomicUsize::new(0));
    let seen = count.clone();
    let started = Instant::now();
    let far = now + jiff::SignedDuration::from_hours(1);
    let handler = move |_| {
        seen.fetch_add(1, Ordering::SeqCst);
        async move { Some(far) }
    };
    let done = async || count.load(Ordering::SeqCst) >= 1000;
    work_until(&store, 16, handler, done).await;
    tell(&world, "jobs that only push the next", 1000, started);
}

async fn measure_a_thousand_stories(world: World) {
    let store = world.open().await;
    let now = Timestamp::now();
    let started = Instant::now();
    let stories: Vec<Story> = (0..1000)
        .map(|n| {
            let mut story = story(&format!("instagram:{}", n % 20), n);
            (story.due, story.wake) = (now, now);
            story
        })
        .collect();
    store
        .add(&stories, Same::Known, now)
        .await
        .expect("they are added");
    let sent: Arc<Mutex<Vec<_>>> = Arc::default();
    let (mine, all) = (store.clone(), sent.clone());
    let looks = Arc::new(AtomicUsize::new(0));
    let seen = looks.clone();
    let handler = move |key| {
        seen.fetch_add(1, Ordering::SeqCst);
        let (store, sent) = (mine.clone(), all.clone());
        async move { step(&store, &key, &sent).await }
    };
    let live = Filter {
        states: vec!["live".to_owned()],
        ..Filter::default()
    };
    let done = async || {
        sent.lock().expect("no panic").len() >= 1000
            && store.list(&live).await.expect("a list").len() == 1000
    };
    work_until(&store, 40, handler, done).await;
    tell(
        &world,
        "stories of 20 accounts, four saves each",
        1000,
        started,
    );
    println!(
        "looks at a story: {} for 1000",
        looks.load(Ordering::SeqCst)
    );
    assert_eq!(sent.lock().expect("no panic").len(), 1000);
}
