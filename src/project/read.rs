//! Finds and reads the project file.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::diag::{Code, Diagnostic, Severity, Source, did_you_mean};
use crate::template::expression::has_expression;
use crate::template::language::LayerType;
use crate::template::{
    AllowedPaths, Brand, BrandFont, Node, Table, Value, check_table, grammar, refused, tree,
};

use super::keys::check_keys;
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
mod tests;
