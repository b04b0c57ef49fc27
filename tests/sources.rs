//! Data from elsewhere, the whole way: the program, a server on this machine, what is in OUT and in the report.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

const TEMPLATE: &str = r##"
[vars]
title = { default = "Hello" }
price = { default = "€1" }
photo = { type = "image", default = "plain.svg" }

[output]
size = [270, 480]

[canvas]
background = "#264653"

[[layer]]
type = "image"
src = "{{ photo }}"
height = "40%"

[[layer]]
type = "text"
text = "{{ title }} {{ price }}"
top = 1000
left = 64
size = 90
color = "#fff"
"##;

const SVG: &str = "<svg xmlns='http://www.w3.org/2000/svg' width='1080' height='768'><rect width='1080' height='768' fill='#e76f51'/></svg>";

/// A server whose answers can be changed while it runs: status, headers, body by path; a path that is not there is 404.
pub struct Server {
    pub url: String,
    answers: Arc<Mutex<Vec<(String, String, String)>>>,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub fn new() -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", socket.local_addr().expect("an address"));
        let answers: Arc<Mutex<Vec<(String, String, String)>>> = Arc::default();
        let heard: Arc<Mutex<Vec<String>>> = Arc::default();
        let (said, all) = (answers.clone(), heard.clone());
        std::thread::spawn(move || {
            for mut stream in socket.incoming().flatten() {
                let mut request = Vec::new();
                let mut byte = [0];
                while !request.ends_with(b"\r\n\r\n") && matches!(stream.read(&mut byte), Ok(1)) {
                    request.push(byte[0]);
                }
                let request = String::from_utf8_lossy(&request).into_owned();
                let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
                all.lock().expect("no panic").push(request);
                let said = said.lock().expect("no panic");
                let found = said.iter().rev().find(|(of, ..)| *of == path);
                let (head, body) = found.map_or(("404 No", ""), |(_, head, body)| (head, body));
                let _ = write!(
                    stream,
                    "HTTP/1.1 {head}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                    body.len()
                );
            }
        });
        Self {
            url,
            answers,
            heard,
        }
    }

    pub fn say(&self, path: &str, head: &str, body: &str) {
        let answer = (path.to_owned(), head.to_owned(), body.to_owned());
        self.answers.lock().expect("no panic").push(answer);
    }

    pub fn csv(&self, body: &str) {
        self.say("/menu.csv", "200 OK\r\ncontent-type: text/csv", body);
    }

    pub fn count(&self) -> usize {
        self.heard.lock().expect("no panic").len()
    }
}

/// A project with `templates/menu.toml` and the source `menu` at `/menu.csv`; `more` is said of the source.
fn project(server: &Server, more: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    let put = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).expect(name);
    std::fs::create_dir(dir.path().join("templates")).expect("a folder");
    put("templates/menu.toml", TEMPLATE);
    put("plain.svg", SVG);
    let url = &server.url;
    put(
        "storypress.toml",
        &format!(
            "[project]\ntemplates = \"templates\"\n[source.menu]\nurl = \"{url}/menu.csv\"\nprivate = true\n{more}"
        ),
    );
    dir
}

fn storypress(dir: &Path, call: &str) -> (i32, Value, String) {
    let output = Command::new(crate::program())
        .args(call.split_whitespace())
        .arg("--json")
        .current_dir(dir)
        .env_remove("MENU_TOKEN")
        .output()
        .expect("a run");
    (
        output.status.code().unwrap_or(-1),
        serde_json::from_slice(&output.stdout).unwrap_or(Value::Null),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

/// `severity code message` of all diagnostics.
fn told(report: &Value) -> String {
    let items = report["items"].as_array().into_iter().flatten();
    let all = items.flat_map(|item| item["diagnostics"].as_array().into_iter().flatten());
    let text = |d: &Value, key: &str| d[key].as_str().unwrap_or_default().to_owned();
    let line = |d: &Value| {
        let [severity, code, message] = ["severity", "code", "message"].map(|key| text(d, key));
        format!("{severity} {code} {message}\n")
    };
    all.map(line).collect()
}

const RENDER: &str = "render templates/menu.toml --data source:menu -o out";

#[test]
fn a_source_fills_stories_and_stays_when_its_server_goes() {
    let server = Server::new();
    let photo = format!("{}/tart.svg?v=1", server.url);
    server.csv(&format!(
        "id,title,price,photo\nmon,Soup,€4,{photo}\ntue,Tart,€5,{}/none.jpg\nwed,Cake,€6,\n",
        server.url
    ));
    server.say(
        "/tart.svg?v=1",
        "200 OK\r\ncontent-type: image/svg+xml",
        &SVG.replace("#e76f51", "#2a9d8f"),
    );
    let dir = project(&server, "every = \"0s\"\n");
    let (code, report, said) = storypress(dir.path(), RENDER);
    assert_eq!(
        (code, &report["totals"]["done"], &report["totals"]["failed"]),
        (1, &2.into(), &1.into()),
        "{said}"
    );
    let none = format!(
        "error missing-asset row 2 (id tue): column `photo`: no picture from {}/none.jpg: the server answered 404",
        server.url
    );
    assert!(told(&report).contains(&none), "{}", told(&report));
    assert!(
        dir.path().join("out/menu-mon.jpg").exists()
            && dir.path().join("out/menu-wed.jpg").exists()
    );
    // the picture that came is the one that is drawn
    let drawn = std::fs::read(dir.path().join("out/menu-mon.jpg")).expect("a picture");
    assert_ne!(
        drawn,
        std::fs::read(dir.path().join("out/menu-wed.jpg")).expect("a picture")
    );
    // the server says that it is out of order: all is as before, and it is told
    server.say("/menu.csv", "500 Oops", "");
    let (code, report, _) = storypress(dir.path(), RENDER);
    assert_eq!(
        (code, &report["totals"]["unchanged"]),
        (1, &2.into()),
        "{}",
        told(&report)
    );
    let told = told(&report);
    assert!(
        told.contains(
            "warning stale-source source `menu` failed: the server answered 500; its copy is used"
        ),
        "{told}"
    );
    // without a question, too
    let before = server.count();
    std::fs::write(
        dir.path().join("storypress.toml"),
        std::fs::read_to_string(dir.path().join("storypress.toml"))
            .expect("it")
            .replace("0s", "1h"),
    )
    .expect("it");
    let (_, report, _) = storypress(
        dir.path(),
        &RENDER.replace("render", "check").replace("-o out", ""),
    );
    assert!(self::told(&report).contains("stale-source"), "{report}");
    assert_eq!(&report["totals"]["done"], &2);
    // the picture that never came is asked for again, the data is not
    assert_eq!(server.count(), before + 1);
}

#[test]
fn a_source_that_was_never_there_fails_alone_and_an_unknown_one_is_a_wrong_call() {
    let server = Server::new();
    let dir = project(&server, "token_env = \"MENU_TOKEN\"\n");
    let (code, report, _) = storypress(dir.path(), RENDER);
    assert_eq!(code, 1);
    let told_of = told(&report);
    assert!(told_of.contains("error source-failed source `menu` failed: the environment variable `MENU_TOKEN` is not set"), "{told_of}");
    assert_eq!(report["items"][0]["diagnostics"][0]["line"], 4);
    assert_eq!(server.count(), 0);
    let (code, _, said) = storypress(dir.path(), "render templates --data source:mneu -o out");
    assert_eq!(code, 2);
    assert!(
        said.contains("no source `mneu`; did you mean `menu`?"),
        "{said}"
    );
}

#[test]
fn a_column_that_is_gone_is_no_row_until_that_is_accepted() {
    let server = Server::new();
    server.csv("id,title,price\nmon,Soup,€4\n");
    let dir = project(&server, "every = \"0s\"\n");
    assert_eq!(storypress(dir.path(), RENDER).0, 0);
    server.csv("id,title\nmon,Soup\n");
    let (code, report, _) = storypress(dir.path(), RENDER);
    assert_eq!((code, &report["totals"]["done"]), (1, &0.into()));
    let told_of = told(&report);
    assert!(
        told_of.contains(
            "error no-row source `menu` no longer has the column `price`, which the template needs"
        ),
        "{told_of}"
    );
    // a value of the call takes its place
    assert_eq!(
        storypress(dir.path(), &format!("{RENDER} --set price=€9")).0,
        0
    );
    assert_eq!(storypress(dir.path(), RENDER).0, 1);
    assert_eq!(storypress(dir.path(), "fetch menu --accept").0, 0);
    assert_eq!(storypress(dir.path(), RENDER).0, 0);
}

#[test]
fn fetch_says_what_changed_row_by_row() {
    let server = Server::new();
    server.csv("id,title,price\nmon,Soup,€4\ntue,Tart,€5\n");
    let dir = project(&server, "");
    let (code, report, _) = storypress(dir.path(), "fetch");
    assert_eq!(code, 0, "{report}");
    let source = &report["items"][0]["source"];
    assert_eq!(
        (&report["items"][0]["status"], &source["rows"]),
        (&"done".into(), &2.into())
    );
    let file = Path::new(source["file"].as_str().expect("a path"));
    let name = file
        .file_name()
        .expect("a name")
        .to_string_lossy()
        .into_owned();
    assert_eq!(
        name,
        format!("{}.csv", source["sha256"].as_str().expect("a hash"))
    );
    let (_, report, _) = storypress(dir.path(), "fetch menu");
    assert_eq!(report["items"][0]["status"], "unchanged");
    server.csv("id,title,price\nwed,Cake,€6\nmon,Soup,€4.50\n");
    let (code, report, _) = storypress(dir.path(), "fetch source:menu");
    let changes = &report["items"][0]["source"]["changes"];
    assert_eq!(
        (code, changes["added"][0]["key"].as_str()),
        (0, Some("wed"))
    );
    assert_eq!(changes["removed"][0]["key"], "tue");
    let cell = &changes["changed"][0]["cells"][0];
    assert_eq!(
        (&cell["column"], &cell["from"], &cell["to"]),
        (&"price".into(), &"€4".into(), &"€4.50".into())
    );
    // a login page is no data: the copy stays, the call fails
    server.csv("<!doctype html><title>Sign in</title>");
    let (code, report, _) = storypress(dir.path(), "fetch");
    assert_eq!((code, &report["items"][0]["status"]), (1, &"failed".into()));
    assert!(told(&report).contains("warning stale-source"), "{report}");
    assert!(file.exists());
    let (code, _, said) = storypress(dir.path(), "fetch nemu");
    assert_eq!(code, 2, "{said}");
}

#[test]
fn a_kill_leaves_the_good_copy() {
    let server = Server::new();
    server.csv("id,title\nmon,Soup\n");
    let dir = project(&server, "every = \"0s\"\n");
    assert_eq!(storypress(dir.path(), "fetch").0, 0);
    let text: String = (0..50_000).map(|n| format!("r{n},Dish {n}\n")).collect();
    server.csv(&format!("id,title\n{text}"));
    let start = Instant::now();
    for wait in 0..12 {
        let mut child = Command::new(crate::program())
            .args(["fetch", "-q"])
            .current_dir(dir.path())
            .stderr(Stdio::null())
            .spawn()
            .expect("a run");
        std::thread::sleep(Duration::from_millis(10 * wait));
        let _ = child.kill();
        let _ = child.wait();
        // whatever is called a copy is one
        let entries = std::fs::read_dir(dir.path().join(".storypress/sources")).expect("a folder");
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if let Some(hash) = name.strip_suffix(".csv") {
                let bytes = std::fs::read(entry.path()).expect("a copy");
                assert_eq!(hash, sha256(&bytes), "after {:?}", start.elapsed());
            }
        }
    }
    assert_eq!(storypress(dir.path(), "fetch").0, 0);
    let (code, report, _) = storypress(dir.path(), &format!("{RENDER} --only menu-r7"));
    assert_eq!((code, &report["totals"]["done"]), (0, &1.into()));
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
