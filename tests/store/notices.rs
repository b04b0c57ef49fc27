//! Notices: written with the change that causes them, delivered by one worker, under the same name each time.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;
use storypress::notify::{Deliverer, Target, To};
use storypress::store::{
    Addressee, Hold, Message, Note, NoticeData, NoticeEvent, NoticeKind, Settled, Step, Stop,
    StopCause, Store,
};

use crate::receiver::Receiver;
use crate::world::{World, add, at, claim, intent, live, noon, prepare, save, secs, story};
use crate::{Case, cases};

pub const CASES: &[Case] = cases![
    what_becomes_of_a_story_is_told_once,
    a_person_s_word_on_a_story_is_told_as_that,
    a_notice_that_cannot_be_written_fails_no_story,
    an_account_that_is_stopped_is_told_once,
    the_same_trouble_is_told_once,
    a_rehearsal_s_notices_are_its_own,
    one_of_many_workers_has_a_message,
    a_message_outlives_its_worker,
    a_digest_gathers_until_it_is_taken,
    a_target_that_is_gone_gets_nothing,
    what_is_over_is_forgotten,
    two_workers_deliver_each_notice_once,
    a_notice_that_fails_comes_again_under_its_name,
    what_waits_behind_one_that_fails_is_counted,
    a_redirect_is_not_followed_and_410_is_the_end,
    a_target_that_hangs_keeps_no_other_waiting,
];

const WITHIN: Duration = Duration::from_secs(20);

/// The kinds and reasons of what was not given to anybody yet.
async fn told(store: &Store) -> Vec<(NoticeKind, String)> {
    let events = store.new_events().await.expect("an answer");
    let told = events.into_iter().map(|e| (e.kind, e.data.reason));
    told.collect()
}

fn failed(why: &str) -> Step {
    Step::Failed { why: why.into() }
}

async fn what_becomes_of_a_story_is_told_once(world: World) {
    let store = world.open().await;
    let first = add(&store, story("instagram:1", 1)).await;
    let claimed = claim(&store, &first.key, noon()).await;
    save(&store, &claimed, live(1, noon()), noon()).await;
    // newer numbers are no news
    save(&store, &claimed, live(1, noon()), at(1)).await;
    let second = add(&store, story("instagram:1", 2)).await;
    let claimed = claim(&store, &second.key, noon()).await;
    save(&store, &claimed, failed("no such picture"), noon()).await;
    save(&store, &claimed, Step::Rendered, at(1)).await;
    save(&store, &claimed, Step::Missed, at(2)).await;
    let third = add(&store, story("instagram:1", 3)).await;
    let claimed = claim(&store, &third.key, noon()).await;
    let why = "taken back".to_owned();
    save(&store, &claimed, Step::Cancelled { why }, noon()).await;
    let told = told(&store).await;
    assert_eq!(
        told,
        [
            (NoticeKind::Published, "live as 17891".to_owned()),
            (NoticeKind::Failed, "no such picture".to_owned()),
            (NoticeKind::Missed, "it could not go out in time".to_owned()),
        ]
    );
    let events = store.new_events().await.expect("an answer");
    assert_eq!(events[0].data.story.as_deref(), Some(&*first.key.0));
    assert_eq!(events[0].data.name.as_deref(), Some("picture-1"));
    assert_eq!(events[0].data.account.as_deref(), Some("instagram:1"));
    assert_eq!(events[0].data.media_id.as_deref(), Some("17891"));
    assert_eq!(events[2].at, at(2));
}

async fn a_person_s_word_on_a_story_is_told_as_that(world: World) {
    let store = world.open().await;
    for (picture, after) in [(1, live(1, noon())), (2, failed("it was not live"))] {
        let story = add(&store, story("instagram:1", picture)).await;
        let claimed = prepare(&store, &story, picture, noon()).await;
        let uncertain = Step::Uncertain {
            intent: intent(picture, noon()),
            url: None,
            why: "no answer".into(),
        };
        save(&store, &claimed, uncertain, noon()).await;
        save(&store, &claimed, after, at(60)).await;
    }
    let kinds: Vec<_> = told(&store)
        .await
        .into_iter()
        .map(|(kind, _)| kind)
        .collect();
    let (uncertain, resolved) = (NoticeKind::Uncertain, NoticeKind::Resolved);
    assert_eq!(kinds, [uncertain, resolved, uncertain, resolved]);
}

async fn a_notice_that_cannot_be_written_fails_no_story(world: World) {
    let store = world.open().await;
    let story = add(&store, story("instagram:1", 1)).await;
    let claimed = claim(&store, &story.key, noon()).await;
    world
        .raw("DROP TABLE notice_events")
        .await
        .expect("it is gone");
    let mut changed = claimed.story.clone();
    changed.step = failed("no such picture");
    store
        .save(&claimed, &changed, &Note::new("moved"), Hold::Off, noon())
        .await
        .expect("the story is saved all the same");
    let found = store.get(&story.key).await.expect("a story");
    assert_eq!(found.step.state(), "failed");
    let trail = store.audit(&story.key).await.expect("a trail");
    assert_eq!(trail.last().map(|line| line.to.as_str()), Some("failed"));
}

async fn an_account_that_is_stopped_is_told_once(world: World) {
    let store = world.open().await;
    let stop = |cause| Stop {
        cause,
        since: noon(),
        until: None,
        why: "checkpoint".into(),
        mark: None,
    };
    for (account, cause) in [
        ("instagram:1", StopCause::Login),
        ("instagram:1", StopCause::Login),
        ("instagram:2", StopCause::Refused),
        ("instagram:3", StopCause::ByHand),
    ] {
        store
            .stop_account(account, &stop(cause))
            .await
            .expect("it is stopped");
    }
    let kinds: Vec<_> = told(&store)
        .await
        .into_iter()
        .map(|(kind, _)| kind)
        .collect();
    assert_eq!(kinds, [NoticeKind::Token, NoticeKind::Failed]);
}

async fn the_same_trouble_is_told_once(world: World) {
    let store = world.open().await;
    let other = world.open().await;
    let data = NoticeData::new("the token ends in 6 days");
    let tell = |store: Store, once: &'static str| {
        let data = data.clone();
        tokio::spawn(async move {
            let told = store.notify(NoticeKind::Token, &data, once, noon()).await;
            told.expect("an answer")
        })
    };
    let both = [
        tell(store.clone(), "token/main/2026-11-22"),
        tell(other.clone(), "token/main/2026-11-22"),
        tell(other.clone(), "token/main/2026-11-22"),
        tell(store.clone(), "token/main/2026-11-23"),
    ];
    let mut news = 0;
    for one in both {
        news += usize::from(one.await.expect("no panic"));
    }
    assert_eq!(news, 2);
    assert_eq!(told(&store).await.len(), 2);
}

async fn a_rehearsal_s_notices_are_its_own(world: World) {
    let store = world.open().await;
    let rehearsal = world.open().await.rehearsing();
    let data = NoticeData::new("no row");
    for store in [&rehearsal, &store] {
        let told = store.notify(NoticeKind::NoRow, &data, "slot", noon()).await;
        assert!(told.expect("an answer"));
    }
    assert_eq!(told(&store).await.len(), 1);
    let events = rehearsal.new_events().await.expect("an answer");
    assert_eq!(events.len(), 1);
    address(&rehearsal, &events[0], None, noon()).await;
    assert!(take(&store, "w", noon()).await.is_none());
    assert!(take(&rehearsal, "w", noon()).await.is_some());
}

/// Gives an event to the target `team`.
async fn address(store: &Store, event: &NoticeEvent, digest: Option<i64>, now: Timestamp) {
    let to = vec![Addressee {
        target: "team".into(),
        digest: digest.map(secs),
    }];
    let notice = json!({ "type": event.kind.word(), "data": { "reason": event.data.reason } });
    let is_first = store.address(event, notice.clone(), to.clone(), now).await;
    assert!(is_first.expect("it is addressed"));
    let again = store.address(event, notice, to, now).await;
    assert!(!again.expect("an answer"), "it is addressed once");
}

async fn take(store: &Store, worker: &str, now: Timestamp) -> Option<Message> {
    let claim = store.claim_message("team", worker, now, secs(60)).await;
    claim.expect("an answer")
}

/// One more event, by its name.
async fn event(store: &Store, name: &str) -> NoticeEvent {
    let data = NoticeData::new(name);
    let told = store.notify(NoticeKind::Failed, &data, name, noon()).await;
    assert!(told.expect("an answer"));
    let events = store.new_events().await.expect("an answer");
    let found = events.into_iter().find(|event| event.data.reason == name);
    found.expect("it is there")
}

async fn one_of_many_workers_has_a_message(world: World) {
    let store = world.open().await;
    for name in ["a", "b", "c"] {
        let event = event(&store, name).await;
        address(&store, &event, None, noon()).await;
    }
    let mut claims = Vec::new();
    for number in 0..12 {
        let store = world.open().await;
        claims.push(tokio::spawn(async move {
            take(&store, &format!("w{number}"), noon()).await
        }));
    }
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for claim in claims {
        if let Some(message) = claim.await.expect("no panic") {
            *times.entry(message.id).or_default() += 1;
        }
    }
    // who came second to one may go without, and asks again a second later
    assert!(
        !times.is_empty() && times.values().all(|n| *n == 1),
        "{times:?}"
    );
}

async fn a_message_outlives_its_worker(world: World) {
    let store = world.open().await;
    let event = event(&store, "a").await;
    address(&store, &event, None, noon()).await;
    let first = take(&store, "w", noon()).await.expect("a message");
    assert_eq!((first.id.as_str(), first.tries), (event.id.as_str(), 0));
    assert!(take(&store, "other", at(30)).await.is_none());
    let settled = Settled::Again(at(5), "no answer".into());
    store.settle_message(&first, settled).await.expect("noted");
    drop(store);
    let store = world.open().await;
    assert!(take(&store, "other", at(4)).await.is_none());
    let second = take(&store, "other", at(5)).await.expect("a message");
    assert_eq!((second.id.as_str(), second.tries), (first.id.as_str(), 1));
    // the lease ends, and somebody else has it; the former one's word does not count any more
    let third = take(&store, "third", at(65)).await.expect("a message");
    store
        .settle_message(&second, Settled::Sent)
        .await
        .expect("no error");
    assert!(take(&store, "fourth", at(66)).await.is_none());
    // what a task had that was dropped is known as its own
    let again = take(&store, "third", at(67)).await.expect("a message");
    assert_eq!(again.id, third.id);
    store
        .settle_message(&again, Settled::Sent)
        .await
        .expect("noted");
    assert!(take(&store, "third", at(1000)).await.is_none());
}

async fn a_digest_gathers_until_it_is_taken(world: World) {
    let store = world.open().await;
    for (name, now) in [("a", noon()), ("b", at(10))] {
        let event = event(&store, name).await;
        address(&store, &event, Some(60), now).await;
    }
    assert!(take(&store, "w", at(59)).await.is_none());
    let digest = take(&store, "w", at(60)).await.expect("a digest");
    assert!(digest.is_digest);
    let reasons: Vec<_> = digest
        .notices
        .iter()
        .map(|n| &n["data"]["reason"])
        .collect();
    assert_eq!(reasons, ["a", "b"]);
    // what comes later is for the next one, also where this one fails
    let event = event(&store, "c").await;
    address(&store, &event, Some(60), at(61)).await;
    let settled = Settled::Again(at(65), "no answer".into());
    store.settle_message(&digest, settled).await.expect("noted");
    let again = take(&store, "w", at(65)).await.expect("a digest");
    assert_eq!((&again.id, again.notices.len()), (&digest.id, 2));
    store
        .settle_message(&again, Settled::Sent)
        .await
        .expect("noted");
    let next = take(&store, "w", at(121)).await.expect("a digest");
    assert_ne!(next.id, digest.id);
    assert_eq!(next.notices.len(), 1);
}

async fn a_target_that_is_gone_gets_nothing(world: World) {
    let store = world.open().await;
    let event = event(&store, "a").await;
    address(&store, &event, None, noon()).await;
    assert_eq!(store.waiting_messages(&["team"]).await.expect("a count"), 1);
    store
        .target_is_gone("team", "mark", "410 Gone", noon())
        .await
        .expect("noted");
    assert_eq!(store.waiting_messages(&["team"]).await.expect("a count"), 0);
    let gone = store.gone_targets().await.expect("an answer");
    assert_eq!(gone, [("team".to_owned(), "mark".to_owned())]);
}

async fn what_is_over_is_forgotten(world: World) {
    let store = world.open().await;
    let now = Timestamp::now();
    let days = |days: i64| now + secs(days * 24 * 3600);
    let first = event(&store, "a").await;
    address(&store, &first, None, now).await;
    event(&store, "b").await;
    // somebody is to be told: the second waits
    store.tidy_notices(true, days(2)).await.expect("tidy");
    assert_eq!(told(&store).await.len(), 1);
    // nobody is
    store.tidy_notices(false, days(2)).await.expect("tidy");
    assert_eq!(told(&store).await.len(), 0);
    assert_eq!(store.waiting_messages(&["team"]).await.expect("a count"), 1);
    store.tidy_notices(true, days(36)).await.expect("tidy");
    assert_eq!(store.waiting_messages(&["team"]).await.expect("a count"), 0);
    let data = NoticeData::new("a");
    let again = store.notify(NoticeKind::Failed, &data, "a", noon()).await;
    assert!(again.expect("an answer"), "its name is free again");
}

fn target(name: &str, url: &str) -> Target {
    Target {
        name: name.into(),
        on: NoticeKind::TROUBLE.to_vec(),
        to: Some(To::parse(url).expect("an address")),
        secret_env: None,
        digest: None,
        heartbeat: None,
    }
}

fn deliverer(world: &World, store: Store, targets: &[Target]) -> Deliverer {
    let names = HashMap::from([("instagram:1".to_owned(), "main".to_owned())]);
    Deliverer::new(store, targets, None, world.root().to_owned(), names)
}

/// So many stories that failed.
async fn failures(store: &Store, count: u32) {
    for picture in 0..count {
        let story = add(store, story("instagram:1", picture)).await;
        let claimed = claim(store, &story.key, noon()).await;
        save(store, &claimed, failed("no such picture"), noon()).await;
    }
}

async fn two_workers_deliver_each_notice_once(world: World) {
    let receiver = Receiver::start(&[], Duration::from_millis(5)).await;
    let (first, second) = (world.open().await, world.open().await);
    let targets = [target("team", &receiver.url)];
    let workers = [first.clone(), second].map(|store| deliverer(&world, store, &targets));
    let both = async { tokio::join!(workers[0].run(), workers[1].run()) };
    let done = async {
        failures(&first, 30).await;
        receiver.wait_for(30).await;
        // one too many would come now
        tokio::time::sleep(Duration::from_secs(2)).await;
    };
    tokio::select! {
        _ = both => {}
        () = done => {}
    }
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for received in receiver.received() {
        *times.entry(received.id().to_owned()).or_default() += 1;
        let notice = received.json();
        assert_eq!(notice["type"], "failed");
        assert_eq!(notice["timestamp"], noon().to_string());
        assert_eq!(notice["data"]["account"], "main");
        assert_eq!(notice["data"]["reason"], "no such picture");
    }
    assert_eq!(times.len(), 30);
    assert!(times.values().all(|n| *n == 1), "{times:?}");
}

async fn a_notice_that_fails_comes_again_under_its_name(world: World) {
    let receiver = Receiver::start(&[503], Duration::ZERO).await;
    let store = world.open().await;
    let targets = [target("team", &receiver.url)];
    failures(&store, 1).await;
    let left = deliverer(&world, store.clone(), &targets)
        .finish(WITHIN)
        .await;
    assert_eq!((left, receiver.received().len()), (1, 1));
    let undelivered = store.undelivered(noon()).await.expect("an answer");
    assert_eq!(undelivered.len(), 1);
    assert_eq!((undelivered[0].waiting, undelivered[0].dropped), (1, 0));
    assert!(
        undelivered[0]
            .why
            .ends_with("answers 503 Service Unavailable")
    );
    assert!(!undelivered[0].why.contains("hush-4711"));
    // another process, five seconds later
    let store = world.open().await;
    let worker = deliverer(&world, store, &targets);
    tokio::select! {
        () = worker.run() => {}
        _ = receiver.wait_for(2) => {}
    }
    let all = receiver.received();
    assert_eq!(all.len(), 2);
    assert_eq!((all[0].id(), &all[0].body), (all[1].id(), &all[1].body));
    let at = |n: usize| -> i64 {
        let text = all[n].headers["webhook-timestamp"]
            .to_str()
            .expect("a text");
        text.parse().expect("a number")
    };
    assert!((4..=20).contains(&(at(1) - at(0))), "{} {}", at(0), at(1));
    assert!((at(1) - Timestamp::now().as_second()).abs() < 30);
}

async fn what_waits_behind_one_that_fails_is_counted(world: World) {
    let receiver = Receiver::start(&[503], Duration::ZERO).await;
    let store = world.open().await;
    let targets = [target("team", &receiver.url)];
    failures(&store, 1).await;
    deliverer(&world, store.clone(), &targets)
        .finish(WITHIN)
        .await;
    failures(&store, 2).await;
    for event in store.new_events().await.expect("an answer") {
        address(&store, &event, None, noon()).await;
    }
    let undelivered = store.undelivered(noon()).await.expect("an answer");
    let counts: Vec<_> = undelivered.iter().map(|u| (u.waiting, u.dropped)).collect();
    assert_eq!(counts, [(3, 0)]);
}

async fn a_redirect_is_not_followed_and_410_is_the_end(world: World) {
    let receiver = Receiver::start(&[307, 410], Duration::ZERO).await;
    let store = world.open().await;
    let targets = [target("team", &receiver.url)];
    failures(&store, 1).await;
    let worker = deliverer(&world, store.clone(), &targets);
    assert_eq!(worker.finish(WITHIN).await, 1);
    assert_eq!(receiver.received().len(), 1, "nothing was sent elsewhere");
    failures(&store, 3).await;
    worker.finish(WITHIN).await;
    assert_eq!(receiver.received().len(), 2);
    assert_eq!(store.waiting_messages(&["team"]).await.expect("a count"), 0);
    failures(&store, 4).await;
    assert_eq!(worker.finish(WITHIN).await, 0);
    assert_eq!(receiver.received().len(), 2, "it has said that it is gone");
    // another address is told again
    let targets = [target("team", &format!("{}/new", receiver.url))];
    failures(&store, 1).await;
    let worker = deliverer(&world, store.clone(), &targets);
    assert_eq!(worker.finish(WITHIN).await, 0);
    assert_eq!(receiver.received().len(), 3);
}

async fn a_target_that_hangs_keeps_no_other_waiting(world: World) {
    let hangs = Receiver::start(&[], Duration::from_secs(60)).await;
    let works = Receiver::start(&[], Duration::ZERO).await;
    let store = world.open().await;
    let targets = [target("hangs", &hangs.url), target("works", &works.url)];
    failures(&store, 3).await;
    let worker = deliverer(&world, store.clone(), &targets);
    let started = std::time::Instant::now();
    let left = worker.finish(Duration::from_secs(2)).await;
    assert!(started.elapsed() < Duration::from_secs(4));
    assert_eq!((left, works.received().len()), (3, 3));
    // what was begun is free at once, under its name
    let again = worker.finish(Duration::from_secs(1)).await;
    assert_eq!(again, 3);
    let ids: Vec<_> = hangs.received().iter().map(|r| r.id().to_owned()).collect();
    assert_eq!(ids.len(), 2);
    assert_eq!(ids[0], ids[1]);
}
