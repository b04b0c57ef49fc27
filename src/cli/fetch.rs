//! `storypress fetch`.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::bail;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::report::{Item, Report, Status};
use super::{Global, Outcome, interrupt, open};
use crate::batch;
use crate::data::Table;
use crate::diag::{Diagnostic, Severity};
use crate::project::Project;
use crate::source::{Changed, Changes, Copy, Named, SCHEME, Sources, When};

/// So many rows of a kind are listed; more are counted.
const LISTED: usize = 20;

/// So many characters of a cell are shown.
const CELL: usize = 40;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  storypress fetch
  storypress fetch menu -v
  storypress render templates/menu.toml --data source:menu -o out")]
pub(crate) struct Args {
    /// Sources of the project file; without a name, all of them
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
    /// The columns are right as they are now: those that are gone are not missed any more
    #[arg(long)]
    pub accept: bool,
}

pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<Outcome> {
    let stop = interrupt::on_interrupt();
    let mut report = Report::new("fetch");
    let Some(project) = open::project(&mut report, Path::new("."), global) else {
        return Ok(Outcome::Usage);
    };
    let sources = project.sources();
    let names = names(args, &sources)?;
    let columns = picture_columns(&project);
    let runtime = open::runtime()?;
    for name in &names {
        let fetch = one(&sources, name, &columns, args.accept);
        let done = runtime.block_on(async {
            tokio::select! {
                item = fetch => Some(item),
                () = interrupt::interrupted(stop) => None,
            }
        });
        let Some(mut item) = done else { break };
        if report.items.is_empty() {
            let warnings = project.warnings.iter().cloned();
            item.item.diagnostics.extend(warnings);
        }
        if !global.json {
            say(&item, global);
        }
        report.items.push(item.item);
    }
    if !global.json {
        report.say_totals(global, "fetched");
    }
    let outcome = report.finish(global);
    Ok(match stop.is_stopped() {
        true => Outcome::Interrupted,
        false => outcome,
    })
}

/// The sources that are meant, each once.
fn names(args: &Args, sources: &Sources) -> anyhow::Result<Vec<String>> {
    if args.names.is_empty() {
        let all: Vec<String> = sources.names().map(str::to_owned).collect();
        if all.is_empty() {
            bail!("the project file has no `[source.NAME]`: there is nothing to fetch");
        }
        return Ok(all);
    }
    let mut names: Vec<String> = Vec::new();
    for name in &args.names {
        let name = name.strip_prefix(SCHEME).unwrap_or(name);
        sources.find(name)?;
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}

/// What the project's templates take for pictures; their folder may be missing.
fn picture_columns(project: &Project) -> BTreeSet<String> {
    let folder = project
        .templates
        .clone()
        .unwrap_or_else(|| project.root.clone());
    let selection = batch::Selection::of(folder);
    batch::picture_columns(&selection, project)
}

/// A source that was fetched, with what people read of it.
struct Fetched {
    item: Item,
    name: String,
    copy: Option<Copy>,
    rows: usize,
    changes: Changes,
}

async fn one(sources: &Sources, name: &str, columns: &BTreeSet<String>, accept: bool) -> Fetched {
    let input = format!("{SCHEME}{name}");
    let mut fetched = Fetched {
        item: Item::new(input, None, Status::Unchanged),
        name: name.to_owned(),
        copy: None,
        rows: 0,
        changes: Changes::default(),
    };
    let now = Timestamp::now();
    // the rows as they were, with the pictures that they had
    let before = sources.copy(name, now).ok().and_then(|mut copy| {
        sources.known_pictures(&mut copy, columns);
        copy.table(None, columns).ok()
    });
    let mut copy = match sources.get(name, When::Now, now).await {
        Ok(copy) => copy,
        Err(why) => {
            fetched.item.fail(*why);
            return fetched;
        }
    };
    sources.pictures(&mut copy, columns, now).await;
    // that the source failed is what this command is about
    let is_failed = !copy.was_asked;
    let mut told = std::mem::take(&mut copy.diagnostics);
    match copy.table(None, columns) {
        Ok(table) => {
            told.extend(wrong_rows(&table));
            fetched.rows = table.rows.len();
            fetched.changes = Changes::between(before.as_ref(), &table);
            if accept && let Err(why) = sources.accept_columns(&mut copy, &table) {
                fetched.item.fail(*why);
            }
        }
        Err(wrong) => told.extend(wrong),
    }
    fetched.item.diagnostics.extend(told);
    if is_failed {
        fetched.item.status = Status::Failed;
    } else if fetched.item.status != Status::Failed && !fetched.changes.is_empty() {
        fetched.item.status = Status::Done;
    }
    fetched.item.source = Some(json!({
        "name": name,
        "file": std::path::absolute(&copy.file).unwrap_or_else(|_| copy.file.clone()),
        "sha256": copy.sha256,
        "fetched": copy.at,
        "age_s": copy.age.as_secs(),
        "rows": fetched.rows,
        "changes": fetched.changes,
    }));
    fetched.copy = Some(copy);
    fetched
}

/// Rows that fail by themselves are worth a look here: the source brought them.
fn wrong_rows(table: &Table) -> Vec<Diagnostic> {
    let rows = table.rows.iter().filter_map(|row| row.as_ref().err());
    let all = rows.chain(&table.warnings).cloned();
    all.map(|wrong| wrong.severity(Severity::Warning)).collect()
}

fn say(fetched: &Fetched, global: &Global) {
    super::say(&fetched.item.diagnostics_for_people(global));
    if global.quiet {
        return;
    }
    let name = &fetched.name;
    let rows = match fetched.rows {
        1 => "1 row".to_owned(),
        rows => format!("{rows} rows"),
    };
    let counted = counted(&fetched.changes);
    match (fetched.item.status, counted.is_empty()) {
        (Status::Failed, _) if fetched.copy.is_none() => eprintln!("{name}: failed"),
        (Status::Failed, _) => eprintln!("{name}: failed; the last good copy stays, {rows}"),
        (_, true) => eprintln!("{name}: {rows}, nothing changed"),
        (_, false) => eprintln!("{name}: {rows}, {counted}"),
    }
    super::say(&lines(&fetched.changes, global.verbose));
}

fn counted(changes: &Changes) -> String {
    let parts = [
        (changes.added.len(), "added"),
        (changes.removed.len(), "removed"),
        (changes.changed.len(), "changed"),
    ];
    let parts = parts.iter().filter(|(count, _)| *count > 0);
    let parts: Vec<String> = parts
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    parts.join(", ")
}

/// What changed, row by row; long lists are cut, and counted, unless `whole` is asked for.
fn lines(changes: &Changes, whole: bool) -> String {
    let mut lines = String::new();
    let columns = |sign: char, columns: &[String]| {
        columns
            .iter()
            .map(|column| format!("  {sign} column {}\n", plain(column)))
            .collect::<String>()
    };
    lines += &columns('+', &changes.columns_added);
    lines += &columns('-', &changes.columns_removed);
    let most = if whole { usize::MAX } else { LISTED };
    let mut list = |rows: Vec<String>| {
        let more = rows.len().saturating_sub(most);
        for row in rows.iter().take(most) {
            let _ = writeln!(lines, "  {row}");
        }
        if more > 0 {
            let _ = writeln!(lines, "  … and {more} more");
        }
    };
    list(
        changes
            .added
            .iter()
            .map(|row| format!("+ {}", called(row)))
            .collect(),
    );
    list(
        changes
            .removed
            .iter()
            .map(|row| format!("- {}", called(row)))
            .collect(),
    );
    list(changes.changed.iter().map(changed).collect());
    lines
}

fn called(row: &Named) -> String {
    match &row.key {
        Some(key) => plain(key),
        None => format!("row {}", row.row),
    }
}

fn changed(row: &Changed) -> String {
    let cells = row.cells.iter().map(|cell| {
        format!(
            "{}: {} → {}",
            plain(&cell.column),
            shown(&cell.from),
            shown(&cell.to)
        )
    });
    format!(
        "~ {}  {}",
        called(&row.row),
        cells.collect::<Vec<_>>().join(", ")
    )
}

fn shown(cell: &Value) -> String {
    let text = match cell {
        Value::Null => return "nothing".into(),
        Value::String(text) if text.is_empty() => return "empty".into(),
        Value::String(text) => plain(text),
        other => other.to_string(),
    };
    match text.char_indices().nth(CELL) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// In one line, without what a terminal would take for a command.
fn plain(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    words.replace(|c: char| c.is_control(), "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Format, read_text};
    use crate::diag::Source;

    #[test]
    fn people_read_what_changed_and_long_lists_are_counted() {
        let table = |text: &str| read_text(&Source::new("m.csv", text), Format::Csv).expect("rows");
        let before = table("id,title,price\na,Soup,4\nb,Tart,5\n");
        let after = table("id,title,price\na,Soup of the day,\nc,Cake,6\n");
        let changes = Changes::between(Some(&before), &after);
        assert_eq!(counted(&changes), "1 added, 1 removed, 1 changed");
        assert_eq!(
            lines(&changes, false),
            "  + c\n  - b\n  ~ a  title: Soup → Soup of the day, price: 4 → empty\n"
        );
        let many: String = (0..30).map(|n| format!("r{n},x,1\n")).collect();
        let many = table(&format!("id,title,price\n{many}"));
        let changes = Changes::between(None, &many);
        let cut = lines(&changes, false);
        assert!(cut.ends_with("  + r19\n  … and 10 more\n"), "{cut}");
        assert!(lines(&changes, true).ends_with("  + r29\n"));
    }
}
