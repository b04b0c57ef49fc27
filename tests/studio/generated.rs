//! Generated requests, by schemathesis: no answer is a fault of the server, and each is one that the OpenAPI document tells of.
//!
//! `SECONDS=600 cargo test --test suite generated -- --nocapture` goes on for so long, with other requests each time, and
//! follows what answers name. Where the package cannot be had, nothing is held and the output says so.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::rehearsal::Rehearsal;

const SCHEDULE: &str = "[schedule.menu]\ntemplate = 'templates/menu.toml'\ntimes = ['09:00']\n\
    approve = true\nfreeze = '3 days'\n";

/// What is held of each answer. (Without a token it is 403 here, not 401: `missing_required_header` does not fit.)
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
    response_headers_conformance,response_schema_conformance,unsupported_method,ignored_auth";

/// Seconds of the run in `make test`.
const SHORT: &str = "15";

/// The pinned package in a place of its own; why it cannot be had.
fn schemathesis() -> Result<PathBuf, String> {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("schemathesis");
    let stamp = home.join("requirements.txt");
    let wanted = include_str!("requirements.txt");
    let lock = File::create(home.with_extension("lock")).expect("a lock file");
    lock.lock().expect("the lock");
    if fs::read_to_string(&stamp).is_ok_and(|there| there == wanted) {
        return Ok(home.join("bin/st"));
    }
    let run = |program: &Path, arguments: &[&str]| {
        let done = Command::new(program).args(arguments).output();
        let done = done.map_err(|why| format!("{}: {why}", program.display()))?;
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        done.status.success().then_some(()).ok_or(said)
    };
    let place = home.to_str().expect("a path in UTF-8");
    run(Path::new("python3"), &["-m", "venv", "--clear", place])?;
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/studio/requirements.txt");
    let install = ["-m", "pip", "install", "--quiet", "--no-input", "-r", file];
    run(&home.join("bin/python"), &install)?;
    fs::write(&stamp, wanted).expect("a stamp");
    Ok(home.join("bin/st"))
}

fn send(program: &Path, address: &str, token: &str) -> Output {
    let seconds = std::env::var("SECONDS").ok();
    let mut command = Command::new(program);
    command
        .env("SCHEMATHESIS_HOOKS", "schemathesis_hooks")
        .env(
            "PYTHONPATH",
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/studio"),
        )
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("NO_PROXY", "127.0.0.1")
        .current_dir(env!("CARGO_TARGET_TMPDIR"))
        .args(["run", address, "--checks", CHECKS])
        .args(["-H", &format!("Authorization: Bearer {token}")])
        // a stream has no end
        .args(["--exclude-path", "/api/v1/events"])
        .args(["--suppress-health-check", "all", "--warnings", "off"])
        .args(["--continue-on-failure", "--no-color"])
        .args(["--request-timeout", "60"]);
    match &seconds {
        Some(seconds) => command.args(["--max-time", seconds, "--generation-database", "none"]),
        None => command
            .args(["--phases", "coverage,fuzzing", "--max-examples", "2"])
            // on a slow machine it ends before all were sent
            .args(["--max-time", SHORT])
            .arg("--generation-deterministic"),
    };
    command.output().expect("a run")
}

#[tokio::test(flavor = "multi_thread")]
async fn generated_requests_get_answers_that_the_document_tells_of() {
    let got = tokio::task::spawn_blocking(schemathesis);
    let program = match got.await.expect("a thread") {
        Ok(program) => program,
        Err(why) => {
            eprintln!("no generated request was sent: schemathesis cannot be installed: {why}");
            return;
        }
    };
    let stage = Rehearsal::new(SCHEDULE).await;
    fs::write(stage.root.join("menu.csv"), "id,dish\nmon,Soup\ntue,Tart\n").expect("a table");
    // a slot with a picture that waits, a draft, a batch: there is something to act on
    stage.call(&["worker", "--once"]).await;
    let template = serde_json::json!({ "template": "templates/menu.toml" });
    stage.post("drafts", &template, 201).await;
    let batch = serde_json::json!({ "templates": ["templates/menu.toml"], "data": "menu.csv" });
    stage.post("batches", &batch, 201).await;
    let address = format!("{}/api/v1/openapi.json", stage.running.url);
    let token = studio_token(&stage);
    let sent = tokio::task::spawn_blocking(move || send(&program, &address, &token));
    let sent = sent.await.expect("a thread");
    let said = String::from_utf8_lossy(&sent.stdout).into_owned();
    eprintln!("{said}");
    let errors = String::from_utf8_lossy(&sent.stderr);
    assert!(sent.status.success(), "{said}{errors}");
}

fn studio_token(stage: &Rehearsal) -> String {
    storypress::studio::token_or_new(&stage.root).expect("a token")
}
