//! The studio in a real browser: `studio/test/run.mjs` drives Chromium through the editor, `studio/test/phone.mjs` from the
//! notice of a hand-off to its end, `studio/test/follow.mjs` watches pages that stand, each against a studio of its own.

use std::process::Command;

use storypress::studio::{self, Options};

use super::bundle::{packages, run, said};
use super::rehearsal::Rehearsal;
use super::stage::Stage;

const BASE: &str = r##"[[layer]]
id = "band"
type = "shape"
left = 0
right = 0
top = 1500
height = 100
fill = "#334455"
"##;

const CARD: &str = r##"# a card
extends = "_base.toml"

[vars]
title = { default = "Hello", max_chars = 60 }
accent = { type = "color", default = "#ff5a36" }

[canvas]
background = "#101418"

# the panel moves
[[layer]]
id = "panel"
type = "shape"
left = 140    # from the left
top = 700
width = 400
height = 300
fill = "{{ accent }}"

[[layer]]
id = "title"
type = "text"
text = "{{ title }}"
left = 100
right = 100
top = 400
size = 96
color = "#ffffff"
"##;

const CARDS: &str = "id,title\nshort,Hi\nlong,\"A headline that goes on for much longer than a card can hold\"\nnext,Two words\n";

#[tokio::test(flavor = "multi_thread")]
async fn the_editor_works_in_a_browser() {
    packages();
    let stage = Stage::with(&[
        ("templates/_base.toml", BASE),
        ("templates/card.toml", CARD),
        ("cards.csv", CARDS),
    ])
    .await;
    let url = stage.running.start_url().expect("an address");
    let project = stage.root.to_string_lossy().into_owned();
    let drive = move || run("node", &["test/run.mjs", &url, &project]);
    let driven = tokio::task::spawn_blocking(drive).await.expect("a run");
    assert!(driven.status.success(), "{}", said(&driven));
}

const BY_HAND: &str = "[project]\ntemplates = \"templates\"\nout = \"out\"\n\
    [accounts.shop]\nlogin = \"by-hand\"\nusername = \"cafe\"\n";

const BY_RULE: &str = "[schedule.menu]\ntemplate = \"templates/menu.toml\"\ntimes = [\"12:00\"]\n\
    [schedule.rows]\ntemplate = \"templates/menu.toml\"\ntimes = [\"13:00\"]\ndata = \"menu.csv\"\npick = \"date\"\n";

const CARD_ALONE: &str =
    "[[layer]]\ntype = \"text\"\ntext = \"Another\"\nleft = 64\ntop = 400\nsize = 90\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_gets_from_the_notice_to_shared_in_four_taps() {
    packages();
    let stage = Stage::with(&[
        ("storypress.toml", BY_HAND),
        ("schedule.toml", BY_RULE),
        ("templates/other.toml", CARD_ALONE),
    ])
    .await;
    let mut command = Command::new(crate::program());
    command
        .args(["render", "templates/menu.toml", "-o", "out", "--publish"])
        .current_dir(&stage.root);
    let handed = tokio::task::spawn_blocking(move || command.output());
    let handed = handed.await.expect("a thread").expect("a run");
    assert!(
        handed.status.success(),
        "{}",
        String::from_utf8_lossy(&handed.stderr)
    );
    let options = Options {
        listen: "127.0.0.1:0".into(),
        allow_hosts: vec!["phone.test".into()],
        folder: stage.root.clone(),
        project: Some(stage.root.join("storypress.toml")),
        ..Options::default()
    };
    let running = studio::start(&options).await.expect("a studio");
    let url = running.start_url().expect("an address");
    let drive = move || run("node", &["test/phone.mjs", &url]);
    let driven = tokio::task::spawn_blocking(drive).await.expect("a run");
    assert!(driven.status.success(), "{}", said(&driven));
}

const TO_APPROVE: &str = "[schedule.menu]\ntemplate = 'templates/menu.toml'\ndays = 'daily'\ntimes = ['09:00', '12:00']\n\
    freeze = '3d'\napprove = true\nunapproved = 'hold'\n\
    [schedule.plain]\ntemplate = 'templates/menu.toml'\ndays = 'daily'\ntimes = ['18:30']\n";

#[tokio::test(flavor = "multi_thread")]
async fn pages_that_stand_show_what_happens() {
    packages();
    let rehearsal = Rehearsal::new(TO_APPROVE).await;
    rehearsal.call(&["worker", "--once", "--quiet"]).await;
    let url = rehearsal.running.start_url().expect("an address");
    let project = rehearsal.root.to_string_lossy().into_owned();
    let (token, sandbox) = (rehearsal.token.clone(), rehearsal.sandbox.url.clone());
    let drive = move || {
        let program = crate::program();
        let arguments = ["test/follow.mjs", &url, &project, &token, program, &sandbox];
        run("node", &arguments)
    };
    let driven = tokio::task::spawn_blocking(drive).await.expect("a run");
    assert!(driven.status.success(), "{}", said(&driven));
}
