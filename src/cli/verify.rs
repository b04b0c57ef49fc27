//! `storypress verify`.

use std::path::{Path, PathBuf};

use clap::ValueEnum;

use crate::diag::{Code, Diagnostic, Severity};
use crate::media::{self, Cancel, Profile};

use super::report::{Item, Output, Report, Status};
use super::{Global, Outcome, plan};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  storypress verify out/*
  storypress verify photo.jpg --profile platform")]
pub(crate) struct Args {
    /// Finished media
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Whose rules
    #[arg(long, value_enum, default_value_t = ProfileName::Budget)]
    pub profile: ProfileName,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProfileName {
    /// 8,000,000 bytes, and what Storypress promises of its own files
    Budget,
    /// Meta's own caps
    Platform,
}

pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<Outcome> {
    let profile = match args.profile {
        ProfileName::Budget => Profile::Budget,
        ProfileName::Platform => Profile::Platform,
    };
    let mut report = Report::new("verify");
    let limit = plan::film_limit(global, &args.files[0])?;
    for file in &args.files {
        let cancel = Cancel::default().within(limit);
        let item = match media::verify_until(file, profile, &cancel) {
            Ok(found) => judged(file, &found, global),
            Err(error) => {
                let why = Diagnostic::of_file(Code::UnreadableMedia, file, error.to_string());
                if !global.json {
                    eprintln!("{why}\n");
                }
                Item::failed(file, None, &[why])
            }
        };
        report.items.push(item);
    }
    if !global.json {
        report.say_totals(global, "good");
    }
    Ok(report.finish(global))
}

fn judged(file: &PathBuf, found: &media::Report, global: &Global) -> Item {
    let mut told = Vec::new();
    if !global.quiet && !global.json {
        eprintln!("{}", file.display());
    }
    for rule in &found.rules {
        let mark = match (rule.ok, rule.severity) {
            (true, _) => "ok     ",
            (false, Severity::Error) => "broken ",
            (false, Severity::Warning) => "look   ",
        };
        let broken = !rule.ok && rule.severity == Severity::Error;
        if !global.json && (!global.quiet || broken) {
            eprintln!("  {mark} {:<12} {}", rule.rule, rule.said);
        }
        if !rule.ok {
            let said = format!("{}: {}", rule.rule, rule.said);
            told.push(
                Diagnostic::of_file(Code::UnreadableMedia, file, said).severity(rule.severity),
            );
        }
    }
    let status = if found.is_ok() {
        Status::Done
    } else {
        Status::Failed
    };
    let mut item = Item::new(file, None, status).with(&told);
    item.outputs.extend(output(file));
    item
}

/// A file as reports tell of it.
pub(crate) fn output(file: &Path) -> Option<Output> {
    let probe = media::probe(file).ok()?;
    Some(Output {
        path: std::path::absolute(file).unwrap_or_else(|_| file.to_owned()),
        kind: probe.kind.as_str().to_owned(),
        bytes: probe.bytes,
        width: probe.width,
        height: probe.height,
        duration_s: probe.film().map(|film| film.duration_s),
        sha256: media::sha256_of(file).ok()?,
        quality: None,
        notes: Vec::new(),
        mentions: Vec::new(),
    })
}
