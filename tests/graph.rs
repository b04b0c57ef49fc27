//! `storypress account` as a user runs it, against a server that answers as Meta does.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use wiremock::matchers::{body_string_contains, header, method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

const TOKEN: &str = "IGAAthe0token0that0nobody0may0see";
const SHORT: &str = "IGAAthe0short0token0of0one0hour";
const SECRET: &str = "the-secret-of-the-app";
const USER: &str = "17841400008460056";

/// A home of its own, with a project whose account `main` talks to `base`.
struct Home(tempfile::TempDir);

impl Home {
    fn new(login: &str, base: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let project = format!("[accounts.main]\nlogin = \"{login}\"\nbase = \"{base}\"\n");
        std::fs::write(dir.path().join("storypress.toml"), project).unwrap();
        Self(dir)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn token_file(&self) -> PathBuf {
        self.path().join("config/storypress/tokens/main.json")
    }

    /// Puts a token there as a login would.
    fn keep(&self, issued_at: &str, expires_at: Option<&str>, mode: u32) {
        use std::os::unix::fs::PermissionsExt;

        let file = self.token_file();
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        let kept = json!({"token": TOKEN, "login": "instagram", "user_id": USER, "issued_at": issued_at,
            "expires_at": expires_at, "scopes": ["instagram_business_basic"]});
        std::fs::write(&file, kept.to_string()).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    fn command(&self, call: &str) -> Command {
        let mut command = Command::new(crate::program());
        command
            .args(call.split_whitespace())
            .current_dir(self.path())
            .env("HOME", self.path())
            .env("XDG_CONFIG_HOME", self.path().join("config"))
            .env("RUST_LOG", "trace")
            .env("STORYPRESS_APP_ID", "990602627938098")
            .env("STORYPRESS_APP_SECRET", SECRET)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Exit code, report, what people read. Fails if a secret is in any of it.
    async fn run(&self, call: &str, stdin: &str) -> (i32, Value, String) {
        let (mut command, stdin) = (self.command(call), stdin.to_owned());
        let run = move || {
            let mut child = command.spawn().unwrap();
            child
                .stdin
                .take()
                .unwrap()
                .write_all(stdin.as_bytes())
                .unwrap();
            child.wait_with_output().unwrap()
        };
        let output = tokio::task::spawn_blocking(run).await.unwrap();
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        holds_no_secret(&out);
        holds_no_secret(&err);
        let report = serde_json::from_str(&out).unwrap_or(Value::Null);
        (output.status.code().unwrap_or(-1), report, err)
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn holds_no_secret(said: &str) {
    for secret in [TOKEN, SHORT, SECRET, "AQthe-code"] {
        assert!(!said.contains(secret), "{secret} in {said}");
    }
}

async fn server(answers: &[(&str, &str, Value)]) -> MockServer {
    let server = MockServer::start().await;
    for (verb, at, answer) in answers {
        Mock::given(method(*verb))
            .and(path(*at))
            .respond_with(ResponseTemplate::new(200).set_body_json(answer))
            .mount(&server)
            .await;
    }
    server
}

fn me() -> Value {
    json!({"user_id": USER, "username": "cafe", "account_type": "BUSINESS", "id": "9"})
}

fn quota() -> Value {
    json!({"data": [{"quota_usage": 2, "config": {"quota_total": 100, "quota_duration": 86400}}]})
}

#[tokio::test]
async fn a_pasted_token_is_kept_for_its_owner_and_never_shown() {
    use std::os::unix::fs::PermissionsExt;

    let limit = format!("/v26.0/{USER}/content_publishing_limit");
    let server = server(&[("GET", "/v26.0/me", me()), ("GET", &limit, quota())]).await;
    let home = Home::new("instagram", &server.uri());
    let (code, report, said) = home
        .run("account login --paste --json", &format!("{TOKEN}\n"))
        .await;
    assert_eq!(
        (code, &report["command"], &report["ok"]),
        (0, &json!("account login"), &json!(true)),
        "{said}"
    );
    assert_eq!(report["accounts"][0]["user_id"], USER);
    let mode = std::fs::metadata(home.token_file())
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);

    let (code, report, said) = home.run("account status main --json", "").await;
    assert_eq!(code, 0, "{said}");
    let account = &report["accounts"][0];
    assert_eq!(
        (&account["username"], &account["account_type"]),
        (&json!("cafe"), &json!("BUSINESS"))
    );
    assert_eq!(
        account["quota"],
        json!({"used": 2, "total": 100, "left": 98, "duration_s": 86400})
    );
    for request in server.received_requests().await.unwrap() {
        assert!(!request.url.as_str().contains(TOKEN));
        assert_eq!(request.headers["authorization"], format!("Bearer {TOKEN}"));
    }
}

/// The address that a person is asked to open.
fn address(child: &mut Child) -> (url::Url, BufReader<std::process::ChildStderr>) {
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    loop {
        let mut line = String::new();
        assert_ne!(
            lines.read_line(&mut line).unwrap(),
            0,
            "no address was shown"
        );
        if let Ok(url) = line.trim().parse() {
            return (url, lines);
        }
    }
}

#[tokio::test]
async fn a_login_goes_from_address_to_token() {
    let short =
        json!({"access_token": SHORT, "user_id": 9, "permissions": ["instagram_business_basic"]});
    let server = server(&[("GET", "/v26.0/me", me())]).await;
    Mock::given(method("POST"))
        .and(path("/oauth/access_token"))
        .and(body_string_contains(format!("client_secret={SECRET}")))
        .and(body_string_contains("code=AQthe-code"))
        .respond_with(ResponseTemplate::new(200).set_body_json(short))
        .expect(1)
        .mount(&server)
        .await;
    Mock::given(method("GET"))
        .and(path("/access_token"))
        .and(query_param("access_token", SHORT))
        .respond_with(
            ResponseTemplate::new(200)
                .set_body_json(json!({"access_token": TOKEN, "expires_in": 5183944})),
        )
        .expect(1)
        .mount(&server)
        .await;
    let home = Home::new("instagram", &server.uri());
    let mut child = home
        .command("account login --redirect http://localhost:0/back")
        .spawn()
        .unwrap();
    let (address, mut rest) = tokio::task::spawn_blocking(move || (address(&mut child), child))
        .await
        .map(|((address, rest), child)| (address, (rest, child)))
        .unwrap();
    assert_eq!(address.path(), "/oauth/authorize");
    let parameter = |name: &str| {
        let found = address.query_pairs().find(|(n, _)| n == name);
        found.unwrap_or_else(|| panic!("no {name}")).1.into_owned()
    };
    let back = format!(
        "{}?code=AQthe-code&state={}#_",
        parameter("redirect_uri"),
        parameter("state")
    );
    let page = reqwest::get(back).await.unwrap().text().await.unwrap();
    assert!(page.contains("Done.") && !page.contains("AQ"));
    let (code, said) = tokio::task::spawn_blocking(move || {
        let mut said = String::new();
        rest.0.read_to_string(&mut said).unwrap();
        (rest.1.wait().unwrap().code(), said)
    })
    .await
    .unwrap();
    holds_no_secret(&said);
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("cafe (business)") && said.contains("instagram_business_basic"),
        "{said}"
    );
    let kept: Value = serde_json::from_slice(&std::fs::read(home.token_file()).unwrap()).unwrap();
    assert_eq!(
        (&kept["token"], &kept["user_id"]),
        (&json!(TOKEN), &json!(USER))
    );
}

#[tokio::test]
async fn a_refresh_keeps_the_rules_of_its_age() {
    let renewed =
        json!({"access_token": format!("{TOKEN}2"), "token_type": "bearer", "expires_in": 5184000});
    let server = server(&[("GET", "/refresh_access_token", renewed)]).await;
    let home = Home::new("instagram", &server.uri());
    home.keep("2026-01-01T00:00:00Z", Some("2026-01-02T00:00:00Z"), 0o600);
    let (code, _, said) = home.run("account refresh", "").await;
    assert_eq!(code, 1);
    assert!(
        said.contains("only a new login helps: storypress account login main"),
        "{said}"
    );

    home.keep(
        &jiff::Timestamp::now().to_string(),
        Some("2999-01-01T00:00:00Z"),
        0o600,
    );
    let (code, report, _) = home.run("account refresh --json", "").await;
    assert_eq!(
        (code, &report["accounts"][0]["status"]),
        (0, &json!("unchanged"))
    );
    assert_eq!(report["accounts"][0]["renewal"], "too-young");
    assert!(server.received_requests().await.unwrap().is_empty());

    home.keep("2026-01-01T00:00:00Z", Some("2999-01-01T00:00:00Z"), 0o600);
    let (code, report, _) = home.run("account refresh --json", "").await;
    assert_eq!(
        (code, &report["accounts"][0]["status"]),
        (0, &json!("refreshed"))
    );
    let kept: Value = serde_json::from_slice(&std::fs::read(home.token_file()).unwrap()).unwrap();
    assert_eq!(kept["token"], format!("{TOKEN}2"));
}

#[tokio::test]
async fn a_token_that_others_may_read_is_not_used() {
    let server = server(&[("GET", "/v26.0/me", me())]).await;
    let home = Home::new("instagram", &server.uri());
    home.keep("2026-01-01T00:00:00Z", None, 0o644);
    let (code, _, said) = home.run("account status", "").await;
    assert_eq!(code, 1);
    let file = home.token_file();
    assert!(
        said.contains("mode 0644") && said.contains(&format!("chmod 600 {}", file.display())),
        "{said}"
    );
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_token_does_not_go_elsewhere() {
    let home = Home::new("instagram", "https://graph.example.com");
    home.keep("2026-01-01T00:00:00Z", None, 0o600);
    let (code, _, said) = home.run("account status", "").await;
    assert_eq!(code, 1);
    assert!(
        said.contains("https://graph.example.com is neither Meta's nor on this machine"),
        "{said}"
    );
}

#[tokio::test]
async fn a_token_that_has_ended_is_told_with_what_helps() {
    let ended = json!({"error": {"message": format!("Error validating access token: Session has expired {TOKEN}"),
        "type": "OAuthException", "code": 190, "error_subcode": 463, "fbtrace_id": "x"}});
    let server = MockServer::start().await;
    Mock::given(header("authorization", format!("Bearer {TOKEN}").as_str()))
        .respond_with(ResponseTemplate::new(400).set_body_json(ended))
        .mount(&server)
        .await;
    let home = Home::new("instagram", &server.uri());
    home.keep("2026-01-01T00:00:00Z", None, 0o600);
    let (code, report, said) = home.run("account status --json", "").await;
    assert_eq!((code, &report["ok"]), (1, &json!(false)));
    assert!(said.contains("the token has expired (190/463)"), "{said}");
    assert!(said.contains("storypress account login main"), "{said}");
}

#[tokio::test]
async fn an_account_that_does_not_exist_is_a_wrong_call() {
    let home = Home::new("instagram", "http://127.0.0.1:9");
    let (code, _, said) = home.run("account status other", "").await;
    assert_eq!(code, 2);
    assert!(
        said.contains("no account `other`; the project has main"),
        "{said}"
    );
    std::fs::remove_file(home.path().join("storypress.toml")).unwrap();
    let (code, _, said) = home.run("account status", "").await;
    assert_eq!(code, 2, "{said}");
}
