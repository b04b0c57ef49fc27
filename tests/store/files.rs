//! SQLite's file: whose it is, who may read it, and what happens when it fails.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::Duration;

use storypress::store::{Error, Same, Store};

use crate::world::{World, add, contained, noon, prepare, story};
use crate::{Case, cases};

pub const CASES: &[Case] = cases![
    the_file_is_ours_alone,
    a_foreign_file_is_refused_and_not_touched,
    a_damaged_file_is_told,
    a_wrong_address_is_told,
    a_locked_store_is_waited_for,
    a_full_disk_is_told_and_loses_nothing,
    a_store_without_its_content_is_refused,
    a_closed_store_is_whole_by_itself,
    a_backup_takes_the_place_of_the_store,
];

async fn the_file_is_ours_alone(world: World) {
    let store = world.open().await;
    add(&store, story("instagram:1", 1)).await;
    let folder = world.root().join(".storypress");
    let mode = |path| {
        fs::metadata(path)
            .expect("it is there")
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!(mode(folder.clone()), 0o700);
    for file in fs::read_dir(&folder).expect("a folder") {
        let file = file.expect("a file").path();
        assert_eq!(mode(file.clone()), 0o600, "{}", file.display());
    }
}

async fn a_foreign_file_is_refused_and_not_touched(world: World) {
    let path = world.root().join("other.db");
    let url = "sqlite:other.db";
    let database = {
        use sqlx::Connection;
        let made = format!("sqlite:{}?mode=rwc", path.display());
        let mut conn = sqlx::SqliteConnection::connect(&made)
            .await
            .expect("a file");
        let table = sqlx::raw_sql("CREATE TABLE stories (x)")
            .execute(&mut conn)
            .await;
        table.expect("a table");
        conn.close().await.expect("it closes");
        fs::read(&path).expect("a file")
    };
    for content in [database.as_slice(), b"# Notes\n", b"SQLite format 3\0"] {
        fs::write(&path, content).expect("it is written");
        let error = Store::open(url, world.root())
            .await
            .expect_err("it is foreign");
        assert!(matches!(error, Error::Foreign { .. }), "{error}");
        assert!(error.to_string().contains("other.db"), "{error}");
        assert_eq!(fs::read(&path).expect("a file"), content);
    }
    fs::create_dir(world.root().join("folder")).expect("a folder");
    let error = Store::open("sqlite:folder", world.root()).await;
    assert!(matches!(error, Err(Error::File { .. })), "{error:?}");
}

async fn a_damaged_file_is_told(world: World) {
    let store = world.open().await;
    for picture in 0..50 {
        add(&store, story("instagram:1", picture)).await;
    }
    drop(store);
    // the last connection brings the log into the file
    world
        .raw("PRAGMA wal_checkpoint(TRUNCATE)")
        .await
        .expect("it is written");
    let path = world.root().join(".storypress/store.db");
    let mut content = fs::read(&path).expect("a file");
    for byte in &mut content[4096..] {
        *byte = 0x5a;
    }
    fs::write(&path, content).expect("it is written");
    let _ = fs::remove_file(world.root().join(".storypress/store.db-wal"));
    let error = Store::open(&world.url, world.root())
        .await
        .expect_err("it is damaged");
    assert!(matches!(error, Error::Damaged { .. }), "{error:?}");
}

async fn a_wrong_address_is_told(world: World) {
    for wrong in [
        "",
        "store.db",
        "sqlite:",
        "sqlite::memory:",
        "sqlite:a?mode=rw",
        "mysql://x",
    ] {
        let error = Store::open(wrong, world.root()).await.expect_err(wrong);
        assert!(matches!(error, Error::Address(_)), "{error}");
    }
}

async fn a_locked_store_is_waited_for(world: World) {
    use sqlx::Connection;
    let store = world.open().await;
    let path = world.root().join(".storypress/store.db");
    let mut other = sqlx::SqliteConnection::connect(&format!("sqlite:{}", path.display()))
        .await
        .expect("it opens");
    let lock = sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await;
    lock.expect("a lock");
    let adding = tokio::spawn(async move {
        add(&store, story("instagram:1", 1)).await;
        store
    });
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert!(!adding.is_finished());
    let free = sqlx::raw_sql("COMMIT").execute(&mut other).await;
    free.expect("it is free");
    adding.await.expect("no panic");
}

/// Set for the process that may not write large files.
const SMALL: &str = "STORE_TEST_SMALL";

async fn a_full_disk_is_told_and_loses_nothing(world: World) {
    if std::env::var_os(SMALL).is_some() {
        return fill(world).await;
    }
    // a limit on the size of files stands for the disk: it hits every write, and needs no rights
    let program = std::env::current_exe().expect("a path");
    let done = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 900; exec \"$0\" \"$@\""])
        .arg(program)
        .args(["--exact", "sqlite::a_full_disk_is_told_and_loses_nothing"])
        .env(SMALL, "1")
        .output()
        .expect("it starts");
    let told = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{told}");
    assert!(told.contains("1 passed"), "{told}");
}

async fn fill(world: World) {
    let store = world.open().await;
    let first = add(&store, story("instagram:1", 0)).await;
    let claimed = prepare(&store, &first, 0, noon()).await;
    let mut kept = 1;
    let error = loop {
        let mut more = story("instagram:1", kept);
        more.trouble = Some("x".repeat(20_000));
        match store.add(&[more], Same::Known, noon()).await {
            Ok(_) => kept += 1,
            Err(error) => break error,
        }
        assert!(kept < 1000, "the limit does not hold");
    };
    assert!(matches!(error, Error::Full), "{error:?}");
    // what was told as done is done; what failed has left nothing
    let all = store.list(&storypress::store::Filter::default()).await;
    assert_eq!(all.expect("a list").len(), kept as usize);
    let mut long = claimed.story.clone();
    long.trouble = Some("y".repeat(2_000_000));
    let note = storypress::store::Note::new("too long");
    let hold = storypress::store::Hold::On;
    let saved = store.save(&claimed, &long, &note, hold, noon()).await;
    assert!(matches!(saved, Err(Error::Full)), "{saved:?}");
    let story = store.get(&first.key).await.expect("it is there");
    assert_eq!((story.step, story.trouble), (contained(0), None));
    assert_eq!(store.audit(&first.key).await.expect("a trail").len(), 2);
}

/// What a copy of the file alone is, made while its log holds everything.
async fn a_store_without_its_content_is_refused(world: World) {
    use sqlx::Connection;
    let path = world.root().join("store.db");
    let made = format!("sqlite:{}?mode=rwc", path.display());
    let mut conn = sqlx::SqliteConnection::connect(&made)
        .await
        .expect("a file");
    let marked = sqlx::raw_sql("PRAGMA application_id = 1398034521")
        .execute(&mut conn)
        .await;
    marked.expect("a mark");
    conn.close().await.expect("it closes");
    let error = Store::open("sqlite:store.db", world.root()).await;
    let error = error.expect_err("it holds nothing");
    assert!(matches!(error, Error::Emptied { .. }), "{error:?}");
    assert!(error.to_string().contains("published again"), "{error}");
}

async fn a_closed_store_is_whole_by_itself(world: World) {
    let store = world.open().await;
    let story = add(&store, story("instagram:1", 1)).await;
    store.close().await;
    let folder = world.root().join(".storypress");
    let copy = world.root().join("copy.db");
    fs::copy(folder.join("store.db"), copy).expect("a copy");
    let copied = Store::open("sqlite:copy.db", world.root())
        .await
        .expect("a store");
    assert_eq!(
        copied.get(&story.key).await.expect("a story").key,
        story.key
    );
}

async fn a_backup_takes_the_place_of_the_store(world: World) {
    let store = world.open().await;
    let due = add(&store, story("instagram:1", 1)).await;
    let mut later = story("instagram:1", 2);
    later.due = noon() + jiff::SignedDuration::from_hours(1_000_000);
    let later = add(&store, later).await;
    let backup = world.root().join("backup.db");
    assert_eq!(store.backup(&backup).await.expect("a backup"), 2);
    assert!(
        store.backup(&backup).await.is_err(),
        "nothing is written over"
    );
    add(&store, story("instagram:1", 3)).await;
    store.close().await;
    let now = jiff::Timestamp::now().max(noon());
    let put = Store::put_back(&world.url, world.root(), &backup, now).await;
    put.expect("it is restored");
    let store = world.open().await;
    assert_eq!(store.doubt_what_was_due(now).await.expect("an answer"), 1);
    let state = async |key| store.get(key).await.expect("a story").step.state();
    assert_eq!(
        (state(&due.key).await, state(&later.key).await),
        ("failed", "rendered")
    );
    let all = store.list(&Default::default()).await.expect("a list");
    assert_eq!(all.len(), 2);
    let account = store.account("instagram:1").await.expect("an account");
    assert!(!account.is_looked_at);
    let foreign = world.root().join("notes.txt");
    fs::write(&foreign, "notes").expect("a file");
    let put = Store::put_back(&world.url, world.root(), &foreign, now).await;
    assert!(matches!(put, Err(Error::Foreign { .. })), "{put:?}");
}
