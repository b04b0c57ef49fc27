//! One story that is held up, and those of its account that are ready behind it.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;
use storypress::media::sha256_of;

use super::rehearsal::{Rehearsal, Run};

/// Serves a folder as long as the tests run; a file of that name, in part, only after a while.
fn slow_server(folder: PathBuf, slow: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("its address");
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (folder, slow) = (folder.clone(), slow.clone());
            std::thread::spawn(move || answer(stream, &folder, &slow));
        }
    });
    format!("http://{address}")
}

fn answer(mut stream: TcpStream, folder: &Path, slow: &str) -> Option<()> {
    let mut lines = BufReader::new(stream.try_clone().ok()?).lines();
    let first = lines.next()?.ok()?;
    lines.find(|line| line.as_ref().map_or(true, String::is_empty));
    let (method, path) = first.split_once(' ')?;
    let path = path.split([' ', '?']).next()?;
    if path.contains(slow) {
        std::thread::sleep(Duration::from_secs(2));
    }
    let read = std::fs::read(folder.join(path.trim_start_matches('/')));
    let code = if read.is_ok() {
        "200 OK"
    } else {
        "404 Not Found"
    };
    let bytes = read.unwrap_or_default();
    let head = format!(
        "HTTP/1.1 {code}\r\nContent-Type: image/jpeg\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        bytes.len()
    );
    stream.write_all(head.as_bytes()).ok()?;
    match method {
        "HEAD" => Some(()),
        _ => stream.write_all(&bytes).ok(),
    }
}

#[test]
fn the_quota_is_for_those_that_come_first() {
    let rehearsal = Rehearsal::of("", &[]);
    let files = rehearsal.pictures(4);
    let slow = sha256_of(&files[0]).expect("a digest");
    let served = slow_server(rehearsal.path().join("served"), slow.clone());
    let account = &rehearsal.accounts[0];
    let token = rehearsal.path().join("token");
    std::fs::write(&token, account["token"].as_str().expect("a token")).expect("a file");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&token, mode).expect("for nobody else");
    let project = format!(
        "[upload]\nto = 'file:served'\npublic_url = '{served}'\n[accounts.main]\nlogin = 'instagram'\nuser_id = {}\n\
         token_file = 'token'\nbase = '{}'\n[publish]\nsettle = '600ms'\ngap = '10ms'\nlate = '8s'\n",
        account["user_id"], rehearsal.url
    );
    std::fs::write(rehearsal.path().join("storypress.toml"), project).expect("a project");
    let settings = json!({ "quota_total": 3, "quota_lag_ms": 0 });
    rehearsal.post("/sandbox/settings", &settings);
    let mut command = rehearsal.command(&["publish", "--json"]);
    let run = Run::of(command.args(&files).output().expect("a run"));
    assert_eq!(run.code, Some(1), "{run:?}");
    let live = rehearsal.published();
    assert_eq!(live.len(), 3, "{run:?}");
    assert!(live.contains_key(&slow), "{run:?}");
}

#[test]
fn a_container_that_is_stuck_is_given_up_and_holds_up_nobody() {
    let project = "[publish]\nsettle = '400ms'\ngap = '10ms'\nlate = '30s'\n";
    let rehearsal = Rehearsal::of(project, &[]);
    let fault = json!([{ "on": "container", "do": "stuck", "times": 1 }]);
    rehearsal.post("/sandbox/faults", &fault);
    let run = rehearsal.publish(&rehearsal.pictures(3), None);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(rehearsal.published().len(), 3);
}
