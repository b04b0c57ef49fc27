//! Stories: added once, found, claimed by one, saved with their trail.

use storypress::store::{
    Added, Claim, Error, Filter, Hold, Note, Pass, Same, Step, Story, StoryKey,
};

use crate::world::{
    World, add, at, claim, contained, intent, live, noon, save, secs, story, story_id, url,
};
use crate::{Case, cases};

pub const CASES: &[Case] = cases![
    a_story_comes_back_as_it_was_added,
    a_taken_key_is_replaced,
    a_picture_is_known_until_a_day_after_it_went_out,
    a_picture_is_added_again_when_that_is_asked,
    the_same_picture_twice_in_a_call_is_one_story,
    two_processes_add_each_picture_once,
    one_of_many_claims_wins,
    a_lease_that_ended_is_taken_over,
    a_claim_is_renewed_and_given_back,
    what_is_saved_stands_in_the_trail,
    the_trail_is_only_added_to,
    a_story_is_found_by_the_beginning_of_its_key,
    stories_are_listed_by_state_account_and_time,
    those_before_it_in_a_series_are_known,
    containers_are_counted_once,
    our_own_ids_are_known,
    a_file_is_swept_when_nobody_needs_it,
    the_same_picture_of_another_day_is_another_story,
    who_is_at_work_is_known,
    a_newer_schema_is_refused,
    a_store_is_opened_by_many_at_once,
    no_message_holds_the_password,
];

async fn a_story_comes_back_as_it_was_added(world: World) {
    let store = world.open().await;
    let given = story("instagram:1", 1);
    let added = add(&store, given.clone()).await;
    assert_eq!(added, given);
    assert_eq!(
        world
            .open()
            .await
            .get(&given.key)
            .await
            .expect("it is there"),
        given
    );
    let nobody = StoryKey("zzzzzzzz".to_owned());
    assert!(matches!(store.get(&nobody).await, Err(Error::Unknown(_))));
}

async fn a_taken_key_is_replaced(world: World) {
    let store = world.open().await;
    let first = add(&store, story("instagram:1", 1)).await;
    let mut second = story("instagram:1", 2);
    second.key = first.key.clone();
    let second = add(&store, second).await;
    assert_ne!(second.key, first.key);
    assert_eq!(store.get(&first.key).await.expect("it is there"), first);
    assert_eq!(store.get(&second.key).await.expect("it is there"), second);
}

async fn a_picture_is_known_until_a_day_after_it_went_out(world: World) {
    let store = world.open().await;
    let first = add(&store, story("instagram:1", 1)).await;
    let again = |seconds| {
        let store = &store;
        async move {
            let added = store
                .add(&[story("instagram:1", 1)], Same::Known, at(seconds))
                .await;
            added.expect("an answer").remove(0)
        }
    };
    assert_eq!(again(0).await, Added::Known(first.clone()));
    let other = store
        .add(&[story("instagram:2", 1)], Same::Known, noon())
        .await;
    assert!(matches!(other.expect("an answer")[0], Added::New(_)));

    let claimed = claim(&store, &first.key, noon()).await;
    let unclear = Step::Uncertain {
        intent: intent(1, noon()),
        url: Some(url("object")),
        why: "no answer".to_owned(),
    };
    save(&store, &claimed, unclear, noon()).await;
    assert!(matches!(again(100_000).await, Added::Known(_)));
    save(&store, &claimed, live(1, at(10)), at(10)).await;
    assert!(matches!(again(86_000).await, Added::Known(_)));
    assert!(matches!(again(86_411).await, Added::New(_)));
}

async fn a_picture_is_added_again_when_that_is_asked(world: World) {
    let store = world.open().await;
    let first = add(&store, story("instagram:1", 1)).await;
    let again = store
        .add(&[story("instagram:1", 1)], Same::Again, noon())
        .await;
    let Added::New(second) = again.expect("an answer").remove(0) else {
        panic!("it was refused");
    };
    assert_ne!(first.key, second.key);

    let claimed = claim(&store, &second.key, noon()).await;
    let failed = Step::Failed {
        why: "no".to_owned(),
    };
    save(&store, &claimed, failed, noon()).await;
    let known = store
        .add(&[story("instagram:1", 1)], Same::Known, noon())
        .await;
    assert_eq!(known.expect("an answer"), [Added::Known(first)]);
}

async fn the_same_picture_twice_in_a_call_is_one_story(world: World) {
    let store = world.open().await;
    let twice = [story("instagram:1", 1), story("instagram:1", 1)];
    let added = store
        .add(&twice, Same::Known, noon())
        .await
        .expect("an answer");
    assert!(matches!(&added[0], Added::New(new) if added[1] == Added::Known(new.clone())));
}

async fn two_processes_add_each_picture_once(world: World) {
    let stores = [world.open().await, world.open().await];
    let calls = (0..40).map(|call| {
        let store = stores[call % 2].clone();
        tokio::spawn(async move {
            let pictures = (0..5).map(|n| story("instagram:1", (call as u32 / 4) * 5 + n));
            let pictures: Vec<Story> = pictures.collect();
            store
                .add(&pictures, Same::Known, noon())
                .await
                .expect("it is added")
        })
    });
    let mut new = 0;
    for call in calls.collect::<Vec<_>>() {
        let added = call.await.expect("no panic");
        new += added.iter().filter(|a| matches!(a, Added::New(_))).count();
    }
    assert_eq!(new, 50);
    let all = stores[0].list(&Filter::default()).await.expect("a list");
    assert_eq!(all.len(), 50);
}

async fn one_of_many_claims_wins(world: World) {
    let stores = [world.open().await, world.open().await];
    let key = add(&stores[0], story("instagram:1", 1)).await.key;
    for round in 0..5_i64 {
        let now = at(round * 100);
        let calls = (0..10).map(|call| {
            let (store, key) = (stores[call % 2].clone(), key.clone());
            tokio::spawn(async move { store.claim(&key, now, secs(60)).await.expect("an answer") })
        });
        let mut mine = 0;
        for call in calls.collect::<Vec<_>>() {
            match call.await.expect("no panic") {
                Claim::Mine(_) => mine += 1,
                Claim::Held(until) => assert_eq!(until, at(round * 100 + 60)),
            }
        }
        assert_eq!(mine, 1, "round {round}");
    }
}

async fn a_lease_that_ended_is_taken_over(world: World) {
    let (first, second) = (world.open().await, world.open().await);
    let key = add(&first, story("instagram:1", 1)).await.key;
    let mut slow = claim(&first, &key, noon()).await;
    assert_eq!(
        second
            .claim(&key, at(59), secs(60))
            .await
            .expect("an answer"),
        Claim::Held(at(60))
    );
    let fast = claim(&second, &key, at(60)).await;
    save(&second, &fast, contained(1), at(61)).await;

    let mut stale = slow.story.clone();
    stale.step = Step::Uploaded { url: url("other") };
    let note = Note::new("too late");
    let saved = first.save(&slow, &stale, &note, Hold::On, at(61)).await;
    assert!(matches!(saved, Err(Error::Lost)), "{saved:?}");
    let entered = first.enter(&slow, secs(5), Pass::Nobody, at(61)).await;
    assert!(matches!(entered, Err(Error::Lost)), "{entered:?}");
    let renewed = first.renew(&mut slow, at(61), secs(60)).await;
    assert!(matches!(renewed, Err(Error::Lost)), "{renewed:?}");
    first
        .release(&slow, at(61))
        .await
        .expect("it is given back already");

    assert_eq!(
        second.get(&key).await.expect("it is there").step,
        contained(1)
    );
    let trail = second.audit(&key).await.expect("a trail");
    assert!(trail.iter().all(|entry| entry.what != "too late"));
    let held = first.claim(&key, at(62), secs(1)).await.expect("an answer");
    assert_eq!(held, Claim::Held(at(120)));
}

async fn a_claim_is_renewed_and_given_back(world: World) {
    let store = world.open().await;
    let key = add(&store, story("instagram:1", 1)).await.key;
    let mut claimed = claim(&store, &key, noon()).await;
    store
        .renew(&mut claimed, at(50), secs(60))
        .await
        .expect("it is renewed");
    assert_eq!(claimed.until, at(110));
    assert_eq!(
        store
            .claim(&key, at(100), secs(60))
            .await
            .expect("an answer"),
        Claim::Held(at(110))
    );
    store
        .release(&claimed, at(101))
        .await
        .expect("it is given back");
    let claimed = claim(&store, &key, at(101)).await;
    let note = Note::new("done");
    store
        .save(&claimed, &claimed.story, &note, Hold::Off, at(102))
        .await
        .expect("it is saved");
    claim(&store, &key, at(102)).await;
}

async fn what_is_saved_stands_in_the_trail(world: World) {
    let store = world.open().await;
    let given = add(&store, story("instagram:1", 1)).await;
    let claimed = claim(&store, &given.key, noon()).await;
    let mut moved = claimed.story.clone();
    moved.step = Step::Uploaded { url: url("object") };
    moved.attempts = 2;
    moved.trouble = Some("a 500".to_owned());
    moved.wake = at(7);
    let note = Note::with(
        "uploaded",
        serde_json::json!({"object": "object", "bytes": 1000}),
    );
    store
        .save(&claimed, &moved, &note, Hold::On, at(5))
        .await
        .expect("it is saved");
    assert_eq!(
        world
            .open()
            .await
            .get(&given.key)
            .await
            .expect("it is there"),
        moved
    );

    let trail = store.audit(&given.key).await.expect("a trail");
    assert_eq!(trail.len(), 2);
    assert_eq!(trail[0].what, "added");
    assert_eq!(
        (trail[0].from.as_deref(), trail[0].to.as_str()),
        (None, "rendered")
    );
    assert_eq!((trail[1].at, trail[1].what.as_str()), (at(5), "uploaded"));
    assert_eq!(trail[1].from.as_deref(), Some("rendered"));
    assert_eq!(trail[1].to, "uploaded");
    assert_eq!(trail[1].detail, note.detail);
    assert_eq!(trail[1].who, store.who());
}

async fn the_trail_is_only_added_to(world: World) {
    let store = world.open().await;
    let key = add(&store, story("instagram:1", 1)).await.key;
    for wrong in ["UPDATE audit SET what = 'x'", "DELETE FROM audit"] {
        let refused = world.raw(wrong).await.expect_err(wrong).to_string();
        assert!(refused.contains("only added to"), "{refused}");
    }
    assert_eq!(store.audit(&key).await.expect("a trail").len(), 1);
}

async fn a_story_is_found_by_the_beginning_of_its_key(world: World) {
    let store = world.open().await;
    let mut keys = Vec::new();
    for (picture, key) in ["ab012345", "ab112345", "cd012345"].into_iter().enumerate() {
        let mut story = story("instagram:1", picture as u32);
        story.key = StoryKey(key.to_owned());
        keys.push(add(&store, story).await.key);
    }
    let found = async |typed: &str| -> Vec<StoryKey> {
        let found = store.find(typed).await.expect("an answer");
        found.into_iter().map(|story| story.key).collect()
    };
    assert_eq!(found("ab").await, keys[..2]);
    assert_eq!(found("ABL").await, keys[1..2]);
    assert_eq!(found("cd012345").await, keys[2..]);
    for nobody in ["", "%", "_b", "zz", "' OR 1=1 --"] {
        assert!(found(nobody).await.is_empty(), "{nobody}");
    }
}

async fn stories_are_listed_by_state_account_and_time(world: World) {
    let store = world.open().await;
    let mut all = Vec::new();
    for picture in 0..6 {
        let account = format!("instagram:{}", picture % 2);
        all.push(add(&store, story(&account, picture)).await.key);
    }
    let claimed = claim(&store, &all[2], at(50)).await;
    save(&store, &claimed, contained(1), at(60)).await;
    let listed = async |filter: Filter| -> Vec<StoryKey> {
        let list = store.list(&filter).await.expect("a list");
        list.into_iter().map(|story| story.key).collect()
    };
    assert_eq!(listed(Filter::default()).await.len(), 6);
    let account = Filter {
        account: Some("instagram:1".to_owned()),
        ..Filter::default()
    };
    assert_eq!(
        listed(account).await,
        [&all[1], &all[3], &all[5]].map(Clone::clone)
    );
    let states = Filter {
        states: vec!["contained".to_owned(), "live".to_owned()],
        ..Filter::default()
    };
    assert_eq!(listed(states).await, all[2..3]);
    let since = Filter {
        since: Some(at(1)),
        batch: Some("batch".to_owned()),
        ..Filter::default()
    };
    assert_eq!(listed(since).await, all[2..3]);
    let latest = Filter {
        limit: Some(2),
        account: Some("instagram:0".to_owned()),
        ..Filter::default()
    };
    assert_eq!(listed(latest).await, [&all[2], &all[4]].map(Clone::clone));
    // what was over before then is left out, whenever it was due
    let claimed = claim(&store, &all[3], at(70)).await;
    let failed = Step::Failed {
        why: "no".to_owned(),
    };
    save(&store, &claimed, failed, at(70)).await;
    let open = |since| Filter {
        open_since: Some(at(since)),
        ..Filter::default()
    };
    assert_eq!(listed(open(0)).await.len(), 6);
    // it was due before then, and failed afterwards
    assert_eq!(listed(open(70)).await.len(), 6);
    let left = listed(open(71)).await;
    assert_eq!(left.len(), 5);
    assert!(!left.contains(&all[3]));
    let other = Filter {
        batch: Some("another".to_owned()),
        ..Filter::default()
    };
    assert!(listed(other).await.is_empty());
}

async fn those_before_it_in_a_series_are_known(world: World) {
    let store = world.open().await;
    let mut all = Vec::new();
    for picture in 0..3 {
        let mut story = story("instagram:1", picture);
        story.place.is_series = true;
        all.push(add(&store, story).await);
    }
    let mut apart = story("instagram:1", 9);
    apart.place.batch = "another".to_owned();
    add(&store, apart).await;
    let before = store.same_series_before(&all[2]).await.expect("an answer");
    assert_eq!(before, all[..2]);
    assert!(
        store
            .same_series_before(&all[0])
            .await
            .expect("an answer")
            .is_empty()
    );
}

async fn containers_are_counted_once(world: World) {
    let store = world.open().await;
    let first = add(&store, story("instagram:1", 1)).await;
    let second = add(&store, story("instagram:1", 2)).await;
    let third = add(&store, story("instagram:1", 3)).await;
    let other = add(&store, story("instagram:2", 4)).await;
    let claimed = claim(&store, &second.key, noon()).await;
    for number in [1, 1, 2] {
        save(&store, &claimed, contained(number), noon()).await;
    }
    let count = async |story: &Story, since| {
        let count = store.count_containers(story, at(since)).await;
        let count = count.expect("a count");
        (count.made, count.before)
    };
    assert_eq!(count(&third, -1).await, (2, 1));
    assert_eq!(count(&third, 1).await, (0, 1));
    assert_eq!(count(&second, -1).await, (2, 0), "its own");
    assert_eq!(count(&first, -1).await, (2, 0), "that one goes out later");
    assert_eq!(count(&other, -1).await, (0, 0));
    save(&store, &claimed, live(2, noon()), noon()).await;
    assert_eq!(count(&third, -1).await, (2, 0));
}

async fn our_own_ids_are_known(world: World) {
    let store = world.open().await;
    for number in 0..3 {
        let key = add(&store, story("instagram:1", number)).await.key;
        let claimed = claim(&store, &key, noon()).await;
        let mut step = live(number, at(i64::from(number)));
        if number == 1 {
            let Step::Published { story, .. } = &mut step else {
                panic!("it is live");
            };
            *story = None;
        }
        save(&store, &claimed, step, at(10)).await;
    }
    let ids = store.story_ids("instagram:1", noon()).await.expect("ids");
    assert_eq!(ids, [story_id(0), story_id(2)]);
    let ids = store.story_ids("instagram:1", at(1)).await.expect("ids");
    assert_eq!(ids, [story_id(2)]);
    assert!(
        store
            .story_ids("instagram:2", noon())
            .await
            .expect("ids")
            .is_empty()
    );
}

async fn a_file_is_swept_when_nobody_needs_it(world: World) {
    let store = world.open().await;
    let closed = |number| Step::Closed {
        story: None,
        container: crate::world::container_id(number),
        at: noon(),
        insights: None,
    };
    let first = add(&store, story("instagram:1", 1)).await.key;
    let second = add(&store, story("instagram:2", 1)).await.key;
    let unneeded = async |seconds: i64| {
        // a day after they went out, an hour ahead of what is asked
        let objects = store.unneeded_objects(at(23 * 3600 + seconds), 10).await;
        objects.expect("an answer")
    };
    let one = claim(&store, &first, noon()).await;
    let two = claim(&store, &second, noon()).await;
    save(&store, &one, contained(1), noon()).await;
    save(&store, &two, contained(2), noon()).await;
    save(&store, &one, closed(1), at(10)).await;
    assert!(unneeded(1000).await.is_empty());
    save(&store, &two, closed(2), at(20)).await;
    assert!(unneeded(0).await.is_empty());
    assert_eq!(unneeded(1).await, ["object"]);
    store.swept("object", at(30)).await.expect("it is noted");
    assert!(unneeded(1000).await.is_empty());
    // the same picture once more
    let third = add(&store, story("instagram:3", 1)).await.key;
    let three = claim(&store, &third, noon()).await;
    save(&store, &three, contained(3), at(40)).await;
    save(&store, &three, closed(3), at(50)).await;
    assert_eq!(unneeded(1000).await, ["object"]);
    // nobody has closed it, as where no worker runs
    let fourth = add(&store, story("instagram:4", 1)).await.key;
    let four = claim(&store, &fourth, noon()).await;
    save(&store, &four, contained(4), at(60)).await;
    assert!(unneeded(1000).await.is_empty());
    save(&store, &four, live(4, at(70)), at(70)).await;
    assert!(unneeded(70).await.is_empty());
    assert_eq!(unneeded(71).await, ["object"]);
}

async fn the_same_picture_of_another_day_is_another_story(world: World) {
    let store = world.open().await;
    let of = |day: i8, seconds| Story {
        day: Some(jiff::civil::date(2026, 12, day)),
        due: at(seconds),
        ..story("instagram:1", 1)
    };
    let added = async |story: Story| {
        let added = store.add(&[story], Same::Known, noon()).await;
        added.expect("an answer").remove(0)
    };
    let monday = match added(of(1, 86_400)).await {
        Added::New(story) => story,
        Added::Known(story) => panic!("{story:?}"),
    };
    assert!(matches!(added(of(2, 2 * 86_400)).await, Added::New(_)));
    // another time of the same day
    match added(of(1, 90_000)).await {
        Added::Known(known) => assert_eq!(known.key, monday.key),
        Added::New(story) => panic!("{story:?}"),
    }
    // what is on its way is the same as what shall go out at once, also over midnight
    let Added::New(now) = added(of(4, 0)).await else {
        panic!("it is another day");
    };
    match added(of(5, 0)).await {
        Added::Known(known) => assert_eq!(known.key, now.key),
        Added::New(story) => panic!("{story:?}"),
    }
    let claimed = claim(&store, &now.key, noon()).await;
    save(&store, &claimed, live(1, noon()), noon()).await;
    assert!(matches!(added(of(4, 10)).await, Added::Known(_)));
    assert!(matches!(added(of(5, 10)).await, Added::New(_)));
}

async fn who_is_at_work_is_known(world: World) {
    let store = world.open().await;
    let accounts = ["instagram:1".to_owned()];
    store.beat(&accounts, noon()).await.expect("it is heard");
    store.beat(&accounts, at(15)).await.expect("it is heard");
    let workers = store.workers(at(0)).await.expect("an answer");
    assert_eq!(workers.len(), 1);
    assert_eq!((workers[0].started, workers[0].seen), (noon(), at(15)));
    assert_eq!(
        (&*workers[0].name, &workers[0].accounts[..]),
        (store.who(), &accounts[..])
    );
    assert!(store.workers(at(16)).await.expect("an answer").is_empty());
    store.leave_work().await.expect("it goes");
    assert!(store.workers(at(0)).await.expect("an answer").is_empty());
}

async fn a_newer_schema_is_refused(world: World) {
    drop(world.open().await);
    world
        .raw("INSERT INTO storypress_schema (number) VALUES (9999)")
        .await
        .expect("it is written");
    let opened = storypress::store::Store::open(&world.url, world.root()).await;
    let error = opened.expect_err("it is newer");
    assert!(matches!(error, Error::Newer { found: 9999, .. }), "{error}");
    assert!(error.to_string().contains("newer version"), "{error}");
}

async fn a_store_is_opened_by_many_at_once(world: World) {
    let world = std::sync::Arc::new(world);
    let calls = (0..8).map(|_| {
        let world = world.clone();
        tokio::spawn(async move { world.open().await })
    });
    let mut stores = Vec::new();
    for call in calls.collect::<Vec<_>>() {
        stores.push(call.await.expect("no panic"));
    }
    let key = add(&stores[0], story("instagram:1", 1)).await.key;
    for store in stores {
        store.get(&key).await.expect("all see it");
    }
}

async fn no_message_holds_the_password(world: World) {
    use crate::server::PASSWORD;
    let store = world.open().await;
    assert!(!format!("{store:?}").contains(PASSWORD));
    let mut wrong = vec![
        format!("mysql://user:{PASSWORD}@localhost/x"),
        format!("postgres://user:{PASSWORD}@localhost:99999/x"),
        format!("postgres://user:{PASSWORD}@[::1/x"),
        format!("postgres://user:{PASSWORD}@127.0.0.1:1/x"),
        format!("postgres://user:{PASSWORD}@127.0.0.1/x?sslmode={PASSWORD}"),
    ];
    if world.url.starts_with("postgres") {
        wrong.push(world.url.replace("/store_", "/nowhere_"));
        wrong.push(world.url.replace("storypress:", "nobody:"));
    }
    for wrong in wrong {
        let started = std::time::Instant::now();
        let error = storypress::store::Store::open(&wrong, world.root())
            .await
            .expect_err("a wrong address");
        let told = format!("{error} {error:?}");
        assert!(!told.contains(PASSWORD), "{told}");
        assert!(started.elapsed().as_secs() < 20, "{told}");
        assert!(!matches!(error, Error::Busy), "{wrong}");
    }
}
