//! What is kept of a source, how long it is used, and when it is asked for again.

use super::*;

#[tokio::test]
async fn a_copy_lies_under_its_hash_and_is_asked_for_at_most_so_often() {
    let root = tempfile::tempdir().expect("a folder");
    let server =
        Server::new(|_, number| Reply::Whole(csv(&format!("id,title\na,Soup {number}\n"))));
    let sources = sources(root.path(), menu(server.url("menu.csv")));
    let first = sources.fetch("menu", at(0)).await.expect("a copy");
    assert_eq!(text(&first), "id,title\na,Soup 0\n");
    assert!(first.was_asked && first.before.is_none());
    let name = format!("{}.csv", first.sha256);
    assert_eq!(
        first.file,
        root.path().join(".storypress/sources").join(name)
    );
    let second = sources.fetch("menu", at(14)).await.expect("a copy");
    assert_eq!(
        (second.file.clone(), second.age),
        (first.file.clone(), SignedDuration::from_mins(14))
    );
    assert_eq!(server.count(), 1);
    let third = sources.fetch("menu", at(15)).await.expect("a copy");
    assert_eq!(text(&third), "id,title\na,Soup 1\n");
    assert_eq!(third.before.as_ref(), Some(&first.file));
    assert_eq!((warned(&third), server.count()), (String::new(), 2));
    // now is now, and a copy is told without a question
    assert!(
        sources
            .get("menu", When::Now, at(15))
            .await
            .expect("a copy")
            .was_asked
    );
    assert_eq!(
        text(&sources.copy("menu", at(16)).expect("a copy")),
        "id,title\na,Soup 2\n"
    );
    assert_eq!(server.count(), 3);
}

#[tokio::test]
async fn what_has_not_changed_is_not_sent_again() {
    let root = tempfile::tempdir().expect("a folder");
    let server = Server::new(|request, _| {
        let request = request.to_lowercase();
        let is_known = request.contains("if-none-match: \"v1\"")
            && request.contains("if-modified-since: sat, 28 nov 2026 08:00:00 gmt");
        let headers = "content-type: text/csv\r\netag: \"v1\"\r\nlast-modified: Sat, 28 Nov 2026 08:00:00 GMT\r\n";
        Reply::Whole(match is_known {
            true => answer(304, "", ""),
            false => answer(200, headers, "id\na\n"),
        })
    });
    let sources = sources(root.path(), menu(server.url("menu.csv")));
    let first = sources.fetch("menu", at(0)).await.expect("a copy");
    let second = sources.fetch("menu", at(20)).await.expect("a copy");
    assert_eq!(second.file, first.file);
    assert_eq!(second.age, SignedDuration::ZERO);
    assert!(second.was_asked && second.before.is_none() && second.diagnostics.is_empty());
    // a copy that somebody changed is none: it is asked for without conditions
    std::fs::write(&first.file, "id\nb\n").expect("another text");
    let third = sources.fetch("menu", at(21)).await.expect("a copy");
    assert_eq!((text(&third).as_str(), server.count()), ("id\na\n", 3));
    assert!(!server.heard()[2].to_lowercase().contains("if-none-match"));
}

#[tokio::test]
async fn a_bad_answer_leaves_the_good_copy_until_it_is_stale() {
    let page = "<!DOCTYPE html><html><body>Log in</body></html>";
    for bad in [
        answer(200, "content-type: text/html\r\n", page),
        csv(page),
        csv(""),
        csv(" \r\n"),
        answer(204, "", ""),
        answer(500, "", "oops"),
        answer(404, "", ""),
        answer(200, "content-type: application/json\r\n", "{\"broken\": "),
        b"nonsense".to_vec(),
        csv("id,title\na,b\n")[..40].to_vec(),
        // a sheet that asks another one
        csv("id,title\na,b\nc,Loading...\n"),
        answer(
            200,
            "content-type: text/csv\r\ncontent-encoding: gzip\r\n",
            "no gzip",
        ),
    ] {
        let root = tempfile::tempdir().expect("a folder");
        let shown = String::from_utf8_lossy(&bad).into_owned();
        let server = Server::new(move |_, number| {
            Reply::Whole(match number {
                0 => csv("id\na\n"),
                _ => bad.clone(),
            })
        });
        let sources = sources(root.path(), menu(server.url("menu")));
        let first = sources.fetch("menu", at(0)).await.expect("a copy");
        let again = sources.fetch("menu", at(200)).await.expect("the good copy");
        assert_eq!(again.file, first.file, "{shown}");
        let warned = warned(&again);
        assert!(
            warned.starts_with("stale-source: source `menu` failed: "),
            "{shown}: {warned}"
        );
        assert!(warned.contains("3 h 20 min old"), "{warned}");
        // and so whoever uses it next, without a question
        let known = sources.copy("menu", at(201)).expect("the good copy");
        assert_eq!(known.diagnostics[0].code, Code::StaleSource);
        let day = 24 * 60;
        assert!(sources.copy("menu", at(day)).is_ok());
        let old = said(&sources.copy("menu", at(day + 1)).expect_err("stale"));
        assert!(old.starts_with("source-failed: "), "{old}");
        assert!(old.contains("1 d old, and `stale` is 1 d"), "{old}");
        let old = sources.fetch("menu", at(day + 1)).await.expect_err("stale");
        assert_eq!(old.code, Code::SourceFailed);
    }
}

#[tokio::test]
async fn without_a_copy_a_bad_answer_is_told_for_what_it_is() {
    for (answer, wanted) in [
        (csv(""), "the answer is empty"),
        (csv("<html>"), "a web page came in place of data"),
        (
            answer(200, "content-type: text/plain\r\n", "Try again later"),
            "what came is no data: a line of text without rows",
        ),
        (answer(403, "", ""), "the server answered 403"),
        (
            answer(200, "content-type: application/pdf\r\n", "%PDF-1.4"),
            "a PDF came in place of data",
        ),
        (
            answer(
                200,
                "content-type: application/rss+xml\r\n",
                "<svg:x xmlns:svg='s'/>",
            ),
            "what came is no data: this is neither RSS nor Atom",
        ),
    ] {
        assert_eq!(
            refused(answer).await,
            format!("source-failed: source `menu` failed: {wanted}")
        );
    }
}

#[tokio::test]
async fn a_server_that_wants_a_pause_has_it() {
    let root = tempfile::tempdir().expect("a folder");
    let server = Server::new(|_, number| {
        Reply::Whole(match number {
            1 => answer(429, "retry-after: 3600\r\n", ""),
            _ => csv("id\na\n"),
        })
    });
    let sources = sources(root.path(), menu(server.url("menu.csv")));
    sources.fetch("menu", at(0)).await.expect("a copy");
    let asked = sources.fetch("menu", at(20)).await.expect("the good copy");
    let wanted = "the server asked not to be asked before 2026-11-28T11:20:00Z";
    assert!(
        warned(&asked).contains("answered 429") && warned(&asked).contains(wanted),
        "{}",
        warned(&asked)
    );
    for when in [When::Due, When::Now] {
        let told = sources
            .get("menu", when, at(70))
            .await
            .expect("the good copy");
        assert!(warned(&told).contains("stale-source"), "{}", warned(&told));
    }
    assert!(warned(&sources.get("menu", When::Now, at(70)).await.expect("it")).contains(wanted));
    assert_eq!(server.count(), 2);
    let then = sources.fetch("menu", at(81)).await.expect("a copy");
    assert_eq!((warned(&then), server.count()), (String::new(), 3));
}

#[tokio::test]
async fn one_process_asks_and_the_others_wait_for_it() {
    let root = tempfile::tempdir().expect("a folder");
    let server = Server::new(|_, _| {
        std::thread::sleep(Duration::from_millis(100));
        Reply::Whole(csv("id\na\n"))
    });
    let each = (0..5).map(|_| sources(root.path(), menu(server.url("menu.csv"))));
    let each: Vec<_> = each.collect();
    let copies = each.iter().map(|sources| sources.fetch("menu", at(0)));
    for copy in futures_util::future::join_all(copies).await {
        assert_eq!(text(&copy.expect("a copy")), "id\na\n");
    }
    assert_eq!(server.count(), 1);
}

#[tokio::test]
async fn a_record_that_is_torn_or_of_another_address_is_none() {
    let root = tempfile::tempdir().expect("a folder");
    let server = Server::new(|request, _| {
        Reply::Whole(csv(&format!(
            "id\n{}\n",
            request.split(' ').nth(1).unwrap_or_default()
        )))
    });
    let own = sources(root.path(), menu(server.url("one")));
    own.fetch("menu", at(0)).await.expect("a copy");
    let record = root.path().join(".storypress/sources/menu.json");
    let whole = std::fs::read(&record).expect("a record");
    std::fs::write(&record, &whole[..whole.len() / 2]).expect("a torn one");
    assert!(own.copy("menu", at(1)).is_err());
    assert!(own.fetch("menu", at(1)).await.expect("a copy").was_asked);
    let other = sources(root.path(), menu(server.url("two")));
    assert_eq!(
        other.copy("menu", at(2)).expect_err("none").message,
        "source `menu` failed: it was not fetched yet"
    );
    assert_eq!(
        text(&other.fetch("menu", at(2)).await.expect("a copy")),
        "id\n/two\n"
    );
}

#[tokio::test]
async fn a_column_that_a_sheet_loses_is_missed_until_that_is_accepted() {
    let root = tempfile::tempdir().expect("a folder");
    let server = Server::new(|_, number| {
        Reply::Whole(match number {
            0 => csv("id,title,price\na,Soup,4\n"),
            _ => csv("id,title\na,Soup\n"),
        })
    });
    let sources = sources(root.path(), menu(server.url("menu.csv")));
    let needed = ["title", "price"].map(str::to_owned).into();
    let gone = |copy: &Copy| copy.gone(&copy.table(None, &BTreeSet::new()).expect("rows"), &needed);
    assert_eq!(
        gone(&sources.fetch("menu", at(0)).await.expect("a copy")),
        [""; 0]
    );
    for minutes in [20, 40] {
        let copy = sources.fetch("menu", at(minutes)).await.expect("a copy");
        assert_eq!(gone(&copy), ["price"]);
    }
    let mut copy = sources.copy("menu", at(41)).expect("a copy");
    let table = copy.table(None, &BTreeSet::new()).expect("rows");
    sources.accept_columns(&mut copy, &table).expect("a record");
    assert_eq!(
        gone(&sources.copy("menu", at(42)).expect("a copy")),
        [""; 0]
    );
}

#[tokio::test]
async fn an_empty_list_is_no_failure_and_loses_no_column() {
    for format in [None, Some(Format::Json)] {
        let root = tempfile::tempdir().expect("a folder");
        let server = Server::new(|_, number| {
            let body = match number {
                1 => "[]",
                _ => r#"[{"id": "a", "price": 4}]"#,
            };
            Reply::Whole(answer(200, "content-type: application/json\r\n", body))
        });
        let options = Options {
            format,
            ..menu(server.url("menu.json"))
        };
        let sources = sources(root.path(), options);
        let needed = ["price".to_owned()].into();
        for (minutes, rows) in [(0, 1), (20, 0), (40, 1)] {
            let mut copy = sources.fetch("menu", at(minutes)).await.expect("a copy");
            assert_eq!(warned(&copy), "", "{format:?} at {minutes}");
            let table = copy.table(None, &BTreeSet::new()).expect("rows");
            assert_eq!(table.rows.len(), rows, "{format:?} at {minutes}");
            assert_eq!(copy.gone(&table, &needed), [""; 0]);
            sources.accept_columns(&mut copy, &table).expect("a record");
            assert!(copy.columns.contains("price"), "at {minutes}");
        }
    }
}

#[test]
fn an_unknown_source_is_told_with_the_one_that_is_meant() {
    let sources = Sources::new(
        Path::new("/p"),
        vec![menu("https://a.org/".parse().expect("an address"))],
    );
    let why = sources.find("mneu").expect_err("none").to_string();
    assert_eq!(why, "no source `mneu`; did you mean `menu`?");
    let none = Sources::new(Path::new("/p"), Vec::new());
    assert_eq!(
        none.find("menu").expect_err("none").to_string(),
        "no source `menu`; the project file has no `[source.NAME]`"
    );
}
