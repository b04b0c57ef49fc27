//! How fast it is. Not a promise: run with `--ignored --nocapture` on a machine that does nothing else.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use storypress::store::{Filter, Hold, Note, Pass, Same, Step, Store, Story};
use tokio::sync::Notify;

use crate::jobs::step;
use crate::world::{World, at, claim, contained, noon, secs, story, url};
use crate::{Case, cases};

pub const CASES: &[Case] = cases![
    measure_calls,
    measure_jobs,
    measure_a_thousand_stories,
    measure_ten_thousand_planned,
];

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

/// The questions of a worker and of `status`, with 10,000 planned stories of 20 accounts behind as many that are over.
async fn measure_ten_thousand_planned(world: World) {
    const PLANNED: u32 = 10_000;
    let store = world.open().await;
    let stories: Vec<Story> = (0..2 * PLANNED)
        .map(|n| {
            let mut story = story(&format!("instagram:{}", n % 20), n);
            // those that are over first, the first hundred of the others are due
            let seconds = 60 * (i64::from(n) - i64::from(PLANNED) - 100);
            (story.due, story.wake) = (at(seconds), at(seconds));
            story.place.batch = format!("batch-{}", n / 100);
            story
        })
        .collect();
    for some in stories.chunks(500) {
        let added = store.add(some, Same::Known, noon()).await;
        added.expect("they are added");
    }
    let old = "UPDATE stories SET state = 'closed', published = due, batch_seq = batch_seq
        WHERE due < (SELECT MIN(due) FROM (SELECT due FROM stories ORDER BY due DESC LIMIT 10000) AS planned)";
    assert_eq!(
        world.raw(old).await.expect("they are over"),
        u64::from(PLANNED)
    );
    let now = noon();
    let planned = &stories[PLANNED as usize..];
    const TIMES: usize = 20;
    let kind = world.url.split(':').next().unwrap_or_default().to_owned();
    let mut slow = Vec::new();
    macro_rules! question {
        ($what:expr, $ask:expr) => {{
            let mut took = Vec::new();
            for n in 0..TIMES {
                let started = Instant::now();
                let _ = $ask(n).await.expect("an answer");
                took.push(started.elapsed().as_secs_f64() * 1000.0);
            }
            took.sort_by(f64::total_cmp);
            let (median, worst) = (took[TIMES / 2], took[TIMES - 1]);
            println!(
                "{kind}: {}: median {median:.2} ms, worst {worst:.2} ms",
                $what
            );
            if median > 50.0 {
                slow.push($what);
            }
        }};
    }
    let lately = Filter {
        open_since: Some(now - secs(48 * 3600)),
        ..Filter::default()
    };
    let due = Filter {
        due_until: Some(now),
        ..Filter::default()
    };
    let gap = secs(5);
    question!("status: all that is open", |_: usize| store.list(&lately));
    question!("worker --once: all that is due", |_: usize| store
        .list(&due));
    question!("claim and release", async |n: usize| {
        let claimed = claim(&store, &planned[n].key, now).await;
        store.release(&claimed, now).await
    });
    question!("who is before it", |n: usize| store.before(
        &planned[n].key,
        Pass::Nobody,
        now
    ));
    question!("its earliest turn", |n: usize| store.earliest_turn(
        &planned[n],
        gap,
        now
    ));
    question!("is the same planned", |n: usize| store
        .same(&planned[n], now));
    question!("whose turn comes first", |_: usize| store
        .first_in_line(now));
    question!("containers of the account", |n: usize| store
        .count_containers(&planned[n], now));
    question!("sendings of a day", |_: usize| store.sent_between(
        "instagram:1",
        now - secs(86400),
        now
    ));
    question!("the account", |_: usize| store.account("instagram:1"));
    question!("add one", async |n: usize| {
        let one = story("instagram:3", 5 * PLANNED + n as u32);
        store.add(&[one], Same::Known, now).await
    });
    question!("metrics", |_: usize| store.gauges(now));
    question!("readyz", |_: usize| store.check_schema());
    assert!(slow.is_empty(), "over 50 ms: {slow:?}");
}
