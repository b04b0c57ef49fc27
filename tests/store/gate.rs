//! The gate: an account sends one story at a time, in order, at a distance.

use jiff::SignedDuration;
use storypress::store::{Error, Gate, Hold, Note, Pass, Step, Stop, StopCause, Store, StoryKey};

use crate::world::{
    World, add, at, claim, contained, intent, live, noon, prepare, publish, publishing, save, secs,
    story, url,
};
use crate::{Case, cases};

pub const CASES: &[Case] = cases![
    the_gate_lets_one_in_at_a_time,
    the_gate_keeps_the_distance,
    the_gate_keeps_the_order,
    whoever_is_in_the_way_is_seen_from_afar,
    earlier_calls_go_first_whatever_their_places,
    one_that_is_due_later_is_in_nobodys_way,
    an_intent_without_the_turn_is_refused,
    the_turn_of_one_who_died_is_its_stories,
    every_outcome_gives_the_turn_back,
    an_unclear_one_counts_for_the_distance,
    a_resting_account_lets_nobody_in,
    the_next_in_line_is_woken,
    a_wake_up_outlives_a_worker_that_wants_to_wait,
    many_ask_and_one_gets_in,
    a_clock_that_was_put_back_holds_nobody_up,
    who_stands_in_line_has_its_turn_later,
    a_stopped_account_lets_nobody_in_until_it_is_resumed,
    who_is_ready_goes_past_trouble_and_no_further,
    whose_turn_comes_first_is_told_for_each_account,
    who_may_go_past_trouble_is_woken_as_well,
];

async fn enter(store: &Store, claimed: &storypress::store::Claimed, seconds: i64) -> Gate {
    let gate = store
        .enter(claimed, secs(5), Pass::Nobody, at(seconds))
        .await;
    gate.expect("an answer")
}

async fn the_gate_lets_one_in_at_a_time(world: World) {
    let store = world.open().await;
    let first = add(&store, story("instagram:1", 1)).await;
    let second = add(&store, story("instagram:1", 2)).await;
    let other = add(&store, story("instagram:2", 3)).await;
    let one = prepare(&store, &first, 1, noon()).await;
    let two = prepare(&store, &second, 2, noon()).await;
    let apart = prepare(&store, &other, 3, noon()).await;
    assert_eq!(enter(&store, &one, 0).await, Gate::Open);
    assert_eq!(enter(&store, &one, 0).await, Gate::Open);
    assert_eq!(
        enter(&store, &two, 0).await,
        Gate::Behind(first.key.clone())
    );
    assert_eq!(enter(&store, &apart, 0).await, Gate::Open);
    let account = store.account("instagram:1").await.expect("an account");
    assert_eq!(account.holder, Some(first.key.clone()));
    save(&store, &one, publishing(1, at(1)), at(1)).await;
    assert_eq!(enter(&store, &two, 2).await, Gate::Behind(first.key));
    save(&store, &one, live(1, at(3)), at(3)).await;
    assert_eq!(enter(&store, &two, 3).await, Gate::Later(at(8)));
    assert_eq!(enter(&store, &two, 8).await, Gate::Open);
}

async fn the_gate_keeps_the_distance(world: World) {
    let store = world.open().await;
    let first = add(&store, story("instagram:1", 1)).await;
    let second = add(&store, story("instagram:1", 2)).await;
    let one = prepare(&store, &first, 1, noon()).await;
    publish(&store, &one, 1, at(10)).await;
    let two = prepare(&store, &second, 2, at(11)).await;
    assert_eq!(enter(&store, &two, 11).await, Gate::Later(at(15)));
    let longer = store.enter(&two, secs(60), Pass::Nobody, at(20)).await;
    assert_eq!(longer.expect("an answer"), Gate::Later(at(70)));
    let account = store.account("instagram:1").await.expect("an account");
    assert_eq!((account.holder, account.published), (None, Some(at(10))));
}

async fn whoever_is_in_the_way_is_seen_from_afar(world: World) {
    let store = world.open().await;
    let first = add(&store, story("instagram:1", 1)).await;
    let second = add(&store, story("instagram:1", 2)).await;
    let other = add(&store, story("instagram:2", 3)).await;
    let before = async |key: &StoryKey, seconds| {
        let before = store.before(key, Pass::Nobody, at(seconds)).await;
        before.expect("an answer")
    };
    assert_eq!(before(&second.key, 0).await, Some(first.key.clone()));
    assert_eq!(before(&first.key, 0).await, None);
    assert_eq!(before(&other.key, 0).await, None);
    assert_eq!(before(&second.key, -1).await, None, "it is not due yet");
    let one = prepare(&store, &first, 1, noon()).await;
    save(&store, &one, live(1, at(1)), at(1)).await;
    assert_eq!(before(&second.key, 1).await, None);
}

async fn the_gate_keeps_the_order(world: World) {
    let store = world.open().await;
    let first = add(&store, story("instagram:1", 1)).await;
    let second = add(&store, story("instagram:1", 2)).await;
    let two = prepare(&store, &second, 2, noon()).await;
    // the first is still being uploaded
    assert_eq!(
        enter(&store, &two, 1).await,
        Gate::Behind(first.key.clone())
    );
    let one = claim(&store, &first.key, at(1)).await;
    let failed = Step::Failed {
        why: "no".to_owned(),
    };
    save(&store, &one, failed, at(2)).await;
    assert_eq!(enter(&store, &two, 2).await, Gate::Open);
}

async fn earlier_calls_go_first_whatever_their_places(world: World) {
    let store = world.open().await;
    let mut early = story("instagram:1", 7);
    early.place.batch = "early".to_owned();
    let early = add(&store, early).await;
    let mut late = story("instagram:1", 0);
    late.place.batch = "late".to_owned();
    let late = add(&store, late).await;
    // a second one of the first call, which was rendered last and has an earlier place
    let mut more = story("instagram:1", 3);
    more.place.batch = "early".to_owned();
    let more = add(&store, more).await;
    let on_late = prepare(&store, &late, 1, noon()).await;
    let on_early = prepare(&store, &early, 2, noon()).await;
    let on_more = prepare(&store, &more, 3, noon()).await;
    assert_eq!(
        enter(&store, &on_late, 0).await,
        Gate::Behind(more.key.clone())
    );
    assert_eq!(enter(&store, &on_early, 0).await, Gate::Behind(more.key));
    assert_eq!(enter(&store, &on_more, 0).await, Gate::Open);
}

async fn one_that_is_due_later_is_in_nobodys_way(world: World) {
    let store = world.open().await;
    let mut later = story("instagram:1", 1);
    later.due = at(100);
    later.wake = at(100);
    let later = add(&store, later).await;
    let mut earlier = story("instagram:1", 2);
    earlier.due = at(-5);
    let earlier = add(&store, earlier).await;
    let mut last = story("instagram:1", 3);
    last.due = at(200);
    let last = add(&store, last).await;
    let on_last = prepare(&store, &last, 3, noon()).await;
    let on_earlier = prepare(&store, &earlier, 2, noon()).await;
    assert_eq!(enter(&store, &on_last, 50).await, Gate::Behind(earlier.key));
    publish(&store, &on_earlier, 2, noon()).await;
    assert_eq!(enter(&store, &on_last, 99).await, Gate::Open);
    store
        .release(&on_last, at(99))
        .await
        .expect("it is given back");
    let on_last = claim(&store, &last.key, at(99)).await;
    assert_eq!(enter(&store, &on_last, 100).await, Gate::Behind(later.key));
}

async fn an_intent_without_the_turn_is_refused(world: World) {
    let store = world.open().await;
    let first = add(&store, story("instagram:1", 1)).await;
    let claimed = prepare(&store, &first, 1, noon()).await;
    let mut bold = claimed.story.clone();
    bold.step = publishing(1, noon());
    let note = Note::new("sent");
    let saved = store.save(&claimed, &bold, &note, Hold::On, noon()).await;
    assert!(matches!(saved, Err(Error::NotLetIn)), "{saved:?}");
    assert_eq!(
        store.get(&first.key).await.expect("it is there").step,
        contained(1)
    );
    assert_eq!(store.audit(&first.key).await.expect("a trail").len(), 2);
}

async fn the_turn_of_one_who_died_is_its_stories(world: World) {
    let store = world.open().await;
    let first = add(&store, story("instagram:1", 1)).await;
    let second = add(&store, story("instagram:1", 2)).await;
    let dead = prepare(&store, &first, 1, noon()).await;
    let two = prepare(&store, &second, 2, at(1000)).await;
    assert_eq!(enter(&store, &dead, 0).await, Gate::Open);
    save(&store, &dead, publishing(1, noon()), noon()).await;
    assert_eq!(
        enter(&store, &two, 1000).await,
        Gate::Behind(first.key.clone())
    );
    let heir = claim(&store, &first.key, at(1000)).await;
    assert_eq!(heir.story.step, publishing(1, noon()));
    assert_eq!(enter(&store, &heir, 1000).await, Gate::Open);
    save(&store, &heir, live(1, at(1001)), at(1001)).await;
    assert_eq!(enter(&store, &two, 1006).await, Gate::Open);
}

async fn every_outcome_gives_the_turn_back(world: World) {
    let store = world.open().await;
    let outcomes = [
        contained(1),
        Step::Failed {
            why: "no".to_owned(),
        },
        Step::Missed,
        Step::Cancelled {
            why: "no".to_owned(),
        },
    ];
    for (picture, outcome) in outcomes.into_iter().enumerate() {
        let account = format!("instagram:{picture}");
        let first = add(&store, story(&account, 1)).await;
        let one = prepare(&store, &first, 1, noon()).await;
        assert_eq!(enter(&store, &one, 0).await, Gate::Open);
        save(&store, &one, publishing(1, noon()), noon()).await;
        save(&store, &one, outcome, at(1)).await;
        let account = store.account(&account).await.expect("an account");
        assert_eq!((account.holder, account.published), (None, None));
    }
    let first = add(&store, story("instagram:9", 1)).await;
    let one = prepare(&store, &first, 1, noon()).await;
    assert_eq!(enter(&store, &one, 0).await, Gate::Open);
    store.release(&one, noon()).await.expect("it is given back");
    let account = store.account("instagram:9").await.expect("an account");
    assert_eq!(account.holder, None);
}

async fn an_unclear_one_counts_for_the_distance(world: World) {
    let store = world.open().await;
    let first = add(&store, story("instagram:1", 1)).await;
    let second = add(&store, story("instagram:1", 2)).await;
    let one = prepare(&store, &first, 1, noon()).await;
    assert_eq!(enter(&store, &one, 0).await, Gate::Open);
    save(&store, &one, publishing(1, at(1)), at(1)).await;
    let unclear = Step::Uncertain {
        intent: intent(1, at(1)),
        url: Some(url("object")),
        why: "no answer".to_owned(),
    };
    save(&store, &one, unclear, at(2)).await;
    let two = prepare(&store, &second, 2, at(2)).await;
    assert_eq!(enter(&store, &two, 2).await, Gate::Later(at(6)));
}

async fn a_resting_account_lets_nobody_in(world: World) {
    let store = world.open().await;
    let first = add(&store, story("instagram:1", 1)).await;
    let one = prepare(&store, &first, 1, noon()).await;
    let rest = async |seconds, why: &str| {
        let rested = store.rest_account("instagram:1", at(seconds), why).await;
        rested.expect("it is noted");
    };
    rest(100, "quota").await;
    rest(50, "shorter").await;
    assert_eq!(enter(&store, &one, 1).await, Gate::Later(at(100)));
    let account = store.account("instagram:1").await.expect("an account");
    assert_eq!(account.rest, Some((at(100), "quota".to_owned())));
    assert_eq!(enter(&store, &one, 100).await, Gate::Open);
    // an account that is not known yet
    let rested = store.rest_account("instagram:7", at(9), "login").await;
    rested.expect("it is noted");
    let account = store.account("instagram:7").await.expect("an account");
    assert_eq!(account.rest, Some((at(9), "login".to_owned())));
}

/// When a story wants to be looked at.
async fn wake(store: &Store, key: &StoryKey) -> jiff::Timestamp {
    store.get(key).await.expect("it is there").wake
}

async fn the_next_in_line_is_woken(world: World) {
    let store = world.open().await;
    let mut all = Vec::new();
    for picture in 0..3 {
        let story = add(&store, story("instagram:1", picture)).await;
        all.push(prepare(&store, &story, picture, noon()).await);
    }
    for waiting in &all[1..] {
        assert!(matches!(enter(&store, waiting, 1).await, Gate::Behind(_)));
        store
            .release(waiting, at(1))
            .await
            .expect("it is given back");
        store
            .push(&waiting.story.key, at(600))
            .await
            .expect("it is put off");
    }
    assert_eq!(enter(&store, &all[0], 1).await, Gate::Open);
    save(&store, &all[0], publishing(0, at(2)), at(2)).await;
    assert_eq!(wake(&store, &all[1].story.key).await, at(600));
    save(&store, &all[0], live(0, at(3)), at(3)).await;
    assert_eq!(wake(&store, &all[1].story.key).await, at(8));
    assert_eq!(wake(&store, &all[2].story.key).await, at(600));
}

async fn a_wake_up_outlives_a_worker_that_wants_to_wait(world: World) {
    let store = world.open().await;
    let first = add(&store, story("instagram:1", 1)).await;
    let second = add(&store, story("instagram:1", 2)).await;
    let one = prepare(&store, &first, 1, noon()).await;
    let two = prepare(&store, &second, 2, noon()).await;
    assert_eq!(enter(&store, &one, 1).await, Gate::Open);
    assert!(matches!(enter(&store, &two, 1).await, Gate::Behind(_)));
    // the first leaves between the second's question and its nap
    save(&store, &one, publishing(1, at(2)), at(2)).await;
    save(&store, &one, live(1, at(3)), at(3)).await;
    store.release(&two, at(4)).await.expect("it is given back");
    store
        .push(&second.key, at(600))
        .await
        .expect("it is put off");
    assert_eq!(wake(&store, &second.key).await, at(8));
    // once it has asked again, the old word is forgotten
    let two = claim(&store, &second.key, at(4)).await;
    assert_eq!(enter(&store, &two, 4).await, Gate::Later(at(8)));
    store
        .push(&second.key, at(700))
        .await
        .expect("it is put off");
    assert_eq!(wake(&store, &second.key).await, at(700));
}

async fn many_ask_and_one_gets_in(world: World) {
    let stores = [world.open().await, world.open().await];
    let mut waiting = Vec::new();
    for picture in 0..8 {
        let mut story = story("instagram:1", picture);
        // nobody is before anybody but by chance
        story.due = noon() - SignedDuration::from_millis(i64::from(picture));
        waiting.push(add(&stores[0], story).await);
    }
    let mut claims = Vec::new();
    for (number, story) in waiting.iter().enumerate() {
        claims.push(prepare(&stores[number % 2], story, number as u32, noon()).await);
    }
    for _ in 0..3 {
        let asked = claims.iter().enumerate().map(|(number, claimed)| {
            let (store, claimed) = (stores[number % 2].clone(), claimed.clone());
            tokio::spawn(async move { store.enter(&claimed, secs(5), Pass::Nobody, noon()).await })
        });
        let mut open = 0;
        for asked in asked.collect::<Vec<_>>() {
            let gate = asked.await.expect("no panic").expect("an answer");
            open += usize::from(gate == Gate::Open);
        }
        assert_eq!(open, 1);
    }
}

async fn a_clock_that_was_put_back_holds_nobody_up(world: World) {
    let store = world.open().await;
    let first = add(&store, story("instagram:1", 1)).await;
    let second = add(&store, story("instagram:1", 2)).await;
    let one = prepare(&store, &first, 1, noon()).await;
    // sent by a clock that went a day ahead
    publish(&store, &one, 1, at(86_400)).await;
    let two = prepare(&store, &second, 2, noon()).await;
    assert_eq!(enter(&store, &two, 10).await, Gate::Later(at(15)));
    assert_eq!(enter(&store, &two, 15).await, Gate::Open);
    // and a rest of the same clock
    let third = add(&store, story("instagram:2", 3)).await;
    let three = prepare(&store, &third, 3, noon()).await;
    let rested = store
        .rest_account("instagram:2", at(40 * 86_400), "a limit")
        .await;
    rested.expect("it rests");
    assert_eq!(enter(&store, &three, 10).await, Gate::Open);
}

async fn who_stands_in_line_has_its_turn_later(world: World) {
    let store = world.open().await;
    let gap = secs(600);
    let mut all = Vec::new();
    for picture in 1..=4 {
        all.push(add(&store, story("instagram:1", picture)).await);
    }
    let other = add(&store, story("instagram:2", 9)).await;
    let turn = async |story: &storypress::store::Story, seconds| {
        let turn = store.earliest_turn(story, gap, at(seconds)).await;
        turn.expect("an answer")
    };
    assert_eq!(turn(&all[0], 0).await, noon());
    assert_eq!(turn(&all[3], 0).await, at(1800));
    assert_eq!(turn(&other, 0).await, noon());
    let one = prepare(&store, &all[0], 1, noon()).await;
    publish(&store, &one, 1, at(30)).await;
    assert_eq!(turn(&all[1], 40).await, at(630));
    assert_eq!(turn(&all[3], 40).await, at(1830));
    // nothing went out for hours, and what was due then is late
    assert_eq!(turn(&all[3], 86_400).await, at(1830));
}

async fn a_stopped_account_lets_nobody_in_until_it_is_resumed(world: World) {
    let store = world.open().await;
    let first = add(&store, story("instagram:1", 1)).await;
    let one = prepare(&store, &first, 1, noon()).await;
    let stop = Stop {
        cause: StopCause::Refused,
        since: noon(),
        until: None,
        why: "restricted".to_owned(),
        mark: None,
    };
    let is_news = async |stop: &Stop| store.stop_account("instagram:1", stop).await;
    assert!(is_news(&stop).await.expect("it is stopped"));
    assert!(!is_news(&stop).await.expect("it is stopped"), "told once");
    assert_eq!(enter(&store, &one, 1).await, Gate::Stopped);
    assert_eq!(enter(&store, &one, 86_400).await, Gate::Stopped);
    let account = store.account("instagram:1").await.expect("an account");
    assert_eq!(account.stop.as_ref(), Some(&stop));
    let ended = store.resume_account("instagram:1", at(2)).await;
    assert_eq!(ended.expect("it goes on"), Some(stop.clone()));
    assert_eq!(enter(&store, &one, 2).await, Gate::Open);
    // a pause ends by itself
    let pause = Stop {
        cause: StopCause::ByHand,
        until: Some(at(10)),
        ..stop
    };
    let second = add(&store, story("instagram:2", 1)).await;
    let two = prepare(&store, &second, 2, noon()).await;
    let paused = store.stop_account("instagram:2", &pause).await;
    assert!(paused.expect("it is paused"));
    assert_eq!(enter(&store, &two, 9).await, Gate::Stopped);
    assert_eq!(enter(&store, &two, 10).await, Gate::Open);
}

async fn who_is_ready_goes_past_trouble_and_no_further(world: World) {
    let store = world.open().await;
    let first = add(&store, story("instagram:1", 1)).await;
    let second = add(&store, story("instagram:1", 2)).await;
    let third = add(&store, story("instagram:1", 3)).await;
    let mut broken = claim(&store, &first.key, noon()).await;
    broken.story.attempts = 6;
    broken.story.trouble = Some("it cannot be processed".to_owned());
    let note = Note::new("stumbles");
    let saved = store
        .save(&broken, &broken.story, &note, Hold::On, noon())
        .await;
    saved.expect("it is saved");
    prepare(&store, &second, 2, noon()).await;
    let three = prepare(&store, &third, 3, noon()).await;
    let before = async |key, pass| store.before(key, pass, at(1)).await.expect("an answer");
    assert_eq!(
        before(&second.key, Pass::Nobody).await,
        Some(first.key.clone())
    );
    assert_eq!(before(&second.key, Pass::Trouble).await, None);
    assert_eq!(
        before(&third.key, Pass::Trouble).await,
        Some(second.key.clone())
    );
    let gate = store.enter(&three, secs(5), Pass::Trouble, at(1)).await;
    assert_eq!(gate.expect("an answer"), Gate::Behind(second.key.clone()));
}

async fn whose_turn_comes_first_is_told_for_each_account(world: World) {
    let store = world.open().await;
    let first = add(&store, story("instagram:1", 1)).await;
    let second = add(&store, story("instagram:1", 2)).await;
    let mut early = story("instagram:1", 3);
    (early.due, early.wake) = (at(-5), at(-5));
    let early = add(&store, early).await;
    let other = add(&store, story("instagram:2", 4)).await;
    let told = async |seconds| {
        let told = store.first_in_line(at(seconds)).await.expect("an answer");
        let mut told: Vec<_> = told.into_iter().collect();
        told.sort();
        told
    };
    let on =
        |account: &str, story: &storypress::store::Story| (account.to_owned(), story.key.clone());
    assert_eq!(told(-6).await, [], "nothing is due");
    let (one, two) = ("instagram:1", "instagram:2");
    assert_eq!(told(1).await, [on(one, &early), on(two, &other)]);
    for (story, picture, next) in [(&early, 3, &first), (&first, 1, &second)] {
        let claimed = prepare(&store, story, picture, noon()).await;
        publish(&store, &claimed, picture, at(i64::from(picture))).await;
        assert_eq!(told(9).await, [on(one, next), on(two, &other)]);
    }
}

async fn who_may_go_past_trouble_is_woken_as_well(world: World) {
    let store = world.open().await;
    let first = add(&store, story("instagram:1", 1)).await;
    let mut broken = claim(&store, &first.key, noon()).await;
    (broken.story.attempts, broken.story.trouble) = (1, Some("the quota is taken".to_owned()));
    broken.story.wake = at(600);
    let note = Note::new("waits");
    let saved = store
        .save(&broken, &broken.story, &note, Hold::Nap, noon())
        .await;
    saved.expect("it is saved");
    let mut ready = Vec::new();
    for picture in 2..=4 {
        let story = add(&store, story("instagram:1", picture)).await;
        ready.push(prepare(&store, &story, picture, noon()).await);
    }
    for waiting in &ready[1..] {
        let gate = store.enter(waiting, secs(5), Pass::Trouble, at(1)).await;
        assert!(matches!(gate.expect("an answer"), Gate::Behind(_)));
        store
            .release(waiting, at(1))
            .await
            .expect("it is given back");
        store
            .push(&waiting.story.key, at(500))
            .await
            .expect("it is put off");
    }
    let gate = store.enter(&ready[0], secs(5), Pass::Trouble, at(1)).await;
    assert_eq!(gate.expect("an answer"), Gate::Open);
    save(&store, &ready[0], publishing(2, at(2)), at(2)).await;
    save(&store, &ready[0], live(2, at(3)), at(3)).await;
    assert_eq!(wake(&store, &first.key).await, at(600), "it waits on");
    assert_eq!(wake(&store, &ready[1].story.key).await, at(8));
    assert_eq!(wake(&store, &ready[2].story.key).await, at(500));
}
