//! Slots follow their rules: to another account, also where they were moved, and out of the calendar.

use jiff::Timestamp;
use storypress::store::{Note, Slot, SlotFilter, SlotState, Store};

use crate::slots::{drop_lost, get, held, moved_by_hand, see, slot, with_picture};
use crate::world::{World, at, noon, secs, story};
use crate::{Case, cases};

pub const CASES: &[Case] = cases![
    slots_follow_a_list_of_accounts_that_shrinks_and_turns,
    a_slot_follows_its_rule_to_another_account,
    what_is_over_stays_with_its_account,
    a_series_follows_its_rule_to_another_account,
    what_was_moved_follows_its_rule_in_all_but_its_time,
    what_was_moved_and_lost_comes_back_where_it_was_moved,
    a_story_is_known_by_a_former_name_of_its_account,
];

/// The slot of a rule with that account alone.
fn of(account: &str) -> Slot {
    Slot {
        account: account.to_owned(),
        ..slot("menu", 9)
    }
}

/// The slot of a rule with that account among others.
fn one_of(account: &str) -> Slot {
    let slot = of(account);
    Slot {
        id: format!("{}/{account}", slot.id),
        ..slot
    }
}

/// Sees what a rule has now, and drops what it has not: each slot with its account and state.
async fn becomes(store: &Store, slots: &[Slot]) -> Vec<(String, String, SlotState)> {
    see(store, slots).await;
    let has = |known: &Slot| slots.iter().any(|slot| slot.place() == known.place());
    drop_lost(store, has, noon()).await;
    let all = store.slots(&SlotFilter::default()).await.expect("slots");
    all.into_iter()
        .map(|slot| (slot.id, slot.account, slot.state))
        .collect()
}

async fn slots_follow_a_list_of_accounts_that_shrinks_and_turns(world: World) {
    use SlotState::{Dropped, Planned};
    let store = world.open().await;
    let row = |slot: &Slot, state| (slot.id.clone(), slot.account.clone(), state);
    let both = [one_of("main"), one_of("shop")];
    becomes(&store, &both).await;
    let shop = becomes(&store, &[of("shop")]).await;
    let wanted = [row(&of("shop"), Planned), row(&both[0], Dropped)];
    assert_eq!(shop, wanted);
    let main = becomes(&store, &[of("main")]).await;
    let wanted = [row(&of("main"), Planned), row(&both[1], Dropped)];
    assert_eq!(main, wanted);
    let again = becomes(&store, &both).await;
    assert_eq!(again, both.clone().map(|slot| row(&slot, Planned)));
    // what is as it should be grows no trail
    let length = store.slot_trail(&both[0].id).await.expect("a trail").len();
    becomes(&store, &both).await;
    let trail = store.slot_trail(&both[0].id).await.expect("a trail");
    assert_eq!(trail.len(), length);
}

async fn a_slot_follows_its_rule_to_another_account(world: World) {
    let store = world.open().await;
    see(&store, &[of("main")]).await;
    let waiting = with_picture(&store, &of("main"), SlotState::Waiting).await;
    let shop = becomes(&store, &[of("shop")]).await;
    let wanted = (waiting.id.clone(), "shop".to_owned(), SlotState::Waiting);
    assert_eq!(shop, [wanted]);
    let follows = get(&store, &waiting.id).await;
    assert!(follows.is_approved(), "of the same picture, if it is that");
    assert_eq!(follows.looked, None, "it is looked at again first");
    let at_place = store.slot_at(&of("shop").place()).await.expect("a slot");
    assert_eq!(at_place, Some(follows));
    // one that nobody has to approve keeps its picture
    let ten = slot("menu", 10);
    see(&store, std::slice::from_ref(&ten)).await;
    let frozen = with_picture(&store, &ten, SlotState::Frozen).await;
    let other = Slot {
        account: "shop".to_owned(),
        ..ten
    };
    assert!(!store.is_seen(&frozen, &other));
    see(&store, std::slice::from_ref(&other)).await;
    let follows = get(&store, &other.id).await;
    assert_eq!(follows.account, "shop");
    assert_eq!(
        (follows.state, follows.picture),
        (frozen.state, frozen.picture)
    );
}

async fn what_is_over_stays_with_its_account(world: World) {
    let store = world.open().await;
    for state in [SlotState::Entered, SlotState::Skipped, SlotState::Missed] {
        let one = slot(state.word(), 9);
        see(&store, std::slice::from_ref(&one)).await;
        let held = held(&store, &one.id).await;
        let over = Slot {
            state,
            ..held.slot.clone()
        };
        let note = Note::new("over");
        let saved = store.save_slot(&held, &over, &note, None, noon());
        saved.await.expect("saved");
        let other = Slot {
            account: "shop".to_owned(),
            ..one.clone()
        };
        see(&store, std::slice::from_ref(&other)).await;
        assert_eq!(get(&store, &one.id).await, over);
        let at_place = store.slot_at(&other.place()).await.expect("an answer");
        assert_eq!(at_place, None, "no second slot of the name");
    }
}

async fn a_series_follows_its_rule_to_another_account(world: World) {
    let store = world.open().await;
    let whole = of("main");
    let row = |key: &str| Slot {
        id: format!("{}#{key}", whole.id),
        row_key: Some(key.to_owned()),
        ..whole.clone()
    };
    see(&store, &[whole.clone(), row("a"), row("b")]).await;
    let held = held(&store, &whole.id).await;
    let split = Slot {
        state: SlotState::Split,
        ..held.slot.clone()
    };
    let note = Note::new("rows");
    let saved = store.save_slot(&held, &split, &note, None, noon());
    saved.await.expect("saved");
    see(&store, &[of("shop")]).await;
    let all = store.slots(&SlotFilter::default()).await.expect("slots");
    let found: Vec<(&str, SlotState)> = (all.iter())
        .map(|slot| (slot.account.as_str(), slot.state))
        .collect();
    let (split, planned) = (SlotState::Split, SlotState::Planned);
    assert_eq!(
        found,
        [("shop", split), ("shop", planned), ("shop", planned)]
    );
}

async fn what_was_moved_follows_its_rule_in_all_but_its_time(world: World) {
    let store = world.open().await;
    let (one, moved) = moved_by_hand(&store).await;
    let changed = Slot {
        template: "other.toml".to_owned(),
        account: "shop".to_owned(),
        freeze: one.due - secs(60),
        zone: "Europe/Lisbon".to_owned(),
        own: one.own + secs(3600),
        due: one.due + secs(3600),
        ..one.clone()
    };
    let changed = Slot {
        freeze: changed.due - secs(60),
        ..changed
    };
    see(&store, std::slice::from_ref(&changed)).await;
    let follows = get(&store, &one.id).await;
    assert_eq!((follows.due, follows.is_moved), (moved.due, true));
    assert_eq!(follows.freeze, moved.due - secs(60));
    assert_eq!(
        (follows.own, follows.zone, follows.template, follows.account),
        (changed.own, changed.zone, changed.template, changed.account)
    );
}

async fn what_was_moved_and_lost_comes_back_where_it_was_moved(world: World) {
    let store = world.open().await;
    let (one, moved) = moved_by_hand(&store).await;
    assert_eq!(drop_lost(&store, |_| false, noon()).await, 1);
    assert_eq!(get(&store, &one.id).await.state, SlotState::Dropped);
    // its own time is past, and the one that it was moved to is not
    let now: Timestamp = one.due + secs(60);
    let seen = store.see_slots(std::slice::from_ref(&one), now).await;
    seen.expect("noted");
    let back = get(&store, &one.id).await;
    assert_eq!((back.state, back.due), (SlotState::Planned, moved.due));
}

async fn a_story_is_known_by_a_former_name_of_its_account(world: World) {
    let store = world.open().await;
    let (early, own) = (one_of("main"), of("main"));
    see(&store, std::slice::from_ref(&early)).await;
    let held = held(&store, &early.id).await;
    let mut story = story("instagram:1", 1);
    story.slot = Some(early.id.clone());
    let entered = Slot {
        state: SlotState::Entered,
        due: at(1),
        is_moved: true,
        ..held.slot.clone()
    };
    let note = Note::new("became a story");
    let saved = store.save_slot(&held, &entered, &note, Some(&story), at(1));
    saved.await.expect("saved");
    let known = async |slot: &Slot, account| {
        let found = store.story_of_namesake(slot, account).await;
        found.expect("an answer").is_some()
    };
    assert!(known(&one_of("renamed"), "instagram:1").await);
    assert!(!known(&one_of("shop"), "instagram:2").await);
    assert!(!known(&slot("menu", 10), "instagram:1").await);
    assert!(!known(&early, "instagram:1").await, "it is its own");
    assert!(known(&own, "instagram:1").await);
}
