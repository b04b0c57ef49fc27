//! The projects that `storypress new --kind` writes, each for a month on a sandbox's clock: every slot is live, or is told
//! why it is not, and what went out is the picture that `schedule next --out` had shown.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use jiff::SignedDuration;

use super::month::{Coming, Month};

const DAYS: &str = "30";

/// What is expected of each slot that the month has shown, and how often each picture that it showed goes out: the dish of
/// every Monday may be the same.
#[derive(Default)]
struct Expected {
    states: BTreeMap<String, &'static str>,
    pictures: BTreeMap<String, usize>,
}

impl Expected {
    fn live(&mut self, slot: &Coming) {
        self.states.insert(slot.id.clone(), "live");
        let picture = slot.sha256.clone();
        let picture = picture.unwrap_or_else(|| panic!("{slot:?}"));
        *self.pictures.entry(picture).or_default() += 1;
    }

    fn not(&mut self, slot: &Coming, state: &'static str) {
        self.states.insert(slot.id.clone(), state);
    }

    fn count(&self) -> usize {
        self.pictures.values().sum()
    }

    /// Holds the month against it: none lost, none twice, no other picture.
    fn hold(&self, month: &Month) {
        let states = month.states();
        for (slot, wanted) in &self.states {
            let (state, why) = states
                .get(slot)
                .unwrap_or_else(|| panic!("{slot} is lost: {states:#?}"));
            let state = match state.as_str() {
                "closed" => "live",
                state => state,
            };
            assert_eq!(state, *wanted, "{slot}: {why}");
            assert!(
                *wanted == "live" || !why.is_empty(),
                "{slot}: nobody says why"
            );
        }
        assert_eq!(
            month.rehearsal.published(),
            self.pictures,
            "not the pictures that were looked at, each as often"
        );
    }
}

/// Looks ahead over the month, and renders it.
fn previewed(month: &Month) -> Vec<Coming> {
    month.coming(&["--days", DAYS, "--out", "preview"])
}

/// One second after a slot's time.
fn due(month: &Month, slot: &Coming) {
    month.advance_to(slot.due + SignedDuration::from_secs(1));
}

/// Goes from slot to slot, each of which goes out.
fn all_go_out(month: &Month, slots: &[Coming], expected: &mut Expected) {
    for slot in slots {
        due(month, slot);
        expected.live(slot);
        month.until_published(expected.count());
    }
}

#[test]
fn a_month_of_the_daily_menu() {
    let mut month = Month::sample("menu");
    let slots = previewed(&month);
    assert!(slots.len() >= 20, "{slots:?}");
    // the row of the weekday, and no row on Saturdays
    for slot in &slots {
        let day = slot.due.to_zoned(super::month::madrid()).weekday();
        let row = match day {
            jiff::civil::Weekday::Monday => Some("monday"),
            jiff::civil::Weekday::Friday => Some("friday"),
            jiff::civil::Weekday::Saturday => None,
            _ => continue,
        };
        assert_eq!(slot.row_key.as_deref(), row, "{slot:?}");
        assert!(!slot.id.contains("-12-25"), "closed: {slot:?}");
    }
    month.start(&[]);
    month.until_seen(&slots[5].id);
    let mut expected = Expected::default();
    let (first, rest) = slots.split_at(4);
    all_go_out(&month, first, &mut expected);
    // one by hand, one while nobody works
    let closed = ["schedule", "skip", &rest[0].id, "--reason", "closed"];
    assert_eq!(month.call(&closed).code, Some(0));
    expected.not(&rest[0], "skipped");
    month.advance_to(rest[1].due - SignedDuration::from_hours(1));
    month.kill();
    month.advance_to(rest[1].due + SignedDuration::from_mins(40));
    month.start(&[]);
    month.until(&rest[1].id, &["missed"]);
    expected.not(&rest[1], "missed");
    all_go_out(&month, &rest[2..], &mut expected);
    expected.hold(&month);
}

#[test]
fn a_month_of_the_countdown() {
    let mut month = Month::sample("countdown");
    let slots = month.coming(&["--days", "32", "--out", "preview"]);
    // the evening of today may be over; the event is a month ahead, and thanks come the day after
    assert!((29..=32).contains(&slots.len()), "{slots:?}");
    let last = slots.last().expect("a slot");
    assert_eq!(last.schedule, "thanks");
    month.start(&[]);
    month.until_seen(&slots[0].id);
    let mut expected = Expected::default();
    all_go_out(&month, &slots, &mut expected);
    expected.hold(&month);
    assert!(month.coming(&["--days", "400"]).is_empty(), "it is over");
}

#[test]
fn a_month_of_the_portfolio() {
    let mut month = Month::sample("portfolio");
    let slots = previewed(&month);
    assert!(slots.len() >= 12, "{slots:?}");
    // five works: each again after the other four, whatever template it is on
    let keys: Vec<_> = slots.iter().map(|slot| slot.row_key.clone()).collect();
    for (slot, five_later) in keys.iter().zip(keys.iter().skip(5)) {
        assert_eq!(slot, five_later);
    }
    month.start(&[]);
    month.until_seen(&slots[0].id);
    let mut expected = Expected::default();
    all_go_out(&month, &slots, &mut expected);
    expected.hold(&month);
}

#[test]
fn a_month_of_news_that_somebody_looks_at() {
    let mut month = Month::sample("news");
    let slots = month.coming(&["--days", DAYS]);
    month.start(&[]);
    month.until_seen(&slots[0].id);
    let mut expected = Expected::default();
    let mut news = 0;
    for slot in &slots {
        let freeze = match slot.schedule.as_str() {
            "weekend" => 6,
            _ => 5,
        };
        month.advance_to(
            slot.due - SignedDuration::from_hours(freeze) + SignedDuration::from_secs(2),
        );
        if slot.schedule == "weekend" {
            decide(&month, slot, "approve", &mut expected);
            continue;
        }
        news += 1;
        match news {
            // nobody looks
            3 => {
                month.until(&slot.id, &["waiting"]);
                month.advance_to(slot.due + SignedDuration::from_mins(31));
                month.until(&slot.id, &["skipped"]);
                expected.not(slot, "skipped");
            }
            2 => decide(&month, slot, "reject", &mut expected),
            // a name is mended after it was approved
            4 => mended(&month, slot, &mut expected),
            // the editors write on, until they have nothing left
            8.. => {
                month.advance_to(slot.due + SignedDuration::from_mins(31));
                let ended = month.until(&slot.id, &["skipped"]);
                assert!(ended.to_string().contains("has had its slot"), "{ended}");
                expected.not(slot, "skipped");
            }
            5 => {
                let more = month.read("data/news.csv")
                    + "ferry,Work,The ferry keeps its winter hours,Two more crossings on Sundays.,Ada Lund,assets/coffee.jpg\n\
                       mast,Culture,A mast for the youth orchestra,It is a long story.,Ines Roque,assets/ceramics.jpg\n\
                       frost,Around town,First frost on the allotments,The leeks do not mind.,Ada Lund,assets/dandelion.jpg\n";
                month.write("data/news.csv", &more);
                decide(&month, slot, "approve", &mut expected);
            }
            _ => decide(&month, slot, "approve", &mut expected),
        }
    }
    assert!(news >= 8, "{slots:?}");
    expected.hold(&month);
}

/// Looks at the picture of a slot, and decides.
fn decide(month: &Month, slot: &Coming, word: &str, expected: &mut Expected) {
    let waiting = month.until(&slot.id, &["waiting"]);
    let sha256 = waiting["slot"]["sha256"].as_str().expect("a picture");
    let decided = month.call(&[word, &slot.id, "--sha256", sha256, "--by", "ana"]);
    assert_eq!(decided.code, Some(0), "{decided:?}");
    if word == "reject" {
        month.advance_to(slot.due + SignedDuration::from_mins(31));
        month.until(&slot.id, &["skipped"]);
        return expected.not(slot, "skipped");
    }
    let shown = shown(month, slot);
    assert_eq!(shown.sha256.as_deref(), Some(sha256), "another picture");
    due(month, slot);
    expected.live(&shown);
    month.until_published(expected.count());
}

/// The slot as `schedule next --out` shows it now.
fn shown(month: &Month, slot: &Coming) -> Coming {
    let found = month.coming(&[
        "--count",
        "1",
        "--schedule",
        &slot.schedule,
        "--out",
        "preview",
    ]);
    assert_eq!(found[0].id, slot.id);
    found[0].clone()
}

/// Approved, changed, and approved anew.
fn mended(month: &Month, slot: &Coming, expected: &mut Expected) {
    let waiting = month.until(&slot.id, &["waiting"]);
    let first = waiting["slot"]["sha256"].as_str().expect("a picture");
    let first = first.to_owned();
    assert_eq!(
        month.call(&["approve", &slot.id, "--by", "ana"]).code,
        Some(0)
    );
    let key = slot_row(month, slot);
    let rows = month.read("data/news.csv");
    let row = rows.lines().find(|line| line.starts_with(&key));
    let row = row.expect("its row");
    month.write(
        "data/news.csv",
        &rows.replace(row, &row.replace("Tomás Vidal", "Tomás Vidal Roca")),
    );
    month.advance(90);
    let start = Instant::now();
    while month.why(&slot.id)["slot"]["sha256"] == first.as_str() {
        assert!(start.elapsed() < Duration::from_secs(60), "the old picture");
        std::thread::sleep(Duration::from_millis(100));
    }
    decide(month, slot, "approve", expected);
}

fn slot_row(month: &Month, slot: &Coming) -> String {
    let item = month.why(&slot.id);
    let key = item["row_key"].as_str();
    key.unwrap_or_else(|| panic!("{item}")).to_owned()
}

/// A feed on loopback that grows.
struct Feed {
    url: String,
    posts: Arc<Mutex<Vec<String>>>,
    asked: Arc<AtomicUsize>,
}

impl Feed {
    fn new() -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", socket.local_addr().expect("an address"));
        let posts: Arc<Mutex<Vec<String>>> = Arc::default();
        let asked: Arc<AtomicUsize> = Arc::default();
        let (all, count, base) = (posts.clone(), asked.clone(), url.clone());
        std::thread::spawn(move || {
            for mut stream in socket.incoming().flatten() {
                let mut request = Vec::new();
                let mut byte = [0];
                while !request.ends_with(b"\r\n\r\n") && matches!(stream.read(&mut byte), Ok(1)) {
                    request.push(byte[0]);
                }
                let is_picture = request.starts_with(b"GET /photo.jpg");
                let (kind, body) = match is_picture {
                    true => (
                        "image/jpeg",
                        include_bytes!("../../assets/photos/soup.jpg").to_vec(),
                    ),
                    false => {
                        count.fetch_add(1, Ordering::SeqCst);
                        let posts = all.lock().expect("no panic");
                        ("application/rss+xml", rss(&base, &posts).into_bytes())
                    }
                };
                let _ = write!(
                    stream,
                    "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n",
                    body.len()
                );
                let _ = stream.write_all(&body);
            }
        });
        Self { url, posts, asked }
    }

    fn post(&self, title: &str) {
        self.posts.lock().expect("no panic").push(title.to_owned());
    }
}

/// The newest post is the first.
fn rss(base: &str, posts: &[String]) -> String {
    let item = |(at, title): (usize, &String)| {
        format!(
            "<item><title>{title}</title><guid isPermaLink='false'>post-{at}</guid>\
             <link>https://blog.example/{at}</link><description>How it is made.</description>\
             <pubDate>Fri, 20 Nov 2026 07:00:00 +0000</pubDate>\
             <enclosure url='{base}/photo.jpg' type='image/jpeg' length='1'/></item>"
        )
    };
    let items: Vec<String> = posts.iter().enumerate().map(item).collect();
    let items: String = items.into_iter().rev().collect();
    format!("<rss version='2.0'><channel><title>Pea and Thyme</title>{items}</channel></rss>")
}

#[test]
fn a_month_of_the_blog() {
    let feed = Feed::new();
    for title in ["Leeks", "Quinces", "Chestnuts"] {
        feed.post(title);
    }
    let mut month = Month::sample("blog");
    month.change(
        "storypress.toml",
        "url = \"https://example.com/feed.xml\"",
        &format!("url = \"{}/feed.xml\"\nprivate = true", feed.url),
    );
    let slots = month.coming(&["--days", DAYS]);
    assert!(slots.len() >= 24, "{slots:?}");
    month.start(&[]);
    month.until_seen(&slots[0].id);
    let mut expected = Expected::default();
    let mut waiting = 0;
    for slot in &slots {
        let ten_before = slot.due - SignedDuration::from_mins(10);
        if slot.schedule == "follow" {
            month.advance_to(ten_before);
            let card = shown(&month, slot);
            due(&month, slot);
            expected.live(&card);
            month.until_published(expected.count());
            continue;
        }
        // two posts on some days, none on most
        let posts = [1, 0, 0, 2, 0, 0, 0][expected.states.len() % 7];
        for post in 0..posts {
            feed.post(&format!("Recipe {} of {}", post + 1, slot.id));
        }
        waiting += posts;
        let asked = feed.asked.load(Ordering::SeqCst);
        month.advance_to(ten_before);
        if waiting == 0 {
            due(&month, slot);
            let ended = month.until(&slot.id, &["skipped"]);
            assert!(ended.to_string().contains("is new"), "{ended}");
            expected.not(slot, "skipped");
            continue;
        }
        let start = Instant::now();
        while feed.asked.load(Ordering::SeqCst) == asked {
            assert!(start.elapsed() < Duration::from_secs(60), "nobody asks");
            std::thread::sleep(Duration::from_millis(50));
        }
        std::thread::sleep(Duration::from_millis(500));
        let card = shown(&month, slot);
        due(&month, slot);
        expected.live(&card);
        waiting -= 1;
        month.until_published(expected.count());
    }
    // what was there at the beginning did not go out, and no post went out twice
    expected.hold(&month);
}
