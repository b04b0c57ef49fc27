//! `templates`: read, written, moved; nothing but templates.

use reqwest::Method;
use serde_json::json;

use super::rehearsal::Rehearsal;
use super::stage::{MENU, Stage, json as json_of, text};

const PATH: &str = "templates/templates/menu.toml";

#[tokio::test(flavor = "multi_thread")]
async fn a_template_is_told_with_its_text_and_hash() {
    let stage = Stage::with(&[
        (
            "templates/deep/_base.toml",
            "[canvas]\nbackground = \"#000\"\n",
        ),
        ("templates/broken.toml", "[canvas]\nbackgrund = \"#000\"\n"),
    ])
    .await;
    let list = json_of(stage.get("templates").await, 200).await;
    let items = list["items"].as_array().expect("a list");
    let paths: Vec<_> = items
        .iter()
        .map(|item| item["path"].as_str().expect("a path"))
        .collect();
    let all = [
        "templates/broken.toml",
        "templates/deep/_base.toml",
        "templates/menu.toml",
    ];
    assert_eq!(paths, all);
    assert_eq!(items[0]["diagnostics"][0]["code"], "unknown-key");
    assert_eq!(items[1]["is_base"], true);
    let variable =
        json!({"name": "title", "type": "text", "default": "Tomato tart", "max_chars": 60});
    assert_eq!(items[2]["variables"], json!([variable]));

    let answer = stage.get(PATH).await;
    let etag = text(answer.headers(), "etag");
    let shown = json_of(answer, 200).await;
    assert_eq!(shown["text"], MENU);
    assert_eq!(
        etag,
        format!("\"{}\"", shown["hash"].as_str().expect("a hash"))
    );
    assert_eq!(shown["hash"], items[2]["hash"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_needs_to_know_what_it_writes_over() {
    let stage = Stage::new().await;
    let etag = text(stage.get(PATH).await.headers(), "etag");
    let put = |body: &str| stage.ask(Method::PUT, PATH).body(body.to_owned());
    let file = stage.root.join("templates/menu.toml");
    let changed = MENU.replace("#102030", "#203040");

    assert_eq!(put(&changed).send().await.expect("an answer").status(), 428);
    let stale = put(&changed)
        .header("if-match", "\"0123\"")
        .send()
        .await
        .expect("an answer");
    assert_eq!(
        text(stale.headers(), "content-type"),
        "application/problem+json"
    );
    let stale = json_of(stale, 412).await;
    assert_eq!(
        (&stale["status"], &stale["title"]),
        (&json!(412), &json!("Precondition Failed"))
    );
    // before everything, also before a text that is none
    for force in ["", "?force=1"] {
        let request = stage.ask(Method::PUT, &format!("{PATH}{force}"));
        let request = request.header("if-match", "\"0123\"").body("[[[");
        assert_eq!(request.send().await.expect("an answer").status(), 412);
    }
    let taken = put(&changed)
        .header("if-none-match", "*")
        .send()
        .await
        .expect("an answer");
    assert_eq!(taken.status(), 412);
    assert_eq!(std::fs::read_to_string(&file).expect("a file"), MENU);

    let written = put(&changed)
        .header("if-match", &etag)
        .send()
        .await
        .expect("an answer");
    let new = text(written.headers(), "etag");
    let written = json_of(written, 200).await;
    assert_eq!(written["diagnostics"], json!([]));
    assert_eq!(
        format!("\"{}\"", written["hash"].as_str().expect("a hash")),
        new
    );
    assert_eq!(std::fs::read_to_string(&file).expect("a file"), changed);
    // the old hash is void now
    let again = put(MENU)
        .header("if-match", &etag)
        .send()
        .await
        .expect("an answer");
    assert_eq!(again.status(), 412);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_toml_is_written_only_by_force() {
    let stage = Stage::new().await;
    let put = |path: &str, body: Vec<u8>| {
        let request = stage.ask(Method::PUT, path).header("if-none-match", "*");
        request.body(body)
    };
    let new = "templates/templates/new/one.toml";
    let broken = put(new, b"a = \n".to_vec())
        .send()
        .await
        .expect("an answer");
    let broken = json_of(broken, 422).await;
    let wrong = &broken["diagnostics"][0];
    assert_eq!(
        (&wrong["code"], &wrong["line"]),
        (&json!("syntax"), &json!(1)),
        "{broken}"
    );
    assert!(!stage.root.join("templates/new/one.toml").exists());
    let forced = put(&format!("{new}?force=1"), b"a = \n".to_vec());
    let forced = json_of(forced.send().await.expect("an answer"), 201).await;
    assert_eq!(forced["diagnostics"][0]["code"], "syntax");
    // a key that is not known is no fault of the TOML
    let unknown = put("templates/templates/two.toml", b"nonsense = 1\n".to_vec());
    let unknown = json_of(unknown.send().await.expect("an answer"), 201).await;
    assert_eq!(unknown["diagnostics"][0]["code"], "unknown-key");
    for query in ["", "?force=1"] {
        let path = format!("templates/templates/three.toml{query}");
        let bytes = put(&path, vec![b'#', 0xFF])
            .send()
            .await
            .expect("an answer");
        assert_eq!(bytes.status(), 422, "a text is UTF-8");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_is_no_template_is_not_there() {
    let stage = Stage::with(&[
        ("sale.toml", ""),
        ("templates/.hidden.toml", ""),
        ("secret.txt", "s"),
    ])
    .await;
    let outside = tempfile::tempdir().expect("a folder");
    std::fs::write(outside.path().join("out.toml"), "# secret").expect("a file");
    std::os::unix::fs::symlink(outside.path(), stage.root.join("templates/link")).expect("a link");
    let link = stage.root.join("templates/one.toml");
    std::os::unix::fs::symlink(outside.path().join("out.toml"), &link).expect("a link");
    for path in [
        "storypress.toml",
        "sale.toml",
        "secret.txt",
        "templates",
        "templates/",
        "templates/menu.txt",
        "templates/.hidden.toml",
        "templates/..%2fsale.toml",
        "templates/%2e%2e/sale.toml",
        "templates/%2e%2e%2fsale.toml",
        "..%2f..%2fetc%2fpasswd.toml",
        "%2fetc%2fhosts.toml",
        "templates%5cmenu.toml",
        "templates/..%5csale.toml",
        "templates/menu%00.toml",
        "templates/menu.toml%00",
        "templates/link/out.toml",
        "templates/link/new.toml",
        "templates/one.toml",
        "templates//menu.toml",
    ] {
        for method in [Method::GET, Method::PUT, Method::DELETE] {
            let request = stage.ask(method.clone(), &format!("templates/{path}"));
            let request = request.header("if-none-match", "*").body("# mine");
            let answer = request.send().await.expect("an answer");
            assert_eq!(answer.status(), 404, "{method} {path}");
        }
        let to = stage.ask(Method::POST, &format!("{PATH}/duplicate"));
        let decoded = path
            .replace("%2e", ".")
            .replace("%2f", "/")
            .replace("%5c", "\\")
            .replace("%00", "\0");
        let to = to
            .json(&json!({"to": decoded}))
            .send()
            .await
            .expect("an answer");
        assert_eq!(to.status(), 422, "{decoded:?}");
    }
    assert_eq!(
        std::fs::read_to_string(outside.path().join("out.toml")).expect("a file"),
        "# secret"
    );
    assert!(!outside.path().join("new.toml").exists());
    assert!(stage.root.join("sale.toml").exists() && link.symlink_metadata().is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_template_shows_and_what_is_not_there_is_told() {
    let card = "[[layer]]\nid = \"photo\"\ntype = \"image\"\nsrc = \"assets/none.jpg\"\nleft = 0\nwidth = 400\n";
    let stage = Stage::with(&[("templates/card.toml", card)]).await;
    let list = json_of(stage.get("templates").await, 200).await;
    let one = json_of(stage.get("templates/templates/card.toml").await, 200).await;
    for told in [&list["items"][0], &one] {
        let found = &told["diagnostics"][0];
        assert_eq!(found["code"], "missing-asset", "{told}");
        assert_eq!(found["file"], "templates/card.toml");
        assert!(found["start"].is_u64());
    }
    assert_eq!(list["items"][1]["diagnostics"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_that_moves_names_the_same_base() {
    let brunch = "# brunch\nextends = \"menu.toml\" # the base\n";
    let stage = Stage::with(&[("templates/brunch.toml", brunch)]).await;
    let copied = stage
        .post(
            "templates/templates/brunch.toml/duplicate",
            json!({"to": "templates/spring/b.toml"}),
            201,
        )
        .await;
    assert_eq!(copied["diagnostics"], json!([]));
    let file = stage.root.join("templates/spring/b.toml");
    let text = std::fs::read_to_string(file).expect("a file");
    assert_eq!(text, brunch.replace("menu.toml", "../menu.toml"));
    let shown = json_of(stage.get("templates/templates/spring/b.toml").await, 200).await;
    assert_eq!(shown["hash"], copied["hash"]);
    assert_eq!(shown["diagnostics"], json!([]));
    // who builds on it by its old name is told
    let renamed = stage
        .post(
            &format!("{PATH}/rename"),
            json!({"to": "templates/lunch.toml"}),
            200,
        )
        .await;
    assert_eq!(
        renamed["used_by"],
        json!(["templates/brunch.toml", "templates/spring/b.toml"])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_links_to_templates_of_any_name() {
    let names = ["#1 deal", "q?uery", "100%", "100%25", "été #2/card 0"];
    let paths: Vec<String> = names.map(|n| format!("templates/{n}.toml")).into();
    let files: Vec<(&str, &str)> = paths.iter().map(|path| (path.as_str(), MENU)).collect();
    let stage = Stage::with(&files).await;
    // a slash is a slash, written as a character or as its number
    let page = stage.page("/").await.replace("&#x2f;", "/");
    for written in [
        "%231%20deal",
        "q%3Fuery",
        "100%25",
        "100%2525",
        "%C3%A9t%C3%A9%20%232/card%200",
    ] {
        let link = format!("/edit/templates/{written}.toml");
        assert!(page.contains(&format!("href=\"{link}\"")), "{link}");
        let edit = stage.page(&link).await;
        assert!(edit.contains("data-path="), "{link}");
        let picture = format!("/templates/picture/templates/{written}.toml?");
        assert!(page.contains(&format!("src=\"{picture}")), "{picture}");
        let picture = stage.bare(Method::GET, &picture).bearer_auth(&stage.token);
        assert_eq!(picture.send().await.expect("an answer").status(), 200);
    }
    let other = stage.page("/edit/templates/100%2525.toml").await;
    let other = other.replace("&#x2f;", "/");
    assert!(other.contains("data-path=\"templates/100%25.toml\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn templates_are_duplicated_renamed_and_removed() {
    let stage = Stage::new().await;
    let act = |word: &str, to: &str| {
        stage
            .ask(Method::POST, &format!("{PATH}/{word}"))
            .json(&json!({"to": to}))
    };
    let made = act("duplicate", "templates/copy.toml")
        .send()
        .await
        .expect("an answer");
    let made = json_of(made, 201).await;
    assert_eq!(made["path"], "templates/copy.toml");
    let taken = act("rename", "templates/copy.toml")
        .send()
        .await
        .expect("an answer");
    assert_eq!(taken.status(), 409);
    let moved = act("rename", "templates/deep/other.toml")
        .send()
        .await
        .expect("an answer");
    assert_eq!(json_of(moved, 200).await["hash"], made["hash"]);
    assert_eq!(stage.get(PATH).await.status(), 404);
    assert_eq!(
        act("burn", "templates/x.toml")
            .send()
            .await
            .expect("an answer")
            .status(),
        404
    );
    let other = "templates/templates/deep/other.toml";
    let wrong = stage
        .ask(Method::DELETE, other)
        .header("if-match", "\"no\"");
    assert_eq!(wrong.send().await.expect("an answer").status(), 412);
    let gone = stage
        .ask(Method::DELETE, other)
        .send()
        .await
        .expect("an answer");
    assert_eq!(gone.status(), 204);
    let gone = stage
        .ask(Method::DELETE, other)
        .send()
        .await
        .expect("an answer");
    assert_eq!(gone.status(), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_act_with_a_key_is_done_once() {
    let stage = Stage::new().await;
    let act = |key: &str, to: &str| {
        let request = stage.ask(Method::POST, &format!("{PATH}/duplicate"));
        request
            .header("idempotency-key", key)
            .json(&json!({"to": to}))
    };
    let first = act("k1", "templates/copy.toml")
        .send()
        .await
        .expect("an answer");
    assert_eq!(
        (
            first.status().as_u16(),
            text(first.headers(), "idempotency-replayed")
        ),
        (201, String::new())
    );
    let first = json_of(first, 201).await;
    let again = act("k1", "templates/copy.toml")
        .send()
        .await
        .expect("an answer");
    assert_eq!(text(again.headers(), "idempotency-replayed"), "true");
    assert_eq!(json_of(again, 201).await, first);
    let other = act("k1", "templates/other.toml")
        .send()
        .await
        .expect("an answer");
    assert_eq!(other.status(), 422);
    let other = act("k2", "templates/copy.toml")
        .send()
        .await
        .expect("an answer");
    assert_eq!(other.status(), 409);
    // ten at once are one
    let all = (0..10).map(|_| act("k3", "templates/third.toml").send());
    let all = futures_util::future::join_all(all).await;
    let statuses: Vec<u16> = all
        .into_iter()
        .map(|a| a.expect("an answer").status().as_u16())
        .collect();
    assert!(
        statuses.contains(&201) && statuses.iter().all(|s| [201, 409].contains(s)),
        "{statuses:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_template_can_begin_as_a_sample_with_which_nothing_is_wrong() {
    let rehearsal = Rehearsal::new("").await;
    let browser = rehearsal.browser().await;
    let page = browser.page("/").await;
    for name in ["announcement", "offer", "quote", "countdown"] {
        let from = format!("sample:{name}");
        assert!(page.contains(&format!("value=\"{from}\"")), "{from}");
        let form = [("name", name), ("from", from.as_str())];
        let path = format!("templates/{name}.toml");
        assert_eq!(
            browser.form("/templates/new", &form).await,
            format!("/edit/{path}")
        );
        let seen = rehearsal
            .ask(Method::POST, "preview")
            .header("accept", "multipart/mixed")
            .json(&json!({ "template": path, "scale": 0.5 }));
        let seen = seen.send().await.expect("an answer");
        assert_eq!(seen.status(), 200, "{name}");
        let seen = seen.bytes().await.expect("a body");
        let seen = String::from_utf8_lossy(&seen);
        assert!(seen.contains("\"diagnostics\":[]"), "{name}: {seen}");
    }
}
