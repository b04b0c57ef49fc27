//! No byte that the program writes holds a token that it used.

use std::path::Path;

use super::rehearsal::Rehearsal;

fn every_file(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            every_file(&path, found);
        } else {
            found.push(path);
        }
    }
}

fn holds(bytes: &[u8], secret: &str) -> bool {
    bytes
        .windows(secret.len())
        .any(|part| part == secret.as_bytes())
}

#[test]
fn no_secret_is_in_any_output() {
    let rehearsal = Rehearsal::new();
    let tokens: Vec<String> = rehearsal
        .accounts
        .as_array()
        .expect("accounts")
        .iter()
        .map(|account| {
            // an account of the private way has a password
            let secret = account["token"].as_str().or(account["password"].as_str());
            secret.expect("a secret").to_owned()
        })
        .collect();
    let faults = serde_json::json!([
        { "on": "publish", "do": "drop-after" },
        { "on": "container", "do": "expired-token" },
        { "on": "quota", "do": "redirect", "to": "http://127.0.0.1:9/elsewhere" },
    ]);
    rehearsal.post("/sandbox/faults", &faults);
    let files = rehearsal.pictures(3);
    let mut said = Vec::new();
    for arguments in [
        &["publish", "--again"][..],
        &["publish", "-v"],
        &["publish", "--dry-run"],
        &["publish", "--json"],
    ] {
        let mut command = rehearsal.command(arguments);
        command.args(["--sandbox", &rehearsal.url]).args(&files);
        command
            .env("STORYPRESS_LOG", "trace")
            .env("RUST_BACKTRACE", "1");
        let output = command.output().expect("a run");
        said.extend(output.stdout);
        said.extend(output.stderr);
    }
    for arguments in [
        &["status", "--all", "-v"][..],
        &["account", "status"],
        &["insights"],
    ] {
        let output = rehearsal
            .command(arguments)
            .env("STORYPRESS_LOG", "trace")
            .output()
            .expect("a run");
        said.extend(output.stdout);
        said.extend(output.stderr);
    }
    assert!(
        said.len() > 3_000,
        "trace says little: {}",
        String::from_utf8_lossy(&said)
    );
    let mut files = Vec::new();
    every_file(rehearsal.path(), &mut files);
    for token in &tokens {
        assert!(!holds(&said, token), "the token is in what was said");
        for file in &files {
            let bytes = std::fs::read(file).expect("a file");
            assert!(!holds(&bytes, token), "the token is in {}", file.display());
        }
    }
}
