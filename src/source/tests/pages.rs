//! Answers in several pages.

use super::*;

/// So many pages of two rows, as Airtable has them.
fn pages(count: usize) -> Server {
    Server::new(move |request, _| {
        let query = request.split(' ').nth(1).unwrap_or_default();
        let page: usize = query
            .split("offset=")
            .nth(1)
            .map_or(1, |n| n.parse().unwrap_or(1));
        let record = |n: usize| {
            format!(
                r#"{{"id": "rec{n}", "createdTime": "2026-11-28", "fields": {{"Title": "Dish {n}", "Price": 4.50}}}}"#
            )
        };
        let offset = match page < count {
            true => format!(r#", "offset": "{}""#, page + 1),
            false => String::new(),
        };
        let body = format!(
            r#"{{"records": [{}, {}]{offset}}}"#,
            record(2 * page - 1),
            record(2 * page)
        );
        Reply::Whole(answer(
            200,
            "content-type: application/json\r\netag: \"p\"\r\n",
            body,
        ))
    })
}

fn airtable(server: &Server) -> Options {
    Options {
        rows: Some("records".into()),
        fields: Some("fields".into()),
        next: Some(Next {
            param: Some("offset".into()),
            from: "offset".into(),
        }),
        ..menu(server.url("v0/menu?view=Day"))
    }
}

#[tokio::test]
async fn pages_are_one_table_and_a_hundred_and_first_is_too_many() {
    let server = pages(3);
    let root = tempfile::tempdir().expect("a folder");
    let sources_of = |root: &Path, server: &Server| sources(root, airtable(server));
    let own = sources_of(root.path(), &server);
    let copy = own.fetch("menu", at(0)).await.expect("a copy");
    let table = copy.table(None, &BTreeSet::new()).expect("rows");
    let rows: Vec<_> = table.rows.iter().flatten().collect();
    assert_eq!(rows.len(), 6);
    assert_eq!(
        (rows[5].key.as_deref(), rows[5].values["Title"].as_str()),
        (Some("rec6"), Some("Dish 6"))
    );
    assert!(
        text(&copy).contains("4.50"),
        "numbers stay as they are written"
    );
    assert!(server.heard()[1].starts_with("GET /v0/menu?view=Day&offset=2 "));
    // all pages are asked for again: the first one's tag says nothing about the others
    own.get("menu", When::Now, at(1)).await.expect("a copy");
    assert_eq!(server.count(), 6);
    for (count, is_good) in [(100, true), (101, false)] {
        let root = tempfile::tempdir().expect("a folder");
        let server = pages(count);
        let copy = sources_of(root.path(), &server).fetch("menu", at(0)).await;
        match is_good {
            true => assert_eq!(
                copy.expect("a copy")
                    .table(None, &BTreeSet::new())
                    .expect("rows")
                    .rows
                    .len(),
                200
            ),
            false => assert_eq!(
                copy.expect_err("too many").message,
                "source `menu` failed: more than 100 pages"
            ),
        }
        assert_eq!(server.count(), 100);
    }
}

#[tokio::test]
async fn pages_are_counted_together_and_do_not_go_round() {
    let server = pages(3);
    let root = tempfile::tempdir().expect("a folder");
    // two pages fit, three do not
    let options = Options {
        max_bytes: 600,
        ..airtable(&server)
    };
    let why = sources(root.path(), options)
        .fetch("menu", at(0))
        .await
        .expect_err("too large");
    assert_eq!(
        why.message,
        "source `menu` failed: more than 600 bytes came"
    );
    let round = Server::saying(answer(
        200,
        "content-type: application/json\r\n",
        r#"{"records": [], "offset": "1"}"#,
    ));
    let why = sources(root.path(), airtable(&round))
        .fetch("menu", at(0))
        .await
        .expect_err("a circle");
    assert_eq!(
        why.message,
        "source `menu` failed: page 2 names a page that was there before"
    );
}

#[tokio::test]
async fn an_error_in_json_is_no_rows() {
    let answer = answer(
        200,
        "content-type: application/json\r\n",
        r#"{"error": {"type": "NOT_FOUND"}}"#,
    );
    let server = Server::saying(answer);
    let root = tempfile::tempdir().expect("a folder");
    let why = sources(root.path(), airtable(&server))
        .fetch("menu", at(0))
        .await
        .expect_err("no rows");
    assert_eq!(
        why.message,
        "source `menu` failed: the answer has no `records`, where `rows` looks: it has `error`"
    );
}
