//! The program on the private way: login, publishing, lists, highlights.

use serde_json::{Value, json};

use super::stage::Stage;

fn item(run: &super::stage::Run, at: usize) -> Value {
    run.report["items"][at].clone()
}

#[test]
fn a_file_arrives_as_it_is_and_is_listed() {
    let stage = Stage::new();
    let files = stage.rehearsal.pictures(1);
    let run = stage.publish(&files, None);
    assert_eq!(run.code, Some(0), "{run:?}");
    let told = item(&run, 0);
    assert_eq!(told["story"]["state"], "live", "{told}");
    let live = stage.rehearsal.get("/sandbox/stories");
    // by hash: not one byte was encoded again
    assert_eq!(live[0]["sha256"], told["outputs"][0]["sha256"]);
    assert_eq!(live[0]["id"], told["story"]["media_id"]);
    let again = stage.publish(&files, None);
    assert_eq!(item(&again, 0)["status"], "unchanged", "{again:?}");
    let list = stage.ask(&["stories", "list", "--account", "own"]);
    assert_eq!(item(&list, 0)["id"], live[0]["id"], "{list:?}");
    let out = stage.rehearsal.path().join("saved");
    let saved = stage.ask(&["stories", "download", "--account", "own", "--out", "saved"]);
    assert_eq!(saved.code, Some(0), "{saved:?}");
    let bytes =
        std::fs::read(out.join(format!("{}.jpg", live[0]["id"].as_str().unwrap()))).unwrap();
    assert_eq!(bytes, std::fs::read(&files[0]).unwrap());
    let deleted = stage.ask(&[
        "stories",
        "delete",
        "--account",
        "own",
        live[0]["id"].as_str().unwrap(),
    ]);
    assert_eq!(deleted.code, Some(0), "{deleted:?}");
    let gone = stage.ask(&["stories", "list", "--account", "own"]);
    assert_eq!(gone.report["items"], json!([]), "{gone:?}");
}

#[test]
fn highlights_are_made_changed_and_taken_away() {
    let stage = Stage::new();
    let files = stage.rehearsal.pictures(2);
    assert_eq!(stage.publish(&files, None).code, Some(0));
    let live = stage.rehearsal.get("/sandbox/stories");
    let id = |at: usize| live[at]["id"].as_str().unwrap().to_owned();
    let ask = |words: &[&str]| {
        let mut all = vec!["highlights"];
        all.extend(words);
        all.extend(["--account", "own"]);
        let run = stage.ask(&all);
        assert_eq!(run.code, Some(0), "{words:?}: {run:?}");
        item(&run, 0)
    };
    let cover = "[output]\nsize = [1080, 1920]\n[canvas]\nbackground = '#802040'\n";
    std::fs::write(stage.rehearsal.path().join("cover.toml"), cover).unwrap();
    let made = ask(&["create", "Menu", &id(0), "--cover", "cover.toml"]);
    assert_eq!(
        (&made["title"], &made["count"]),
        (&json!("Menu"), &json!(1))
    );
    let pk = made["id"].as_str().unwrap();
    assert_eq!(ask(&["add", pk, &id(1)])["count"], 2);
    assert_eq!(ask(&["remove", pk, &id(0)])["count"], 1);
    assert_eq!(ask(&["rename", pk, "Food"])["title"], "Food");
    assert_eq!(ask(&["cover", pk, "--cover", &id(1)])["id"], pk);
    assert_eq!(ask(&["list"])["title"], "Food");
    assert_eq!(ask(&["delete", pk])["deleted"], true);
}

#[test]
fn a_login_is_kept_for_its_owner_alone_and_ends_with_a_word() {
    let stage = Stage::new();
    let wrong = stage
        .command(&["account", "login", "own", "--json"])
        .arg(format!("--sandbox={}", stage.rehearsal.url))
        .env("SP_TEST_PASSWORD", "wrong")
        .output()
        .expect("a run");
    assert_eq!(wrong.status.code(), Some(1));
    let said = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert!(said.contains("the name or the password is wrong"), "{said}");
    let password = stage.account()["password"].as_str().unwrap().to_owned();
    let login = stage
        .command(&["account", "login", "own", "--json"])
        .arg(format!("--sandbox={}", stage.rehearsal.url))
        .env("SP_TEST_PASSWORD", &password)
        .output()
        .expect("a run");
    let told: Value = serde_json::from_slice(&login.stdout).expect("JSON");
    assert_eq!(told["accounts"][0]["login"], "private", "{told}");
    let path = told["accounts"][0]["session"].as_str().expect("a file");
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(path).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    let all = format!(
        "{}{}",
        String::from_utf8_lossy(&login.stdout),
        String::from_utf8_lossy(&login.stderr)
    );
    assert!(!all.contains(&password), "{all}");
    // it is a sandbox's, in a file of its own, and never goes to the platform
    assert!(path.ends_with("own.sandbox.session"), "{path}");
    let live = stage.run(&["stories", "list", "--account", "own"]);
    assert_eq!(live.code, Some(2));
    assert!(live.said.contains("there is none for `own`"), "{live:?}");
    let status = stage.ask(&["account", "status", "own"]);
    assert_eq!(status.code, Some(0), "{status:?}");
    let ended = json!({ "on": "account", "do": "expired-token" });
    stage.rehearsal.post("/sandbox/faults", &ended);
    let status = stage.ask(&["account", "status", "own"]);
    assert_eq!(status.code, Some(1), "{status:?}");
    assert!(
        status.said.contains("storypress account login own"),
        "{status:?}"
    );
}

/// A key store: what it is given stands in a file beside the program.
const KEY_STORE: &str = r#"#!/bin/sh
here=$(dirname "$0")
for last; do :; done
key="$here/$(printf %s "$last" | sha256sum | cut -c 1-16).key"
case $1 in
store) cat >"$key" ;;
lookup) cat "$key" 2>/dev/null ;;
esac
"#;

#[test]
fn a_login_is_encrypted_where_the_system_keeps_keys() {
    let stage = Stage::new();
    let tools = stage.rehearsal.path().join("tools");
    std::fs::create_dir(&tools).expect("a folder");
    let tool = tools.join("secret-tool");
    std::fs::write(&tool, KEY_STORE).expect("written");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&tool, mode).expect("set");
    let path = std::env::var("PATH").unwrap_or_default();
    let password = stage.account()["password"].as_str().unwrap().to_owned();
    let call = |words: &[&str]| {
        let mut command = stage.command(words);
        command
            .args(["--json", &format!("--sandbox={}", stage.rehearsal.url)])
            .env("SP_TEST_PASSWORD", &password)
            .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
            .env("PATH", format!("{}:{path}", tools.display()));
        super::stage::Run::of(command.output().expect("a run"))
    };
    let login = call(&["account", "login", "own"]);
    assert_eq!(login.code, Some(0), "{login:?}");
    let told = &login.report["accounts"][0];
    assert_eq!(told["encrypted"], true, "{told}");
    let file = std::path::Path::new(told["session"].as_str().expect("a file"));
    let kept = || std::fs::read_to_string(file).expect("a login");
    assert!(kept().contains("\"sealed\"") && !kept().contains("settings"));
    let status = call(&["account", "status", "own"]);
    assert_eq!(status.code, Some(0), "{status:?}");

    // the file elsewhere, as a backup would have it: its key is not there
    let copy = file.with_file_name("own.session");
    std::fs::copy(file, copy).expect("a copy");
    let elsewhere = stage.run(&["account", "status", "own"]);
    assert_eq!(elsewhere.code, Some(1), "{elsewhere:?}");
    assert!(elsewhere.said.contains("--no-keyring"), "{elsewhere:?}");

    let plain = call(&["account", "login", "own", "--no-keyring"]);
    assert_eq!(plain.report["accounts"][0]["encrypted"], false, "{plain:?}");
    assert!(kept().contains("settings"));
}

#[test]
fn without_consent_it_is_off_and_official_logins_say_who_can() {
    let more = "[accounts.own]\nlogin = \"private\"\nusername = \"sandbox.studio\"\n[accounts.main]\nlogin = \"instagram\"\n";
    let stage = Stage::with(more);
    let off = stage.ask(&["stories", "list", "--account", "own"]);
    assert_eq!(off.code, Some(2));
    assert!(off.said.contains("i_accept_the_risk"), "{off:?}");
    let list = stage.ask(&["stories", "list", "--account", "main"]);
    assert_eq!(list.report["items"], json!([]), "{list:?}");
    for words in [
        &["stories", "archive"][..],
        &["stories", "viewers", "1"],
        &["stories", "list", "--user", "nasa"],
        &["highlights", "list"],
    ] {
        let mut all = words.to_vec();
        all.extend(["--account", "main"]);
        let run = stage.ask(&all);
        assert_eq!(run.code, Some(2), "{words:?}: {run:?}");
        assert!(run.said.contains("login `private`"), "{words:?}: {run:?}");
    }
    let delete = stage.ask(&["stories", "delete", "1", "--account", "main"]);
    assert_eq!(delete.code, Some(1));
    let said = item(&delete, 0)["error"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    assert!(said.contains("login `facebook` or `private`"), "{delete:?}");
}
