//! A project with a calendar in a temporary folder, a sandbox whose clock it goes by, and workers that come and go.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};

use super::rehearsal::{Rehearsal, Run};

const PROJECT: &str = "[project]\ntimezone = 'Europe/Madrid'\n\
    [publish]\nsettle = '300ms'\ngap = '10ms'\n[accounts.main]\nlogin = 'instagram'\n";

/// A small picture of a dish and its day.
pub const TEMPLATE: &str = "[vars]\ndish = { default = 'nothing' }\n\
    [output]\nsize = [270, 480]\n[canvas]\nbackground = '#203040'\n\
    [[layer]]\ntype = 'text'\ntext = '{{ dish }} {{ today }}'\nleft = 64\nright = 64\ntop = 600\nsize = 90\n";

/// How long a state is waited for.
const PATIENCE: Duration = Duration::from_secs(90);

pub struct Month {
    pub rehearsal: Rehearsal,
    folder: PathBuf,
    workers: Vec<Child>,
}

impl Drop for Month {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A slot that is to come, as `schedule next` has it.
#[derive(Debug, Clone)]
pub struct Coming {
    pub id: String,
    pub schedule: String,
    pub due: Timestamp,
    /// Of its picture as it would be now, where it was rendered.
    pub sha256: Option<String>,
    pub row_key: Option<String>,
}

impl Month {
    /// The sandbox's time begins at eight in the evening, Madrid time, whatever the day is.
    pub fn of(schedule: &str, data: &[(&str, &str)]) -> Self {
        let rehearsal = Rehearsal::of(PROJECT, &[]);
        let month = Self::on(rehearsal, "");
        month.write("templates/menu.toml", TEMPLATE);
        month.write("schedule.toml", schedule);
        for (name, text) in data {
            month.write(name, text);
        }
        month.begin();
        month
    }

    /// A project that `storypress new --kind` has written. It begins in the evening as well.
    pub fn sample(kind: &str) -> Self {
        let month = Self::on(Rehearsal::of("", &[]), kind);
        let made = Command::new(crate::program())
            .args(["new", "--kind", kind, kind])
            .current_dir(month.rehearsal.path())
            .output();
        let made = Run::of(made.expect("a run"));
        assert_eq!(made.code, Some(0), "{made:?}");
        month.begin();
        month
    }

    /// A project in a folder of the rehearsal.
    pub fn on(rehearsal: Rehearsal, folder: &str) -> Self {
        Self {
            folder: rehearsal.path().join(folder),
            rehearsal,
            workers: Vec::new(),
        }
    }

    /// Where the project is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Turns the clock to eight in the evening.
    pub fn begin(&self) {
        let evening = self.now().to_zoned(madrid());
        let mut eight = evening
            .with()
            .hour(20)
            .minute(0)
            .second(0)
            .build()
            .expect("a time");
        if eight.timestamp() < self.now() {
            eight = eight.checked_add(1.day()).expect("a time");
        }
        self.advance_to(eight.timestamp());
    }

    pub fn now(&self) -> Timestamp {
        let told = self.rehearsal.get("/sandbox/clock");
        told["now"]
            .as_str()
            .expect("a time")
            .parse()
            .expect("a time")
    }

    pub fn advance(&self, seconds: i64) {
        self.rehearsal
            .post("/sandbox/clock", &json!({ "advance_s": seconds }));
    }

    pub fn advance_to(&self, time: Timestamp) {
        let left = time.duration_since(self.now()).as_secs();
        if left > 0 {
            self.advance(left);
        }
    }

    /// A few seconds after that time of a day, when what is due then can go out.
    pub fn advance_past(&self, ahead: i64, clock: &str) {
        self.advance_to(self.at(ahead, clock) + jiff::SignedDuration::from_secs(3));
    }

    /// A day of the calendar, counted from the sandbox's today.
    pub fn day(&self, ahead: i64) -> String {
        let day = self.now().to_zoned(madrid()).checked_add(ahead.days());
        day.expect("a day").date().to_string()
    }

    /// The time of a day ahead.
    pub fn at(&self, ahead: i64, clock: &str) -> Timestamp {
        let text = format!("{}T{clock}[Europe/Madrid]", self.day(ahead));
        text.parse::<jiff::Zoned>().expect("a time").timestamp()
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(crate::program());
        command.args(arguments).current_dir(&self.folder);
        command
    }

    /// One worker more.
    pub fn start(&mut self, more: &[&str]) {
        let url = self.rehearsal.url.clone();
        self.start_with(&url, more);
    }

    /// One that asks for its sandbox elsewhere.
    pub fn start_at(&mut self, url: &str) {
        self.start_with(url, &[]);
    }

    fn start_with(&mut self, url: &str, more: &[&str]) {
        let mut command = self.command(&["worker", "--quiet", "--sandbox", url]);
        command.args(more);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        self.workers.push(command.spawn().expect("a worker"));
    }

    /// SIGKILL to all of them.
    pub fn kill(&mut self) {
        for mut worker in self.workers.drain(..) {
            let _ = worker.kill();
            let _ = worker.wait();
        }
    }

    /// SIGKILL to the one that works longest.
    pub fn kill_oldest(&mut self) {
        if !self.workers.is_empty() {
            let mut worker = self.workers.remove(0);
            let _ = worker.kill();
            let _ = worker.wait();
        }
    }

    /// So many workers, also where some have ended.
    pub fn staff(&mut self, count: usize) {
        self.workers
            .retain_mut(|worker| matches!(worker.try_wait(), Ok(None)));
        while self.workers.len() < count {
            self.start(&[]);
        }
    }

    pub fn call(&self, arguments: &[&str]) -> Run {
        let mut command = self.command(arguments);
        command.args(["--json", "--sandbox", &self.rehearsal.url]);
        Run::of(command.output().expect("a run"))
    }

    /// The slots to come.
    pub fn coming(&self, more: &[&str]) -> Vec<Coming> {
        let run = self.call(&[&["schedule", "next"], more].concat());
        let items = run.report["items"].as_array();
        let items = items.unwrap_or_else(|| panic!("{run:?}"));
        items.iter().filter_map(Coming::of).collect()
    }

    pub fn why(&self, slot: &str) -> Value {
        let run = self.call(&["schedule", "why", slot]);
        assert_eq!(run.code, Some(0), "{run:?}");
        run.report["items"][0].clone()
    }

    pub fn state(&self, slot: &str) -> String {
        let item = self.why(slot);
        item["slot"]["state"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// Every slot that the store knows, by its id: its state, and why.
    pub fn states(&self) -> BTreeMap<String, (String, String)> {
        let run = self.call(&["status", "--all"]);
        let items = run.report["items"].as_array();
        let items = items.unwrap_or_else(|| panic!("{run:?}"));
        let of = |item: &Value| {
            let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let id = word(&item["slot"]["id"]);
            let why = [&item["reason"], &item["waits_for"]].map(word).concat();
            (!id.is_empty()).then(|| (id, (word(&item["slot"]["state"]), why)))
        };
        items.iter().filter_map(of).collect()
    }

    /// Waits until a slot is so far. To ask is a call of the program, which costs more than to wait a little longer.
    pub fn until(&self, slot: &str, states: &[&str]) -> Value {
        let start = Instant::now();
        loop {
            let item = self.why(slot);
            let state = item["slot"]["state"].as_str().unwrap_or_default();
            if states.contains(&state) {
                return item;
            }
            assert!(
                start.elapsed() < PATIENCE,
                "{states:?}: {item}\n{:#?}",
                self.states()
            );
            std::thread::sleep(Duration::from_millis(300));
        }
    }

    /// Waits until the worker has noted a slot.
    pub fn until_seen(&self, slot: &str) {
        let start = Instant::now();
        let is_seen = || {
            let out = self.command(&["status", "--all", "--json"]).output();
            String::from_utf8_lossy(&out.expect("a run").stdout).contains(slot)
        };
        while !is_seen() {
            assert!(start.elapsed() < PATIENCE, "{slot} was not noted");
            std::thread::sleep(Duration::from_millis(300));
        }
    }

    /// Waits until so many stories are live or over; which ones are, by the hash of their pictures.
    pub fn until_published(&self, count: usize) -> BTreeMap<String, usize> {
        let start = Instant::now();
        loop {
            let published = self.rehearsal.published();
            if published.values().sum::<usize>() >= count {
                return published;
            }
            assert!(
                start.elapsed() < PATIENCE,
                "{count} stories: {published:?}\n{:#?}",
                self.states()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    pub fn live(&self) -> usize {
        self.rehearsal.published().values().sum()
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.folder.join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.join(name)).expect("a file")
    }

    /// Changes a file that `new` has written.
    pub fn change(&self, name: &str, from: &str, to: &str) {
        let text = self.read(name);
        assert!(text.contains(from), "{name} has no {from}");
        self.write(name, &text.replace(from, to));
    }
}

impl Coming {
    fn of(item: &Value) -> Option<Self> {
        let word = |value: &Value| value.as_str().map(str::to_owned);
        Some(Self {
            id: word(&item["slot"]["id"])?,
            schedule: word(&item["schedule"])?,
            due: item["slot"]["due"].as_str()?.parse().ok()?,
            sha256: word(&item["slot"]["sha256"]),
            row_key: word(&item["row_key"]),
        })
    }
}

pub fn madrid() -> TimeZone {
    TimeZone::get("Europe/Madrid").expect("a zone")
}
