//! Pictures that rows name by their address.

use super::*;

#[tokio::test]
async fn pictures_are_files_and_a_missing_one_fails_its_row_alone() {
    let root = tempfile::tempdir().expect("a folder");
    let png = PNG.to_vec();
    let is_down = Arc::new(AtomicUsize::new(0));
    let down = is_down.clone();
    let server = Server::new(move |request, _| {
        let path = request.split(' ').nth(1).unwrap_or_default();
        let host = request
            .lines()
            .find_map(|line| line.strip_prefix("host: "))
            .unwrap_or_default();
        let is_known = request.contains("if-none-match: \"one\"");
        Reply::Whole(match path {
            "/menu.csv" => csv(&format!(
                "id,photo,link\na,http://{host}/1.png,http://{host}/x\nb,http://{host}/2.png,\nc,http://{host}/page,\nd,assets/own.jpg,\ne,http://{host}/1.png?v=2,\n"
            )),
            _ if down.load(Ordering::Relaxed) > 0 => answer(503, "", ""),
            "/1.png" if is_known => answer(304, "", ""),
            "/1.png" | "/1.png?v=2" => answer(200, "etag: \"one\"\r\n", &png),
            "/page" => answer(200, "content-type: text/html\r\n", "<html>"),
            _ => answer(404, "", ""),
        })
    });
    let sources = sources(root.path(), menu(server.url("menu.csv")));
    let columns = BTreeSet::from(["photo".to_owned()]);
    let mut copy = sources.fetch("menu", at(0)).await.expect("a copy");
    sources.pictures(&mut copy, &columns, at(0)).await;
    assert_eq!(server.count(), 5);
    let table = copy.table(None, &columns).expect("rows");
    let photo = |at: usize| {
        table.rows[at].as_ref().expect("good").values["photo"]
            .as_str()
            .expect("text")
            .to_owned()
    };
    assert!(
        photo(0).starts_with(".storypress/sources/") && photo(0).ends_with(".png"),
        "{}",
        photo(0)
    );
    assert_eq!(photo(0), photo(4), "the same picture is one file");
    assert_eq!(photo(3), "assets/own.jpg");
    assert!(root.path().join(photo(0)).is_file());
    let why = |at: usize| table.rows[at].as_ref().map(|_| ()).map_err(said);
    assert_eq!(
        why(1),
        Err(format!(
            "missing-asset: row 2 (id b): column `photo`: no picture from {}: the server answered 404",
            server.url("2.png")
        ))
    );
    assert_eq!(
        why(2),
        Err(format!(
            "missing-asset: row 3 (id c): column `photo`: no picture from {}: a web page came in place of a picture",
            server.url("page")
        ))
    );
    // the same offline, from what is kept
    let mut known = sources.copy("menu", at(1)).expect("a copy");
    sources.known_pictures(&mut known, &columns);
    let table = known.table(None, &columns).expect("rows");
    assert_eq!(table.rows.iter().filter(|row| row.is_ok()).count(), 3);
    assert_eq!(server.count(), 5);
    // an outage takes no picture away
    is_down.store(1, Ordering::Relaxed);
    let mut later = sources
        .get("menu", When::Now, at(60))
        .await
        .expect("a copy");
    sources.pictures(&mut later, &columns, at(60)).await;
    assert_eq!(
        later
            .table(None, &columns)
            .expect("rows")
            .rows
            .iter()
            .filter(|row| row.is_ok())
            .count(),
        3
    );
    let told = warned(&later);
    assert!(
        told.contains("stale-source: source `menu`: picture http://") && told.contains("1 h ago"),
        "{told}"
    );
}

#[tokio::test]
async fn a_feeds_thumbnails_are_fetched() {
    let root = tempfile::tempdir().expect("a folder");
    let png = PNG.to_vec();
    let server = Server::new(move |request, _| {
        let host = request
            .lines()
            .find_map(|line| line.strip_prefix("host: "))
            .unwrap_or_default();
        Reply::Whole(match request.contains("/feed") {
            true => answer(
                200,
                "content-type: text/xml; charset=UTF-8\r\n",
                format!(
                    r#"<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns:yt="http://www.youtube.com/xml/schemas/2015" xmlns:media="http://search.yahoo.com/mrss/" xmlns="http://www.w3.org/2005/Atom">
 <title>A channel</title>
 <entry><id>yt:video:abc</id><yt:videoId>abc</yt:videoId><title>A film</title>
  <link rel="alternate" href="https://www.youtube.com/watch?v=abc"/>
  <author><name>A channel</name></author><published>2026-11-20T10:00:00+00:00</published>
  <media:group><media:title>A film</media:title>
   <media:content url="https://www.youtube.com/v/abc?version=3" type="application/x-shockwave-flash" width="640" height="390"/>
   <media:thumbnail url="http://{host}/vi/abc/hqdefault.jpg" width="480" height="360"/>
   <media:description>What it is about</media:description>
  </media:group></entry></feed>"#
                ),
            ),
            false => answer(200, "", &png),
        })
    });
    let sources = sources(
        root.path(),
        menu(server.url("feeds/videos.xml?channel_id=UC")),
    );
    let columns = BTreeSet::from(["image".to_owned()]);
    let mut copy = sources.fetch("menu", at(0)).await.expect("a copy");
    assert!(copy.columns.is_empty(), "nobody chose a feed's columns");
    sources.pictures(&mut copy, &columns, at(0)).await;
    let table = copy.table(None, &columns).expect("rows");
    let row = table.rows[0].as_ref().expect("a row");
    assert_eq!(row.key.as_deref(), Some("yt:video:abc"));
    assert_eq!(row.values["summary"], "What it is about");
    assert!(
        row.values["image"]
            .as_str()
            .expect("a path")
            .ends_with(".png")
    );
}

#[tokio::test]
async fn what_a_server_refused_is_let_be_for_a_while() {
    let root = tempfile::tempdir().expect("a folder");
    let png = PNG.to_vec();
    let mood = Arc::new(AtomicUsize::new(0));
    let now = mood.clone();
    let server = Server::new(move |request, _| {
        let path = request.split(' ').nth(1).unwrap_or_default();
        let host = request
            .lines()
            .find_map(|line| line.strip_prefix("host: "))
            .unwrap_or_default();
        Reply::Whole(match (path, now.load(Ordering::Relaxed)) {
            ("/menu.csv", _) => csv(&format!(
                "id,photo\na,http://{host}/gone.png\nb,http://{host}/2.png\n"
            )),
            ("/gone.png", 0 | 1) => answer(404, "", ""),
            ("/2.png", 0) => answer(503, "", ""),
            ("/2.png", 1) => answer(429, "retry-after: 600\r\n", ""),
            _ => answer(200, "", &png),
        })
    });
    let sources = sources(root.path(), menu(server.url("menu.csv")));
    let columns = BTreeSet::from(["photo".to_owned()]);
    let read = async |minutes: i64| {
        let mut copy = sources.fetch("menu", at(minutes)).await.expect("a copy");
        sources.pictures(&mut copy, &columns, at(minutes)).await;
        let table = copy.table(None, &columns).expect("rows");
        let wrong = table.rows.iter().filter_map(|row| row.as_ref().err());
        wrong.map(said).collect::<Vec<_>>().join("\n")
    };
    let first = read(0).await;
    assert!(first.contains("404") && first.contains("503"), "{first}");
    assert_eq!(server.count(), 3);
    // however often it is read, the same is said, and nobody asked
    assert_eq!(read(0).await, first);
    assert_eq!(server.count(), 3);
    // an outage is looked at again soon, what is not there only with its source
    mood.store(1, Ordering::Relaxed);
    let second = read(2).await;
    assert!(second.contains("404") && second.contains("429"), "{second}");
    assert_eq!(server.count(), 4);
    // the server has asked for ten minutes, for all that is on it
    mood.store(2, Ordering::Relaxed);
    let third = read(10).await;
    assert!(third.contains("asked not to be asked before"), "{third}");
    assert_eq!(server.count(), 4);
    assert_eq!(read(13).await.lines().count(), 1, "the other is gone still");
    assert_eq!(server.count(), 5);
    assert_eq!(read(16).await, "", "the source was asked anew");
}
