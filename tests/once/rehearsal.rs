//! A project in a temporary folder, a sandbox of its own, and runs of the real program.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;

use serde_json::{Value, json};
use storypress::media::{self, Pixels};
use tempfile::TempDir;

/// A project that is quick to give up waiting.
pub const PROJECT: &str = r#"
[publish]
settle = "600ms"
gap = "10ms"
timeout = "400ms"
"#;

pub struct Rehearsal {
    dir: TempDir,
    sandbox: Child,
    pub url: String,
    pub accounts: Value,
    client: reqwest::Client,
    runtime: tokio::runtime::Runtime,
}

impl Drop for Rehearsal {
    fn drop(&mut self) {
        let _ = self.sandbox.kill();
        let _ = self.sandbox.wait();
    }
}

impl Rehearsal {
    pub fn new() -> Self {
        Self::of(PROJECT, &[])
    }

    /// With a project file of its own, and more arguments for the sandbox.
    pub fn of(project: &str, more: &[&str]) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        std::fs::write(dir.path().join("storypress.toml"), project).expect("a project");
        let mut sandbox = Command::new(crate::program())
            .args(["sandbox", "--port", "0", "--json"])
            .args(more)
            .current_dir(dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a sandbox");
        let mut line = String::new();
        let out = sandbox.stdout.take().expect("its stdout");
        BufReader::new(out)
            .read_line(&mut line)
            .expect("its first line");
        let told: Value = serde_json::from_str(&line).expect("JSON");
        let rehearsal = Self {
            dir,
            sandbox,
            url: told["url"].as_str().expect("an address").to_owned(),
            accounts: told["accounts"].clone(),
            client: client(),
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime"),
        };
        rehearsal.post("/sandbox/settings", &json!({ "image_processing_ms": 20 }));
        rehearsal
    }

    /// The sandbox's process.
    pub fn sandbox_id(&self) -> u32 {
        self.sandbox.id()
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    pub fn post(&self, path: &str, body: &Value) -> Value {
        let request = self.client.post(format!("{}{path}", self.url)).json(body);
        self.runtime.block_on(async {
            let answer = request.send().await.expect("an answer");
            assert!(answer.status().is_success(), "{path}: {}", answer.status());
            answer.json().await.unwrap_or_default()
        })
    }

    pub fn delete(&self, path: &str) {
        let request = self.client.delete(format!("{}{path}", self.url));
        self.runtime.block_on(async {
            let answer = request.send().await.expect("an answer");
            assert!(answer.status().is_success(), "{path}: {}", answer.status());
        });
    }

    pub fn get(&self, path: &str) -> Value {
        let request = self.client.get(format!("{}{path}", self.url));
        self.runtime.block_on(async {
            let answer = request.send().await.expect("an answer");
            answer.json().await.expect("JSON")
        })
    }

    /// How often the sandbox has published each picture, by digest.
    pub fn published(&self) -> BTreeMap<String, usize> {
        let stories = self.get("/sandbox/stories");
        let mut times = BTreeMap::new();
        for story in stories.as_array().expect("a list") {
            let sha256 = story["sha256"].as_str().expect("a digest");
            *times.entry(sha256.to_owned()).or_default() += 1;
        }
        times
    }

    /// Copies so many pictures, all of them different, into the project.
    pub fn pictures(&self, count: usize) -> Vec<PathBuf> {
        let all = (0..count).map(|at| {
            let path = self.path().join(format!("story-{at}.jpg"));
            std::fs::copy(picture(at), &path).expect("a copy");
            path
        });
        all.collect()
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(crate::program());
        command.args(arguments).current_dir(self.path());
        command
    }

    /// Once more, though it may be there already; killed at a point, if one is named.
    pub fn publish_again(&self, file: &Path, plug: Option<&str>) -> Run {
        self.published_with(&["--again"], &[file.to_owned()], plug)
    }

    /// `publish` of these files to the sandbox; killed at a point, if one is named.
    pub fn publish(&self, files: &[PathBuf], plug: Option<&str>) -> Run {
        self.published_with(&[], files, plug)
    }

    fn published_with(&self, flags: &[&str], files: &[PathBuf], plug: Option<&str>) -> Run {
        let mut command = self.command(&["publish", "--json", "--sandbox", &self.url]);
        command.args(flags).args(files);
        if let Some(point) = plug {
            command.env("STORYPRESS_PULL_THE_PLUG", point);
        }
        Run::of(command.output().expect("a run"))
    }
}

/// A client for loopback. To read the machine's certificates takes longer than a question, and there are many.
pub fn client() -> reqwest::Client {
    let builder = reqwest::Client::builder().tls_certs_only([]);
    // a sandbox may be gone by the next question, and with it the connection
    let builder = builder.pool_max_idle_per_host(0);
    builder.build().expect("a client")
}

/// What a run left.
#[derive(Debug)]
pub struct Run {
    pub code: Option<i32>,
    pub report: Value,
    pub said: String,
}

impl Run {
    pub fn of(output: Output) -> Self {
        Self {
            code: output.status.code(),
            report: serde_json::from_slice(&output.stdout).unwrap_or_default(),
            said: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    pub fn was_killed(&self) -> bool {
        self.code.is_none()
    }

    /// The state of each story, by the digest of its picture.
    pub fn states(&self) -> BTreeMap<String, String> {
        let items = self.report["items"].as_array().cloned().unwrap_or_default();
        let state = |item: &Value| {
            let sha256 = item["outputs"][0]["sha256"].as_str()?.to_owned();
            Some((sha256, item["story"]["state"].as_str()?.to_owned()))
        };
        items.iter().filter_map(state).collect()
    }
}

/// A picture that the platform takes, another one for each number; made once a machine and kept for the other tests.
fn picture(number: usize) -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("once");
        std::fs::create_dir_all(&folder).expect("a folder");
        folder
    });
    let path = folder.join(format!("{number}.jpg"));
    if !path.is_file() {
        let (width, height) = (1080, 1920);
        let colour = [
            (number * 37 % 256) as u8,
            (number / 7 % 256) as u8,
            (number % 7 * 30) as u8,
            255,
        ];
        let rgba = colour.repeat((width * height) as usize);
        let pixels = Pixels {
            width,
            height,
            rgba: &rgba,
        };
        media::write(pixels, &path, &media::Options::default()).expect("a picture");
    }
    path
}
