//! Jobs: every story in flight is looked at, in time, by somebody who lives.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use storypress::platform::Clock;
use storypress::store::{
    Added, Claim, Claimed, Error, Filter, Gate, Hold, Note, Pass, Same, Step, Store, Story,
    StoryKey,
};
use tokio::sync::Notify;

use crate::child::Child;
use crate::world::{World, contained, live, publishing, secs, story};
use crate::{Case, cases};

pub const CASES: &[Case] = cases![
    every_story_is_looked_at_and_no_job_stays_behind,
    a_job_waits_for_its_time,
    a_newer_word_makes_the_older_void,
    a_wake_up_during_a_look_is_not_lost,
    a_wake_up_is_not_lost_whoever_looks_while_another_has_the_story,
    no_more_run_at_once_than_asked,
    what_runs_is_finished_before_the_end,
    a_lost_job_is_made_again,
    a_panic_stops_nobody_else,
    a_handler_that_panics_again_and_again_is_not_called_for_ever,
    a_clock_that_is_turned_brings_what_is_due_by_it,
    a_line_of_stories_goes_out_in_order,
    a_killed_process_is_succeeded_at_once,
    a_story_that_ends_every_process_is_given_up,
];

/// A worker in the background, until it is stopped.
struct Worker {
    stop: Arc<Notify>,
    task: tokio::task::JoinHandle<Result<(), Error>>,
}

impl Worker {
    fn start<F>(
        store: &Store,
        concurrency: usize,
        handler: impl Fn(StoryKey) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Option<Timestamp>> + Send + 'static,
    {
        let stop = Arc::new(Notify::new());
        let (store, stopped) = (store.clone(), stop.clone());
        let task = tokio::spawn(async move {
            let stopped = async move { stopped.notified().await };
            store
                .work(concurrency, Some(Duration::from_secs(30)), stopped, handler)
                .await
        });
        Self { stop, task }
    }

    async fn stop(self) {
        self.stop.notify_one();
        self.task.await.expect("no panic").expect("it worked");
    }
}

/// A story that is due now.
fn due(account: &str, picture: u32) -> Story {
    let mut story = story(account, picture);
    story.due = Timestamp::now();
    story.wake = story.due;
    story
}

async fn add(store: &Store, stories: &[Story]) -> Vec<Story> {
    let added = store.add(stories, Same::Again, Timestamp::now()).await;
    let new = |added| match added {
        Added::New(story) => story,
        Added::Known(story) => panic!("{story:?} is known"),
    };
    added.expect("it is added").into_iter().map(new).collect()
}

/// Waits until something is so, at most half a minute.
async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let started = Instant::now();
    while !is_so().await {
        assert!(started.elapsed() < Duration::from_secs(30), "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Claims a story and brings it to rest.
async fn rest(store: &Store, key: &StoryKey) -> Option<Timestamp> {
    let now = Timestamp::now();
    match store.claim(key, now, secs(30)).await.expect("an answer") {
        Claim::Held(until) => Some(until),
        Claim::Mine(claimed) => rest_of(store, &claimed).await,
    }
}

async fn rest_of(store: &Store, claimed: &Claimed) -> Option<Timestamp> {
    let mut story = claimed.story.clone();
    story.step = Step::Missed;
    let note = Note::new("missed");
    store
        .save(claimed, &story, &note, Hold::Off, Timestamp::now())
        .await
        .expect("it is saved");
    None
}

async fn at_rest(store: &Store, state: &str) -> usize {
    let filter = Filter {
        states: vec![state.to_owned()],
        ..Filter::default()
    };
    store.list(&filter).await.expect("a list").len()
}

async fn every_story_is_looked_at_and_no_job_stays_behind(world: World) {
    let stores = [world.open().await, world.open().await];
    let stories: Vec<Story> = (0..200)
        .map(|n| due(&format!("instagram:{}", n % 7), n))
        .collect();
    add(&stores[0], &stories).await;
    let calls: Arc<Mutex<HashMap<StoryKey, usize>>> = Arc::default();
    let workers = stores.clone().map(|store| {
        let calls = calls.clone();
        Worker::start(&store.clone(), 8, move |key| {
            let (store, calls) = (store.clone(), calls.clone());
            async move {
                *calls
                    .lock()
                    .expect("no panic")
                    .entry(key.clone())
                    .or_default() += 1;
                rest(&store, &key).await
            }
        })
    });
    until("all are looked at", async || {
        at_rest(&stores[0], "missed").await == 200
    })
    .await;
    until("no job stays", async || jobs(&world).await == 0).await;
    for worker in workers {
        worker.stop().await;
    }
    let calls = calls.lock().expect("no panic");
    assert_eq!(calls.len(), 200);
    assert!(calls.values().all(|count| *count == 1), "{calls:?}");
}

/// How many jobs there are: counted by touching them.
async fn jobs(world: &World) -> u64 {
    let all = "UPDATE Jobs SET priority = priority";
    world.raw(all).await.expect("a count")
}

async fn a_job_waits_for_its_time(world: World) {
    let store = world.open().await;
    let start = Timestamp::now();
    let mut story = due("instagram:1", 1);
    story.wake = start + SignedDuration::from_millis(1300);
    let key = add(&store, &[story]).await.remove(0).key;
    let calls: Arc<Mutex<Vec<Timestamp>>> = Arc::default();
    let seen = calls.clone();
    let again = start + SignedDuration::from_millis(2150);
    let worker = Worker::start(&store, 2, move |_| {
        let mut seen = seen.lock().expect("no panic");
        seen.push(Timestamp::now());
        let next = (seen.len() == 1).then_some(again);
        async move { next }
    });
    until("two calls", async || {
        calls.lock().expect("no panic").len() == 2
    })
    .await;
    worker.stop().await;
    let calls = calls.lock().expect("no panic").clone();
    let late = |call: Timestamp, asked: SignedDuration| call.duration_since(start) - asked;
    for (call, asked) in calls.iter().zip([1300, 2150]) {
        let late = late(*call, SignedDuration::from_millis(asked));
        // times are kept in whole milliseconds
        assert!(late >= SignedDuration::from_millis(-1), "early by {late:?}");
        assert!(late < secs(5), "late by {late:?}");
    }
    assert!(store.get(&key).await.expect("it is there").wake <= again);
}

async fn a_newer_word_makes_the_older_void(world: World) {
    let store = world.open().await;
    let mut story = due("instagram:1", 1);
    story.wake += secs(600);
    let key = add(&store, &[story]).await.remove(0).key;
    let calls = Arc::new(AtomicUsize::new(0));
    for later in [200, 300, 400] {
        let at = Timestamp::now() + SignedDuration::from_millis(later);
        store.push(&key, at).await.expect("it is pushed");
    }
    let (seen, mine) = (calls.clone(), store.clone());
    let worker = Worker::start(&store, 4, move |key| {
        seen.fetch_add(1, Ordering::SeqCst);
        let mine = mine.clone();
        async move { rest(&mine, &key).await }
    });
    until("a call", async || calls.load(Ordering::SeqCst) > 0).await;
    until("no job stays", async || jobs(&world).await == 0).await;
    worker.stop().await;
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}

/// A story that is looked at, whose account goes on before the one who looks has said that it can wait for an hour.
async fn a_wake_up_during_a_look_is_not_lost(world: World) {
    let store = world.open().await;
    for hold in [None, Some(Hold::On), Some(Hold::Off), Some(Hold::Nap)] {
        let account = format!("instagram:{hold:?}");
        let key = add(&store, &[due(&account, 1)]).await.remove(0).key;
        let calls = Arc::new(AtomicUsize::new(0));
        let (of, seen) = (store.clone(), calls.clone());
        // one at a time: the job of the wake-up is looked at when this look is over
        let worker = Worker::start(&store, 1, move |key| {
            let (store, account) = (of.clone(), account.clone());
            let is_first = seen.fetch_add(1, Ordering::SeqCst) == 0;
            async move {
                let now = Timestamp::now();
                let later = now + secs(3600);
                let Claim::Mine(claimed) = store.claim(&key, now, secs(30)).await.expect("one")
                else {
                    panic!("nobody else has it");
                };
                let wake = claimed.story.wake;
                if is_first {
                    let resumed = store.resume_account(&account, now).await;
                    resumed.expect("it goes on");
                    if let Some(hold) = hold {
                        let mut story = claimed.story.clone();
                        story.wake = later;
                        let note = Note::new("waits");
                        let saved = store.save(&claimed, &story, &note, hold, now).await;
                        saved.expect("it is saved");
                    }
                } else if wake <= now {
                    return rest_of(&store, &claimed).await;
                }
                store.release(&claimed, now).await.expect("given back");
                (!(is_first && hold == Some(Hold::Nap))).then_some(later)
            }
        });
        until(&format!("{hold:?}: it is heard"), async || {
            let story = store.get(&key).await.expect("a story");
            story.step == Step::Missed
        })
        .await;
        worker.stop().await;
        assert!(
            calls.load(Ordering::SeqCst) <= 5,
            "{hold:?}: once more, not for ever"
        );
    }
}

/// The wake-up comes while a slow worker has the story; another worker looks at it meanwhile, and finds it held.
async fn a_wake_up_is_not_lost_whoever_looks_while_another_has_the_story(world: World) {
    let store = world.open().await;
    let key = add(&store, &[due("instagram:1", 1)]).await.remove(0).key;
    let now = Timestamp::now();
    let Claim::Mine(slow) = store.claim(&key, now, secs(30)).await.expect("one") else {
        panic!("nobody else has it");
    };
    let resumed = store.resume_account("instagram:1", now).await;
    resumed.expect("it goes on");
    let held = Arc::new(AtomicUsize::new(0));
    let (of, seen) = (store.clone(), held.clone());
    let worker = Worker::start(&store, 2, move |key| {
        let (store, seen) = (of.clone(), seen.clone());
        async move {
            let now = Timestamp::now();
            match store.claim(&key, now, secs(30)).await.expect("an answer") {
                Claim::Held(_) => {
                    seen.fetch_add(1, Ordering::SeqCst);
                    Some(now + secs(2))
                }
                Claim::Mine(claimed) if claimed.story.wake <= now => {
                    rest_of(&store, &claimed).await
                }
                Claim::Mine(claimed) => {
                    store.release(&claimed, now).await.expect("given back");
                    Some(claimed.story.wake)
                }
            }
        }
    });
    until("it is found held", async || held.load(Ordering::SeqCst) > 0).await;
    let mut story = slow.story.clone();
    story.wake = now + secs(3600);
    let note = Note::new("waits");
    let saved = store.save(&slow, &story, &note, Hold::Off, now).await;
    saved.expect("it is saved");
    until("it is heard", async || {
        store.get(&key).await.expect("a story").step == Step::Missed
    })
    .await;
    worker.stop().await;
    assert!(
        held.load(Ordering::SeqCst) <= 20,
        "nobody asks without a pause"
    );
}

async fn no_more_run_at_once_than_asked(world: World) {
    let store = world.open().await;
    let stories: Vec<Story> = (0..30).map(|n| due("instagram:1", n)).collect();
    add(&store, &stories).await;
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (now, peak, mine) = (running.clone(), most.clone(), store.clone());
    let worker = Worker::start(&store, 3, move |key| {
        let (now, peak, mine) = (now.clone(), peak.clone(), mine.clone());
        async move {
            peak.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(30)).await;
            now.fetch_sub(1, Ordering::SeqCst);
            rest(&mine, &key).await
        }
    });
    until("all are looked at", async || {
        at_rest(&store, "missed").await == 30
    })
    .await;
    worker.stop().await;
    assert_eq!(most.load(Ordering::SeqCst), 3);
}

async fn what_runs_is_finished_before_the_end(world: World) {
    let store = world.open().await;
    let stories: Vec<Story> = (0..6).map(|n| due("instagram:1", n)).collect();
    add(&store, &stories).await;
    let begun = Arc::new(AtomicUsize::new(0));
    let (count, mine) = (begun.clone(), store.clone());
    let worker = Worker::start(&store, 2, move |key| {
        let (count, mine) = (count.clone(), mine.clone());
        async move {
            count.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(500)).await;
            rest(&mine, &key).await
        }
    });
    until("two run", async || begun.load(Ordering::SeqCst) == 2).await;
    worker.stop().await;
    assert_eq!(
        at_rest(&store, "missed").await,
        begun.load(Ordering::SeqCst)
    );
    assert!(begun.load(Ordering::SeqCst) < 6);
    // the others are there for the next one, at once
    let mine = store.clone();
    let started = Instant::now();
    let worker = Worker::start(&store, 2, move |key| {
        let mine = mine.clone();
        async move { rest(&mine, &key).await }
    });
    until("all are looked at", async || {
        at_rest(&store, "missed").await == 6
    })
    .await;
    assert!(
        started.elapsed() < Duration::from_secs(4),
        "{:?}",
        started.elapsed()
    );
    worker.stop().await;
}

async fn a_lost_job_is_made_again(world: World) {
    let store = world.open().await;
    let stories: Vec<Story> = (0..3).map(|n| due("instagram:1", n)).collect();
    add(&store, &stories).await;
    world.raw("DELETE FROM Jobs").await.expect("they are lost");
    let mine = store.clone();
    let worker = Worker::start(&store, 2, move |key| {
        let mine = mine.clone();
        async move { rest(&mine, &key).await }
    });
    until("all are looked at", async || {
        at_rest(&store, "missed").await == 3
    })
    .await;
    worker.stop().await;
}

async fn a_panic_stops_nobody_else(world: World) {
    let store = world.open().await;
    let stories: Vec<Story> = (0..5).map(|n| due("instagram:1", n)).collect();
    let bad = add(&store, &stories).await.remove(2).key;
    let (mine, wrong) = (store.clone(), bad.clone());
    let worker = Worker::start(&store, 1, move |key| {
        let mine = mine.clone();
        let is_wrong = key == wrong;
        async move {
            // without the message of a panic among the test's own
            if is_wrong {
                std::panic::resume_unwind(Box::new("on purpose"));
            }
            rest(&mine, &key).await
        }
    });
    until("the others are looked at", async || {
        at_rest(&store, "missed").await == 4
    })
    .await;
    until("it is put off", async || {
        store.get(&bad).await.expect("it is there").wake > Timestamp::now() + secs(30)
    })
    .await;
    worker.stop().await;
}

/// One look at a story, as a publisher would: prepare, wait for the turn, send.
pub async fn step(store: &Store, key: &StoryKey, sent: &Mutex<Vec<StoryKey>>) -> Option<Timestamp> {
    let now = Timestamp::now();
    let mut claimed = match store.claim(key, now, secs(30)).await.expect("an answer") {
        Claim::Mine(claimed) => *claimed,
        Claim::Held(until) => return Some(until),
    };
    let number = claimed.story.place.position;
    if claimed.story.step == Step::Rendered {
        claimed.story.step = contained(number);
        let note = Note::new("prepared");
        store
            .save(&claimed, &claimed.story, &note, Hold::On, now)
            .await
            .expect("it is saved");
    }
    let gap = SignedDuration::from_millis(1);
    let wait = match store
        .enter(&claimed, gap, Pass::Nobody, now)
        .await
        .expect("an answer")
    {
        Gate::Open => None,
        Gate::Later(at) => Some(at),
        Gate::Behind(_) => Some(now + secs(60)),
        Gate::Stopped => panic!("nobody stops it"),
    };
    if let Some(until) = wait {
        claimed.story.wake = until;
        let note = Note::new("waits");
        store
            .save(&claimed, &claimed.story, &note, Hold::Nap, now)
            .await
            .expect("it waits");
        return None;
    }
    for (what, hold) in [("intent", Hold::On), ("live", Hold::Nap)] {
        let now = Timestamp::now();
        let next = match hold {
            Hold::On => publishing(number, now),
            _ => live(number, now),
        };
        claimed.story.step = next;
        // a live story's numbers are asked for later
        claimed.story.wake = now + secs(3600);
        let note = Note::new(what);
        if what == "live" {
            sent.lock().expect("no panic").push(key.clone());
        }
        store
            .save(&claimed, &claimed.story, &note, hold, now)
            .await
            .expect("it is saved");
    }
    None
}

async fn a_handler_that_panics_again_and_again_is_not_called_for_ever(world: World) {
    // a minute between two calls takes a tenth of a second
    let clock = Clock::of_world(Timestamp::now(), 600.0);
    let store = world.open().await.clocked(clock);
    let one = add(&store, &[due("instagram:1", 1)]).await.remove(0);
    let calls = Arc::new(AtomicUsize::new(0));
    let count = calls.clone();
    let worker = Worker::start(&store, 2, move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        async { std::panic::resume_unwind(Box::new("on purpose")) }
    });
    until("it is given up", async || {
        at_rest(&store, "failed").await == 1
    })
    .await;
    let seen = calls.load(Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(500)).await;
    worker.stop().await;
    assert_eq!(calls.load(Ordering::SeqCst), seen, "it is called no more");
    assert!(seen <= 8, "{seen}");
    let story = store.get(&one.key).await.expect("a story");
    let Step::Failed { why } = story.step else {
        panic!("{story:?}");
    };
    assert!(why.contains("broke off"), "{why}");
}

async fn a_clock_that_is_turned_brings_what_is_due_by_it(world: World) {
    let clock = Clock::of_world(Timestamp::now(), 1.0);
    let store = world.open().await.clocked(clock.clone());
    let mut tomorrow = due("instagram:1", 1);
    tomorrow.due = Timestamp::now() + SignedDuration::from_hours(24);
    tomorrow.wake = tomorrow.due;
    add(&store, &[tomorrow]).await;
    let calls = Arc::new(AtomicUsize::new(0));
    let (count, other) = (calls.clone(), store.clone());
    let worker = Worker::start(&store, 2, move |key| {
        count.fetch_add(1, Ordering::SeqCst);
        let store = other.clone();
        async move { rest(&store, &key).await }
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(calls.load(Ordering::SeqCst), 0, "it is not its time");
    clock.set(Timestamp::now() + SignedDuration::from_hours(25), 1.0);
    until("it is looked at", async || {
        calls.load(Ordering::SeqCst) == 1
    })
    .await;
    worker.stop().await;
}

async fn a_line_of_stories_goes_out_in_order(world: World) {
    let store = world.open().await;
    let start = Timestamp::now();
    let stories: Vec<Story> = (0..60)
        .map(|n| {
            let mut story = story(&format!("instagram:{}", n % 3), n);
            (story.due, story.wake) = (start, start);
            story
        })
        .collect();
    let stories = add(&store, &stories).await;
    // two processes, and two workers in one of them
    let _other = Child::start("publish", &world);
    let stores = [store.clone(), world.open().await];
    let sent: Arc<Mutex<Vec<StoryKey>>> = Arc::default();
    let workers = stores.map(|store| {
        let sent = sent.clone();
        Worker::start(&store.clone(), 4, move |key| {
            let (store, sent) = (store.clone(), sent.clone());
            async move { step(&store, &key, &sent).await }
        })
    });
    until("all are live", async || at_rest(&store, "live").await == 60).await;
    for worker in workers {
        worker.stop().await;
    }
    for account in 0..3 {
        let account = format!("instagram:{account}");
        let mut before = start;
        for story in stories.iter().filter(|story| story.account == account) {
            let mut trail = store.audit(&story.key).await.expect("a trail");
            // how often it waited for the one before it is a matter of luck
            trail.retain(|entry| entry.what != "waits");
            let found: Vec<_> = trail.iter().map(|entry| entry.what.as_str()).collect();
            assert_eq!(found, ["added", "prepared", "intent", "live"]);
            assert!(before <= trail[2].at, "{} overtook another", story.key);
            before = trail[3].at;
        }
        let ids = store.story_ids(&account, start).await.expect("ids");
        assert_eq!(ids.len(), 20);
    }
}

async fn a_killed_process_is_succeeded_at_once(world: World) {
    let store = world.open().await;
    let key = add(&store, &[due("instagram:1", 1)]).await.remove(0).key;
    let mut child = Child::start("hold", &world);
    until("the other process is at it", async || {
        let claim = store.claim(&key, Timestamp::now(), secs(1)).await;
        match claim.expect("an answer") {
            Claim::Held(_) => true,
            Claim::Mine(claimed) => {
                let now = Timestamp::now();
                store
                    .release(&claimed, now)
                    .await
                    .expect("it is given back");
                false
            }
        }
    })
    .await;
    child.kill();
    let (mine, started) = (store.clone(), Instant::now());
    let worker = Worker::start(&store, 2, move |key| {
        let mine = mine.clone();
        async move { rest(&mine, &key).await }
    });
    until("it is looked at", async || {
        at_rest(&store, "missed").await == 1
    })
    .await;
    // its lease was an hour
    assert!(
        started.elapsed() < Duration::from_secs(10),
        "{:?}",
        started.elapsed()
    );
    worker.stop().await;
}

async fn a_story_that_ends_every_process_is_given_up(world: World) {
    let store = world.open().await;
    let bad = add(&store, &[due("instagram:1", 1)]).await.remove(0);
    let mut lives = 0;
    loop {
        let mut child = Child::start("crash", &world);
        until("it ends, or gives up", async || {
            child.has_ended() || at_rest(&store, "failed").await == 1
        })
        .await;
        if !child.has_ended() {
            child.kill();
            break;
        }
        lives += 1;
        assert!(lives < 10, "it is tried for ever");
    }
    assert_eq!(lives, 6);
    let given_up = store.get(&bad.key).await.expect("it is there");
    assert!(given_up.trouble.expect("why").contains("broke off"));
    let trail = store.audit(&bad.key).await.expect("a trail");
    assert_eq!(trail.last().expect("a line").what, "given up");
}
