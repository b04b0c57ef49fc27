//! Stories that a person has: listed, kept, told once, in nobody's way.

use sha2::{Digest, Sha256};
use storypress::graph::StoryId;
use storypress::store::{Filter, Gate, Hold, Note, NoticeKind, Pass, Same, Step, Store, StoryKey};

use crate::world::{World, add, at, claim, live, noon, prepare, save, secs, story};
use crate::{Case, cases};

pub const CASES: &[Case] = cases![
    what_a_person_has_comes_back_with_its_baseline,
    what_a_person_has_is_listed_until_they_say_what_became_of_it,
    the_same_picture_is_with_a_person_already,
    a_person_is_told_once_and_with_the_link,
    what_a_person_has_is_in_nobodys_way_but_keeps_the_distance,
    the_file_of_what_a_person_has_is_kept,
];

fn handed(seconds: i64) -> Step {
    let id: StoryId = "17".parse().expect("digits");
    Step::Handed {
        at: at(seconds),
        package: "https://stories.example.com/handoff/x".to_owned(),
        baseline: Some(vec![id]),
    }
}

async fn hand(store: &Store, picture: u32, seconds: i64) -> StoryKey {
    let story = add(store, story("instagram:1", picture)).await;
    let claimed = claim(store, &story.key, noon()).await;
    save(store, &claimed, handed(seconds), at(seconds)).await;
    store.release(&claimed, at(seconds)).await.expect("free");
    story.key
}

async fn what_a_person_has_comes_back_with_its_baseline(world: World) {
    let store = world.open().await;
    let key = hand(&store, 1, 3).await;
    let found = world.open().await.get(&key).await.expect("it is there");
    assert_eq!(found.step, handed(3));
    assert_eq!(found.state(at(3)), "handed");
    let trail = store.audit(&key).await.expect("a trail");
    assert_eq!(trail.last().map(|line| line.to.as_str()), Some("handed"));
}

async fn what_a_person_has_is_listed_until_they_say_what_became_of_it(world: World) {
    let store = world.open().await;
    let key = hand(&store, 1, 0).await;
    let open = Filter {
        open_since: Some(at(86_400 * 3)),
        ..Filter::default()
    };
    let listed = async || store.list(&open).await.expect("a list").len();
    assert_eq!(listed().await, 1, "however long ago it was due");
    let claimed = claim(&store, &key, at(60)).await;
    let cancelled = Step::Cancelled { why: "no".into() };
    save(&store, &claimed, cancelled, at(60)).await;
    assert_eq!(listed().await, 0);
}

async fn the_same_picture_is_with_a_person_already(world: World) {
    let store = world.open().await;
    let key = hand(&store, 1, 0).await;
    let again = story("instagram:1", 1);
    let same = store.same(&again, at(60)).await.expect("an answer");
    assert_eq!(same.map(|story| story.key), Some(key));
    let added = store.add(&[again], Same::Known, at(60)).await;
    let added = added.expect("an answer").remove(0);
    assert!(matches!(added, storypress::store::Added::Known(_)));
}

async fn a_person_is_told_once_and_with_the_link(world: World) {
    let store = world.open().await;
    let key = hand(&store, 1, 0).await;
    // looked at again: no news
    let claimed = claim(&store, &key, at(5)).await;
    save(&store, &claimed, handed(0), at(5)).await;
    save(&store, &claimed, live(1, at(6)), at(6)).await;
    let events = store.new_events().await.expect("an answer");
    let kinds: Vec<_> = events.iter().map(|event| event.kind).collect();
    assert_eq!(kinds, [NoticeKind::Handed, NoticeKind::Published]);
    let data = &events[0].data;
    let link = "https://stories.example.com/handoff/x";
    assert_eq!(data.url.as_deref(), Some(link));
    assert!(
        data.reason.contains(&format!("resolve {key} --live")),
        "{data:?}"
    );
    assert_eq!(events[1].data.url, None);
}

async fn what_a_person_has_is_in_nobodys_way_but_keeps_the_distance(world: World) {
    let store = world.open().await;
    hand(&store, 1, 0).await;
    let second = add(&store, story("instagram:1", 2)).await;
    let claimed = prepare(&store, &second, 2, noon()).await;
    let enter = async |seconds| {
        let gate = store
            .enter(&claimed, secs(5), Pass::Nobody, at(seconds))
            .await;
        gate.expect("an answer")
    };
    assert_eq!(enter(1).await, Gate::Later(at(5)));
    assert_eq!(enter(5).await, Gate::Open);
    let sent = store.sent_between("instagram:1", at(-60), at(60)).await;
    assert_eq!(
        sent.expect("a count").sent,
        0,
        "nothing of the day's stories"
    );
}

async fn the_file_of_what_a_person_has_is_kept(world: World) {
    let store = world.open().await;
    let mut story = story("instagram:1", 1);
    let file = world.root().join("a.jpg");
    std::fs::write(&file, [1; 1000]).expect("a file");
    story.outgoing.media.path = file;
    let digest = Sha256::digest([1; 1000]);
    story.outgoing.media.sha256 = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    store.keep(&story.outgoing.media).await.expect("it is kept");
    let story = add(&store, story).await;
    let claimed = claim(&store, &story.key, noon()).await;
    let mut changed = claimed.story.clone();
    changed.step = handed(0);
    let note = Note::new("handed");
    store
        .save(&claimed, &changed, &note, Hold::Nap, noon())
        .await
        .expect("it is saved");
    let kept = store.kept(&story.outgoing.media).expect("a file");
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(86_400 * 9);
    let file = std::fs::File::options()
        .append(true)
        .open(&kept)
        .expect("a file");
    file.set_modified(long_ago).expect("its time");
    store.sweep_kept(at(86_400 * 9)).await.expect("swept");
    assert!(kept.exists(), "the page shows it for as long as it takes");
}
