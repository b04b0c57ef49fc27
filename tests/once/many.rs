//! A busy day: many stories for many accounts through one store.

use std::collections::HashMap;
use std::process::Command;
use std::time::Instant;

use serde_json::{Value, json};

use super::rehearsal::{Rehearsal, Run};

/// Stories and accounts of the test; the bench has more.
const STORIES: usize = 60;

#[test]
fn many_stories_keep_their_order_and_lose_none() {
    let rehearsal = Rehearsal::new();
    let files = rehearsal.pictures(STORIES);
    let start = Instant::now();
    let mut command = rehearsal.command(&["publish", "--json", "--sandbox", &rehearsal.url]);
    command.args(&files);
    let run = Run::of(command.output().expect("a run"));
    let took = start.elapsed();
    assert_eq!(run.code, Some(0), "{run:?}");
    let listed = rehearsal.get("/sandbox/stories");
    let digest = |value: &Value| value.as_str().expect("a digest").to_owned();
    let live: Vec<String> = listed
        .as_array()
        .expect("a list")
        .iter()
        .map(|story| digest(&story["sha256"]))
        .collect();
    let asked: Vec<String> = run.report["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|item| digest(&item["outputs"][0]["sha256"]))
        .collect();
    assert_eq!(live, asked, "took {took:?}");
    let mut times: HashMap<&String, usize> = HashMap::new();
    for sha256 in &live {
        *times.entry(sha256).or_default() += 1;
    }
    assert!(times.values().all(|times| *times == 1), "{}", json!(times));
}

/// The whole of a busy day; says how long it took. `cargo test --release --test suite -- --ignored --nocapture`
#[test]
#[ignore = "takes a minute; it measures"]
fn a_thousand_stories_for_twenty_accounts() {
    const EACH: usize = 50;
    let rehearsal = Rehearsal::of("", &["--accounts", "10"]);
    let limits = json!({
        "image_processing_ms": 0, "quota_total": 1000, "quota_lag_ms": 0,
        "container_limit": 4000, "calls_total": 10_000_000,
    });
    rehearsal.post("/sandbox/settings", &limits);
    let accounts = rehearsal.accounts.as_array().expect("accounts").clone();
    assert_eq!(accounts.len(), 20);
    let mut project = "[publish]\ngap = \"0s\"\n".to_owned();
    for account in &accounts {
        let (name, login, id) = (&account["name"], &account["login"], &account["user_id"]);
        project += &format!("[accounts.{name}]\nlogin = {login}\nuser_id = {id}\n");
    }
    std::fs::write(rehearsal.path().join("storypress.toml"), project).expect("a project");
    let files = rehearsal.pictures(accounts.len() * EACH);
    let due = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(60);
    for (account, files) in accounts.iter().zip(files.chunks(EACH)) {
        let name = account["name"].as_str().expect("a name");
        let at = due.to_string();
        let mut command = rehearsal.command(&["publish", "--json", "--account", name, "--at", &at]);
        command.args(["--sandbox", &rehearsal.url]).args(files);
        let run = Run::of(command.output().expect("a run"));
        assert_eq!(run.code, Some(0), "{run:?}");
    }
    let wait = due.duration_since(jiff::Timestamp::now());
    std::thread::sleep(wait.try_into().unwrap_or_default());
    let mut worker = rehearsal
        .command(&["worker", "--quiet", "--sandbox", &rehearsal.url])
        .spawn()
        .expect("a worker");
    let start = Instant::now();
    let live = loop {
        std::thread::sleep(std::time::Duration::from_millis(100));
        let listed = rehearsal.get("/sandbox/stories");
        let listed = listed.as_array().expect("a list").clone();
        if listed.len() >= files.len() || start.elapsed().as_secs() > 300 {
            break listed;
        }
    };
    let took = start.elapsed();
    let status =
        std::fs::read_to_string(format!("/proc/{}/status", worker.id())).unwrap_or_default();
    let peak = status
        .lines()
        .find(|line| line.starts_with("VmHWM"))
        .unwrap_or_default()
        .to_owned();
    let (own, its) = (cpu_ms(worker.id()), cpu_ms(rehearsal.sandbox_id()));
    let _ = Command::new("kill")
        .args(["-INT", &worker.id().to_string()])
        .status();
    let _ = worker.wait();
    let each = took / live.len() as u32;
    println!(
        "{} stories in {took:?}: {each:?} each; CPU {own} ms, of the sandbox {its} ms; {peak}",
        live.len()
    );
    assert_eq!(live.len(), files.len());
    for account in &accounts {
        let own = live
            .iter()
            .filter(|story| story["user_id"] == account["user_id"]);
        let ids: Vec<_> = own.map(|story| story["sha256"].clone()).collect();
        let mut unique = ids.clone();
        unique.sort_by_key(Value::to_string);
        unique.dedup();
        assert_eq!((ids.len(), unique.len()), (EACH, EACH));
    }
    let asked: Vec<String> = files
        .iter()
        .map(|file| storypress::media::sha256_of(file).expect("a digest"))
        .collect();
    for (account, asked) in accounts.iter().zip(asked.chunks(EACH)) {
        let own = live
            .iter()
            .filter(|story| story["user_id"] == account["user_id"]);
        let order: Vec<_> = own
            .map(|story| story["sha256"].as_str().unwrap_or_default())
            .collect();
        assert_eq!(order, asked, "the order of {}", account["name"]);
    }
}

/// Milliseconds of CPU that a process has taken; a tick of the kernel's is 10 ms.
fn cpu_ms(id: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    let after = stat.rsplit(')').next().unwrap_or_default();
    let ticks = after.split_whitespace().skip(11).take(2);
    ticks.filter_map(|t| t.parse::<u64>().ok()).sum::<u64>() * 10
}
