//! Slots of the calendar as they are found, and lost: some of years of them, and as they are by then.

use storypress::store::{Note, Slot, SlotState};

use crate::slots::{drop_lost, get, held, moved_by_hand, see, slot};
use crate::world::{World, noon, secs};
use crate::{Case, cases};

pub const CASES: &[Case] = cases![
    slots_are_found_by_name_by_place_and_where_they_were_moved,
    what_the_calendar_has_lost_is_dropped_and_planned_again,
    what_stands_as_its_rule_has_it_needs_not_be_seen,
    what_changes_before_it_is_dropped_stays,
];

async fn slots_are_found_by_name_by_place_and_where_they_were_moved(world: World) {
    let store = world.open().await;
    let all: Vec<Slot> = (9..12).map(|hour| slot("menu", hour)).collect();
    see(&store, &all).await;
    let none: [&str; 0] = [];
    assert!(store.slots_named(&none).await.expect("slots").is_empty());
    let ids: Vec<&str> = [&all[2].id, "menu@2026-11-23T08:00", &all[0].id]
        .map(|id| id as &str)
        .to_vec();
    let mut named = store.slots_named(&ids).await.expect("slots");
    named.sort_by_key(|slot| slot.due);
    assert_eq!(named, [all[0].clone(), all[2].clone()]);
    // more than are asked for at a time
    let places: Vec<String> = (0..1200).map(|n| format!("none{n}")).collect();
    let places = [vec![all[1].place()], places, vec![all[0].place()]].concat();
    let mut placed = store.slots_at(&places).await.expect("slots");
    placed.sort_by_key(|slot| slot.due);
    assert_eq!(placed, all[..2]);
    assert!(store.moved_slots(noon()).await.expect("slots").is_empty());
    let held = held(&store, &all[0].id).await;
    let moved = Slot {
        due: all[0].due + secs(7200),
        is_moved: true,
        ..held.slot.clone()
    };
    let note = Note::new("moved");
    let saved = store.save_slot(&held, &moved, &note, None, noon()).await;
    saved.expect("saved");
    let found = async |from| store.moved_slots(from).await.expect("slots").len();
    assert_eq!(found(moved.due).await, 1);
    assert_eq!(found(moved.due + secs(1)).await, 0);
    let open = store.open_slots().await.expect("names");
    assert_eq!(open, all.iter().map(|slot| slot.id.clone()).collect());
}

async fn what_the_calendar_has_lost_is_dropped_and_planned_again(world: World) {
    let store = world.open().await;
    let (gone, stays) = (slot("menu", 9), slot("menu", 10));
    see(&store, &[gone.clone(), stays.clone()]).await;
    let kept = stays.id.clone();
    let dropped = drop_lost(&store, |slot| slot.id == kept, noon()).await;
    assert_eq!(dropped, 1);
    assert_eq!(get(&store, &gone.id).await.state, SlotState::Dropped);
    assert_eq!(get(&store, &stays.id).await.state, SlotState::Planned);
    see(&store, std::slice::from_ref(&gone)).await;
    assert_eq!(get(&store, &gone.id).await.state, SlotState::Planned);
}

async fn what_stands_as_its_rule_has_it_needs_not_be_seen(world: World) {
    let store = world.open().await;
    let one = slot("menu", 9);
    see(&store, std::slice::from_ref(&one)).await;
    let known = get(&store, &one.id).await;
    assert!(store.is_seen(&known, &one));
    let later = Slot {
        due: one.due + secs(60),
        ..one.clone()
    };
    assert!(!store.is_seen(&known, &later));
    let renamed = Slot {
        id: format!("{}/main", one.id),
        ..one.clone()
    };
    assert!(!store.is_seen(&known, &renamed));
    let ended = Slot {
        state: SlotState::Skipped,
        ..known
    };
    assert!(!store.is_seen(&ended, &one));
}

async fn what_changes_before_it_is_dropped_stays(world: World) {
    let store = world.open().await;
    // it was read before it was moved
    let (one, moved) = moved_by_hand(&store).await;
    let dropped = store
        .drop_slots(std::slice::from_ref(&one), |slot| slot.is_moved, noon())
        .await;
    assert_eq!(dropped.expect("an answer"), []);
    assert_eq!(get(&store, &one.id).await, moved);
    assert_eq!(store.slot_trail(&one.id).await.expect("a trail").len(), 2);
    let again = store.claim_slot(&one.id, noon(), secs(60)).await;
    assert!(again.expect("an answer").is_some(), "it was let go");
}
