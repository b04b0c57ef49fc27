//! Notices of the real program: webhooks, mail and commands, by hand, by a worker, after a kill.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::mailbox::Mailbox;
use super::receiver::{Receiver, SECRET};
use super::rehearsal::{PROJECT, Rehearsal, Run};

/// A rehearsal, and a runtime for what listens in the test itself.
struct Night {
    runtime: tokio::runtime::Runtime,
    rehearsal: Rehearsal,
}

impl Night {
    fn new() -> Self {
        Self {
            runtime: tokio::runtime::Runtime::new().expect("a runtime"),
            rehearsal: Rehearsal::new(),
        }
    }

    fn receiver(&self, answers: &[u16], pause: Duration) -> Receiver {
        self.runtime.block_on(Receiver::start(answers, pause))
    }

    fn project(&self, more: &str) {
        let file = self.rehearsal.path().join("storypress.toml");
        std::fs::write(file, format!("{PROJECT}{more}")).expect("a project");
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.rehearsal.command(arguments);
        command.args(["--sandbox", &self.rehearsal.url]);
        command.env("HOOK_SECRET", SECRET);
        command.env("SMTP_PASSWORD", "hush-smtp");
        command
    }

    fn run(&self, arguments: &[&str]) -> Run {
        Run::of(self.command(arguments).output().expect("a run"))
    }

    /// Publishes a picture.
    fn publish(&self) -> Run {
        let file = self.rehearsal.pictures(1).remove(0);
        self.run(&["publish", "--json", file.to_str().expect("a text")])
    }

    fn worker(&self) -> Worker {
        let mut command = self.command(&["worker", "--quiet"]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        Worker(command.spawn().expect("a worker"))
    }
}

struct Worker(Child);

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn hook(url: &str, more: &str) -> String {
    format!("[notify.team]\non = [\"published\", \"failed\"]\nto = \"{url}\"\n{more}\n")
}

#[test]
fn a_webhook_that_was_away_gets_the_same_notice_from_a_worker() {
    let night = Night::new();
    let receiver = night.receiver(&[500], Duration::ZERO);
    night.project(&hook(&receiver.url, "secret_env = \"HOOK_SECRET\""));
    let run = night.publish();
    assert_eq!(run.code, Some(0), "a notice is no story: {run:?}");
    assert_eq!(receiver.received().len(), 1);
    let worker = night.worker();
    let all = night.runtime.block_on(receiver.wait_for(2));
    drop(worker);
    assert_eq!(all.len(), 2);
    assert_eq!(all[0].id(), all[1].id());
    assert!(all[0].is_signed() && all[1].is_signed());
    let notice = all[1].json();
    let story = &run.report["items"][0]["story"];
    assert_eq!(notice["type"], "published");
    assert_eq!(notice["data"]["story"], story["id"]);
    assert_eq!(notice["data"]["media_id"], story["media_id"]);
    assert_eq!(notice["data"]["name"], "story-0");
    let at: jiff::Timestamp = notice["timestamp"]
        .as_str()
        .and_then(|text| text.parse().ok())
        .expect("a time");
    assert!(at.duration_since(jiff::Timestamp::now()).abs().as_mins() < 5);
}

#[test]
fn a_webhook_that_hangs_delays_nobody_and_tells_no_secret() {
    let night = Night::new();
    let receiver = night.receiver(&[], Duration::from_secs(60));
    night.project(&hook(&receiver.url, "secret_env = \"HOOK_SECRET\""));
    let file = night.rehearsal.pictures(1).remove(0);
    let started = Instant::now();
    let mut command = night.command(&["publish", "-v"]);
    command.arg(&file).env("STORYPRESS_LOG", "trace");
    let output = command.output().expect("a run");
    assert!(started.elapsed() < Duration::from_secs(20));
    assert_eq!(output.status.code(), Some(0));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("1 notice waits for a worker"), "{said}");
    for secret in ["hush-4711", SECRET, &SECRET[6..]] {
        assert!(!said.contains(secret), "{said}");
    }
    assert_eq!(night.rehearsal.published().len(), 1);
}

#[test]
fn a_kill_after_the_publish_loses_no_notice() {
    let night = Night::new();
    let receiver = night.receiver(&[], Duration::ZERO);
    night.project(&hook(&receiver.url, ""));
    let files = night.rehearsal.pictures(1);
    let run = night.rehearsal.publish(&files, Some("published"));
    assert!(run.was_killed(), "{run:?}");
    assert_eq!(receiver.received().len(), 0);
    let run = night.run(&["worker", "--once", "--json"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let all = receiver.received();
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(all[0].json()["type"], "published");
    assert!(!all[0].headers.contains_key("webhook-signature"));
}

#[test]
fn a_command_gets_the_notice_in_the_project_folder() {
    use std::os::unix::fs::PermissionsExt;
    let night = Night::new();
    let folder = night.rehearsal.path();
    let script = folder.join("notify.sh");
    let text = "#!/bin/sh\ncat >> got.jsonl\necho \"$2\" > words\necho loud\n";
    std::fs::write(&script, text).expect("a script");
    std::fs::set_permissions(&script, PermissionsExt::from_mode(0o755)).expect("its mode");
    night.project(&hook("exec:./notify.sh --to 'a; touch gone'", ""));
    let run = night.publish();
    assert_eq!(run.code, Some(0), "{run:?}");
    // one object and nothing else on stdout, whatever a command prints
    assert!(run.report.is_object(), "{run:?}");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap_or_default();
    let got: Value = serde_json::from_str(&read("got.jsonl")).expect("one line of JSON");
    assert_eq!(got["type"], "published");
    assert_eq!(read("words"), "a; touch gone\n");
    assert!(!folder.join("gone").exists());
}

#[test]
fn a_failure_is_mailed_and_a_name_is_no_header() {
    let night = Night::new();
    let mailbox = night
        .runtime
        .block_on(Mailbox::start(&["AUTH PLAIN LOGIN"]));
    let smtp = format!(
        "[notify.mail]\non = [\"failed\"]\nto = \"mailto:team@example.com, chef@example.com\"\n\
         [smtp]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\nfrom = \"storypress@example.com\"\n\
         user = \"me\"\npassword_env = \"SMTP_PASSWORD\"\n",
        mailbox.port
    );
    night.project(&smtp);
    let refusal = json!([{ "on": "container", "do": "error", "code": 36001, "subcode": 2207005 }]);
    night.rehearsal.post("/sandbox/faults", &refusal);
    let file = night.rehearsal.pictures(1).remove(0);
    let odd = file.with_file_name("menú\r\nBcc: all@example.com\n\n.jpg");
    std::fs::rename(file, &odd).expect("an odd name");
    let run = night.run(&["publish", "--json", odd.to_str().expect("a text")]);
    assert_eq!(run.code, Some(1), "{run:?}");
    let mails = mailbox.mails();
    assert_eq!(mails.len(), 1, "{mails:?}");
    let mail = &mails[0];
    assert_eq!(mail.from, "storypress@example.com");
    assert_eq!(mail.to, ["team@example.com", "chef@example.com"]);
    assert_eq!(mail.login.as_deref(), Some("\0me\0hush-smtp"));
    assert_eq!(mail.header("Bcc"), None);
    let subject = mail.header("Subject").expect("a subject");
    assert_eq!(
        subject,
        "Storypress: menú Bcc: all@example.com failed (instagram)"
    );
    assert!(mail.raw.is_ascii(), "what is not ASCII is encoded");
    assert_eq!(
        mail.header("Auto-Submitted").as_deref(),
        Some("auto-generated")
    );
    let id = mail.header("Message-ID").expect("a name");
    assert!(
        id.starts_with("<msg_") && id.ends_with("@example.com>"),
        "{id}"
    );
    assert!(mail.header("Date").is_some());
    let text = mail.text();
    assert!(text.contains("menú Bcc: all@example.com failed"), "{text}");
    assert!(text.contains("storypress retry "), "{text}");
}

#[test]
fn a_mail_server_without_starttls_gets_no_password_and_no_mail() {
    let night = Night::new();
    let mailbox = night
        .runtime
        .block_on(Mailbox::start(&["AUTH PLAIN LOGIN"]));
    night.project(&format!(
        "[notify.mail]\non = [\"published\"]\nto = \"mailto:team@example.com\"\n\
         [smtp]\nhost = \"127.0.0.1\"\nport = {}\nfrom = \"storypress@example.com\"\n\
         user = \"me\"\npassword_env = \"SMTP_PASSWORD\"\n",
        mailbox.port
    ));
    let run = night.publish();
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.said.contains("STARTTLS"), "{run:?}");
    assert!(mailbox.mails().is_empty());
    let lines = mailbox.lines();
    assert!(
        lines.iter().any(|line| line.starts_with("EHLO")),
        "{lines:?}"
    );
    assert!(
        !lines
            .iter()
            .any(|line| line.starts_with("AUTH") || line.starts_with("MAIL")),
        "{lines:?}"
    );
}

#[test]
fn a_digest_is_one_notice_and_a_worker_sends_it() {
    let night = Night::new();
    let receiver = night.receiver(&[], Duration::ZERO);
    night.project(&hook(&receiver.url, "digest = \"4s\""));
    let files = night.rehearsal.pictures(3);
    let run = night.rehearsal.publish(&files, None);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(receiver.received().len(), 0, "it gathers");
    let worker = night.worker();
    let all = night.runtime.block_on(receiver.wait_for(1));
    drop(worker);
    assert_eq!(all.len(), 1);
    let digest = all[0].json();
    assert_eq!(digest["type"], "digest");
    assert_eq!(digest["data"]["reason"], "3 notices: 3 published");
    let notices = digest["data"]["notices"].as_array().expect("a list");
    assert!(notices.iter().all(|notice| notice["type"] == "published"));
}

#[test]
fn a_heartbeat_is_asked_while_a_worker_works() {
    let night = Night::new();
    let receiver = night.receiver(&[], Duration::ZERO);
    night.project(&format!(
        "[notify.watch]\nheartbeat = \"{}\"\n",
        receiver.url
    ));
    assert_eq!(night.publish().code, Some(0));
    assert_eq!(receiver.received().len(), 0, "no worker was at work");
    let run = night.run(&["worker", "--once", "--json"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(receiver.received().len(), 1, "the due work is done");
    let worker = night.worker();
    let asked = night.runtime.block_on(receiver.wait_for(2)).len();
    drop(worker);
    assert_eq!(asked, 2);
}

#[test]
fn a_rehearsal_tells_nobody_elsewhere() {
    let night = Night::new();
    night.project(&hook("https://hooks.example.com/T0/hush-4711", ""));
    let file = night.rehearsal.pictures(1).remove(0);
    let run = night.run(&["publish", file.to_str().expect("a text")]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let told = "no notices to https://hooks.example.com/*** (`team`)";
    assert!(run.said.contains(told), "{run:?}");
    assert!(!run.said.contains("hush-4711"), "{run:?}");
}
