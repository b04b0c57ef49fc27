//! A foreign S3 on loopback, made of packages from PyPI and started by the test that needs it.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use storypress::upload::{Environment, Options, Store};

/// The key that the server knows.
pub const KEY: &str = "AKIATESTTESTTESTTEST";
pub const SECRET: &str = "only/for+this/server+and+this+test";
pub const BUCKET: &str = "stories";

/// A server of this test process. It ends when its standard input does, and that ends with the process.
pub struct S3 {
    pub url: String,
    _server: Child,
}

/// The one server of this process.
pub fn s3() -> &'static S3 {
    static SERVER: OnceLock<S3> = OnceLock::new();
    SERVER.get_or_init(start)
}

impl S3 {
    /// A store under `prefix`, with the right key.
    pub fn store(&self, prefix: &str) -> Store {
        self.store_with(prefix, KEY, SECRET)
    }

    pub fn store_with(&self, prefix: &str, key: &str, secret: &str) -> Store {
        let vars = [
            ("AWS_ENDPOINT_URL", self.url.as_str()),
            ("AWS_REGION", "eu-south-2"),
            ("AWS_ACCESS_KEY_ID", key),
            ("AWS_SECRET_ACCESS_KEY", secret),
        ];
        let to = format!("s3://{BUCKET}/{prefix}");
        let options = Options {
            environment: Environment::of(vars.map(|(k, v)| (k.into(), v.into()))),
            ..Options::new(&to, None, Path::new("/")).expect("a target")
        };
        Store::open(&options).expect("a store")
    }

    /// What was asked about names that hold `part`: `PUT /stories/x.jpg partNumber,uploadId`.
    pub async fn log(&self, part: &str) -> Vec<String> {
        let answer = client().get(format!("{}/-/log", self.url)).send().await;
        let text = answer.expect("an answer").text().await.expect("a text");
        text.lines()
            .filter(|line| line.contains(part))
            .map(|line| line.trim().to_owned())
            .collect()
    }
}

/// A client that knows nothing of stores and keys.
pub fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("a client")
}

fn start() -> S3 {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/upload/s3.py");
    let mut server = Command::new(python())
        .arg(script)
        .args([KEY, SECRET, BUCKET])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a server");
    let said = server.stdout.take().expect("its output");
    let mut port = String::new();
    BufReader::new(said).read_line(&mut port).expect("its port");
    S3 {
        url: format!("http://127.0.0.1:{}", port.trim()),
        _server: server,
    }
}

/// A Python with the packages of `requirements.txt`, made under `target` at the first call.
fn python() -> PathBuf {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("s3-server");
    let python = home.join("bin/python");
    let stamp = home.join("requirements.txt");
    let wanted = include_str!("requirements.txt");
    // test processes come many at a time
    let lock = File::create(home.with_extension("lock")).expect("a lock file");
    lock.lock().expect("the lock");
    if fs::read_to_string(&stamp).is_ok_and(|there| there == wanted) {
        return python;
    }
    let run = |program: &Path, arguments: &[&str]| {
        let done = Command::new(program).args(arguments).output();
        let done = done.unwrap_or_else(|e| panic!("{}: {e}", program.display()));
        assert!(
            done.status.success(),
            "{} {arguments:?}: {}{}\non Debian: apt-get install python3-venv",
            program.display(),
            String::from_utf8_lossy(&done.stdout),
            String::from_utf8_lossy(&done.stderr),
        );
    };
    let home = home.to_str().expect("a path in UTF-8");
    run(Path::new("python3"), &["-m", "venv", "--clear", home]);
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/upload/requirements.txt");
    let quiet = [
        "--quiet",
        "--no-input",
        "--no-compile",
        "--disable-pip-version-check",
    ];
    let install = [&["-m", "pip", "install"], &quiet[..], &["-r", file]].concat();
    run(&python, &install);
    fs::write(&stamp, wanted).expect("a stamp");
    python
}
