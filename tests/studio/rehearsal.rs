//! A project with a calendar, a sandbox beside it, and a studio that goes by the sandbox's clock.

use std::path::PathBuf;
use std::process::Command;

use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;
use storypress::sandbox;
use storypress::studio::{self, Options, Running};
use tempfile::TempDir;

use super::stage::{client, json, text};

const PROJECT: &str = "[project]\ntimezone = 'Europe/Madrid'\ntemplates = 'templates'\n\
    [publish]\nsettle = '300ms'\ngap = '10ms'\n[accounts.main]\nlogin = 'instagram'\n";

const TEMPLATE: &str = "[vars]\ndish = { default = 'nothing' }\n\
    [output]\nsize = [270, 480]\n[canvas]\nbackground = '#203040'\n\
    [[layer]]\ntype = 'text'\ntext = '{{ dish }} {{ today }}'\nleft = 64\nright = 64\ntop = 600\nsize = 90\n";

/// It all, until it is dropped.
pub struct Rehearsal {
    pub root: PathBuf,
    pub running: Running,
    pub sandbox: sandbox::Running,
    pub token: String,
    client: Client,
    _folder: TempDir,
}

impl Rehearsal {
    /// With this calendar.
    pub async fn new(schedule: &str) -> Self {
        let folder = TempDir::new().expect("a folder");
        let root = folder.path().canonicalize().expect("a path");
        std::fs::create_dir_all(root.join("templates")).expect("a folder");
        for (name, content) in [
            ("storypress.toml", PROJECT),
            ("schedule.toml", schedule),
            ("templates/menu.toml", TEMPLATE),
        ] {
            std::fs::write(root.join(name), content).expect("a file");
        }
        let options = sandbox::Options {
            port: 0,
            data: None,
            ..sandbox::Options::default()
        };
        let sandbox = sandbox::start(options).await.expect("a sandbox");
        let options = Options {
            listen: "127.0.0.1:0".into(),
            folder: root.clone(),
            project: Some(root.join("storypress.toml")),
            sandbox: Some(sandbox.url.parse().expect("an address")),
            ..Options::default()
        };
        Self {
            running: studio::start(&options).await.expect("a studio"),
            token: studio::token_or_new(&root).expect("a token"),
            sandbox,
            client: client(),
            root,
            _folder: folder,
        }
    }

    /// Runs the program in the project, against the sandbox; its standard output.
    pub async fn call(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(crate::program());
        command
            .args(arguments)
            .arg(format!("--sandbox={}", self.sandbox.url));
        command.current_dir(&self.root);
        let run = tokio::task::spawn_blocking(move || command.output());
        let output = run.await.expect("a thread").expect("a run");
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{errors}");
        String::from_utf8(output.stdout).expect("text")
    }

    /// A request of a program.
    pub fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}/api/v1/{path}", self.running.url);
        self.client.request(method, url).bearer_auth(&self.token)
    }

    /// `GET` as a program.
    pub async fn get(&self, path: &str, status: u16) -> Value {
        json(
            self.ask(Method::GET, path).send().await.expect("an answer"),
            status,
        )
        .await
    }

    /// `POST` as a program.
    pub async fn post(&self, path: &str, body: &Value, status: u16) -> Value {
        let asked = self.ask(Method::POST, path).json(body);
        json(asked.send().await.expect("an answer"), status).await
    }

    /// The session of a browser.
    pub async fn browser(&self) -> Browser<'_> {
        let start = self.running.start_url().expect("an address");
        let token = start.split_once("#token=").expect("a fragment").1;
        let begun = self
            .client
            .post(format!("{}/api/v1/session", self.running.url))
            .json(&serde_json::json!({ "token": token }));
        let begun = begun.send().await.expect("an answer");
        let set = text(begun.headers(), "set-cookie");
        Browser {
            of: self,
            cookie: set.split(';').next().expect("a pair").to_owned(),
        }
    }
}

/// A browser without JavaScript: it reads pages and posts forms.
pub struct Browser<'a> {
    of: &'a Rehearsal,
    cookie: String,
}

impl Browser<'_> {
    /// A page, which has to be whole and to keep to the policy.
    pub async fn page(&self, path: &str) -> String {
        let url = format!("{}{path}", self.of.running.url);
        let asked = self.of.client.get(url).header("Cookie", &self.cookie);
        let answer = asked.send().await.expect("an answer");
        let status = answer.status();
        let policy = text(answer.headers(), "content-security-policy");
        let page = answer.text().await.expect("a page");
        // as a browser reads it
        let page = page.replace("&#x2f;", "/");
        assert_eq!(status, 200, "{path}: {page}");
        assert!(
            policy.starts_with("default-src 'none'") && !policy.contains("unsafe"),
            "{policy}"
        );
        // nothing of another host, no style or script of the page's own
        for word in [
            "src=\"http",
            "href=\"http",
            "<style",
            " style=",
            "<script>",
            " onclick=",
        ] {
            assert!(!page.contains(word), "{path} holds {word}");
        }
        page
    }

    /// Posts a form; where the browser is sent then.
    pub async fn form(&self, path: &str, fields: &[(&str, &str)]) -> String {
        let url = format!("{}{path}", self.of.running.url);
        let asked = self
            .of
            .client
            .post(url)
            .header("Cookie", &self.cookie)
            // as a browser sends it from a page without a referrer
            .header("Origin", "null")
            .header("Sec-Fetch-Site", "same-origin")
            .form(fields);
        let answer = asked.send().await.expect("an answer");
        let (status, to) = (answer.status(), text(answer.headers(), "location"));
        assert_eq!(
            status,
            303,
            "{path}: {}",
            answer.text().await.unwrap_or_default()
        );
        to
    }
}
