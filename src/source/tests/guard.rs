//! Where a source may be asked, what is sent there, and when it ends.

use super::*;

#[tokio::test]
async fn a_drip_ends() {
    let root = tempfile::tempdir().expect("a folder");
    let server = Server::new(|_, _| Reply::Drip);
    let sources = sources(root.path(), menu(server.url("menu.csv"))).within(Times {
        whole: Duration::from_millis(300),
        ..Times::default()
    });
    let start = std::time::Instant::now();
    let why = sources.fetch("menu", at(0)).await.expect_err("no copy");
    assert_eq!(
        why.message,
        "source `menu` failed: no whole answer within 0.3 s"
    );
    assert!(start.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn a_bomb_is_counted_while_it_is_unpacked() {
    let root = tempfile::tempdir().expect("a folder");
    let bomb = gzip(&vec![b'x'; 20 << 20]);
    let server = Server::saying(answer(
        200,
        "content-encoding: gzip\r\ncontent-type: text/csv\r\n",
        bomb,
    ));
    let options = Options {
        max_bytes: 1 << 20,
        ..menu(server.url("menu.csv"))
    };
    let why = sources(root.path(), options)
        .fetch("menu", at(0))
        .await
        .expect_err("too large");
    assert_eq!(
        why.message,
        "source `menu` failed: more than 1048576 bytes came"
    );
    let packed = Server::saying(answer(
        200,
        "content-encoding: gzip\r\n",
        gzip(b"id,title\na,Soup\n"),
    ));
    let copy = sources(root.path(), menu(packed.url("menu")))
        .fetch("menu", at(0))
        .await;
    assert_eq!(text(&copy.expect("a copy")), "id,title\na,Soup\n");
}

#[tokio::test]
async fn five_redirects_are_followed_and_six_are_not() {
    let server = Server::new(|request, _| {
        let path = request.split(' ').nth(1).unwrap_or_default();
        let left: usize = path.trim_start_matches('/').parse().unwrap_or_default();
        Reply::Whole(match left {
            0 => csv("id\na\n"),
            left => redirect(left - 1),
        })
    });
    for (hops, is_good) in [("5", true), ("6", false)] {
        let root = tempfile::tempdir().expect("a folder");
        let copy = sources(root.path(), menu(server.url(hops)))
            .fetch("menu", at(0))
            .await;
        assert_eq!(copy.is_ok(), is_good, "{hops}");
    }
}

#[tokio::test]
async fn a_redirect_to_this_machine_or_to_no_web_address_is_not_followed() {
    // to this test, 127.0.0.2 is somewhere in the world
    let judge = |ip: IpAddr| match ip.to_string().as_str() {
        "127.0.0.2" => None,
        _ => private(ip),
    };
    let inside = Server::saying(csv("id\nsecret\n"));
    let port = inside.url.port().expect("a port");
    for (to, wanted) in [
        (
            inside.url.to_string(),
            "127.0.0.1 is an address of this machine",
        ),
        (
            format!("http://localhost:{port}/"),
            "is an address of this machine",
        ),
        (
            format!("http://[::ffff:127.0.0.1]:{port}/"),
            "is an address of this machine",
        ),
        (
            format!("http://2130706433:{port}/"),
            "127.0.0.1 is an address of this machine",
        ),
        (
            "http://169.254.169.254/latest/meta-data/".into(),
            "169.254.169.254 is on the local link",
        ),
        ("file:///etc/passwd".into(), "is not an http address"),
        ("gopher://127.0.0.1/".into(), "is not an http address"),
    ] {
        let root = tempfile::tempdir().expect("a folder");
        let outside = Server::at("127.0.0.2", move |_, _| Reply::Whole(redirect(&to)));
        let options = Options {
            private: false,
            ..menu(outside.url("menu.csv"))
        };
        let why = sources(root.path(), options)
            .judged_by(judge)
            .fetch("menu", at(0))
            .await;
        let why = why.expect_err("refused");
        assert!(why.message.contains(wanted), "{}", why.message);
        assert_eq!(outside.count(), 1);
    }
    assert_eq!(inside.count(), 0);
}

#[tokio::test]
async fn private_addresses_are_refused_before_anything_is_sent() {
    let server = Server::saying(csv("id\na\n"));
    let port = server.url.port().expect("a port");
    for host in [
        "127.0.0.1",
        "localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "0.0.0.0",
        "0x7f.1",
        "10.1.2.3",
    ] {
        let root = tempfile::tempdir().expect("a folder");
        let url = format!("http://{host}:{port}/menu.csv")
            .parse()
            .expect("an address");
        let options = Options {
            private: false,
            ..menu(url)
        };
        let why = sources(root.path(), options)
            .fetch("menu", at(0))
            .await
            .expect_err("refused");
        assert_eq!(why.code, Code::SourceFailed);
        assert_eq!(
            why.hint.as_deref(),
            Some("`private = true` in the source allows it"),
            "{host}: {}",
            why.message
        );
    }
    assert_eq!(server.count(), 0);
}

#[tokio::test]
async fn a_name_is_resolved_once_and_what_was_checked_is_asked() {
    let server = Server::new(|_, number| {
        Reply::Whole(match number {
            0 => redirect("/menu.csv"),
            _ => csv("id\na\n"),
        })
    });
    let port = server.url.port().expect("a port");
    let resolving = |answers: &'static [&'static str]| {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = asked.clone();
        let resolver: Arc<Resolver> = Arc::new(move |name| {
            assert_eq!(name, "menu.test");
            // what rebinds says another address each time
            let at = count.fetch_add(1, Ordering::Relaxed).min(answers.len() - 1);
            let ips = answers[at]
                .split(' ')
                .map(|ip| ip.parse().expect("an address"));
            let ips: Vec<IpAddr> = ips.collect();
            Box::pin(async move { Ok(ips) })
        });
        (resolver, asked)
    };
    let url: Url = format!("http://menu.test:{port}/")
        .parse()
        .expect("an address");
    let (resolver, asked) = resolving(&["127.0.0.1", "192.0.2.1"]);
    let root = tempfile::tempdir().expect("a folder");
    let own = sources(root.path(), menu(url.clone())).resolved_by(resolver);
    own.fetch("menu", at(0)).await.expect("a copy");
    assert_eq!((asked.load(Ordering::Relaxed), server.count()), (1, 2));
    // one private address among others is one too many
    for answers in [
        &["127.0.0.1"][..],
        &["93.184.216.34 10.0.0.1"],
        &["::ffff:10.0.0.1"],
    ] {
        let (resolver, _) = resolving(answers);
        let options = Options {
            private: false,
            ..menu(url.clone())
        };
        let root = tempfile::tempdir().expect("a folder");
        let why = sources(root.path(), options)
            .resolved_by(resolver)
            .fetch("menu", at(0))
            .await;
        assert!(why.expect_err("refused").message.contains("menu.test ("));
    }
    assert_eq!(server.count(), 2);
}

#[tokio::test]
async fn secrets_go_to_the_first_origin_and_to_no_picture() {
    let root = tempfile::tempdir().expect("a folder");
    let png = PNG.to_vec();
    let picture = png.clone();
    let elsewhere = Server::new(move |request, _| {
        Reply::Whole(match request.contains("picture") {
            true => answer(200, "content-type: image/png\r\n", &picture),
            false => csv("id,photo\na,PICTURE\n"),
        })
    });
    let body = format!("id,photo\na,{}\nb,OWN\n", elsewhere.url("picture.png"));
    let away = elsewhere.url("data");
    let own = Server::new(move |request, _| {
        Reply::Whole(match request.split(' ').nth(1) {
            Some("/start") => redirect("/same"),
            Some("/same") => csv(&body),
            _ => redirect(&away),
        })
    });
    let environment = |name: &str| Some(format!("hush-{name}"));
    let header = |name: &'static str, value| Header {
        name: HeaderName::from_static(name),
        value,
    };
    let with_secrets = |url| Options {
        token_env: Some("TOKEN".into()),
        headers: vec![
            header("x-api-key", Given::Env("KEY".into())),
            header("x-team", Given::Plain("hush-team".into())),
        ],
        ..menu(url)
    };
    for path in ["start", "away"] {
        let sources = sources(root.path(), with_secrets(own.url(path)))
            .with_environment(Arc::new(environment));
        let mut copy = sources.fetch("menu", at(0)).await.expect("a copy");
        let columns = BTreeSet::from(["photo".to_owned()]);
        sources.pictures(&mut copy, &columns, at(0)).await;
    }
    for request in own.heard() {
        for secret in [
            "authorization: Bearer hush-TOKEN",
            "x-api-key: hush-KEY",
            "x-team: hush-team",
        ] {
            assert!(request.contains(secret), "{request}");
        }
    }
    assert_eq!(elsewhere.count(), 2);
    for request in elsewhere.heard() {
        assert!(!request.contains("hush"), "{request}");
    }
    // nor is one in what is kept
    let kept = root.path().join(".storypress/sources/menu.json");
    let kept = std::fs::read_to_string(kept).expect("it");
    assert!(!kept.contains("hush"), "{kept}");
}

#[tokio::test]
async fn an_unset_secret_is_named_and_nothing_is_asked() {
    let root = tempfile::tempdir().expect("a folder");
    let server = Server::saying(csv("id\na\n"));
    let options = Options {
        token_env: Some("SHEET_TOKEN".into()),
        ..menu(server.url("menu.csv"))
    };
    let sources = sources(root.path(), options).with_environment(Arc::new(|_| None));
    let why = sources.fetch("menu", at(0)).await.expect_err("no token");
    assert_eq!(
        why.message,
        "source `menu` failed: the environment variable `SHEET_TOKEN` is not set"
    );
    assert_eq!(server.count(), 0);
    // nothing was sent, so that it is asked as soon as the token is there
    let set = self::sources(root.path(), sources.find("menu").expect("it").clone())
        .with_environment(Arc::new(|_| Some("token".into())));
    set.fetch("menu", at(0)).await.expect("a copy");
    assert_eq!(server.count(), 1);
}
