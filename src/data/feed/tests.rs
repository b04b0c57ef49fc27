use super::super::tests::reported;
use super::*;

fn table(text: &str) -> Table {
    super::super::read_text(&Source::new("feed.xml", text), super::super::Format::Feed)
        .expect("readable")
}

fn value<'a>(table: &'a Table, row: usize, column: &str) -> &'a str {
    let row = table.rows[row].as_ref().expect("good");
    row.values[column].as_str().expect("text")
}

const RSS: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel><title>Blog</title><link>https://cafe.example/</link>
<item>
  <title>Bread &amp; butter &#8211; baked</title>
  <link>https://cafe.example/bread</link>
  <guid isPermaLink="false">post-12</guid>
  <dc:creator>Ana Ruiz</dc:creator>
  <pubDate>Sat, 21 Nov 2026 19:30:00 +0100</pubDate>
  <description><![CDATA[<p>Warm   <b>bread</b> &amp; butter.</p> <p>Caf&eacute;</p>]]></description>
  <media:content url="https://cafe.example/film.mp4" type="video/mp4"/>
  <media:thumbnail url="https://cafe.example/thumb.jpg"/>
</item>
<item>
  <title>Two</title>
  <enclosure url="https://cafe.example/two.png" type="image/png" length="5"/>
  <content:encoded><![CDATA[<img src="https://cafe.example/in-text.jpg"> Long text]]></content:encoded>
</item>
<item><title>Three</title><description>&lt;img src="/three.jpg"&gt;Hi</description></item>
</channel></rss>"#;

#[test]
fn an_rss_item_becomes_a_row() {
    let table = table(RSS);
    assert_eq!(table.columns, COLUMNS);
    assert_eq!(value(&table, 0, "id"), "post-12");
    assert_eq!(value(&table, 0, "title"), "Bread & butter – baked");
    assert_eq!(value(&table, 0, "link"), "https://cafe.example/bread");
    assert_eq!(value(&table, 0, "summary"), "Warm bread & butter. Café");
    assert_eq!(value(&table, 0, "image"), "https://cafe.example/thumb.jpg");
    assert_eq!(value(&table, 0, "author"), "Ana Ruiz");
    assert_eq!(value(&table, 0, "published"), "2026-11-21T18:30:00Z");
    let row = table.rows[0].as_ref().expect("good");
    assert_eq!(row.label().to_string(), "row 1 (id post-12)");
    assert_eq!(row.place.source.line_column(row.place.start), (4, 1));
}

#[test]
fn pictures_come_from_enclosures_and_from_the_text() {
    let table = table(RSS);
    assert_eq!(value(&table, 1, "image"), "https://cafe.example/two.png");
    assert_eq!(value(&table, 1, "summary"), "Long text");
    assert_eq!(value(&table, 1, "id"), "", "no guid, no id");
    assert_eq!(value(&table, 2, "image"), "/three.jpg");
}

#[test]
fn an_atom_entry_becomes_a_row() {
    let table = table(
        r#"<feed xmlns="http://www.w3.org/2005/Atom"><title>N</title><id>n</id>
        <entry><id>urn:1</id><title type="html">A &amp;amp; B &lt;i&gt;c&lt;/i&gt;</title>
        <link rel="self" href="https://n.example/self"/><link rel="alternate" href="https://n.example/1"/>
        <author><name>Lea</name></author><updated>2026-11-21T10:00:00-05:00</updated>
        <summary>Short</summary></entry></feed>"#,
    );
    assert_eq!(value(&table, 0, "title"), "A & B c");
    assert_eq!(value(&table, 0, "link"), "https://n.example/1");
    assert_eq!(value(&table, 0, "author"), "Lea");
    assert_eq!(value(&table, 0, "published"), "2026-11-21T15:00:00Z");
}

#[test]
fn entity_bombs_are_refused_at_their_place() {
    let source = Source::new(
        "feed.xml",
        "<?xml version=\"1.0\"?>\n<!DOCTYPE rss [<!ENTITY lol \"lol\">]>\n<rss version=\"2.0\"><channel/></rss>",
    );
    let error = read(&source, &Damage::NONE).expect_err("refused").remove(0);
    assert_eq!(
        reported(&error),
        "2:16 syntax: the feed declares entities of its own, which may grow without end (remove its `<!DOCTYPE …>`)"
    );
}

#[test]
fn what_is_no_feed_says_so() {
    let source = Source::new("feed.xml", "<svg/>");
    let error = read(&source, &Damage::NONE).expect_err("refused").remove(0);
    assert_eq!(error.message, "this is neither RSS nor Atom");
    let cut = Source::new("feed.xml", &RSS[..RSS.len() / 2]);
    assert!(read(&cut, &Damage::NONE).is_err());
}

#[test]
fn the_declared_encoding_is_used() {
    let bytes = b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><rss version=\"2.0\"><channel><item><title>Caf\xe9</title></item></channel></rss>";
    let decoded = decode(bytes, None).expect("text");
    let table = table(&decoded.text);
    assert_eq!(value(&table, 0, "title"), "Café");
}

proptest::proptest! {
    #[test]
    fn a_damaged_feed_never_panics(at in 0..RSS.len(), with in "[<>&\"/a\\[\\]!-]{0,4}", skip in 0_usize..40) {
        let mut damaged = RSS.as_bytes()[..at].to_vec();
        damaged.extend(with.bytes());
        damaged.extend(RSS.bytes().skip(at + skip));
        let _ = read(&Source::new("feed.xml", String::from_utf8_lossy(&damaged)), &Damage::NONE);
    }
}

#[test]
fn a_sign_that_opens_no_tag_is_text() {
    let table = table(
        "<rss version=\"2.0\"><channel><item><title>5 < 6 and 7 > 3</title><description>I <3 you</description></item></channel></rss>",
    );
    assert_eq!(value(&table, 0, "title"), "5 < 6 and 7 > 3");
    assert_eq!(value(&table, 0, "summary"), "I <3 you");
}
