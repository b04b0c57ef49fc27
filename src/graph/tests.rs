//! The client against servers that answer as the platform does, and as nobody should.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use secrecy::SecretString;

use super::listener::{Listener, Reply, json, with_headers};
use super::*;
use crate::media::Kind;
use crate::platform::Clock;

const TOKEN: &str = "IGAAsecret0token0that0nobody0may0see";
const SECRET: &str = "the-app-secret";

const TOO_LARGE: &str = r#"{"error":{"message":"The image size is too large.","type":"OAuthException","code":36000,"error_subcode":2207004,"is_transient":false,"error_user_title":"Image size too large","error_user_msg":"The image is too large to download. It should be less than 8 MiB.","fbtrace_id":"A6LJylpZRKw2xKLFsAP-cJh"}}"#;

fn now() -> Timestamp {
    "2026-11-02T10:00:00Z".parse().unwrap()
}

fn options(login: Login, url: &url::Url) -> Options {
    Options {
        user_id: Some("17841400008460056".parse().unwrap()),
        hosts: Hosts::at(url),
        timeout: Duration::from_millis(500),
        publish_timeout: Duration::from_millis(500),
        ..Options::new(login)
    }
}

fn client(login: Login, server: &Listener) -> Client {
    let secret = Some(SecretString::from(SECRET));
    Client::new(options(login, &server.url), TOKEN.into(), secret).unwrap()
}

fn image() -> NewContainer {
    NewContainer::fetched(
        Kind::Image,
        "https://cdn.example.com/s.jpg".parse().unwrap(),
    )
}

fn cid() -> ContainerId {
    "17889455560051444".parse().unwrap()
}

fn body(request: &str) -> serde_json::Value {
    serde_json::from_str(request.split_once("\r\n\r\n").unwrap().1).unwrap()
}

#[tokio::test]
async fn an_image_goes_from_address_to_story() {
    let server = Listener::new([
        json(200, r#"{"id":"17889455560051444"}"#),
        json(
            200,
            r#"{"status_code":"FINISHED","status":"Finished: Media has been uploaded and it is ready to be published.","id":"17889455560051444"}"#,
        ),
        json(
            200,
            r#"{"data":[{"quota_usage":2,"config":{"quota_total":100,"quota_duration":86400}}]}"#,
        ),
        json(200, r#"{"id":"17895695668004550"}"#),
        json(200, r#"{"data":[{"id":"17895695668004550"}]}"#),
    ]);
    let client = client(Login::Instagram, &server);
    let mut wanted = image();
    wanted.user_tags.push(UserTag {
        username: "friend".into(),
        x: 0.5,
        y: 0.35,
    });
    let container = client.contain(&wanted, now()).await.unwrap();
    assert_eq!((container.id.clone(), container.made), (cid(), now()));
    let status = client.status(&container.id).await.unwrap();
    assert_eq!(
        (status.code, status.trouble()),
        (StatusCode::Finished, None)
    );
    let quota = client.quota().await.unwrap();
    assert_eq!((quota.used, quota.left()), (2, Some(98)));
    let story = client.publish(&container.id).await.unwrap();
    assert_eq!(client.stories().await.unwrap(), [story]);

    let heard = server.heard();
    assert!(heard[0].starts_with("POST /v26.0/17841400008460056/media HTTP/1.1\r\n"));
    assert_eq!(
        body(&heard[0]).to_string(),
        r#"{"media_type":"STORIES","image_url":"https://cdn.example.com/s.jpg","user_tags":[{"username":"friend","x":0.5,"y":0.35}]}"#
    );
    assert!(
        heard[1]
            .starts_with("GET /v26.0/17889455560051444?fields=id%2Cstatus_code%2Cstatus HTTP/1.1")
    );
    assert!(heard[3].starts_with("POST /v26.0/17841400008460056/media_publish HTTP/1.1"));
    assert_eq!(
        body(&heard[3]),
        serde_json::json!({"creation_id": "17889455560051444"})
    );
    for request in &heard {
        assert!(request.contains(&format!("authorization: Bearer {TOKEN}\r\n")));
        assert_eq!(request.matches(TOKEN).count(), 1, "{request}");
        // the secret and its proof are for Facebook's hosts
        assert!(!request.contains(SECRET) && !request.contains("appsecret_proof"));
    }
}

#[tokio::test]
async fn facebook_gets_the_proof_and_never_the_secret() {
    let server = Listener::new([
        json(200, r#"{"id":"1"}"#),
        json(200, r#"{"id":"2"}"#),
        json(200, r#"{"data":[]}"#),
        json(200, r#"{"success":true}"#),
    ]);
    let client = client(Login::Facebook, &server);
    client.contain(&image(), now()).await.unwrap();
    client.publish(&cid()).await.unwrap();
    client.stories().await.unwrap();
    client.delete(&"5".parse().unwrap()).await.unwrap();
    let heard = server.heard();
    assert!(body(&heard[0])["appsecret_proof"].is_string());
    assert!(body(&heard[1])["appsecret_proof"].is_string());
    assert!(heard[2].contains("?appsecret_proof="));
    assert!(heard[3].starts_with("DELETE /v26.0/5?appsecret_proof="));
    assert!(heard.iter().all(|request| !request.contains(SECRET)));
}

#[tokio::test]
async fn what_a_login_lacks_is_refused_before_it_is_sent() {
    let server = Listener::new([]);
    let client = client(Login::Instagram, &server);
    let film = NewContainer {
        kind: Kind::Video,
        source: Source::Resumable,
        ..image()
    };
    let resumable = client.contain(&film, now()).await.unwrap_err();
    let deleted = client.delete(&"5".parse().unwrap()).await.unwrap_err();
    for error in [resumable, deleted] {
        assert!(matches!(error.cause, Cause::NotHere(_)));
        assert_eq!(error.next(), Next::Never);
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_publish_is_sent_once_when_the_server_hangs_up() {
    let server = Listener::new([]);
    let client = client(Login::Instagram, &server);
    let error = client.publish(&cid()).await.unwrap_err();
    assert!(matches!(error.cause, Cause::Lost(_)), "{error}");
    assert_eq!(error.next(), Next::Unsure { stop: false });
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!((server.connections(), server.heard().len()), (1, 1));
}

#[tokio::test]
async fn a_publish_never_takes_a_connection_that_was_used_before() {
    let server = Listener::new([
        json(200, r#"{"data":[]}"#),
        json(200, r#"{"data":[]}"#),
        json(200, r#"{"id":"1"}"#),
    ]);
    let client = client(Login::Instagram, &server);
    client.stories().await.unwrap();
    client.stories().await.unwrap();
    assert_eq!(server.connections(), 1);
    client.contain(&image(), now()).await.unwrap();
    client.publish(&cid()).await.unwrap_err();
    // one for all reads, one for each write; the publish that was hung up on had one only
    assert_eq!((server.connections(), server.heard().len()), (3, 4));
}

#[tokio::test]
async fn no_connection_means_that_nothing_was_sent() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", free.local_addr().unwrap())
        .parse()
        .unwrap();
    drop(free);
    let client = Client::new(options(Login::Instagram, &url), TOKEN.into(), None).unwrap();
    let error = client.publish(&cid()).await.unwrap_err();
    assert!(matches!(error.cause, Cause::NotSent(_)), "{error}");
    assert_eq!(error.next(), Next::Again);
    let unknown = Options {
        hosts: Hosts::at(&"http://no-such-host.invalid".parse().unwrap()),
        allow_elsewhere: true,
        timeout: Duration::from_secs(20),
        publish_timeout: Duration::from_secs(20),
        ..Options::new(Login::Instagram)
    };
    let client = Client::new(unknown, TOKEN.into(), None).unwrap();
    let error = client.publish(&cid()).await.unwrap_err();
    assert!(matches!(error.cause, Cause::NotSent(_)), "{error}");
}

#[tokio::test]
async fn a_refusal_keeps_what_the_platform_said() {
    let server = Listener::new([json(400, TOO_LARGE)]);
    let error = client(Login::Instagram, &server)
        .contain(&image(), now())
        .await
        .unwrap_err();
    let refusal = error.refusal().unwrap();
    assert_eq!(
        (refusal.status, refusal.code, refusal.subcode),
        (400, 36000, Some(2207004))
    );
    assert_eq!(refusal.trace.as_deref(), Some("A6LJylpZRKw2xKLFsAP-cJh"));
    assert_eq!(refusal.user_title.as_deref(), Some("Image size too large"));
    assert_eq!(refusal.is_transient, Some(false));
    assert_eq!(error.next(), Next::Never);
}

#[tokio::test]
async fn answers_that_are_not_the_platforms_are_told_and_leave_a_publish_unsure() {
    let large = format!("{{\"id\":\"{}\"}}", "1".repeat(5_000_000));
    let cases = [
        (
            json(200, "<!DOCTYPE html><html>Sorry"),
            "HTML: <!DOCTYPE html>",
        ),
        (json(502, "<html>Bad Gateway"), "(HTTP 502): HTML"),
        (json(200, ""), "an empty body"),
        (json(200, "{\"id\":\"17"), "no JSON"),
        (
            json(200, r#"{"id":"17a95695668004550"}"#),
            "`17a95695668004550` is not an id",
        ),
        (json(200, r#"{"id":null}"#), "no `id`"),
        (json(200, "{}"), "no `id`"),
        (json(500, r#"{"oops":1}"#), "no error in"),
        (json(200, &large), "more than 1000000 bytes"),
        (
            with_headers(
                302,
                "location: https://elsewhere.example.com/x?access_token=abc\r\n",
                "",
            ),
            "a redirect to https://elsewhere.example.com",
        ),
    ];
    for (reply, told) in cases {
        let server = Listener::new([reply]);
        let error = client(Login::Instagram, &server)
            .publish(&cid())
            .await
            .unwrap_err();
        assert!(error.to_string().contains(told), "{told}: {error}");
        assert!(!error.to_string().contains("abc"));
        assert_eq!(error.next(), Next::Unsure { stop: false }, "{told}");
        assert_eq!(server.heard().len(), 1, "{told}");
    }
}

#[tokio::test]
async fn a_slow_drip_ends_with_the_calls_time() {
    for reply in [Reply::Drip(20), Reply::Say("HTTP/1.1 200 OK\r\n".into())] {
        let server = Listener::new([reply]);
        let started = Instant::now();
        let error = client(Login::Instagram, &server)
            .publish(&cid())
            .await
            .unwrap_err();
        assert!(matches!(error.cause, Cause::Lost(_)), "{error}");
        assert!(started.elapsed() < Duration::from_secs(5));
    }
}

#[tokio::test]
async fn a_server_that_repeats_the_token_does_not_spread_it() {
    let echo = format!(
        r#"{{"error":{{"message":"Malformed access token {TOKEN}","code":190,"error_user_msg":"{TOKEN}/{SECRET}","fbtrace_id":"{TOKEN}"}}}}"#
    );
    for reply in [
        json(400, &echo),
        json(200, &format!("<html>{TOKEN}")),
        json(200, &format!(r#"{{"id":"{TOKEN}"}}"#)),
    ] {
        let server = Listener::new([reply]);
        let error = client(Login::Facebook, &server)
            .publish(&cid())
            .await
            .unwrap_err();
        let said = format!("{error} {error:?}");
        assert!(
            !said.contains("secret0token") && !said.contains(SECRET),
            "{said}"
        );
        assert!(said.contains("***"), "{said}");
    }
}

#[tokio::test]
async fn a_lost_call_tells_no_address() {
    let server = Listener::new([]);
    let error = client(Login::Facebook, &server)
        .stories()
        .await
        .unwrap_err();
    let said = format!("{error} {error:?}");
    assert!(
        !said.contains("appsecret_proof") && !said.contains("/v26.0"),
        "{said}"
    );
}

#[tokio::test]
async fn the_spam_block_after_a_publish_stops_the_account_and_is_unsure() {
    let body = r#"{"error":{"message":"Application request limit reached","type":"OAuthException","is_transient":false,"code":4,"error_subcode":2207051,"error_user_title":"Action is blocked","error_user_msg":"We restrict certain activity to protect our community."}}"#;
    let server = Listener::new([json(403, body), json(200, r#"{"data":[]}"#)]);
    let client = client(Login::Instagram, &server);
    let error = client.publish(&cid()).await.unwrap_err();
    assert_eq!(error.next(), Next::Unsure { stop: true });
    // reads go on: the container has to be asked
    client.stories().await.unwrap();
}

#[tokio::test]
async fn a_used_up_budget_stops_calls_before_they_are_sent() {
    let usage = "x-business-use-case-usage: {\"17841400008460056\":[{\"type\":\"instagram\",\"call_count\":100,\"total_cputime\":15,\"total_time\":12,\"estimated_time_to_regain_access\":7}]}\r\n";
    let body = r#"{"error":{"message":"(#80002) There have been too many calls to this Instagram account.","type":"OAuthException","code":80002,"fbtrace_id":"x"}}"#;
    let server = Listener::new([with_headers(400, usage, body)]);
    let options = options(Login::Instagram, &server.url);
    let client = Client::new(options, TOKEN.into(), None).unwrap();
    let client = client.with_clock(Clock::of_world(now(), 0.0));
    let seven = Next::After(Duration::from_secs(7 * 60));
    assert_eq!(client.publish(&cid()).await.unwrap_err().next(), seven);
    let error = client.clone().stories().await.unwrap_err();
    assert!(matches!(error.cause, Cause::Paused(_)));
    assert_eq!(error.next(), seven);
    assert_eq!(server.heard().len(), 1);
}

#[tokio::test]
async fn all_pages_of_a_list_are_read_from_our_own_host() {
    let elsewhere = Listener::new([]);
    let page = |ids: &str, next: &str| {
        let next = match next {
            "" => String::new(),
            after => format!(
                r#","next":"{}x?access_token={TOKEN}&after={after}""#,
                elsewhere.url
            ),
        };
        json(
            200,
            &format!(
                r#"{{"data":[{ids}],"paging":{{"cursors":{{"before":"b","after":"A B"}}{next}}}}}"#
            ),
        )
    };
    let server = Listener::new([
        page(r#"{"id":"1"},{"id":"2"}"#, "A"),
        page(r#"{"id":"2"},{"id":"3"}"#, ""),
    ]);
    let ids = client(Login::Instagram, &server).stories().await.unwrap();
    assert_eq!(
        ids.iter().map(StoryId::as_str).collect::<Vec<_>>(),
        ["1", "2", "3"]
    );
    assert!(
        server.heard()[1].starts_with("GET /v26.0/17841400008460056/stories?after=A+B HTTP/1.1")
    );
    assert_eq!(elsewhere.connections(), 0);
}

#[tokio::test]
async fn half_a_list_is_no_list() {
    let endless = json(
        200,
        r#"{"data":[{"id":"1"}],"paging":{"cursors":{"after":"A"},"next":"https://x/"}}"#,
    );
    for script in [
        vec![endless.clone(), endless.clone(), endless],
        vec![json(200, r#"{"data":[{"id":"1"},{"id":"one"}]}"#)],
        vec![json(200, r#"{"data":[{"id":"1"},{}]}"#)],
        vec![json(200, "{}")],
        vec![
            json(
                200,
                r#"{"data":[{"id":"1"}],"paging":{"cursors":{"after":"A"},"next":"https://x/"}}"#,
            ),
            json(500, "<html>"),
        ],
    ] {
        let server = Listener::new(script);
        let error = client(Login::Instagram, &server)
            .stories()
            .await
            .unwrap_err();
        assert!(matches!(error.cause, Cause::Strange { .. }), "{error}");
        assert_eq!(error.next(), Next::Again);
    }
}

#[tokio::test]
async fn an_account_is_known_by_the_id_that_it_publishes_under() {
    let server = Listener::new([json(
        200,
        r#"{"user_id":"17841400008460056","username":"cafe","account_type":"BUSINESS","id":"9"}"#,
    )]);
    let me = client(Login::Instagram, &server).me().await.unwrap();
    assert_eq!(
        (me.user_id.as_str(), me.username.as_str()),
        ("17841400008460056", "cafe")
    );
    let server = Listener::new([json(200, r#"{"id":17841400008460056,"username":"cafe"}"#)]);
    assert_eq!(
        client(Login::Facebook, &server).me().await.unwrap().user_id,
        me.user_id
    );
}

#[tokio::test]
async fn too_few_viewers_are_no_numbers_and_no_failure() {
    let few = r##"{"error":{"message":"(#10) Not enough viewers for the media to show insights","type":"OAuthException","code":10,"fbtrace_id":"x"}}"##;
    let server = Listener::new([json(400, few)]);
    let story = "17895695668004550".parse().unwrap();
    let insights = client(Login::Instagram, &server)
        .insights(&story, now())
        .await
        .unwrap();
    assert!(insights.numbers.is_empty());
    let denied = r##"{"error":{"message":"(#10) Application does not have permission for this action","type":"OAuthException","code":10}}"##;
    let server = Listener::new([json(400, denied)]);
    let error = client(Login::Instagram, &server)
        .insights(&story, now())
        .await
        .unwrap_err();
    assert_eq!(error.next(), Next::Login);
}

#[tokio::test]
async fn navigation_is_asked_for_alone_with_its_parts() {
    let server = Listener::new([
        json(
            200,
            r#"{"data":[{"name":"views","period":"lifetime","values":[{"value":31}]}]}"#,
        ),
        json(
            200,
            r#"{"data":[{"name":"navigation","period":"lifetime","values":[{"value":25}],"total_value":{"value":25,"breakdowns":[{"dimension_keys":["story_navigation_action_type"],"results":[{"dimension_values":["tap_forward"],"value":19}]}]}}]}"#,
        ),
    ]);
    let story = "17895695668004550".parse().unwrap();
    let insights = client(Login::Instagram, &server)
        .insights(&story, now())
        .await
        .unwrap();
    assert_eq!(insights.taken, now());
    assert_eq!(insights.numbers["views"], 31);
    assert_eq!(insights.numbers["navigation.tap_forward"], 19);
    assert!(!insights.numbers.contains_key("replies"));
    assert!(
        server.heard()[1].contains("?metric=navigation&breakdown=story_navigation_action_type ")
    );
}
