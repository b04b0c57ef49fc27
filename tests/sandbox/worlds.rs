//! A world that is kept, and the program around it.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use storypress::sandbox::{self, Error, Options};

use super::stage::Stage;

fn kept(folder: &Path) -> Options {
    Options {
        data: Some(folder.to_owned()),
        ..Options::default()
    }
}

/// The program, and the first line that it says.
fn spawned(
    arguments: &[&str],
    data: &Path,
) -> (Child, Value, BufReader<std::process::ChildStdout>) {
    let mut child = Command::new(crate::program())
        .args(["sandbox", "--json", "--port", "0", "--data"])
        .arg(data)
        .args(arguments)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program");
    let mut out = BufReader::new(child.stdout.take().expect("its stdout"));
    let mut line = String::new();
    out.read_line(&mut line).expect("a line");
    let told = serde_json::from_str(&line).expect("JSON");
    (child, told, out)
}

#[tokio::test]
async fn a_world_is_the_same_after_a_stop() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = Stage::with(kept(folder.path())).await;
    let account = first.instagram().clone();
    let container = first.finished(&account, 1).await;
    let id = first.publish(&account, &container).await.text("id");
    let waiting = first.container(&account, 2).await;
    first
        .own(Method::POST, "/settings", json!({"quota_total": 7}))
        .await;
    let stories = first.stories().await;
    let clock = first.own(Method::GET, "/clock", Value::Null).await;
    let error = sandbox::start(kept(folder.path()))
        .await
        .expect_err("it is open");
    assert!(matches!(error, Error::Taken(_)), "{error}");
    first.sandbox.stop().await;

    let second = Stage::with(kept(folder.path())).await;
    assert_eq!(second.instagram(), &account);
    let mut there = second.stories().await;
    // the port is another one
    there[0]["media_url"] = stories[0]["media_url"].clone();
    assert_eq!(there, stories);
    assert!(
        second.own(Method::GET, "/clock", Value::Null).await["now"].as_str()
            >= clock["now"].as_str()
    );
    assert_eq!(
        second.own(Method::GET, "/settings", Value::Null).await["quota_total"],
        7
    );
    second.pass(60).await;
    assert_eq!(second.status(&account, &container).await, "PUBLISHED");
    assert_eq!(second.status(&account, &waiting).await, "FINISHED");
    let again = second.publish(&account, &container).await;
    assert_eq!(again.code(), (100, None), "{id} is not made twice");
}

#[tokio::test]
async fn an_old_world_gives_tokens_that_are_good() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = Stage::with(kept(folder.path())).await;
    let old = first.instagram().clone();
    first.pass(60 * 86_400).await;
    first.sandbox.stop().await;
    let second = Stage::with(kept(folder.path())).await;
    let new = second.instagram();
    assert_eq!(new.user_id, old.user_id);
    assert_ne!(new.token, old.token);
    assert_eq!(second.get(new, "/v26.0/me").await.status, 200);
    assert_eq!(second.get(&old, "/v26.0/me").await.code(), (190, Some(463)));
}

#[tokio::test]
async fn two_worlds_share_no_account() {
    let (one, other) = (Stage::new().await, Stage::new().await);
    assert_ne!(one.instagram().user_id, other.instagram().user_id);
    assert_ne!(one.facebook().token, other.facebook().token);
    let (one, other) = (
        one.own(Method::GET, "", Value::Null).await,
        other.own(Method::GET, "", Value::Null).await,
    );
    assert_ne!(one["world"], other["world"]);
}

#[tokio::test]
async fn what_was_answered_survives_a_kill() {
    let folder = tempfile::tempdir().expect("a folder");
    let stage = Stage::new().await;
    let mut made = Vec::new();
    for round in 0..3_u8 {
        let (mut child, told, _out) = spawned(&[], folder.path());
        let account: sandbox::Account = account(&told["accounts"][0]);
        let url = told["url"].as_str().expect("an address");
        let post = async |edge: &str, body: Value| {
            let request = stage
                .client
                .post(format!("{url}/v26.0/{}/{edge}", account.user_id))
                .bearer_auth(&account.token)
                .json(&body);
            super::stage::heard(request).await.expect("an answer")
        };
        let picture = json!({"media_type": "STORIES", "image_url": stage.picture(round)});
        let container = post("media", picture).await.text("id");
        let clock = stage.client.post(format!("{url}/sandbox/clock"));
        clock
            .json(&json!({"advance_s": 60}))
            .send()
            .await
            .expect("an answer");
        made.push(
            post("media_publish", json!({"creation_id": container}))
                .await
                .text("id"),
        );
        child.kill().expect("SIGKILL");
        child.wait().expect("its end");
    }
    let after = Stage::with(kept(folder.path())).await;
    let there: Vec<String> = after
        .stories()
        .await
        .iter()
        .map(|story| story["id"].as_str().expect("an id").to_owned())
        .collect();
    assert_eq!(there, made);
}

fn account(told: &Value) -> sandbox::Account {
    let text = |name: &str| told[name].as_str().expect("text").to_owned();
    sandbox::Account {
        name: text("name"),
        login: serde_json::from_value(told["login"].clone()).expect("a login"),
        user_id: text("user_id"),
        username: text("username"),
        token: text("token"),
        password: None,
        totp_seed: None,
    }
}

#[test]
fn the_program_says_one_line_and_stops_when_asked() {
    for signal in ["-INT", "-TERM"] {
        let folder = tempfile::tempdir().expect("a folder");
        let (mut child, told, mut out) = spawned(&["--accounts", "2"], folder.path());
        let logins: Vec<&str> = told["accounts"]
            .as_array()
            .expect("accounts")
            .iter()
            .map(|account| account["login"].as_str().expect("a word"))
            .collect();
        let each = ["instagram", "facebook", "private"];
        let twice: Vec<&str> = each.iter().flat_map(|login| [*login; 2]).collect();
        assert_eq!(logins, twice);
        let url = told["url"].as_str().expect("an address");
        assert!(
            url.starts_with("http://127.0.0.1:") && !url.ends_with('/'),
            "{url}"
        );
        let asked = Instant::now();
        let killed = Command::new("kill")
            .arg(signal)
            .arg(child.id().to_string())
            .status();
        assert!(killed.expect("kill").success());
        let ended = child.wait().expect("its end");
        assert_eq!(ended.code(), Some(0), "{signal}");
        assert!(asked.elapsed() < Duration::from_secs(3));
        let mut rest = String::new();
        out.read_to_string(&mut rest).expect("text");
        assert_eq!(rest, "", "one line and no more");
    }
}

#[test]
fn calls_that_are_wrong_are_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let plan = folder.path().join("faults.json");
    std::fs::write(&plan, r#"[{"do": "explode"}]"#).expect("written");
    let plan = plan.to_str().expect("text").to_owned();
    for (arguments, said) in [
        (
            vec!["--faults", plan.as_str()],
            "fault 1: unknown variant `explode`",
        ),
        (vec!["--faults", "nowhere.json"], "cannot read nowhere.json"),
        (vec!["--speed", "fast"], "a number from 0 to 1000000"),
        (vec!["--port", "70000"], "70000"),
    ] {
        let done = Command::new(crate::program())
            .arg("sandbox")
            .args(&arguments)
            .output()
            .expect("the program");
        let told = String::from_utf8_lossy(&done.stderr);
        assert_eq!(done.status.code(), Some(2), "{arguments:?}: {told}");
        assert!(told.contains(said), "{told}");
    }
}
