//! A small project in a folder of its own, and a studio that serves it.

use std::path::PathBuf;

use reqwest::header::HeaderMap;
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::Value;
use storypress::studio::{self, Options, Running};
use tempfile::TempDir;

/// A template with a variable and a text.
pub const MENU: &str = r##"# the menu
[vars]
title = { default = "Tomato tart", max_chars = 60 }

[canvas]
background = "#102030"

[[layer]]
id = "title"
type = "text"
text = "{{ title }}"
left = 64
right = 64
top = 400
color = "#ffffff"
size = 90
"##;

/// A studio and its project.
pub struct Stage {
    pub root: PathBuf,
    pub running: Running,
    pub token: String,
    client: Client,
    _folder: TempDir,
}

impl Stage {
    /// One template, one picture, a table of three rows.
    pub async fn new() -> Self {
        Self::with(&[]).await
    }

    /// The same with further files.
    pub async fn with(files: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().expect("a folder");
        let root = folder.path().canonicalize().expect("a path");
        let all = [
            (
                "storypress.toml",
                "[project]\ntemplates = \"templates\"\nout = \"out\"\n",
            ),
            ("templates/menu.toml", MENU),
            (
                "menu.csv",
                "id,title\nmon,Soup\ntue,A much longer dish of the day\nwed,Tart\n",
            ),
        ];
        for (name, text) in all.iter().chain(files) {
            let path = root.join(name);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            std::fs::write(path, text).expect("a file");
        }
        let options = Options {
            listen: "127.0.0.1:0".into(),
            folder: root.clone(),
            project: Some(root.join("storypress.toml")),
            ..Options::default()
        };
        let running = studio::start(&options).await.expect("a studio");
        Self {
            token: studio::token_or_new(&root).expect("a token"),
            root,
            running,
            client: client(),
            _folder: folder,
        }
    }

    /// Another studio on the same project, in place of this one.
    pub async fn reopen(&mut self) {
        let options = Options {
            listen: "127.0.0.1:0".into(),
            folder: self.root.clone(),
            project: Some(self.root.join("storypress.toml")),
            ..Options::default()
        };
        self.running = studio::start(&options).await.expect("a studio");
    }

    /// `POST` with JSON as a program; the answer has to have this status.
    pub async fn post(&self, path: &str, body: Value, status: u16) -> Value {
        let sent = self.ask(Method::POST, path).json(&body).send().await;
        json(sent.expect("an answer"), status).await
    }

    /// A page as a browser with a cookie sees it.
    pub async fn page(&self, path: &str) -> String {
        let got = self.bare(Method::GET, path).bearer_auth(&self.token);
        let answer = got.send().await.expect("an answer");
        let status = answer.status();
        let text = answer.text().await.expect("a page");
        assert_eq!(status, 200, "{text}");
        text
    }

    /// A request without anything that lets it in.
    pub fn bare(&self, method: Method, path: &str) -> RequestBuilder {
        self.client
            .request(method, format!("{}{path}", self.running.url))
    }

    /// A request of a program.
    pub fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        self.bare(method, &format!("/api/v1/{path}"))
            .bearer_auth(&self.token)
    }

    /// `GET` as a program.
    pub async fn get(&self, path: &str) -> Response {
        self.ask(Method::GET, path).send().await.expect("an answer")
    }

    /// The start token that the address of the studio has.
    pub fn start_token(&self) -> String {
        let url = self.running.start_url().expect("an address");
        url.split_once("#token=").expect("a fragment").1.to_owned()
    }

    /// The cookie of a new session, as a browser sends it.
    pub async fn cookie(&self) -> String {
        let begun = self
            .bare(Method::POST, "/api/v1/session")
            .json(&serde_json::json!({"token": self.start_token()}))
            .send()
            .await
            .expect("an answer");
        assert_eq!(begun.status(), 204);
        let set = text(begun.headers(), "set-cookie");
        set.split(';').next().expect("a pair").to_owned()
    }

    /// The host that a browser names.
    pub fn host(&self) -> String {
        self.running.url.trim_start_matches("http://").to_owned()
    }
}

/// A client that follows nothing, and uses no proxy.
pub fn client() -> Client {
    let builder = Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none());
    builder.build().expect("a client")
}

/// A header's text; empty where there is none.
pub fn text(headers: &HeaderMap, name: &str) -> String {
    let value = headers.get(name).map(|value| value.to_str().expect("text"));
    value.unwrap_or_default().to_owned()
}

/// An answer's JSON, which has to have this status.
pub async fn json(answer: Response, status: u16) -> Value {
    let found = answer.status();
    let body = answer.text().await.expect("a body");
    assert_eq!(found, status, "{body}");
    serde_json::from_str(&body).unwrap_or_else(|error| panic!("{error}: {body}"))
}
