//! The route by hand: a package for a person at its time, their word on what became of it, never twice.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::month::Month;
use super::receiver::Receiver;
use super::rehearsal::{Rehearsal, Run};

/// Nothing of it needs a network: the account has no login.
const ALONE: &str = "[accounts.shop]\nlogin = \"by-hand\"\nusername = \"cafe\"\n\
    [publish]\ngap = \"10ms\"\n";

const MIXED: &str = "[accounts.main]\nlogin = \"instagram\"\nstickers = \"by-hand\"\n\
    [publish]\nsettle = \"600ms\"\ngap = \"10ms\"\ntimeout = \"400ms\"\n";

const TEMPLATE: &str = r##"
alt = "A plate"

[vars]
title = { default = "Hello" }
link = { type = "url", default = "" }

[output]
size = [270, 480]

[canvas]
background = "#102030"

[[layer]]
id = "title"
type = "text"
text = "{{ title }}"
size = 120
color = "#fff"
left = 100
right = 100
top = 700

[[link]]
url = "{{ link }}"
at = ["50%", "80%"]
"##;

const DATA: &str = "id,title,link\nmon,Monday,https://example.com/mon\ntue,Tuesday,\nwed,Wednesday,https://example.com/wed\n";

/// Makes every day of the data, and publishes it.
const PUBLISH: [&str; 8] = [
    "render",
    "templates",
    "--data",
    "days.csv",
    "-o",
    "out",
    "--json",
    "--publish",
];

/// A project in a folder, on the platform itself.
struct Alone(tempfile::TempDir);

impl Alone {
    fn new(project: &str) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        write(dir.path(), project);
        Self(dir)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn run(&self, arguments: &[&str]) -> Run {
        let mut command = Command::new(crate::program());
        command.args(arguments).current_dir(self.path());
        Run::of(command.output().expect("a run"))
    }

    fn publish(&self) -> Run {
        self.run(&PUBLISH)
    }
}

fn write(folder: &Path, project: &str) {
    let put = |name: &str, text: &str| std::fs::write(folder.join(name), text).expect("a file");
    std::fs::create_dir(folder.join("templates")).expect("a folder");
    put("storypress.toml", project);
    put("templates/day.toml", TEMPLATE);
    put("days.csv", DATA);
}

fn id(run: &Run, item: usize) -> String {
    let id = run.report["items"][item]["story"]["id"].as_str();
    id.unwrap_or_else(|| panic!("no story: {run:?}")).to_owned()
}

fn states(run: &Run) -> Vec<&str> {
    let items = run.report["items"].as_array().expect("items");
    items
        .iter()
        .filter_map(|item| item["story"]["state"].as_str())
        .collect()
}

fn codes(run: &Run) -> Vec<&str> {
    let items = run.report["items"].as_array().expect("items").iter();
    let all = items.flat_map(|item| item["diagnostics"].as_array().into_iter().flatten());
    all.filter_map(|diagnostic| diagnostic["code"].as_str())
        .collect()
}

fn package(root: &Path, key: &str) -> PathBuf {
    root.join(".storypress/handoff").join(key)
}

#[test]
fn a_person_gets_every_story_of_an_account_by_hand() {
    let project = Alone::new(ALONE);
    let run = project.publish();
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(states(&run), ["handed"; 3]);
    assert_eq!(codes(&run), [""; 0], "nothing is left out");
    let story = &run.report["items"][0]["story"];
    assert_eq!(story["account"], "shop");
    let waits_for = story["waits_for"].as_str().expect("what to do");
    assert!(waits_for.contains("resolve"), "{waits_for}");
    let key = id(&run, 0);
    let folder = package(project.path(), &key);
    for name in [
        "day-mon.jpg",
        "day-mon.html",
        "day-mon.boxes.png",
        "handoff.json",
    ] {
        assert!(folder.join(name).is_file(), "{name}");
    }
    let list = std::fs::read_to_string(folder.join("handoff.json")).expect("a list");
    let list: Value = serde_json::from_str(&list).expect("JSON");
    assert_eq!(
        list["items"][0]["stickers"][0]["url"],
        "https://example.com/mon"
    );
    assert_eq!(list["items"][0]["alt"], "A plate");
    // the same again hands nothing again
    let again = project.publish();
    assert_eq!(again.code, Some(0), "{again:?}");
    assert_eq!(again.report["totals"]["unchanged"], 3);
    assert_eq!(id(&again, 0), key);
    let status = project.run(&["status", "--json", "--exit-code"]);
    assert_eq!(
        status.code,
        Some(0),
        "it waits for somebody, and nothing has failed: {status:?}"
    );
    assert_eq!(states(&status), ["handed"; 3]);
}

#[test]
fn a_person_says_what_became_of_it() {
    let project = Alone::new(ALONE);
    let run = project.publish();
    let keys = [id(&run, 0), id(&run, 1), id(&run, 2)];
    let live = project.run(&[
        "resolve",
        &keys[0],
        "--live",
        "--media-id",
        "18001",
        "--json",
    ]);
    assert_eq!(live.code, Some(0), "{live:?}");
    let story = &live.report["items"][0]["story"];
    assert_eq!(
        (&story["state"], &story["media_id"]),
        (&json!("live"), &json!("18001"))
    );
    // nobody can be asked whether it is there
    let trouble = story["trouble"].as_str().expect("it is said");
    assert!(trouble.contains("as it was given"), "{trouble}");
    let skipped = project.run(&["resolve", &keys[1], "--not-live", "--json"]);
    assert_eq!(states(&skipped), ["cancelled"], "{skipped:?}");
    let cancelled = project.run(&["cancel", &keys[2], "--json"]);
    assert_eq!(cancelled.code, Some(0), "{cancelled:?}");
    let twice = project.run(&["resolve", &keys[0], "--live", "--json"]);
    assert_eq!(twice.code, Some(2), "{twice:?}");
    // a picture that was skipped may be handed again, what is live may not
    let again = project.publish();
    assert_eq!(states(&again), ["live", "handed", "handed"], "{again:?}");
    assert_eq!(again.report["items"][0]["status"], "unchanged");
    for key in &keys {
        assert!(
            !package(project.path(), key).exists(),
            "no person has {key}"
        );
    }
}

#[test]
fn files_that_exist_are_handed_as_well() {
    let project = Alone::new(ALONE);
    let run = project.run(&["render", "templates/day.toml", "-o", "out", "--json"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let run = project.run(&["publish", "out/day.jpg"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.said.contains("1 handed to a person"), "{}", run.said);
    assert!(run.said.contains("resolve"), "{}", run.said);
    let dry = project.run(&["publish", "out/day.jpg", "--again", "--dry-run"]);
    assert_eq!(dry.code, Some(0), "{dry:?}");
    let later = project.run(&[
        "publish",
        "out/day.jpg",
        "--at",
        "2099-01-01T09:00",
        "--json",
    ]);
    assert_eq!(states(&later), ["due"], "not before its time: {later:?}");
    let status = project.run(&["account", "status", "--json"]);
    assert_eq!(status.code, Some(0), "{status:?}");
    assert!(status.report.to_string().contains("by-hand"), "{status:?}");
}

#[test]
fn what_nobody_has_posted_in_time_is_missed_and_may_still_be_live() {
    let project = Alone::new(&format!("{ALONE}late = \"8s\"\n"));
    let run = project.publish();
    assert_eq!(states(&run), ["handed"; 3], "{run:?}");
    let start = Instant::now();
    let status = loop {
        let worker = project.run(&["worker", "--once", "--json"]);
        let status = project.run(&["status", "--json", "--exit-code"]);
        if states(&status) == ["missed"; 3] {
            break status;
        }
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "{status:?} {worker:?}"
        );
        std::thread::sleep(Duration::from_millis(500));
    };
    assert_eq!(status.code, Some(1), "{status:?}");
    let key = id(&status, 0);
    let live = project.run(&["resolve", &key, "--live", "--json"]);
    assert_eq!(states(&live), ["live"], "{live:?}");
    let other = id(&status, 1);
    let again = project.run(&["retry", &other, "--json"]);
    assert_eq!(states(&again), ["handed"], "{again:?}");
}

fn mixed() -> Rehearsal {
    let rehearsal = Rehearsal::of(MIXED, &[]);
    let folder = rehearsal.path();
    std::fs::create_dir(folder.join("templates")).expect("a folder");
    std::fs::write(folder.join("templates/day.toml"), TEMPLATE).expect("a template");
    std::fs::write(folder.join("days.csv"), DATA).expect("data");
    rehearsal
}

fn publish(rehearsal: &Rehearsal, plug: Option<&str>) -> Run {
    let mut command = rehearsal.command(&PUBLISH);
    command.args(["--sandbox", &rehearsal.url]);
    if let Some(point) = plug {
        command.env("STORYPRESS_PULL_THE_PLUG", point);
    }
    Run::of(command.output().expect("a run"))
}

fn resolve(rehearsal: &Rehearsal, key: &str, more: &[&str]) -> Run {
    let mut command = rehearsal.command(&["resolve", key, "--live", "--json"]);
    command
        .arg(format!("--sandbox={}", rehearsal.url))
        .args(more);
    Run::of(command.output().expect("a run"))
}

/// Somebody posts a picture of their own on the account; its name on the platform.
fn from_the_phone(rehearsal: &Rehearsal, number: usize) -> String {
    let folder = rehearsal.path().join(format!("phone-{number}"));
    std::fs::create_dir(&folder).expect("a folder");
    std::fs::write(folder.join("storypress.toml"), "[publish]\ngap = \"0s\"\n").expect("a project");
    let file = rehearsal.pictures(number + 1).remove(number);
    let run = |arguments: &[&str]| {
        let mut command = Command::new(crate::program());
        command
            .args(arguments)
            .args(["--json", "--sandbox", &rehearsal.url]);
        let run = Run::of(command.current_dir(&folder).output().expect("a run"));
        assert_eq!(run.code, Some(0), "{run:?}");
        run
    };
    run(&["store", "import"]);
    let run = run(&["publish", file.to_str().expect("a text")]);
    let name = run.report["items"][0]["story"]["media_id"].as_str();
    name.expect("a name").to_owned()
}

#[test]
fn only_what_the_login_does_not_carry_goes_by_hand() {
    let rehearsal = mixed();
    let run = publish(&rehearsal, None);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(states(&run), ["handed", "live", "handed"]);
    // what the phone gets is not left out; the alt text of the one that went out by itself is
    assert_eq!(codes(&run), ["sticker-dropped"]);
    assert_eq!(
        run.report["items"][1]["diagnostics"][0]["code"],
        "sticker-dropped"
    );
    assert_eq!(rehearsal.published().len(), 1);
    let name = from_the_phone(&rehearsal, 0);
    let found = resolve(&rehearsal, &id(&run, 0), &[]);
    assert_eq!(found.code, Some(0), "{found:?}");
    assert_eq!(found.report["items"][0]["story"]["media_id"], json!(name));
    // that one is taken: the next has one of its own, and no other
    let other = from_the_phone(&rehearsal, 1);
    let taken = resolve(&rehearsal, &id(&run, 2), &["--media-id", &name]);
    assert_eq!(taken.code, Some(2), "{taken:?}");
    let nowhere = resolve(
        &rehearsal,
        &id(&run, 2),
        &["--media-id", "17000000000000001"],
    );
    assert_eq!(nowhere.code, Some(2), "{nowhere:?}");
    let found = resolve(&rehearsal, &id(&run, 2), &["--media-id", &other]);
    assert_eq!(found.report["items"][0]["story"]["media_id"], json!(other));
    assert_eq!(found.report["items"][0]["story"]["trouble"], Value::Null);
    assert_eq!(publish(&rehearsal, None).report["totals"]["unchanged"], 3);
}

#[test]
fn a_name_is_never_guessed() {
    let rehearsal = mixed();
    let run = publish(&rehearsal, None);
    let nothing = id(&run, 2);
    let found = resolve(&rehearsal, &nothing, &[]);
    assert_eq!(states(&found), ["live"], "they say so: {found:?}");
    assert_eq!(found.report["items"][0]["story"]["media_id"], Value::Null);
    from_the_phone(&rehearsal, 0);
    from_the_phone(&rehearsal, 1);
    let found = resolve(&rehearsal, &id(&run, 0), &[]);
    assert_eq!(states(&found), ["live"], "{found:?}");
    let name = &found.report["items"][0]["story"]["media_id"];
    assert_eq!(name, &Value::Null, "one of two");
}

#[test]
fn a_kill_at_any_point_hands_a_story_once() {
    let points = [
        "added",
        "claimed",
        "packed",
        "handed",
        "packed:2",
        "handed:2",
        "published",
    ];
    for few in points.chunks(3) {
        std::thread::scope(|scope| {
            for point in few {
                scope.spawn(|| killed_at(point));
            }
        });
    }
}

fn killed_at(point: &str) {
    let rehearsal = mixed();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let receiver = runtime.block_on(Receiver::start(&[], Duration::ZERO));
    let project = format!(
        "{MIXED}[notify.team]\non = [\"handed\"]\nto = \"{}\"\n\
         [studio]\nurl = \"https://stories.example.com/\"\n",
        receiver.url
    );
    std::fs::write(rehearsal.path().join("storypress.toml"), project).expect("a project");
    let run = publish(&rehearsal, Some(point));
    assert!(run.was_killed(), "nobody came by {point}: {run:?}");
    let run = publish(&rehearsal, None);
    assert_eq!(
        states(&run),
        ["handed", "live", "handed"],
        "{point}: {run:?}"
    );
    assert_eq!(run.code, Some(0), "{point}: {run:?}");
    let mut worker = rehearsal.command(&["worker", "--once", "--sandbox", &rehearsal.url]);
    Run::of(worker.output().expect("a run"));
    let mut ids: Vec<_> = receiver
        .received()
        .iter()
        .map(|one| one.id().to_owned())
        .collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 2, "{point}: a notice of each, and one");
    for one in receiver.received() {
        let notice = one.json();
        assert_eq!(notice["type"], "handed");
        let key = notice["data"]["story"]
            .as_str()
            .expect("a story")
            .to_owned();
        assert_eq!(
            notice["data"]["url"],
            json!(format!("https://stories.example.com/handoff/{key}"))
        );
        assert!(
            package(rehearsal.path(), &key)
                .join("handoff.json")
                .is_file(),
            "{point}"
        );
        let trail = rehearsal
            .command(&["status", &key])
            .output()
            .expect("a run");
        let trail = String::from_utf8_lossy(&trail.stdout).into_owned();
        assert_eq!(
            trail.matches("rendered → handed").count().max(1),
            1,
            "{point}: {trail}"
        );
    }
    assert_eq!(rehearsal.published().len(), 1, "{point}");
}

#[test]
fn a_slot_becomes_handed_at_its_time_and_is_missed_when_nobody_posts_it() {
    let rule = "[schedule.menu]\ntemplate = 'templates/menu.toml'\ndays = 'daily'\ntimes = ['09:00']\n\
        account = 'shop'\nfreeze = '2h'\napprove = true\n";
    let mut month = Month::of(rule, &[]);
    month.write(
        "storypress.toml",
        "[project]\ntimezone = 'Europe/Madrid'\n[publish]\ngap = '10ms'\n\
         [accounts.shop]\nlogin = 'by-hand'\n",
    );
    let slots = [1, 2].map(|day| format!("menu@{}T09:00", month.day(day)));
    let nine = [1, 2].map(|day| month.at(day, "09:00"));
    month.start(&[]);
    for (slot, nine) in slots.iter().zip(nine) {
        month.until_seen(slot);
        month.advance_to(nine - jiff::SignedDuration::from_mins(30));
        month.until(slot, &["waiting"]);
        let approved = month.call(&["approve", slot, "--by", "ana"]);
        assert_eq!(approved.code, Some(0), "{approved:?}");
        std::thread::sleep(Duration::from_millis(500));
        assert_ne!(
            month.why(slot)["slot"]["state"],
            "handed",
            "not before its time"
        );
        month.advance_to(nine);
        month.advance(5);
        let item = month.until(slot, &["handed"]);
        assert_eq!(item["story"]["state"], "handed", "{item}");
        let key = item["story"]["id"].as_str().expect("a story").to_owned();
        let folder = month.folder().join(".storypress/handoff").join(&key);
        assert!(
            folder.join("handoff.json").is_file(),
            "{}",
            folder.display()
        );
        if *slot == slots[0] {
            let sandbox = format!("--sandbox={}", month.rehearsal.url);
            let live = month.command(&["resolve", &key, "--live", "--json", &sandbox]);
            let live = Run::of({ live }.output().expect("a run"));
            assert_eq!(live.code, Some(0), "{live:?}");
            month.until(slot, &["live"]);
        }
    }
    month.advance(31 * 60);
    let start = Instant::now();
    let item = month.until(&slots[1], &["missed"]);
    assert!(start.elapsed() < Duration::from_secs(60));
    assert_eq!(item["slot"]["state"], "missed", "{item}");
}

#[test]
fn a_slot_to_come_tells_what_its_login_leaves_out() {
    const RULE: &str = "[schedule.day]\ntemplate = \"templates/day.toml\"\ndays = \"daily\"\n\
        times = [\"09:00\"]\nset = { link = \"https://example.com\" }\n";
    let dropped = |login: &str| {
        let project = Alone::new(&format!("[accounts.main]\n{login}\n"));
        std::fs::write(project.path().join("schedule.toml"), RULE).expect("a file");
        let run = project.run(&[
            "schedule", "next", "--count", "1", "--out", "preview", "--json",
        ]);
        assert_eq!(run.code, Some(0), "{run:?}");
        codes(&run)
            .iter()
            .filter(|code| **code == "sticker-dropped")
            .count()
    };
    // the link and the alt text
    assert_eq!(dropped("login = \"instagram\""), 2);
    assert_eq!(dropped("login = \"instagram\"\nstickers = \"by-hand\""), 0);
    assert_eq!(dropped("login = \"by-hand\""), 0);
    // the alt text alone
    assert_eq!(dropped("login = \"private\"\nusername = \"cafe\""), 1);
}
