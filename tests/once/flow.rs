//! What people do: render and publish, look, try again, decide.

use serde_json::json;
use storypress::pipeline::Point;

use super::rehearsal::{Rehearsal, Run};

const TEMPLATE: &str = r##"
[vars]
title = { default = "Hello" }

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

[[mention]]
username = "chef_ana"
over = "title"

[[link]]
url = "https://example.com/{{ title | lower }}"
at = ["50%", "80%"]
"##;

fn project() -> Rehearsal {
    let rehearsal = Rehearsal::new();
    let templates = rehearsal.path().join("templates");
    std::fs::create_dir(&templates).expect("a folder");
    std::fs::write(templates.join("day.toml"), TEMPLATE).expect("a template");
    std::fs::write(
        rehearsal.path().join("days.csv"),
        "id,title\nmon,Monday\ntue,Tuesday\nwed,Wednesday\n",
    )
    .expect("data");
    rehearsal
}

fn render(rehearsal: &Rehearsal, more: &[&str]) -> Run {
    let arguments = [
        "render",
        "templates/day.toml",
        "--data",
        "days.csv",
        "-o",
        "out",
        "--json",
    ];
    let mut command = rehearsal.command(&arguments);
    command
        .args(["--publish", "--sandbox", &rehearsal.url])
        .args(more);
    Run::of(command.output().expect("a run"))
}

#[test]
fn rows_are_rendered_published_in_order_and_only_once() {
    let rehearsal = project();
    let run = render(&rehearsal, &[]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(run.report["command"], "render");
    assert_eq!(run.report["totals"]["done"], 3);
    let items = run.report["items"].as_array().expect("items");
    let listed = rehearsal.get("/sandbox/stories");
    let listed = listed.as_array().expect("a list");
    assert_eq!(listed.len(), 3);
    for (item, live) in items.iter().zip(listed) {
        assert_eq!(item["story"]["state"], "live");
        assert_eq!(item["story"]["media_id"], live["id"], "in order");
        assert_eq!(item["story"]["container_id"], live["container_id"]);
        assert_eq!(item["outputs"][0]["sha256"], live["sha256"]);
        assert_eq!(live["mentions"][0]["username"], "chef_ana");
    }
    let again = render(&rehearsal, &[]);
    assert_eq!(again.code, Some(0), "{again:?}");
    assert_eq!(again.report["totals"]["unchanged"], 3);
    assert_eq!(
        again.report["items"][0]["story"],
        run.report["items"][0]["story"]
    );
    assert_eq!(
        rehearsal.get("/sandbox/stories").as_array().map(Vec::len),
        Some(3)
    );
    let wanted = render(&rehearsal, &["--again", "--only", "day-mon"]);
    assert_eq!(wanted.code, Some(0), "{wanted:?}");
    assert_eq!(
        rehearsal.get("/sandbox/stories").as_array().map(Vec::len),
        Some(4)
    );
}

#[test]
fn what_the_platform_takes_only_from_a_person_is_told() {
    let rehearsal = project();
    let dropped = |run: &Run| {
        let told = run.report["items"][0]["diagnostics"].as_array().cloned();
        let told = told.expect("diagnostics").into_iter();
        told.filter(|d| d["code"] == "sticker-dropped")
            .collect::<Vec<_>>()
    };
    let mut alone = rehearsal.command(&["render", "templates/day.toml", "-o", "out", "--json"]);
    let run = Run::of(alone.output().expect("a run"));
    assert_eq!((run.code, dropped(&run).len()), (Some(0), 0), "{run:?}");
    // also where the picture is the one of before, where nothing is sent, and where it is live already
    for more in [&["--dry-run"][..], &[], &[]] {
        let run = render(&rehearsal, more);
        assert_eq!(run.code, Some(0), "{run:?}");
        let told = dropped(&run);
        assert_eq!(told.len(), 1, "{run:?}");
        assert_eq!(told[0]["severity"], "warning");
        assert_eq!(told[0]["file"], "templates/day.toml");
        assert_eq!(told[0]["line"], 22);
        let message = told[0]["message"].as_str().expect("a message");
        assert!(message.contains("https://example.com/monday"), "{message}");
    }
}

#[test]
fn a_dry_run_sends_nothing() {
    let rehearsal = project();
    let run = render(&rehearsal, &["--dry-run"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(rehearsal.get("/sandbox/stories"), json!([]));
    let log = rehearsal.get("/sandbox/log");
    let posts = log
        .as_array()
        .expect("a list")
        .iter()
        .filter(|line| line["method"] == "POST");
    let graph = posts.filter(|line| {
        !line["path"]
            .as_str()
            .is_some_and(|p| p.starts_with("/sandbox"))
    });
    assert_eq!(graph.count(), 0, "{log}");
}

#[test]
fn a_failed_story_stops_no_other_but_in_a_series() {
    let faults = json!([{ "on": "container", "do": "error", "code": 36001, "subcode": 2207005, "after": 1, "times": 1 }]);
    for (flag, states) in [
        (None, ["live", "failed", "live"]),
        (Some("--series"), ["live", "failed", "cancelled"]),
    ] {
        let rehearsal = project();
        rehearsal.post("/sandbox/faults", &faults);
        // one after the other, so that the second container is the second story's
        let more: Vec<&str> = flag.into_iter().collect();
        let run = render(&rehearsal, &more);
        assert_eq!(run.code, Some(1), "{run:?}");
        let mut told: Vec<_> = run.report["items"]
            .as_array()
            .expect("items")
            .iter()
            .map(|item| item["story"]["state"].as_str().expect("a state").to_owned())
            .collect();
        if flag.is_none() {
            // which of them met the fault is chance
            told.sort();
            assert_eq!(told, ["failed", "live", "live"]);
        } else {
            assert!(told.contains(&"failed".into()), "{told:?} {states:?}");
            let failed = told
                .iter()
                .position(|state| state == "failed")
                .expect("one failed");
            assert!(
                told[failed + 1..].iter().all(|state| state == "cancelled"),
                "{told:?}"
            );
            assert!(
                told[..failed].iter().all(|state| state == "live"),
                "{told:?}"
            );
        }
    }
}

#[test]
fn an_uncertain_story_is_for_people_to_decide() {
    let rehearsal = Rehearsal::new();
    let fault = json!([{ "on": "publish", "do": "drop-before", "times": 1 }]);
    rehearsal.post("/sandbox/faults", &fault);
    let files = rehearsal.pictures(1);
    let run = rehearsal.publish(&files, None);
    assert_eq!(run.code, Some(3), "{run:?}");
    let story = &run.report["items"][0]["story"];
    assert_eq!(story["state"], "uncertain");
    let id = story["id"].as_str().expect("an id");
    let call = |arguments: &[&str]| {
        let mut command = rehearsal.command(arguments);
        command.args(["--json"]);
        Run::of(command.output().expect("a run"))
    };
    let status = call(&["status"]);
    assert_eq!(status.code, Some(3), "{status:?}");
    assert_eq!(status.report["items"][0]["story"]["state"], "uncertain");
    let sandbox = format!("--sandbox={}", rehearsal.url);
    assert_eq!(
        call(&["retry", id, &sandbox]).code,
        Some(2),
        "it may be live"
    );
    let named = ["resolve", id, "--live", "--media-id", "18001", &sandbox];
    assert_eq!(call(&named).code, Some(2), "no such story is live");
    let resolved = call(&["resolve", id, "--not-live", &sandbox]);
    assert_eq!(resolved.code, Some(0), "{resolved:?}");
    let retried = call(&["retry", id, &sandbox]);
    assert_eq!(retried.code, Some(0), "{retried:?}");
    assert_eq!(retried.report["items"][0]["story"]["state"], "live");
    assert_eq!(rehearsal.published().values().sum::<usize>(), 1);
    assert_eq!(
        call(&["resolve", id, "--live"]).code,
        Some(2),
        "it is not uncertain any more"
    );
}

#[test]
fn what_is_tried_again_by_hand_is_not_there_by_another_story() {
    let rehearsal = Rehearsal::new();
    let fault = json!([{ "on": "container", "do": "error", "code": 36001, "subcode": 2207005 }]);
    rehearsal.post("/sandbox/faults", &fault);
    let files = rehearsal.pictures(1);
    let failed = rehearsal.publish(&files, None);
    assert_eq!(failed.code, Some(1), "{failed:?}");
    let story = &failed.report["items"][0]["story"];
    let live = rehearsal.publish(&files, None);
    assert_eq!(live.code, Some(0), "{live:?}");
    let sandbox = format!("--sandbox={}", rehearsal.url);
    let id = story["id"].as_str().expect("an id");
    let mut retry = rehearsal.command(&["retry", id, &sandbox]);
    let run = Run::of(retry.output().expect("a run"));
    assert_eq!(run.code, Some(2), "{run:?}");
    let other = live.report["items"][0]["story"]["id"]
        .as_str()
        .expect("an id");
    assert!(
        run.said.contains(other) && run.said.contains("--again"),
        "{run:?}"
    );
    assert_eq!(rehearsal.published().values().sum::<usize>(), 1);
}

/// With Facebook Login, and films that are sent; the film is there.
fn cinema() -> (Rehearsal, std::path::PathBuf) {
    const FILM: &str = "[canvas]\nbackground = '#123'\n[output]\nseconds = 3\nsize = [720, 1280]";
    let rehearsal = Rehearsal::new();
    let of_facebook = |account: &&serde_json::Value| account["login"] == "facebook";
    let accounts = rehearsal.accounts.as_array().expect("accounts");
    let account = accounts.iter().find(of_facebook).expect("one of them");
    let project = format!(
        "{}films = 'send'\n[accounts.page]\nlogin = 'facebook'\nuser_id = {}\n",
        super::rehearsal::PROJECT,
        account["user_id"]
    );
    std::fs::write(rehearsal.path().join("storypress.toml"), project).expect("a project");
    std::fs::write(rehearsal.path().join("film.toml"), FILM).expect("a template");
    let mut render = rehearsal.command(&["render", "film.toml", "-o", "out"]);
    let run = Run::of(render.output().expect("a run"));
    assert_eq!(run.code, Some(0), "{run:?}");
    let film = rehearsal.path().join("out/film.mp4");
    (rehearsal, film)
}

#[test]
fn a_film_is_sent_where_the_login_takes_it_and_goes_on_where_it_broke_off() {
    let (rehearsal, film) = cinema();
    let faults = json!([
        { "on": "upload", "do": "partial-drop", "bytes": 1000 },
        { "on": "upload", "do": "processing-failed" },
    ]);
    rehearsal.post("/sandbox/faults", &faults);
    let killed = rehearsal.publish(std::slice::from_ref(&film), Some("contained"));
    assert!(killed.was_killed(), "{killed:?}");
    let run = rehearsal.publish(std::slice::from_ref(&film), None);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(rehearsal.published().values().sum::<usize>(), 1);
    let log = rehearsal.get("/sandbox/log");
    let log = log.as_array().expect("a list");
    let sent = |part: &str| {
        let is_there = |line: &&serde_json::Value| {
            line["method"] == "POST" && line["path"].as_str().is_some_and(|p| p.contains(part))
        };
        log.iter().filter(is_there).count()
    };
    let made = log
        .iter()
        .filter(|line| line["path"].as_str().is_some_and(|p| p.ends_with("/media")))
        .filter(|line| line["method"] == "POST")
        .count();
    assert_eq!(made, 1, "the container of before the kill: {log:?}");
    assert_eq!(sent("/ig-api-upload/"), 3, "{log:?}");
    let uploads = std::fs::read_dir(rehearsal.path().join(".storypress/uploads"));
    assert_eq!(uploads.map_or(0, Iterator::count), 0, "nothing is fetched");
}

#[test]
fn a_sent_film_is_published_once_wherever_the_plug_is_pulled() {
    let (rehearsal, film) = cinema();
    let points = [
        Point::Made,
        Point::Contained,
        Point::Intended,
        Point::Answered,
    ];
    for (point, end) in points
        .into_iter()
        .zip(["live", "live", "uncertain", "live"])
    {
        let killed = rehearsal.publish_again(&film, Some(point.name()));
        assert!(killed.was_killed(), "{point:?}: {killed:?}");
        let run = rehearsal.publish(std::slice::from_ref(&film), None);
        let states: Vec<_> = run.states().into_values().collect();
        assert_eq!(states, [end], "{point:?}: {run:?}");
    }
    assert_eq!(rehearsal.published().values().sum::<usize>(), 3);
}

#[test]
fn what_is_due_later_waits_for_a_worker() {
    let rehearsal = Rehearsal::new();
    let files = rehearsal.pictures(1);
    let mut command = rehearsal.command(&["publish", "--json", "--at", "2099-01-01T09:00"]);
    command.args(["--sandbox", &rehearsal.url]).args(&files);
    let run = Run::of(command.output().expect("a run"));
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(run.report["items"][0]["story"]["state"], "due");
    assert_eq!(rehearsal.get("/sandbox/stories"), json!([]));
}

#[test]
fn what_a_call_goes_on_with_and_sends_is_done() {
    let rehearsal = Rehearsal::new();
    let files = rehearsal.pictures(1);
    let killed = rehearsal.publish(&files, Some(Point::Contained.name()));
    assert!(killed.was_killed(), "{killed:?}");
    for (status, done) in [("done", 1), ("unchanged", 0)] {
        let run = rehearsal.publish(&files, None);
        assert_eq!(run.code, Some(0), "{run:?}");
        assert_eq!(run.report["items"][0]["story"]["state"], "live");
        assert_eq!(run.report["items"][0]["status"], status);
        assert_eq!(run.report["totals"]["done"], done, "{run:?}");
    }
}

#[test]
fn publishing_asks_for_a_project_and_an_account() {
    let rehearsal = Rehearsal::new();
    let files = rehearsal.pictures(1);
    let call = |arguments: &[&str]| {
        let mut command = rehearsal.command(arguments);
        Run::of(command.args(&files).output().expect("a run"))
    };
    let run = call(&["publish"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.said.contains("[accounts.NAME]"), "{run:?}");
    let run = call(&[
        "publish",
        "--account",
        "nobody",
        "--sandbox",
        &rehearsal.url,
    ]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.said.contains("no account `nobody`"), "{run:?}");
    let two = "[accounts.a]\nlogin = 'instagram'\n[accounts.b]\nlogin = 'facebook'\n";
    std::fs::write(rehearsal.path().join("storypress.toml"), two).expect("a project");
    let run = call(&["publish", "--sandbox", &rehearsal.url]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.said.contains("which account?"), "{run:?}");
    let run = call(&["publish", "--sandbox", "http://example.com"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.said.contains("on this machine"), "{run:?}");
}

#[test]
fn a_picture_that_is_there_twice_is_told_of_once() {
    let rehearsal = Rehearsal::new();
    let mut files = rehearsal.pictures(1);
    files.push(rehearsal.path().join("copy.jpg"));
    std::fs::copy(&files[0], &files[1]).expect("a copy");
    let run = rehearsal.publish(&files, None);
    let status = |at: usize| run.report["items"][at]["status"].as_str();
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!((status(0), status(1)), (Some("done"), Some("unchanged")));
    assert_eq!(rehearsal.published().values().sum::<usize>(), 1);
}
