//! `storypress probe`.

use std::path::PathBuf;

use serde_json::Value;

use crate::diag::{Code, Diagnostic};
use crate::media;
use crate::platform::Cancel;

use super::report::{Item, Report, Status, object};
use super::{Global, Outcome, open};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A media file
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<Outcome> {
    let cancel = Cancel::default().within(open::film_limit(global, &args.file)?);
    let probe = match media::probe_until(&args.file, &cancel) {
        Ok(probe) => probe,
        Err(error) => {
            let why = Diagnostic::of_file(Code::UnreadableMedia, &args.file, error.to_string());
            eprintln!("{why}");
            let mut report = Report::new("probe");
            report.items.push(Item::failed(&args.file, None, vec![why]));
            return Ok(report.finish(global));
        }
    };
    let mut value = serde_json::to_value(&probe)?;
    if global.json {
        let path = std::path::absolute(&args.file).unwrap_or_else(|_| args.file.clone());
        value["path"] = path.to_string_lossy().into();
        let item = Item::new(&args.file, None, Status::Done);
        value["items"] = serde_json::json!([item]);
        return super::print(&format!("{}\n", object("probe", true, value)));
    }
    say(&value, "");
    Ok(Outcome::Done)
}

/// A line a fact; what belongs together stands under its name.
fn say(facts: &Value, indent: &str) {
    let width = 18 - indent.len();
    for (name, fact) in facts.as_object().into_iter().flatten() {
        match fact {
            Value::Object(_) => {
                eprintln!("{indent}{name}");
                say(fact, "  ");
            }
            Value::Array(list) => {
                let words: Vec<String> = list.iter().map(worded).collect();
                let between = match words.iter().any(|word| word.contains(", ")) {
                    true => "; ",
                    false => ", ",
                };
                eprintln!("{indent}{name:<width$} {}", words.join(between));
            }
            fact => eprintln!("{indent}{name:<width$} {}", worded(fact)),
        }
    }
}

fn worded(fact: &Value) -> String {
    match fact {
        Value::String(text) => text.clone(),
        Value::Null => "none".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        other => other.to_string(),
    }
}
