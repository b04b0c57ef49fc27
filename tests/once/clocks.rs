//! Nights on which clocks change, in four zones, and a clock that is set back: every slot goes out once, at its time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, Uri};
use axum::response::{IntoResponse, Response};
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::month::{Month, TEMPLATE};
use super::rehearsal::Rehearsal;

const PROJECT: &str = "[project]\ntimezone = 'UTC'\n\
    [publish]\nsettle = '300ms'\ngap = '10ms'\n[accounts.main]\nlogin = 'instagram'\n";

const ZONES: [(&str, &str); 4] = [
    ("madrid", "Europe/Madrid"),
    ("york", "America/New_York"),
    ("beirut", "Asia/Beirut"),
    ("howe", "Australia/Lord_Howe"),
];

const TIMES: [&str; 4] = ["00:30", "01:45", "02:15", "23:30"];

/// The civil days on which a zone's clock changes, in a year from then: both where midnight itself is skipped.
fn days(zone: &TimeZone, now: Timestamp) -> BTreeSet<Date> {
    let changes = zone.following(now).take(2);
    let around = changes.flat_map(|change| {
        let at = change.timestamp();
        let day = |time: Timestamp| time.to_zoned(zone.clone()).date();
        [day(at - SignedDuration::from_secs(1)), day(at)]
    });
    around.collect()
}

/// When a clock on the wall shows a time: the first minute that it does, or, where it never does, as long after the jump
/// as it would have been.
fn shows(zone: &TimeZone, wall: DateTime) -> Timestamp {
    let day = SignedDuration::from_hours(26);
    let utc = wall.to_zoned(TimeZone::UTC).expect("a time").timestamp();
    let local = |time: Timestamp| zone.to_datetime(time);
    let minutes = (0..52 * 60).map(|minute| utc - day + SignedDuration::from_mins(minute));
    let mut last = utc - day;
    for time in minutes {
        if local(time) == wall {
            return time;
        }
        if local(last) < wall && wall < local(time) {
            // the minute before the jump, and what was left of it
            let left = wall.duration_since(local(last));
            return last + left;
        }
        last = time;
    }
    panic!("{wall} in {zone:?}")
}

#[test]
fn nights_on_which_clocks_change() {
    let mut month = Month::on(Rehearsal::of(PROJECT, &[]), "");
    month.write(
        "templates/menu.toml",
        &TEMPLATE.replace("{{ today }}", "{{ now | date(\"%Y-%m-%d %H:%M\") }}"),
    );
    let start = month.now();
    let mut schedule = String::new();
    let mut dues: BTreeMap<String, Timestamp> = BTreeMap::new();
    for (name, zone) in ZONES {
        let own = TimeZone::get(zone).expect("a zone");
        let days = days(&own, start);
        schedule += &format!(
            "[schedule.{name}]\ntemplate = 'templates/menu.toml'\ntimezone = '{zone}'\ntimes = {TIMES:?}\n\
             days = {:?}\nset = {{ dish = '{name}' }}\nlate = '30min'\n",
            days.iter().map(ToString::to_string).collect::<Vec<_>>()
        );
        for (day, time) in days.iter().flat_map(|day| TIMES.map(|time| (day, time))) {
            let wall: DateTime = format!("{day}T{time}").parse().expect("a time");
            dues.insert(format!("{name}@{day}T{time}"), shows(&own, wall));
        }
    }
    month.write("schedule.toml", &schedule);
    let coming = month.coming(&["--days", "400"]);
    let found: BTreeMap<String, Timestamp> = coming
        .iter()
        .map(|slot| (slot.id.clone(), slot.due))
        .collect();
    assert_eq!(found, dues);
    for (count, slot) in coming.iter().enumerate() {
        if slot.due.duration_since(month.now()) > SignedDuration::from_hours(20) {
            go_to(&mut month, slot.due - SignedDuration::from_hours(10));
            month.until_seen(&slot.id);
        }
        month.advance_to(slot.due - SignedDuration::from_secs(2));
        assert!(month.live() <= count, "before its time: {slot:?}");
        month.advance(3);
        month.until_published(count + 1);
    }
    // three hours more, in which a clock may show the same times again
    month.advance(3 * 3600);
    std::thread::sleep(Duration::from_secs(1));
    let stories = month.rehearsal.get("/sandbox/stories");
    let stories = stories.as_array().expect("a list");
    assert_eq!(stories.len(), coming.len());
    for (story, slot) in stories.iter().zip(&coming) {
        let at: Timestamp = story["published_at"]
            .as_str()
            .and_then(|text| text.parse().ok())
            .expect("a time");
        let after = at.duration_since(slot.due);
        let is_in_time = !after.is_negative() && after < SignedDuration::from_mins(2);
        assert!(is_in_time, "{slot:?} at {at}");
    }
    let pictures: BTreeSet<&str> = stories
        .iter()
        .filter_map(|s| s["sha256"].as_str())
        .collect();
    assert_eq!(pictures.len(), coming.len(), "each shows its own time");
}

/// Goes months ahead, past the end of every token: an account that is made then has one that lives.
fn go_to(month: &mut Month, time: Timestamp) {
    month.kill();
    month.advance_to(time);
    let wish = serde_json::json!({ "login": "instagram" });
    let made = month.rehearsal.post("/sandbox/accounts", &wish);
    let id = made["user_id"].as_str().expect("an id");
    month.write("storypress.toml", &format!("{PROJECT}user_id = '{id}'\n"));
    month.start(&[]);
}

/// A sandbox whose clock shows another time than its own to those who ask for it here.
struct Astray {
    url: String,
    seconds: Arc<AtomicI64>,
    _runtime: tokio::runtime::Runtime,
}

#[derive(Clone)]
struct Behind {
    base: String,
    seconds: Arc<AtomicI64>,
    client: reqwest::Client,
}

impl Astray {
    fn of(base: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let seconds: Arc<AtomicI64> = Arc::default();
        let behind = Behind {
            base: base.to_owned(),
            seconds: seconds.clone(),
            client: super::rehearsal::client(),
        };
        let socket = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0"));
        let socket = socket.expect("a port");
        let url = format!("http://{}", socket.local_addr().expect("an address"));
        let router = Router::new().fallback(pass).with_state(behind);
        runtime.spawn(async move { axum::serve(socket, router).await });
        Self {
            url,
            seconds,
            _runtime: runtime,
        }
    }

    fn turn(&self, seconds: i64) {
        self.seconds.store(seconds, Ordering::SeqCst);
    }
}

async fn pass(
    State(behind): State<Behind>,
    method: Method,
    uri: Uri,
    mut headers: HeaderMap,
    body: Bytes,
) -> Response {
    headers.remove("host");
    let asked = behind
        .client
        .request(method, format!("{}{uri}", behind.base))
        .headers(headers)
        .body(body);
    let Ok(answer) = asked.send().await else {
        return axum::http::StatusCode::BAD_GATEWAY.into_response();
    };
    let (status, mut headers) = (answer.status(), answer.headers().clone());
    let mut body = answer.bytes().await.unwrap_or_default();
    if uri.path() == "/sandbox/clock" {
        let mut told: Value = serde_json::from_slice(&body).unwrap_or_default();
        let now: Timestamp = told["now"]
            .as_str()
            .unwrap_or_default()
            .parse()
            .expect("a time");
        let seconds = behind.seconds.load(Ordering::SeqCst);
        told["now"] = (now + SignedDuration::from_secs(seconds))
            .to_string()
            .into();
        body = told.to_string().into();
    }
    for name in ["content-length", "transfer-encoding", "connection"] {
        headers.remove(name);
    }
    (status, headers, body).into_response()
}

#[test]
fn a_clock_that_is_set_back_sends_nothing_twice() {
    let schedule = "[schedule.menu]\ntemplate = 'templates/menu.toml'\ndays = 'daily'\nlate = '2h'\n\
        times = ['09:00', '09:10', '09:20', '09:30', '09:40', '09:50', '10:00']\n";
    let mut month = Month::of(schedule, &[]);
    month.write(
        "templates/menu.toml",
        &TEMPLATE.replace("{{ today }}", "{{ now | date(\"%H:%M\") }}"),
    );
    let nine = month.at(1, "09:00");
    let last = format!("menu@{}T10:00", month.day(1));
    let astray = Astray::of(&month.rehearsal.url);
    let at = |minutes: i64| nine + SignedDuration::from_mins(minutes);
    month.start_at(&astray.url);
    month.until_seen(&last);
    month.advance_to(at(11));
    month.until_published(2);
    // back by an hour: for the worker, and for one that begins then
    astray.turn(-3600);
    std::thread::sleep(Duration::from_secs(1));
    month.start_at(&astray.url);
    month.advance(300);
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(month.live(), 2, "nothing is due at a quarter past eight");
    // and forth again, by more than it was
    astray.turn(0);
    month.advance_to(at(31));
    month.until_published(4);
    // small steps, again and again
    for (step, back) in [-40, -900, -7, -1800, -86_400].into_iter().enumerate() {
        astray.turn(back);
        std::thread::sleep(Duration::from_millis(500));
        if step % 2 == 0 {
            month.kill_oldest();
            month.start_at(&astray.url);
        }
        astray.turn(0);
        month.advance(120);
        std::thread::sleep(Duration::from_millis(500));
    }
    month.advance_to(at(61));
    let published = month.until_published(7);
    month.advance(3600);
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(month.live(), 7);
    assert!(published.values().all(|times| *times == 1), "{published:?}");
}
