//! What a project file says, and what is said of it.

use super::*;
use crate::graph::{Login, UserId};
use crate::notify::{Tls, To};
use crate::pipeline::{Policy, Unclear};
use crate::store::NoticeKind;

#[test]
fn what_is_wrong_in_a_project_is_told_at_once() {
    let source = Source::new(
        FILE,
        "[project]\ntimezone = \"Mars/Olympus\"\n[brand]\ncolors = { ink = \"#12\" }\n[brand.styles.h]\nsiez = 3\n[uplaod]\n",
    );
    let (_, wrong) = read(&source, Path::new("/tmp"));
    let said: Vec<_> = wrong.iter().map(|d| d.message.as_str()).collect();
    assert_eq!(
        said,
        [
            "a project has no section `uplaod`",
            "no time zone `Mars/Olympus`",
            "the brand colour `ink` is not a colour",
            "style `h` has no key `siez`",
        ]
    );
}

#[test]
fn broken_syntax_is_told_once() {
    for text in ["=", "[[", "[project]\n="] {
        let (_, wrong) = read(&Source::new(FILE, text), Path::new("/p"));
        assert!(wrong.iter().all(|d| d.code == Code::Syntax), "{wrong:?}");
    }
    let (_, wrong) = read(&Source::new(FILE, "\"\" = 1\n"), Path::new("/p"));
    assert_eq!(wrong[0].message, "a project has no section ``");
}

#[test]
fn a_bare_number_is_no_text_of_a_project() {
    for (text, key) in [
        ("[project]\ntimezone = 5\n", "timezone"),
        ("[project]\ntimezone = true\n", "timezone"),
        ("[project]\ntemplates = 5\n", "templates"),
        ("[project]\nout = 2026-11-28\n", "out"),
        ("[upload]\nto = 5\n", "to"),
        ("[store]\nurl = 5\n", "url"),
        ("[studio]\nurl = 5\n", "url"),
        (
            "[source.a]\nurl = \"https://a.example\"\ntoken_env = 5\n",
            "token_env",
        ),
        ("[notify.a]\nto = 5\n", "to"),
        (
            "[accounts.a]\nlogin = \"instagram\"\nuser_id = 1\ntoken_env = 5\n",
            "token_env",
        ),
    ] {
        let (_, wrong) = read(&Source::new(FILE, text), Path::new("/p"));
        let said: Vec<_> = wrong.iter().map(|d| d.message.as_str()).collect();
        let [said] = said[..] else {
            panic!("{text}: {said:?}");
        };
        let start = format!("`{key}` takes a text in quotes, not ");
        assert!(said.starts_with(&start), "{text}: {said}");
    }
    let (_, wrong) = read(
        &Source::new(FILE, "[brand]\nlogo = 5\n[output]\nformats = []\n"),
        Path::new("/p"),
    );
    let said: Vec<_> = wrong.iter().map(|d| d.message.as_str()).collect();
    assert_eq!(
        said,
        [
            "`formats` names nothing: no file would be made",
            "`logo` takes the path of a picture in quotes, not a number",
        ]
    );
}

#[test]
fn an_account_is_read_with_where_its_token_is() {
    let source = Source::new(
        FILE,
        "[accounts.main]\nlogin = \"instagram\"\nuser_id = \"17841400008460056\"\ntoken_env = \"IG_ACCESS_TOKEN\"\n\
         [accounts.shop]\nlogin = \"facebook\"\nuser_id = 178\ntoken_file = \"secrets/shop\"\nbase = \"http://127.0.0.1:1\"\n",
    );
    let (project, wrong) = read(&source, Path::new("/p"));
    assert!(wrong.is_empty(), "{wrong:?}");
    let [main, shop] = &project.accounts[..] else {
        panic!("{:?}", project.accounts);
    };
    assert_eq!((main.name.as_str(), main.login), ("main", Login::Instagram));
    assert_eq!(main.token_env.as_deref(), Some("IG_ACCESS_TOKEN"));
    assert_eq!(shop.user_id.as_ref().map(UserId::as_str), Some("178"));
    assert_eq!(
        shop.token_file.as_deref(),
        Some(Path::new("/p/secrets/shop"))
    );
    assert!(shop.base.is_some() && !shop.allow_elsewhere);
}

#[test]
fn what_is_wrong_with_an_account_is_told() {
    let source = Source::new(
        FILE,
        "[accounts.a]\nuser_id = \"1\"\n[accounts.b]\nlogin = \"instagram\"\nuser_id = \"me\"\nbase = \"here\"\n",
    );
    let (_, wrong) = read(&source, Path::new("/p"));
    let said: Vec<_> = wrong.iter().map(|d| d.message.as_str()).collect();
    assert_eq!(
        said,
        [
            "account `a` has no `login`",
            "`user_id` is an id of 1 to 32 digits",
            "`base` is an address such as http://127.0.0.1:8000",
        ]
    );
}

#[test]
fn what_is_said_of_publishing_is_read() {
    let source = Source::new(
        FILE,
        "[upload]\nto = \"file:public\"\npublic_url = \"https://cdn.example.com/daily\"\n\
         [publish]\nsettle = \"1h30m\"\ngap = \"500ms\"\nunclear = \"resend\"\n\
         [store]\nurl = \"postgres://me:hush@db/stories\"\n",
    );
    let (project, wrong) = read(&source, Path::new("/p"));
    assert_eq!(wrong, []);
    let upload = project.upload.as_ref().expect("an upload section");
    assert_eq!(upload.folder(), Some(Path::new("/p/public")));
    assert_eq!(project.publish.settle.as_secs(), 5400);
    assert_eq!(project.publish.gap.as_millis(), 500);
    assert_eq!(project.publish.unclear, Unclear::Resend);
    assert_eq!(project.publish.late.as_secs(), 1800);
    assert_eq!(project.store_url.as_str(), "postgres://me:hush@db/stories");
    assert!(!format!("{project:?}").contains("hush"));
}

#[test]
fn what_is_wrong_about_publishing_points_at_its_value() {
    let source = Source::new(
        FILE,
        "[upload]\nto = \"public\"\n[publish]\nsettle = \"soon\"\ngap = 5\nlate = \"-5min\"\n\
         unclear = \"maybe\"\n[store]\nurl = \"mysql://h/d\"\n",
    );
    let (project, wrong) = read(&source, Path::new("/p"));
    let said: Vec<_> = wrong
        .iter()
        .map(|d| (d.line_column().0, d.message.as_str()))
        .collect();
    assert_eq!(
        said,
        [
            (7, "`unclear` is ask or resend, not `maybe`"),
            (2, "`public` is no place to upload to"),
            (4, "`soon` is not a time"),
            (5, "`5` is not a time"),
            (6, "`-5min` is not a time"),
            (9, "no database has such an address"),
        ]
    );
    assert_eq!(project.publish, Policy::default());
    // a choice names its words in the message
    assert!(wrong[1..].iter().all(|d| d.hint.is_some()));
}

#[test]
fn who_is_told_is_read() {
    let source = Source::new(
        FILE,
        "[notify.team]\non = [\"failed\", \"no-row\"]\nto = \"https://hooks.example.com/T0/hush\"\n\
         secret_env = \"HOOK_SECRET\"\ndigest = \"1h\"\nheartbeat = \"https://hc.example.com/hush\"\n\
         [notify.mail]\nto = \"mailto:team@example.com\"\n[notify.script]\nto = \"exec:./notify.sh now\"\n\
         [smtp]\nhost = \"mail.example.com\"\nuser = \"me@example.com\"\npassword_env = \"SMTP_PASSWORD\"\n",
    );
    let (project, wrong) = read(&source, Path::new("/p"));
    assert_eq!(wrong, []);
    let [team, mail, script] = &project.notify[..] else {
        panic!("{:?}", project.notify);
    };
    assert_eq!(team.on, [NoticeKind::Failed, NoticeKind::NoRow]);
    assert_eq!(team.secret_env.as_deref(), Some("HOOK_SECRET"));
    assert_eq!(team.digest, Some(Duration::from_secs(3600)));
    assert_eq!(mail.on, NoticeKind::TROUBLE);
    assert!(matches!(&mail.to, Some(To::Mail(to)) if to.len() == 1));
    assert_eq!(script.name, "script");
    let smtp = project.smtp.as_ref().expect("a mail server");
    assert_eq!((smtp.port, smtp.tls), (587, Tls::StartTls));
    assert_eq!(smtp.from.to_string(), "me@example.com");
    assert!(!format!("{project:?}").contains("hush"));
}

#[test]
fn what_is_wrong_about_notices_points_at_its_value() {
    let source = Source::new(
        FILE,
        "[notify.a]\non = [\"faild\", \"live\", \"failed\"]\nto = \"hooks.example.com\"\ndigest = \"soon\"\n\
         secret_env = \"whsec_c2VjcmV0\"\n[notify.b]\non = []\nto = \"mailto:team@example.com\"\n\
         [notify.c]\non = [\"failed\"]\n[notify.d]\nto = \"http://hooks.example.com/x\"\nwhen = 1\n\
         [notify.e]\nto = \"exec:./a | ./b\"\nsecret_env = \"S\"\n[notify]\nf = 1\n",
    );
    let (_, wrong) = read(&source, Path::new("/p"));
    let told: Vec<_> = wrong
        .iter()
        .map(|d| (d.line_column().0, d.message.as_str(), d.is_error()))
        .collect();
    assert_eq!(
        told,
        [
            (3, "`to`: it is no address", true),
            (
                5,
                "`secret_env` is the name of an environment variable, not the secret itself",
                true
            ),
            (4, "`soon` is not a time", true),
            (2, "nothing is called `faild`", true),
            (2, "nothing is called `live`", true),
            (
                8,
                "mail goes out through a server, and there is no `[smtp]`",
                true
            ),
            (7, "`on` names nothing: nobody would be told", true),
            (9, "nobody is told: `[notify.c]` has no `to`", true),
            (13, "`[notify.d]` has no key `when`", true),
            (
                12,
                "`to` is plain http: others on the way can read it, address included",
                false
            ),
            (15, "`to`: `|` means nothing here", true),
            (18, "`f` is a table: `[notify.NAME]`", true),
        ]
    );
    let hint = |line: usize| wrong[line].hint.as_deref();
    assert_eq!(hint(3), Some("did you mean `failed`?"));
    assert_eq!(hint(4), Some("did you mean `published`?"));
}

#[test]
fn a_mail_server_needs_a_host_and_a_sender() {
    let wrong = |text: &str| {
        let (_, wrong) = read(&Source::new(FILE, text), Path::new("/p"));
        let told = wrong.into_iter().map(|d| (d.line_column().0, d.message));
        told.collect::<Vec<_>>()
    };
    let told = |line: usize, said: &str| vec![(line, said.to_owned())];
    let from = "from = \"a@example.com\"\n";
    assert_eq!(
        wrong(&format!("[smtp]\n{from}")),
        told(1, "`[smtp]` has no `host`")
    );
    assert_eq!(
        wrong("[smtp]\nhost = \"mail.example.com\"\n"),
        told(1, "`[smtp]` has no `from`")
    );
    assert_eq!(
        wrong(&format!("[smtp]\nhost = \"smtp://x/\"\n{from}")),
        told(2, "`host` is the name of a mail server and nothing else")
    );
    assert_eq!(
        wrong(&format!("[smtp]\nhost = \"x\"\nuser = \"me\"\n{from}")),
        told(1, "`[smtp]` has no `password_env`")
    );
    let secret = "user = \"me\"\npassword_env = \"P\"\ntls = \"none\"\n";
    assert_eq!(
        wrong(&format!(
            "[smtp]\nhost = \"mail.example.com\"\n{from}{secret}"
        )),
        told(
            6,
            "the password would go over the network for others to read"
        )
    );
    assert_eq!(
        wrong(&format!("[smtp]\nhost = \"127.0.0.1\"\n{from}{secret}")),
        []
    );
    assert_eq!(
        wrong("[smtp]\nhost = \"x\"\nfrom = \"a@example.com\\nBcc: b@example.com\"\n"),
        told(3, "`a@example.com\\nBcc: b@example.com` is no mail address")
    );
}
