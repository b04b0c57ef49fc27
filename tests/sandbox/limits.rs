//! Days, quotas, headers, numbers.

use reqwest::Method;
use serde_json::{Value, json};
use storypress::sandbox::{Options, Settings};

use super::stage::{Stage, heard};

#[tokio::test]
async fn a_day_ends_containers_and_stories() {
    let stage = Stage::new().await;
    let account = stage.instagram();
    let late = stage.container(account, 1).await;
    let container = stage.finished(account, 2).await;
    let story = stage.publish(account, &container).await.text("id");
    stage.pass(23 * 3600).await;
    assert_eq!(stage.status(account, &late).await, "FINISHED");
    stage.pass(3600).await;
    assert_eq!(stage.status(account, &late).await, "EXPIRED");
    assert_eq!(
        stage.publish(account, &late).await.code(),
        (-2, Some(2_207_020))
    );
    assert_eq!(stage.status(account, &container).await, "PUBLISHED");
    let stories = stage.get(account, "/v26.0/me/stories").await;
    assert_eq!(stories.body, json!({"data": []}));
    let gone = stage
        .get(account, &format!("/v26.0/{story}?fields=id"))
        .await;
    assert_eq!(gone.code(), (100, Some(33)));
    let stories = stage.stories().await;
    assert_eq!((stories.len(), &stories[0]["live"]), (1, &json!(false)));
}

#[tokio::test]
async fn the_quota_is_kept_at_once_and_told_late() {
    let stage = Stage::new().await;
    stage
        .own(Method::POST, "/settings", json!({"quota_total": 2}))
        .await;
    let account = stage.facebook();
    let used = async || {
        let path = "/v26.0/me/content_publishing_limit?fields=config,quota_usage";
        let heard = stage.get(account, path).await;
        let entry = heard.body["data"][0].clone();
        assert_eq!(
            entry["config"],
            json!({"quota_total": 2, "quota_duration": 86400})
        );
        entry["quota_usage"].as_i64().expect("a number")
    };
    let mut containers = Vec::new();
    for number in 1..=3 {
        containers.push(stage.finished(account, number).await);
    }
    assert_eq!(stage.publish(account, &containers[0]).await.status, 200);
    assert_eq!(stage.publish(account, &containers[1]).await.status, 200);
    assert_eq!(used().await, 0, "late");
    assert_eq!(
        stage.publish(account, &containers[2]).await.code(),
        (9, Some(2_207_042))
    );
    assert_eq!(stage.status(account, &containers[2]).await, "FINISHED");
    stage.pass(61).await;
    assert_eq!(used().await, 2);
    let usage_alone = stage
        .get(account, "/v26.0/me/content_publishing_limit")
        .await;
    assert_eq!(usage_alone.body, json!({"data": [{"quota_usage": 2}]}));
    stage.pass(86_400).await;
    assert_eq!(used().await, 0);
    assert_eq!(stage.stories().await.len(), 2);
}

#[tokio::test]
async fn so_many_containers_a_day() {
    let settings = Settings {
        container_limit: 2,
        ..Settings::default()
    };
    let stage = Stage::with(Options {
        settings: Some(settings),
        ..Options::default()
    })
    .await;
    let account = stage.instagram();
    stage.container(account, 1).await;
    stage.container(account, 2).await;
    let body = json!({"media_type": "STORIES", "image_url": stage.picture(3)});
    let third = stage.post(account, "media", body.clone()).await;
    assert_eq!(third.code(), (9, Some(2_207_042)));
    assert_eq!(
        stage
            .post(stage.facebook(), "media", body.clone())
            .await
            .status,
        200
    );
    stage.pass(86_400).await;
    assert_eq!(stage.post(account, "media", body).await.status, 200);
}

#[tokio::test]
async fn calls_are_told_in_headers_and_end_at_their_limit() {
    let stage = Stage::new().await;
    stage
        .own(Method::POST, "/settings", json!({"calls_total": 4}))
        .await;
    let account = stage.instagram();
    let told = |heard: &super::stage::Heard| -> Value {
        let header = heard.headers.get("x-business-use-case-usage");
        header.map_or(Value::Null, |text| {
            let usage: Value = serde_json::from_slice(text.as_bytes()).expect("JSON");
            usage[&account.user_id][0].clone()
        })
    };
    let first = stage.get(account, "/v26.0/me").await;
    assert_eq!(told(&first), Value::Null, "not on every answer");
    assert!(first.headers.contains_key("x-app-usage"));
    for percent in [25, 50, 75] {
        let heard = stage.get(account, "/v26.0/me").await;
        assert_eq!(
            (heard.status, &told(&heard)["call_count"]),
            (200, &json!(percent))
        );
    }
    let over = stage.get(account, "/v26.0/me").await;
    assert_eq!(over.code(), (80_002, None));
    assert_eq!(told(&over)["call_count"], 100);
    assert_eq!(told(&over)["type"], "instagram");
    let minutes = told(&over)["estimated_time_to_regain_access"]
        .as_u64()
        .expect("a number");
    assert!((1438..=1440).contains(&minutes), "{minutes}");
    assert_eq!(stage.get(stage.facebook(), "/v26.0/me").await.status, 200);
    stage.pass(minutes * 60).await;
    assert_eq!(stage.get(account, "/v26.0/me").await.status, 200);
}

#[tokio::test]
async fn numbers_grow_and_end_with_the_day() {
    let stage = Stage::new().await;
    let account = stage.instagram();
    let container = stage.finished(account, 1).await;
    let id = stage.publish(account, &container).await.text("id");
    let ask = async |query: &str| {
        stage
            .get(account, &format!("/v26.0/{id}/insights?{query}"))
            .await
    };
    let few = ask("metric=views,reach").await;
    assert_eq!(few.code(), (10, None));
    let mut before = 0;
    for _ in 0..3 {
        stage.pass(3600).await;
        let heard = ask("metric=[\"views\",\"reach\"]").await;
        let views = heard.body["data"][0]["values"][0]["value"]
            .as_i64()
            .expect("views");
        assert!(views > before, "{views} after {before}");
        before = views;
    }
    let navigation = ask("metric=navigation&breakdown=story_navigation_action_type").await;
    let total = &navigation.body["data"][0]["total_value"];
    let results = total["breakdowns"][0]["results"].as_array().expect("parts");
    let sum: i64 = results
        .iter()
        .filter_map(|part| part["value"].as_i64())
        .sum();
    assert_eq!(total["value"], sum);
    for (query, code) in [
        ("metric=impressions", 100),
        ("metric=views,exits", 100),
        ("metric=link_clicks", 100),
        ("metric=likes", 100),
        ("metric=happiness", 100),
        ("metric=", 100),
        ("metric=views&breakdown=story_navigation_action_type", 1),
    ] {
        assert_eq!(ask(query).await.code().0, code, "{query}");
    }
    stage.pass(86_400).await;
    assert_eq!(ask("metric=views").await.body, json!({"data": []}));
}

#[tokio::test]
async fn a_token_may_do_what_its_scopes_say() {
    let stage = Stage::new().await;
    let account = stage.instagram();
    let wish = json!({"user_id": account.user_id, "scopes": ["instagram_business_basic"]});
    let token = stage.own(Method::POST, "/tokens", wish).await["token"].clone();
    let token = token.as_str().expect("a token");
    let asked = async |method: Method, path: &str| {
        let request = stage.request(method, path).bearer_auth(token);
        heard(request).await.expect("an answer")
    };
    assert_eq!(asked(Method::GET, "/v26.0/me/stories").await.status, 200);
    let publish = asked(Method::POST, "/v26.0/me/media?media_type=STORIES").await;
    assert_eq!(publish.code(), (10, None));
    let numbers = asked(
        Method::GET,
        "/v26.0/18000000000000000/insights?metric=views",
    )
    .await;
    assert_eq!(numbers.code(), (10, None));
}
