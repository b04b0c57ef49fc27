//! A story's way, and the many ways to ask for it.

use reqwest::Method;
use serde_json::{Value, json};
use storypress::graph::Login;

use super::stage::{Stage, heard};

#[tokio::test]
async fn a_story_goes_its_way_on_both_logins() {
    let stage = Stage::new().await;
    for login in [Login::Instagram, Login::Facebook] {
        let account = stage.account(login);
        let url = stage.picture(login as u8);
        let tags = json!([{"username": "chef_ana", "x": 0.5, "y": 0.3}]);
        let body = json!({"media_type": "STORIES", "image_url": url, "user_tags": tags});
        let container = stage.post(account, "media", body).await.text("id");
        assert_eq!(stage.status(account, &container).await, "IN_PROGRESS");
        let early = stage.publish(account, &container).await;
        assert_eq!((early.status, early.code()), (400, (9007, Some(2_207_027))));

        stage.pass(60).await;
        assert_eq!(stage.status(account, &container).await, "FINISHED");
        let story = stage.publish(account, &container).await.text("id");
        assert_eq!(stage.status(account, &container).await, "PUBLISHED");
        let again = stage.publish(account, &container).await;
        assert_eq!((again.status, again.code()), (400, (100, None)));

        let listed = stage
            .get(account, &format!("/v26.0/{}/stories", account.user_id))
            .await;
        assert_eq!(listed.body, json!({"data": [{"id": story}]}));
    }
    let stories = stage.stories().await;
    assert_eq!(stories.len(), 2, "one each: {stories:?}");
    assert_eq!(stories[0]["mentions"][0]["username"], "chef_ana");
    assert_ne!(stories[0]["sha256"], stories[1]["sha256"]);
}

#[tokio::test]
async fn a_story_tells_about_itself_and_serves_its_picture() {
    let stage = Stage::new().await;
    let account = stage.instagram();
    let container = stage.finished(account, 1).await;
    let id = stage.publish(account, &container).await.text("id");
    let fields = "id,media_type,media_product_type,media_url,permalink,timestamp,username,owner,thumbnail_url";
    let story = stage
        .get(account, &format!("/v26.0/{id}?fields={fields}"))
        .await;
    assert_eq!(story.text("media_type"), "IMAGE");
    assert_eq!(story.text("media_product_type"), "STORY");
    assert_eq!(story.text("username"), account.username);
    let address = format!(
        "https://www.instagram.com/stories/{}/{id}",
        account.username
    );
    assert_eq!(story.text("permalink"), address);
    assert!(story.text("timestamp").ends_with("+0000"));
    assert_eq!(story.body["owner"]["id"], account.user_id);
    assert_eq!(story.body.get("thumbnail_url"), None, "only films have one");
    let url = story.text("media_url");
    assert!(url.starts_with(&stage.sandbox.url), "{url}");
    let answer = stage.client.get(&url).send().await.expect("an answer");
    assert_eq!(answer.headers()["content-type"], "image/jpeg");
    let sent = stage
        .client
        .get(stage.host.url("1.jpg"))
        .send()
        .await
        .expect("an answer");
    assert_eq!(
        answer.bytes().await.expect("a picture"),
        sent.bytes().await.expect("a picture")
    );
}

#[tokio::test]
async fn token_and_parameters_come_as_clients_send_them() {
    let stage = Stage::new().await;
    let account = stage.facebook();
    let url = stage.picture(1);
    let edge = format!("/v26.0/{}/media/", account.user_id);
    let parts = [
        ("media_type", "STORIES"),
        ("image_url", url.as_str()),
        ("access_token", account.token.as_str()),
        ("user_tags", r#"[{"username":"a"}]"#),
    ];
    let object: serde_json::Map<String, Value> = parts
        .iter()
        .map(|(name, value)| ((*name).to_owned(), Value::from(*value)))
        .collect();
    let post = || stage.request(Method::POST, &edge);
    for request in [
        post().query(&parts),
        post().form(&parts),
        post().json(&object),
        post().query(&parts[2..]).form(&parts[..2]),
        post().bearer_auth(&account.token).json(
            &parts
                .iter()
                .take(2)
                .copied()
                .collect::<std::collections::BTreeMap<_, _>>(),
        ),
    ] {
        let heard = heard(request).await.expect("an answer");
        assert_eq!(heard.status, 200, "{heard:?}");
    }
    for fields in [
        "id,status_code",
        r#"["id","status_code"]"#,
        "id, status_code",
    ] {
        let container = stage.container(account, 1).await;
        let query = [("fields", fields), ("access_token", &account.token)];
        let request = stage
            .request(Method::GET, &format!("/v25.0/{container}/"))
            .query(&query);
        let heard = heard(request).await.expect("an answer");
        assert_eq!(heard.text("status_code"), "IN_PROGRESS");
    }
    let log = stage
        .own(Method::GET, "/log", Value::Null)
        .await
        .to_string();
    assert!(log.contains("/media/"), "{log}");
    assert!(!log.contains(&account.token), "a token in the log");
}

#[tokio::test]
async fn wrong_requests_get_the_platforms_words() {
    let stage = Stage::new().await;
    let (account, other) = (stage.instagram(), stage.facebook());
    let me = &account.user_id;
    for (path, code) in [
        (format!("/v26.0/{me}?fields=id,shoe_size"), (100, None)),
        (format!("/v26.0/{me}/stories?fields=views"), (100, None)),
        (format!("/v26.0/{}/stories", other.user_id), (100, Some(33))),
        ("/v26.0/17841499999999999".to_owned(), (100, Some(33))),
        (format!("/v27.0/{me}"), (2500, None)),
        (format!("/v20.0/{me}"), (2635, None)),
        (format!("/v26.0/{me}/stories/new/x"), (2500, None)),
    ] {
        let heard = stage.get(account, &path).await;
        assert_eq!((heard.status, heard.code()), (400, code), "{path}");
        assert!(heard.body["error"]["fbtrace_id"].is_string());
    }
    let picture = stage.picture(1);
    for (body, code) in [
        (json!({"media_type": "STORIES"}), (100, None)),
        (
            json!({"media_type": "STORY", "image_url": picture}),
            (100, Some(2_207_023)),
        ),
        (
            json!({"media_type": "REELS", "video_url": picture}),
            (100, None),
        ),
        (
            json!({"media_type": "STORIES", "image_url": picture, "video_url": picture}),
            (100, None),
        ),
        (
            json!({"media_type": "STORIES", "image_url": picture, "user_tags": "me"}),
            (100, None),
        ),
        (
            json!({"media_type": "STORIES", "image_url": picture, "user_tags": [{"username": "a", "x": 2}]}),
            (100, None),
        ),
        (
            json!({"media_type": "STORIES", "image_url": picture, "user_tags": [{"username": "a b"}]}),
            (100, Some(2_207_018)),
        ),
    ] {
        let heard = stage.post(account, "media", body.clone()).await;
        assert_eq!(heard.code(), code, "{body}");
    }
    let none = stage.publish(account, "17889999999999999").await;
    assert_eq!(none.code(), (24, Some(2_207_006)));
    let theirs = stage.container(other, 1).await;
    assert_eq!(
        stage.publish(account, &theirs).await.code(),
        (24, Some(2_207_006))
    );
}

#[tokio::test]
async fn tokens_are_looked_at_first() {
    let stage = Stage::new().await;
    let path = format!("/v26.0/{}", stage.instagram().user_id);
    let request = stage.request(Method::GET, &path);
    assert_eq!(heard(request).await.expect("an answer").code(), (104, None));
    let request = stage.request(Method::GET, &path).bearer_auth("IGAAnobody");
    let answer = heard(request).await.expect("an answer");
    assert_eq!((answer.status, answer.code()), (401, (190, None)));
    stage.pass(60 * 86_400).await;
    let old = stage.get(stage.instagram(), &path).await;
    assert_eq!((old.status, old.code()), (400, (190, Some(463))));
    let said = old.body["error"]["message"].as_str().expect("a message");
    assert!(said.contains("Session has expired on"), "{said}");
}

#[tokio::test]
async fn only_facebook_login_takes_stories_back() {
    let stage = Stage::new().await;
    for (login, code) in [(Login::Instagram, Some(3)), (Login::Facebook, None)] {
        let account = stage.account(login);
        let container = stage.finished(account, 1).await;
        let id = stage.publish(account, &container).await.text("id");
        let request = stage
            .request(Method::DELETE, &format!("/v26.0/{id}"))
            .bearer_auth(&account.token);
        let answer = heard(request).await.expect("an answer");
        match code {
            Some(code) => assert_eq!(answer.code(), (code, None)),
            None => assert_eq!(answer.body, json!({"success": true})),
        }
    }
    let live: Vec<bool> = stage
        .stories()
        .await
        .iter()
        .map(|story| story["live"] == true)
        .collect();
    assert_eq!(live, [true, false]);
}

#[tokio::test]
async fn the_page_stands_alone_and_is_for_this_machine() {
    let stage = Stage::new().await;
    let page = stage
        .request(Method::GET, "/")
        .send()
        .await
        .expect("an answer");
    assert_eq!(page.status(), 200);
    let policy = page.headers()["content-security-policy"]
        .to_str()
        .expect("text");
    assert!(policy.starts_with("default-src 'self'"), "{policy}");
    for (name, value) in [
        ("host", "rebound.example.com"),
        ("origin", "https://elsewhere.example.com"),
        ("sec-fetch-site", "cross-site"),
    ] {
        for (method, path) in [(Method::GET, "/sandbox"), (Method::POST, "/sandbox/faults")] {
            let request = stage.request(method, path).header(name, value).body("[]");
            assert_eq!(
                heard(request).await.expect("an answer").status,
                403,
                "{name}"
            );
        }
    }
}
