//! `storypress probe`.

use std::path::PathBuf;

use crate::diag::{Code, Diagnostic};
use crate::media;

use super::report::{Item, Report};
use super::{Global, Outcome};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A media file
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<Outcome> {
    let probe = match media::probe(&args.file) {
        Ok(probe) => probe,
        Err(error) => {
            let why = Diagnostic::of_file(Code::UnreadableMedia, &args.file, error.to_string());
            eprintln!("{why}");
            let mut report = Report::new("probe");
            report.items.push(Item::failed(&args.file, None, &[why]));
            return Ok(report.finish(global));
        }
    };
    let value = serde_json::to_value(&probe)?;
    if global.json {
        return super::print(&format!("{value}\n"));
    }
    for (name, fact) in value.as_object().into_iter().flatten() {
        let fact = fact
            .as_str()
            .map_or_else(|| fact.to_string(), str::to_owned);
        eprintln!("{name:<12} {fact}");
    }
    Ok(Outcome::Done)
}
