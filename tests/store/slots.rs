//! Slots of the calendar: one story each, whoever asks, whatever the rule becomes.

use jiff::Timestamp;
use jiff::civil::date;
use storypress::media::{Kind, Media};
use storypress::store::{
    Decision, Error, HeldSlot, Note, Picture, SchedulePause, Slot, SlotFilter, SlotState, Store,
};

use crate::world::{World, at, noon, secs, story};
use crate::{Case, cases};

pub const CASES: &[Case] = cases![
    a_slot_is_seen_once_and_follows_its_rule,
    what_was_approved_follows_its_rule,
    what_comes_back_has_its_picture,
    a_slot_becomes_one_story_whoever_asks,
    a_slot_that_was_taken_over_is_not_saved_by_the_former,
    what_was_moved_by_hand_stays,
    a_rule_that_gets_another_account_makes_no_second_slot,
    of_two_that_choose_a_row_one_chooses_again,
    rows_are_adopted_once,
    a_pause_ends_by_itself_or_by_hand,
    open_slots_are_found_by_when_to_look,
    a_wake_up_of_a_slot_in_hand_is_not_lost,
    pictures_of_open_slots_are_kept,
    what_a_rehearsal_did_does_not_count,
    after_a_restore_no_slot_goes_out_by_itself,
    a_series_is_found_in_its_order,
];

pub fn slot(name: &str, hour: i8) -> Slot {
    let due: Timestamp = format!("2026-11-23T{hour:02}:00:00Z")
        .parse()
        .expect("a time");
    Slot {
        id: format!("{name}@2026-11-23T{hour:02}:00"),
        schedule: name.to_owned(),
        account: "main".to_owned(),
        wall: date(2026, 11, 23).at(hour, 0, 0, 0),
        own: due,
        due,
        freeze: due - secs(3600),
        zone: "UTC".to_owned(),
        change: None,
        template: "menu.toml".to_owned(),
        state: SlotState::Planned,
        wake: due - secs(3600),
        row_key: None,
        picture: None,
        former: None,
        looked: None,
        approval: None,
        rejection: None,
        is_moved: false,
        story: None,
        reason: None,
        trouble: None,
        position: 0,
        seen: noon(),
        rehearsed: false,
    }
}

pub async fn see(store: &Store, slots: &[Slot]) {
    store
        .see_slots(slots, noon())
        .await
        .expect("they are noted");
}

pub async fn held(store: &Store, id: &str) -> HeldSlot {
    let held = store.claim_slot(id, noon(), secs(60)).await;
    held.expect("an answer").expect("it is free")
}

/// How many of the open slots are dropped that are not kept.
pub async fn drop_lost(store: &Store, is_kept: impl Fn(&Slot) -> bool, now: Timestamp) -> usize {
    let filter = SlotFilter {
        is_open: true,
        ..SlotFilter::default()
    };
    let open = store.slots(&filter).await.expect("slots");
    let dropped = store.drop_slots(&open, is_kept, now).await;
    dropped.expect("an answer").len()
}

pub async fn get(store: &Store, id: &str) -> Slot {
    store.slot(id).await.expect("an answer").expect("a slot")
}

async fn a_slot_is_seen_once_and_follows_its_rule(world: World) {
    let store = world.open().await;
    let first = slot("menu", 9);
    see(&store, &[first.clone(), slot("menu", 10)]).await;
    see(&store, std::slice::from_ref(&first)).await;
    assert_eq!(get(&store, &first.id).await, first);
    assert_eq!(store.slot_trail(&first.id).await.expect("a trail").len(), 1);
    // the zone's clocks were changed by law, and the slot with them
    let other = Slot {
        due: first.due + secs(3600),
        own: first.own + secs(3600),
        freeze: first.freeze + secs(3600),
        ..first.clone()
    };
    see(&store, std::slice::from_ref(&other)).await;
    assert_eq!(get(&store, &first.id).await.due, other.due);
    // once there is a picture, another template and another freeze do not count
    let frozen = with_picture(&store, &other, SlotState::Frozen).await;
    let changed = Slot {
        template: "other.toml".to_owned(),
        freeze: other.freeze - secs(60),
        ..other.clone()
    };
    see(&store, std::slice::from_ref(&changed)).await;
    assert_eq!(get(&store, &first.id).await, frozen);
    // another time does, and is another picture
    see(&store, std::slice::from_ref(&first)).await;
    let follows = get(&store, &first.id).await;
    assert_eq!(
        (follows.due, follows.state),
        (first.due, SlotState::Planned)
    );
    assert_eq!(follows.picture, None);
    assert_eq!(follows.row_key, frozen.row_key);
}

async fn what_was_approved_follows_its_rule(world: World) {
    let store = world.open().await;
    let one = slot("menu", 9);
    see(&store, std::slice::from_ref(&one)).await;
    let waiting = with_picture(&store, &one, SlotState::Waiting).await;
    let other = Slot {
        due: one.due + secs(3600),
        own: one.own + secs(3600),
        template: "other.toml".to_owned(),
        ..one.clone()
    };
    see(&store, std::slice::from_ref(&other)).await;
    let follows = get(&store, &one.id).await;
    assert_eq!(
        (follows.due, &follows.template),
        (other.due, &other.template)
    );
    assert_eq!(follows.state, SlotState::Waiting);
    assert_eq!(
        (&follows.picture, &follows.approval),
        (&waiting.picture, &waiting.approval)
    );
    assert_eq!(follows.looked, None, "it is looked at again first");
}

async fn what_comes_back_has_its_picture(world: World) {
    let store = world.open().await;
    let (nine, ten) = (slot("menu", 9), slot("menu", 10));
    see(&store, &[nine.clone(), ten.clone()]).await;
    let waiting = with_picture(&store, &nine, SlotState::Waiting).await;
    let dropped = drop_lost(&store, |_| false, noon()).await;
    assert_eq!(dropped, 2);
    see(&store, std::slice::from_ref(&nine)).await;
    let back = get(&store, &nine.id).await;
    assert_eq!(back.state, SlotState::Waiting);
    assert!(back.is_approved());
    assert_eq!(back.row_key, waiting.row_key);
    // another slot has taken its row meanwhile
    drop_lost(&store, |_| false, at(1)).await;
    see(&store, std::slice::from_ref(&ten)).await;
    let mut other = held(&store, &ten.id).await;
    let seen = store.used_rows("menu").await.expect("rows");
    let taken = store.reserve_row(&mut other, "tart", &seen, at(2)).await;
    taken.expect("it is its own");
    see(&store, std::slice::from_ref(&nine)).await;
    let back = get(&store, &nine.id).await;
    assert_eq!((back.state, back.row_key), (SlotState::Planned, None));
}

/// The slot with a picture of the row `tart`, which is approved where somebody has to do that.
pub async fn with_picture(store: &Store, slot: &Slot, state: SlotState) -> Slot {
    let held = held(store, &slot.id).await;
    let picture = Picture {
        media: Media {
            path: "a.jpg".into(),
            kind: Kind::Image,
            bytes: 9,
            width: 1080,
            height: 1920,
            duration_s: None,
            sha256: "a".repeat(64),
            quality: None,
            notes: Vec::new(),
            extras: Default::default(),
            damaged: Vec::new(),
        },
        mentions: Vec::new(),
        made: noon(),
    };
    let decision = Decision {
        sha256: picture.media.sha256.clone(),
        by: "ana".to_owned(),
        at: noon(),
        reason: None,
    };
    let made = Slot {
        state,
        row_key: Some("tart".to_owned()),
        looked: Some(noon()),
        approval: (state == SlotState::Waiting).then_some(decision),
        picture: Some(picture),
        ..held.slot.clone()
    };
    let note = Note::new("made");
    let saved = store.save_slot(&held, &made, &note, None, noon()).await;
    saved.expect("saved");
    get(store, &slot.id).await
}

async fn a_slot_becomes_one_story_whoever_asks(world: World) {
    let (store, other) = (world.open().await, world.open().await);
    let one = slot("menu", 9);
    see(&store, std::slice::from_ref(&one)).await;
    let mut keys = Vec::new();
    for store in [&store, &other] {
        // a worker that was stopped in the middle begins anew
        let held = held(store, &one.id).await;
        let mut story = story("instagram:1", 1);
        story.slot = Some(one.id.clone());
        let entered = Slot {
            state: SlotState::Entered,
            ..held.slot.clone()
        };
        let note = Note::new("became a story");
        let saved = store
            .save_slot(&held, &entered, &note, Some(&story), noon())
            .await;
        saved.expect("saved");
        keys.push(get(store, &one.id).await.story.expect("a story"));
    }
    assert_eq!(keys[0], keys[1]);
    let found = store.story_of_slot(&one.id).await.expect("an answer");
    assert_eq!(found.expect("a story").key, keys[0]);
    let all = store.list(&Default::default()).await.expect("a list");
    assert_eq!(all.len(), 1);
}

async fn a_slot_that_was_taken_over_is_not_saved_by_the_former(world: World) {
    let store = world.open().await;
    let one = slot("menu", 9);
    see(&store, std::slice::from_ref(&one)).await;
    let first = held(&store, &one.id).await;
    let taken = store
        .claim_slot(&one.id, noon(), secs(60))
        .await
        .expect("an answer");
    assert!(taken.is_none(), "it is held");
    let taken = store
        .claim_slot(&one.id, at(61), secs(60))
        .await
        .expect("an answer");
    let second = taken.expect("the lease ran out");
    let note = Note::new("late");
    let story = story("instagram:1", 1);
    let late = store
        .save_slot(&first, &first.slot, &note, Some(&story), at(62))
        .await;
    assert!(matches!(late, Err(Error::Lost)), "{late:?}");
    assert!(matches!(
        store.renew_slot(&first, at(62), secs(60)).await,
        Err(Error::Lost)
    ));
    assert!(
        store
            .story_of_slot(&one.id)
            .await
            .expect("an answer")
            .is_none()
    );
    store
        .save_slot(&second, &second.slot, &note, None, at(62))
        .await
        .expect("saved");
}

/// A slot that was seen, and as it is when it was moved by two hours.
pub async fn moved_by_hand(store: &Store) -> (Slot, Slot) {
    let one = slot("menu", 9);
    see(store, std::slice::from_ref(&one)).await;
    let held = held(store, &one.id).await;
    let moved = Slot {
        due: one.due + secs(7200),
        is_moved: true,
        ..held.slot.clone()
    };
    let note = Note::new("moved");
    let saved = store.save_slot(&held, &moved, &note, None, noon()).await;
    saved.expect("saved");
    (one, moved)
}

async fn what_was_moved_by_hand_stays(world: World) {
    let store = world.open().await;
    let (one, moved) = moved_by_hand(&store).await;
    see(&store, std::slice::from_ref(&one)).await;
    assert_eq!(get(&store, &one.id).await.due, moved.due);
    let dropped = drop_lost(&store, |slot| slot.id == one.id, noon()).await;
    assert_eq!(dropped, 0);
}

async fn a_rule_that_gets_another_account_makes_no_second_slot(world: World) {
    let store = world.open().await;
    let named = |slot: &Slot| Slot {
        id: format!("{}/main", slot.id),
        ..slot.clone()
    };
    let (planned, out) = (slot("menu", 9), slot("menu", 10));
    see(&store, &[planned.clone(), out.clone()]).await;
    let held = held(&store, &out.id).await;
    let mut story = story("instagram:1", 1);
    story.slot = Some(out.id.clone());
    let entered = Slot {
        state: SlotState::Entered,
        ..held.slot.clone()
    };
    let note = Note::new("became a story");
    let saved = store
        .save_slot(&held, &entered, &note, Some(&story), noon())
        .await;
    saved.expect("saved");
    see(&store, &[named(&planned), named(&out)]).await;
    let all = store.slots(&SlotFilter::default()).await.expect("slots");
    let ids: Vec<&str> = all.iter().map(|slot| slot.id.as_str()).collect();
    assert_eq!(ids, [named(&planned).id.as_str(), out.id.as_str()]);
}

async fn of_two_that_choose_a_row_one_chooses_again(world: World) {
    let (store, other) = (world.open().await, world.open().await);
    let (nine, ten) = (slot("menu", 9), slot("menu", 10));
    see(&store, &[nine.clone(), ten.clone()]).await;
    let seen = store.used_rows("menu").await.expect("rows");
    assert!(seen.is_empty());
    let mut first = held(&store, &nine.id).await;
    let mut second = held(&other, &ten.id).await;
    store
        .reserve_row(&mut first, "tart", &seen, noon())
        .await
        .expect("it is its own");
    let same = other.reserve_row(&mut second, "tart", &seen, noon()).await;
    assert!(matches!(same, Err(Error::Lost)), "{same:?}");
    let seen = other.used_rows("menu").await.expect("rows");
    assert_eq!(seen.len(), 1);
    assert_eq!((seen[0].row.as_str(), seen[0].wall), ("tart", nine.wall));
    other
        .reserve_row(&mut second, "soup", &seen, noon())
        .await
        .expect("another one");
    // also a slot that does not go out has used its row
    let skipped = Slot {
        state: SlotState::Skipped,
        ..first.slot.clone()
    };
    let note = Note::new("skipped");
    store
        .save_slot(&first, &skipped, &note, None, noon())
        .await
        .expect("saved");
    assert_eq!(store.used_rows("menu").await.expect("rows").len(), 2);
}

async fn rows_are_adopted_once(world: World) {
    let store = world.open().await;
    assert_eq!(store.adopted_rows("blog").await.expect("rows"), None);
    store
        .adopt_rows("blog", &[], noon())
        .await
        .expect("adopted");
    assert_eq!(
        store.adopted_rows("blog").await.expect("rows"),
        Some(Vec::new())
    );
    let keys = ["a".to_owned(), "b".to_owned()];
    for _ in 0..2 {
        store
            .adopt_rows("blog", &keys, at(1))
            .await
            .expect("adopted");
    }
    assert_eq!(
        store.adopted_rows("blog").await.expect("rows"),
        Some(keys.to_vec())
    );
    assert_eq!(store.adopted_rows("news").await.expect("rows"), None);
}

async fn a_pause_ends_by_itself_or_by_hand(world: World) {
    let store = world.open().await;
    let pause = |until: Option<Timestamp>| SchedulePause {
        since: noon(),
        until,
        reason: Some("holidays".to_owned()),
        by: "ana".to_owned(),
    };
    store
        .pause_schedule("menu", &pause(Some(at(60))))
        .await
        .expect("paused");
    store
        .pause_schedule("*", &pause(None))
        .await
        .expect("paused");
    let pauses = store.schedule_pauses().await.expect("pauses");
    assert_eq!(pauses["menu"], pause(Some(at(60))));
    assert!(pauses["menu"].is_on(at(59)) && !pauses["menu"].is_on(at(60)));
    assert!(pauses["*"].is_on(Timestamp::MAX - secs(1)));
    assert!(store.resume_schedule("*", at(1)).await.expect("resumed"));
    assert!(!store.resume_schedule("*", at(1)).await.expect("resumed"));
    assert_eq!(store.schedule_pauses().await.expect("pauses").len(), 1);
}

async fn open_slots_are_found_by_when_to_look(world: World) {
    let store = world.open().await;
    let (nine, ten) = (slot("menu", 9), slot("news", 10));
    see(&store, &[nine.clone(), ten.clone()]).await;
    let due = async |now: Timestamp| -> Vec<String> {
        let filter = SlotFilter {
            is_open: true,
            wake: Some(now),
            ..SlotFilter::default()
        };
        let slots = store.slots(&filter).await.expect("slots");
        slots.into_iter().map(|slot| slot.id).collect()
    };
    assert!(due(nine.wake - secs(1)).await.is_empty());
    assert_eq!(due(nine.wake).await, std::slice::from_ref(&nine.id));
    assert_eq!(
        store.next_slot_wake().await.expect("an answer"),
        Some(nine.wake)
    );
    store
        .wake_slots(Some("news"), None, noon())
        .await
        .expect("woken");
    assert_eq!(due(noon()).await, std::slice::from_ref(&ten.id));
    let held = held(&store, &nine.id).await;
    let missed = Slot {
        state: SlotState::Missed,
        ..held.slot.clone()
    };
    let note = Note::new("missed");
    store
        .save_slot(&held, &missed, &note, None, noon())
        .await
        .expect("saved");
    assert_eq!(due(Timestamp::MAX).await, [ten.id]);
}

/// What was paused goes on while somebody has the slot in hand, and is about to say that it waits for long.
async fn a_wake_up_of_a_slot_in_hand_is_not_lost(world: World) {
    let store = world.open().await;
    let late = at(86_400);
    for (number, how) in ["let go", "kept", "saved"].into_iter().enumerate() {
        let nine = slot(&format!("menu{number}"), 9);
        see(&store, std::slice::from_ref(&nine)).await;
        let in_hand = held(&store, &nine.id).await;
        let resumed = store.resume_schedule(&nine.schedule, at(1)).await;
        resumed.expect("it goes on");
        let mut waits = in_hand.slot.clone();
        waits.wake = late;
        match how {
            "let go" => store.let_slot_go(&in_hand, late).await,
            "kept" => store.keep_slot(&in_hand, &waits, at(2)).await,
            _ => {
                let note = Note::new("waits");
                store.save_slot(&in_hand, &waits, &note, None, at(2)).await
            }
        }
        .expect("it is saved");
        let found = held(&store, &nine.id).await;
        assert_eq!(found.slot.wake, at(1), "{how}: it is looked at now");
        // and it is obeyed once
        store.let_slot_go(&found, late).await.expect("let go");
        let found = store.slot(&nine.id).await.expect("an answer");
        assert_eq!(found.map(|slot| slot.wake), Some(late), "{how}");
    }
}

async fn pictures_of_open_slots_are_kept(world: World) {
    let store = world.open().await;
    let file = world.root().join("picture.jpg");
    std::fs::write(&file, b"a picture").expect("a file");
    let media = Media {
        path: file.clone(),
        kind: Kind::Image,
        bytes: 9,
        width: 1080,
        height: 1920,
        duration_s: None,
        sha256: storypress::media::sha256_of(&file).expect("a hash"),
        quality: None,
        notes: Vec::new(),
        extras: Default::default(),
        damaged: Vec::new(),
    };
    store.keep(&media).await.expect("kept");
    let kept = store.kept(&media).expect("a copy");
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(7200);
    let age = || {
        let copy = std::fs::File::options()
            .append(true)
            .open(&kept)
            .expect("the copy");
        copy.set_modified(long_ago).expect("an old copy");
    };
    let mut one = slot("menu", 9);
    one.state = SlotState::Frozen;
    one.picture = Some(Picture {
        media,
        mentions: Vec::new(),
        made: noon(),
    });
    see(&store, std::slice::from_ref(&one)).await;
    age();
    store.sweep_kept(Timestamp::now()).await.expect("swept");
    assert!(kept.exists(), "a slot needs it");
    let held = held(&store, &one.id).await;
    one.state = SlotState::Skipped;
    let note = Note::new("skipped");
    store
        .save_slot(&held, &one, &note, None, noon())
        .await
        .expect("saved");
    age();
    store.sweep_kept(Timestamp::now()).await.expect("swept");
    assert!(!kept.exists(), "nobody needs it");
}

/// Makes a slot a story, with the row that it shows.
async fn entered(store: &Store, id: &str, row: &str) -> storypress::store::StoryKey {
    let mut held = held(store, id).await;
    let used = store.used_rows("menu").await.expect("rows");
    let reserved = store.reserve_row(&mut held, row, &used, noon()).await;
    reserved.expect("it is its own");
    let mut story = story("instagram:1", 1);
    story.slot = Some(id.to_owned());
    let entered = Slot {
        state: SlotState::Entered,
        ..held.slot.clone()
    };
    let note = Note::new("became a story");
    let saved = store.save_slot(&held, &entered, &note, Some(&story), noon());
    saved.await.expect("saved");
    get(store, id).await.story.expect("a story")
}

async fn what_a_rehearsal_did_does_not_count(world: World) {
    let store = world.open().await;
    let rehearsal = store.clone().rehearsing();
    let (one, two) = (slot("menu", 13), slot("menu", 14));
    see(&store, &[one.clone(), two.clone()]).await;
    let rehearsed = entered(&rehearsal, &one.id, "tart").await;
    assert_eq!(rehearsal.used_rows("menu").await.expect("rows").len(), 1);
    assert_eq!(store.used_rows("menu").await.expect("rows").len(), 0);
    // the rehearsal goes on where it was
    see(&rehearsal, std::slice::from_ref(&one)).await;
    assert_eq!(get(&store, &one.id).await.state, SlotState::Entered);
    // the calendar itself has not begun
    see(&store, &[one.clone(), two.clone()]).await;
    assert_eq!(get(&store, &one.id).await, one);
    let known = store.story_of_slot(&one.id).await.expect("an answer");
    assert!(known.is_none());
    let real = entered(&store, &one.id, "tart").await;
    assert_ne!(real, rehearsed);
    assert_eq!(store.used_rows("menu").await.expect("rows").len(), 1);
    // what went out in earnest stays so, whoever rehearses
    see(&rehearsal, std::slice::from_ref(&one)).await;
    see(&store, std::slice::from_ref(&one)).await;
    assert_eq!(get(&store, &one.id).await.story, Some(real));
    // nor does a rehearsal on the side have a slot go out twice that somebody had go out in earnest
    let three = slot("menu", 15);
    see(&store, std::slice::from_ref(&three)).await;
    let held = held(&rehearsal, &three.id).await;
    let frozen = Slot {
        state: SlotState::Frozen,
        ..held.slot.clone()
    };
    let note = Note::new("made");
    let saved = rehearsal.save_slot(&held, &frozen, &note, None, noon());
    saved.await.expect("saved");
    let ran = entered(&store, &three.id, "cake").await;
    see(&store, std::slice::from_ref(&three)).await;
    assert_eq!(get(&store, &three.id).await.story, Some(ran));
    assert_eq!(store.used_rows("menu").await.expect("rows").len(), 2);
    // a slot whose time has passed is never planned again
    entered(&rehearsal, &two.id, "soup").await;
    store
        .see_slots(std::slice::from_ref(&two), at(27 * 3600))
        .await
        .expect("noted");
    assert_eq!(get(&store, &two.id).await.state, SlotState::Entered);
}

async fn after_a_restore_no_slot_goes_out_by_itself(world: World) {
    let store = world.open().await;
    let (due, to_come) = (slot("menu", 11), slot("menu", 14));
    see(&store, &[due.clone(), to_come.clone()]).await;
    let keys = ["old".to_owned()];
    store
        .adopt_rows("blog", &keys, noon())
        .await
        .expect("adopted");
    assert_eq!(
        store.doubt_what_was_due(at(24 * 3600)).await.expect("done"),
        1
    );
    let doubted = get(&store, &due.id).await;
    assert_eq!(doubted.state, SlotState::Missed);
    assert!(doubted.reason.expect("why").contains("schedule run"));
    assert_eq!(get(&store, &to_come.id).await.state, SlotState::Planned);
    // what a feed has now may have gone out since: its rule begins anew
    let adopted = store.adopted_rows("blog").await.expect("rows");
    assert_eq!(adopted, None);
}

async fn a_series_is_found_in_its_order(world: World) {
    let store = world.open().await;
    let base = slot("menu", 13);
    let row = |key: &str, position: u32| Slot {
        id: format!("{}#{key}", base.id),
        row_key: Some(key.to_owned()),
        position,
        ..base.clone()
    };
    let others = slot("menu", 14);
    see(&store, &[base.clone(), row("a_%", 1), row("z", 0), others]).await;
    let series = store.slots_of_series("menu", &base.id).await;
    let ids: Vec<String> = (series.expect("slots").into_iter())
        .map(|slot| slot.id)
        .collect();
    assert_eq!(ids, [row("z", 0).id, row("a_%", 1).id]);
}
