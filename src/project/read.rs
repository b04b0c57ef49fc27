//! Finds and reads the project file.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::diag::{Code, Diagnostic, Severity, Source, did_you_mean};
use crate::template::expression::has_expression;
use crate::template::language::{Key, Kind, LayerType};
use crate::template::{
    AllowedPaths, Brand, BrandFont, Node, Table, Value, check_table, grammar, refused, tree,
};

use super::{Account, FILE, Project, accounts, keys, notices, publishing, sources};
use crate::notify;

/// The project file that holds for `path`: in the working directory, else in a parent of `path`.
pub fn find(path: &Path) -> Option<PathBuf> {
    let here = Path::new(FILE);
    if here.is_file() {
        return std::path::absolute(here).ok();
    }
    let start = std::path::absolute(path).ok()?;
    start
        .ancestors()
        .map(|folder| folder.join(FILE))
        .find(|file| file.is_file())
}

/// The project that holds for `path`: the file that was named (or the one in the folder that was), else the one that
/// [`find`] finds, else what holds without one.
///
/// # Errors
/// Everything wrong in the file; that there is no working directory.
pub fn of(named: Option<&Path>, path: &Path) -> Result<Project, Vec<Diagnostic>> {
    let homeless = |e: std::io::Error| {
        let said = format!("no working directory: {e}");
        vec![Diagnostic::of_file(Code::MissingAsset, path, said)]
    };
    let file = match named {
        Some(file) if file.is_dir() => Some(file.join(FILE)),
        Some(file) => Some(file.to_owned()),
        None => find(path),
    };
    match file {
        Some(file) => open(
            &std::path::absolute(&file).map_err(homeless)?,
            &shown(&file),
        ),
        None => Ok(Project::none(&std::env::current_dir().map_err(homeless)?)),
    }
}

/// A path as people know it: relative to the working directory where it lies below it.
pub fn shown(path: &Path) -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(&here).unwrap_or(path).to_owned()
}

/// Reads a project file. `shown` is how messages call it.
///
/// # Errors
/// Everything wrong in it.
pub fn open(file: &Path, shown: &Path) -> Result<Project, Vec<Diagnostic>> {
    let text = std::fs::read_to_string(file).map_err(|e| {
        vec![Diagnostic::of_file(
            Code::MissingAsset,
            shown,
            format!("cannot read the project file: {e}"),
        )]
    })?;
    let source = Source::new(shown, text);
    let root = std::path::absolute(file)
        .ok()
        .and_then(|f| f.parent().map(Path::to_owned))
        .unwrap_or_default();
    let (project, told) = read(&source, &root);
    if told.iter().any(|d| d.severity == Severity::Error) {
        return Err(told);
    }
    Ok(Project {
        file: Some(file.to_owned()),
        warnings: told,
        ..project
    })
}

pub(super) fn read(source: &Arc<Source>, root: &Path) -> (Project, Vec<Diagnostic>) {
    let (table, mut wrong) = tree::read(source);
    for entry in table
        .entries
        .iter()
        .filter(|e| !keys::NAMES.contains(&e.key.as_str()))
    {
        let said = format!("a project has no section `{}`", entry.key);
        wrong.push(
            Diagnostic::at(Code::UnknownKey, &entry.key_place, said)
                .maybe_hint(did_you_mean(&entry.key, keys::NAMES)),
        );
    }
    let empty = Table::empty(&table.place);
    let mut sections = Vec::new();
    for (name, keys) in keys::SECTIONS {
        let section = section(&table, name, &mut wrong).unwrap_or(&empty);
        check_keys(section, keys, &format!("`[{name}]`"), &mut wrong);
        sections.push((*name, section));
    }
    let accounts = accounts(&table, root, &mut wrong);
    let of = |name: &str| {
        sections
            .iter()
            .find(|(n, _)| *n == name)
            .map_or(&empty, |(_, s)| s)
    };
    let (own, output, limits) = (of("project"), of("output"), of("limits"));
    let folder = |name| {
        own.get(name)
            .and_then(Node::as_text)
            .map(|path| root.join(path))
    };
    let mut project = Project {
        templates: folder("templates"),
        out: folder("out"),
        timezone: own
            .get("timezone")
            .and_then(Node::as_text)
            .map(str::to_owned),
        allow: texts(own.get("allow")),
        accounts,
        ..Project::none(root)
    };
    if let Some(node) = own.get("timezone")
        && let Some(zone) = node.as_text()
        && jiff::tz::TimeZone::get(zone).is_err()
    {
        let said = format!("no time zone `{zone}`");
        wrong.push(
            Diagnostic::at(Code::BadValue, &node.place, said)
                .hint("an IANA name such as Europe/Madrid"),
        );
    }
    project.studio_url = studio_url(of("studio"), &mut wrong);
    let accepted = of("private").get("i_accept_the_risk").map(|n| &n.value);
    project.accepts_the_risk = matches!(accepted, Some(Value::Bool(true)));
    formats(output, &mut project, &mut wrong);
    if let Some(Value::Integer(quality)) = output.get("jpeg_quality").map(|n| &n.value) {
        project.jpeg_quality = (*quality).clamp(1, 100) as u8;
    }
    if let Some(megapixels) = limits.get("megapixels").and_then(grammar::number) {
        project.max_pixels = (megapixels.clamp(0.1, 1000.0) * 1e6) as u64;
    }
    if let Some(seconds) = limits.get("seconds").and_then(grammar::number) {
        project.film_limit = Duration::from_secs_f64(seconds.clamp(0.001, 86_400.0));
    }
    project.upload = publishing::upload(of("upload"), root, &mut wrong);
    project.publish = publishing::publish(of("publish"), &mut wrong);
    project.store_url = publishing::store(of("store"), &mut wrong);
    let allowed = AllowedPaths::new(root, &project.allow);
    project.schedules = section(&table, "schedule", &mut wrong).cloned();
    project.sources = section(&table, "source", &mut wrong)
        .map(|t| sources::read(t, &mut wrong))
        .unwrap_or_default();
    project.smtp = notices::smtp(of("smtp"), &mut wrong);
    project.notify = targets(&table, !of("smtp").entries.is_empty(), &mut wrong);
    project.brand = section(&table, "brand", &mut wrong)
        .map(|t| brand(t, &allowed, &mut wrong))
        .unwrap_or_default();
    project.fingerprint = fingerprint(source, &project.brand);
    project.brand_asks_the_clock = has_expression(&source.text);
    (project, wrong)
}

/// Checks every key of a section and its value. A bare number or `true` is no text of a project: it would be nobody's folder,
/// zone or address.
pub(super) fn check_keys(
    table: &Table,
    keys: &'static [Key],
    owner: &str,
    wrong: &mut Vec<Diagnostic>,
) {
    check_table(table, keys.iter(), owner, wrong);
    for entry in &table.entries {
        let is_text = keys
            .iter()
            .any(|key| key.name == entry.key && matches!(key.kind, Kind::Text));
        if is_text && !keys::UNQUOTED.contains(&entry.key.as_str()) {
            wrong.extend(unquoted(&entry.key, &entry.node));
        }
    }
}

/// What is said of a value that is no text, where it is one that a text could be meant by.
fn unquoted(key: &str, node: &Node) -> Option<Diagnostic> {
    let is_bare = matches!(
        node.value,
        Value::Integer(_) | Value::Float(_) | Value::Bool(_) | Value::Date(_)
    );
    let said = format!(
        "`{key}` takes a text in quotes, not {}",
        node.place.text().trim()
    );
    is_bare.then(|| Diagnostic::at(Code::BadValue, &node.place, said))
}

/// Where a phone reaches the studio.
fn studio_url(table: &Table, wrong: &mut Vec<Diagnostic>) -> Option<Url> {
    let node = table.get("url")?;
    let is_plain = |url: &Url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.query().is_none()
            && url.fragment().is_none()
    };
    let url = Url::parse(node.as_text()?.trim()).ok().filter(is_plain);
    if url.is_none() {
        let said = "`url` is where a phone reaches the studio";
        let hint = "as `https://stories.example.com`, without a token";
        wrong.push(Diagnostic::at(Code::BadValue, &node.place, said).hint(hint));
    }
    url
}

fn section<'t>(table: &'t Table, name: &str, wrong: &mut Vec<Diagnostic>) -> Option<&'t Table> {
    let node = table.get(name)?;
    match &node.value {
        Value::Table(section) => Some(section),
        _ => {
            wrong.push(Diagnostic::at(
                Code::BadValue,
                &node.place,
                format!("`{name}` is a section: `[{name}]`"),
            ));
            None
        }
    }
}

fn accounts(table: &Table, root: &Path, wrong: &mut Vec<Diagnostic>) -> Vec<Account> {
    let Some(section) = section(table, "accounts", wrong) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for entry in &section.entries {
        let owner = format!("account `{}`", entry.key);
        match &entry.node.value {
            Value::Table(account) => {
                check_keys(account, keys::ACCOUNT, &owner, wrong);
                found.extend(accounts::read(&entry.key, account, root, wrong));
            }
            _ => wrong.push(Diagnostic::at(
                Code::BadValue,
                &entry.node.place,
                format!("{owner} is a table"),
            )),
        }
    }
    found
}

fn targets(table: &Table, has_smtp: bool, wrong: &mut Vec<Diagnostic>) -> Vec<notify::Target> {
    let Some(section) = section(table, "notify", wrong) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for entry in &section.entries {
        let owner = format!("`[notify.{}]`", entry.key);
        match &entry.node.value {
            Value::Table(target) => {
                check_keys(target, keys::NOTIFY, &owner, wrong);
                found.extend(notices::target(&entry.key, target, has_smtp, wrong));
            }
            _ => {
                let said = format!("`{}` is a table: `[notify.NAME]`", entry.key);
                wrong.push(Diagnostic::at(Code::BadValue, &entry.node.place, said));
            }
        }
    }
    found
}

fn texts(node: Option<&Node>) -> Vec<String> {
    let items = node.and_then(grammar::list).unwrap_or_default();
    items
        .iter()
        .filter_map(Node::as_text)
        .map(str::to_owned)
        .collect()
}

fn formats(output: &Table, project: &mut Project, wrong: &mut Vec<Diagnostic>) {
    let Some(node) = output.get("formats") else {
        return;
    };
    let mut found = Vec::new();
    for item in grammar::list(node).unwrap_or_default() {
        match item.as_text() {
            Some(format @ ("jpg" | "png" | "mp4")) => found.push(format.to_owned()),
            other => {
                let said = format!("no format `{}`", other.unwrap_or("?"));
                wrong.push(
                    Diagnostic::at(Code::BadValue, &item.place, said).hint("jpg, png or mp4"),
                );
            }
        }
    }
    if grammar::list(node).is_some_and(<[Node]>::is_empty) {
        let said = "`formats` names nothing: no file would be made";
        wrong.push(Diagnostic::at(Code::BadValue, &node.place, said).hint("jpg, png or mp4"));
    }
    if !found.is_empty() {
        project.formats = found;
    }
}

fn brand(table: &Table, allowed: &AllowedPaths, wrong: &mut Vec<Diagnostic>) -> Brand {
    for entry in table
        .entries
        .iter()
        .filter(|e| !keys::BRAND.contains(&e.key.as_str()))
    {
        let said = format!("`[brand]` has no key `{}`", entry.key);
        let hint = if entry.key == "colours" {
            Some("here it is called `colors`".into())
        } else {
            did_you_mean(&entry.key, keys::BRAND)
        };
        wrong.push(Diagnostic::at(Code::UnknownKey, &entry.key_place, said).maybe_hint(hint));
    }
    if let Some(node) = table.get("logo").filter(|node| node.as_text().is_none()) {
        let said = format!(
            "`logo` takes the path of a picture in quotes, not {}",
            node.type_name()
        );
        wrong.push(Diagnostic::at(Code::BadValue, &node.place, said));
    }
    let mut brand = Brand {
        logo: table.get("logo").and_then(Node::as_text).map(str::to_owned),
        ..Brand::default()
    };
    for entry in section(table, "colors", wrong)
        .map(|t| t.entries.as_slice())
        .unwrap_or_default()
    {
        match entry.node.as_text() {
            Some(text) if grammar::Color::parse(text).is_some() => {
                brand.colors.push((entry.key.clone(), text.to_owned()));
            }
            _ => {
                let said = format!("the brand colour `{}` is not a colour", entry.key);
                wrong.push(
                    Diagnostic::at(Code::BadValue, &entry.node.place, said)
                        .hint("`#rgb`, `#rrggbb`, `#rrggbbaa` or a CSS name"),
                );
            }
        }
    }
    for entry in section(table, "fonts", wrong)
        .map(|t| t.entries.as_slice())
        .unwrap_or_default()
    {
        // a family may have a file for each weight and slant
        let files = match &entry.node.value {
            Value::Array(files) if !files.is_empty() => files.as_slice(),
            _ => std::slice::from_ref(&entry.node),
        };
        for file in files {
            let Some(written) = file.as_text() else {
                let said = format!(
                    "the brand font `{}` takes the path of a font file, or a list of them",
                    entry.key
                );
                wrong.push(Diagnostic::at(Code::BadValue, &file.place, said));
                continue;
            };
            match allowed.resolve(allowed.root(), written) {
                Ok(path) => brand.fonts.push(BrandFont {
                    key: entry.key.clone(),
                    path,
                    place: file.place.clone(),
                }),
                Err(refusal) => wrong.push(refused(&file.place, written, refusal)),
            }
        }
    }
    for entry in section(table, "styles", wrong)
        .map(|t| t.entries.as_slice())
        .unwrap_or_default()
    {
        let owner = format!("style `{}`", entry.key);
        match &entry.node.value {
            Value::Table(style) => {
                let keys: Vec<_> = LayerType::Text
                    .keys()
                    .filter(|k| !matches!(k.name, "id" | "type" | "style"))
                    .collect();
                check_table(style, keys.into_iter(), &owner, wrong);
                brand.styles.push((entry.key.clone(), style.clone()));
            }
            _ => wrong.push(Diagnostic::at(
                Code::BadValue,
                &entry.node.place,
                format!("{owner} is a table"),
            )),
        }
    }
    brand
}

/// The project's text and its fonts; pictures are counted where they are used.
fn fingerprint(source: &Source, brand: &Brand) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(source.text.as_bytes());
    for font in &brand.fonts {
        hasher.update(font.key.as_bytes());
        // a font that cannot be read is told when it is loaded
        hasher.update(blake3::hash(&std::fs::read(&font.path).unwrap_or_default()).as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}

#[cfg(test)]
mod tests {
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
}
