//! A sandbox, a host that serves media to it, and a client.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::Response;
use reqwest::Method;
use serde_json::{Value, json};
use storypress::graph::Login;
use storypress::media::{self, Pixels};
use storypress::sandbox::{self, Account, Options, Running};
use tempfile::TempDir;

/// What was answered.
#[derive(Debug)]
pub struct Heard {
    pub status: u16,
    pub body: Value,
    pub headers: reqwest::header::HeaderMap,
}

impl Heard {
    /// Code and subcode of an error.
    pub fn code(&self) -> (i64, Option<i64>) {
        let error = &self.body["error"];
        let code = error["code"].as_i64();
        (
            code.unwrap_or_else(|| panic!("no error: {self:?}")),
            error["error_subcode"].as_i64(),
        )
    }

    pub fn text(&self, name: &str) -> String {
        let value = self.body[name].as_str();
        value
            .unwrap_or_else(|| panic!("no `{name}`: {self:?}"))
            .to_owned()
    }
}

/// A sandbox and what stands around it.
pub struct Stage {
    pub sandbox: Running,
    pub host: Host,
    pub client: reqwest::Client,
    folder: TempDir,
}

impl Stage {
    pub async fn new() -> Self {
        Self::with(Options::default()).await
    }

    pub async fn with(options: Options) -> Self {
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(30))
            .build()
            .expect("a client");
        Self {
            sandbox: sandbox::start(options).await.expect("a sandbox"),
            host: Host::new().await,
            client,
            folder: tempfile::tempdir().expect("a folder"),
        }
    }

    pub fn account(&self, login: Login) -> &Account {
        let mut accounts = self.sandbox.accounts.iter();
        accounts
            .find(|account| account.login == login)
            .expect("one of each")
    }

    pub fn instagram(&self) -> &Account {
        self.account(Login::Instagram)
    }

    pub fn facebook(&self) -> &Account {
        self.account(Login::Facebook)
    }

    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.client
            .request(method, format!("{}{path}", self.sandbox.url))
    }

    /// A GET with the account's token.
    pub async fn get(&self, account: &Account, path: &str) -> Heard {
        let request = self.request(Method::GET, path).bearer_auth(&account.token);
        heard(request).await.expect("an answer")
    }

    /// A POST of JSON with the account's token, and a fault.
    pub async fn try_post(
        &self,
        account: &Account,
        edge: &str,
        body: Value,
        fault: Value,
    ) -> Result<Heard, reqwest::Error> {
        let path = format!("/v26.0/{}/{edge}", account.user_id);
        let mut request = self.request(Method::POST, &path).json(&body);
        if !fault.is_null() {
            request = request.header("x-sandbox-fault", fault.to_string());
        }
        heard(request.bearer_auth(&account.token)).await
    }

    pub async fn post(&self, account: &Account, edge: &str, body: Value) -> Heard {
        let answer = self.try_post(account, edge, body, Value::Null).await;
        answer.expect("an answer")
    }

    /// The sandbox's own paths.
    pub async fn own(&self, method: Method, path: &str, body: Value) -> Value {
        let request = self.request(method, &format!("/sandbox{path}")).json(&body);
        let heard = heard(request).await.expect("an answer");
        assert_eq!(heard.status, 200, "{heard:?}");
        heard.body
    }

    /// Turns the clock.
    pub async fn pass(&self, seconds: u64) {
        self.own(Method::POST, "/clock", json!({"advance_s": seconds}))
            .await;
    }

    /// A picture that no other number gives, on the host.
    pub fn picture(&self, number: u8) -> String {
        let name = format!("{number}.jpg");
        self.host
            .serve(&name, "image/jpeg", picture(&self.folder, number));
        self.host.url(&name)
    }

    /// A container of that picture.
    pub async fn container(&self, account: &Account, number: u8) -> String {
        let url = self.picture(number);
        let body = json!({"media_type": "STORIES", "image_url": url});
        let heard = self.post(account, "media", body).await;
        assert_eq!(heard.status, 200, "{heard:?}");
        heard.text("id")
    }

    /// A container of that picture, which is ready.
    pub async fn finished(&self, account: &Account, number: u8) -> String {
        let id = self.container(account, number).await;
        self.pass(60).await;
        assert_eq!(self.status(account, &id).await, "FINISHED");
        id
    }

    pub async fn status(&self, account: &Account, container: &str) -> String {
        let path = format!("/v26.0/{container}?fields=status_code,status");
        self.get(account, &path).await.text("status_code")
    }

    /// Waits, in real time, until a container's check has been done.
    pub async fn settled(&self, account: &Account, container: &str) -> Heard {
        for _ in 0..600 {
            let path = format!("/v26.0/{container}?fields=status_code,status,video_status");
            let heard = self.get(account, &path).await;
            if heard.text("status_code") != "IN_PROGRESS" {
                return heard;
            }
            self.pass(60).await;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("container {container} is never ready");
    }

    pub async fn publish(&self, account: &Account, container: &str) -> Heard {
        let body = json!({"creation_id": container});
        self.post(account, "media_publish", body).await
    }

    /// Everything ever published.
    pub async fn stories(&self) -> Vec<Value> {
        let stories = self.own(Method::GET, "/stories", Value::Null).await;
        stories.as_array().expect("a list").clone()
    }
}

pub async fn heard(request: reqwest::RequestBuilder) -> Result<Heard, reqwest::Error> {
    let answer = request.send().await?;
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let text = answer.text().await?;
    Ok(Heard {
        status,
        body: serde_json::from_str(&text).unwrap_or(Value::String(text)),
        headers,
    })
}

/// A whole JPEG, each number another colour.
fn picture(folder: &TempDir, number: u8) -> Vec<u8> {
    let path = folder.path().join("picture.jpg");
    let (width, height) = (90, 160);
    let rgba: Vec<u8> = (0..width * height)
        .flat_map(|_| [number, 255 - number, 120, 255])
        .collect();
    let pixels = Pixels {
        width,
        height,
        rgba: &rgba,
    };
    media::write(pixels, &path, &media::Options::default()).expect("a picture");
    std::fs::read(&path).expect("its bytes")
}

/// A whole film of three seconds; made once a machine and kept for the other tests, each of which is a process.
pub fn film() -> &'static [u8] {
    static FILM: OnceLock<Vec<u8>> = OnceLock::new();
    FILM.get_or_init(|| {
        let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sandbox-film.mp4");
        if let Ok(film) = std::fs::read(&kept) {
            return film;
        }
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
        let clip = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/clips/lights.mp4");
        let done = Command::new(crate::program())
            .arg("transcode")
            .arg(clip)
            .args([
                "--end",
                "3",
                "--max-bytes",
                "300000",
                "--effort",
                "fast",
                "-o",
            ])
            .arg(folder.path())
            .output()
            .expect("the program");
        assert!(
            done.status.success(),
            "{}",
            String::from_utf8_lossy(&done.stderr)
        );
        let film = std::fs::read(folder.path().join("lights.mp4")).expect("a film");
        // whole under its name, whoever else makes it at the same time
        std::fs::rename(folder.path().join("lights.mp4"), &kept).expect("the film is kept");
        film
    })
}

/// How a file is served.
#[derive(Clone)]
pub struct Served {
    pub kind: &'static str,
    pub bytes: Vec<u8>,
    pub status: u16,
    pub has_range: bool,
    pub wait: Duration,
}

type Files = Arc<Mutex<HashMap<String, Served>>>;

/// A request that came to the host: path, user agent, range.
pub type Came = (String, String, Option<String>);

/// Serves media as a bucket would, or as a bad one would.
pub struct Host {
    base: String,
    files: Files,
    came: Arc<Mutex<Vec<Came>>>,
}

impl Host {
    async fn new() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let (files, came) = (Files::default(), Arc::<Mutex<Vec<Came>>>::default());
        let state = (Arc::clone(&files), Arc::clone(&came));
        let router = Router::new().fallback(answer).with_state(state);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { base, files, came }
    }

    pub fn url(&self, name: &str) -> String {
        format!("{}/{name}", self.base)
    }

    pub fn serve(&self, name: &str, kind: &'static str, bytes: Vec<u8>) {
        self.serve_as(
            name,
            Served {
                kind,
                bytes,
                status: 200,
                has_range: true,
                wait: Duration::ZERO,
            },
        );
    }

    pub fn serve_as(&self, name: &str, served: Served) {
        let mut files = self.files.lock().expect("no panic before");
        files.insert(format!("/{name}"), served);
    }

    pub fn came(&self) -> Vec<Came> {
        self.came.lock().expect("no panic before").clone()
    }
}

type Both = (Files, Arc<Mutex<Vec<Came>>>);

async fn answer(State((files, came)): State<Both>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let range = text(&request, header::RANGE);
    let agent = text(&request, header::USER_AGENT).unwrap_or_default();
    drop(request);
    came.lock()
        .expect("no panic before")
        .push((path.clone(), agent, range.clone()));
    let served = files.lock().expect("no panic before").get(&path).cloned();
    let Some(served) = served else {
        return plain(404, Vec::new());
    };
    tokio::time::sleep(served.wait).await;
    let mut response = match range.filter(|_| served.has_range && served.status == 200) {
        Some(range) => part(&served.bytes, &range),
        None => plain(served.status, served.bytes),
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, served.kind.parse().expect("a type"));
    headers.insert(header::LOCATION, "/1.jpg".parse().expect("a path"));
    response
}

fn text(request: &Request, name: header::HeaderName) -> Option<String> {
    let value = request.headers().get(name)?;
    Some(value.to_str().expect("plain text").to_owned())
}

fn plain(status: u16, bytes: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = StatusCode::from_u16(status).expect("a status");
    response
}

fn part(bytes: &[u8], range: &str) -> Response {
    let (first, last) = range
        .trim_start_matches("bytes=")
        .split_once('-')
        .expect("a range");
    let first: usize = first.parse().expect("a number");
    let last = last.parse::<usize>().map_or(bytes.len(), |last| last + 1);
    let last = last.min(bytes.len());
    let mut response = plain(206, bytes[first..last].to_vec());
    let told = format!("bytes {first}-{}/{}", last - 1, bytes.len());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_RANGE, told.parse().expect("a header"));
    response
}
