//! `storypress verify`.

use std::path::PathBuf;

use clap::ValueEnum;

use crate::batch;
use crate::diag::{Code, Diagnostic, Severity};
use crate::media::{self, Media, Profile};
use crate::platform::Cancel;

use super::report::{Item, Report, Status};
use super::{Global, Outcome, open};

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
    let limit = open::film_limit(global, &args.files[0])?;
    let mut ledgers = batch::Ledgers::default();
    for file in &args.files {
        let cancel = Cancel::default().within(limit);
        let item = match media::examine(file, profile, &cancel) {
            Ok((found, media)) => {
                let finished = media.as_ref().and_then(|media| ledgers.finished(media));
                judged(file, &found, (media, finished), global)
            }
            Err(error) => {
                let why = Diagnostic::of_file(Code::UnreadableMedia, file, error.to_string());
                if !global.json {
                    eprintln!("{why}\n");
                }
                Item::failed(file, None, vec![why])
            }
        };
        report.items.push(item);
    }
    if !global.json {
        report.say_totals(global, "good");
    }
    Ok(report.finish(global))
}

fn judged(
    file: &PathBuf,
    found: &media::Report,
    (media, finished): (Option<Media>, Option<batch::Finished>),
    global: &Global,
) -> Item {
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
    let mut item = Item::new(file, None, status).with(told);
    item.outputs.extend(media);
    if let Some(finished) = finished {
        item.remember(finished);
        say_stickers(&item, global);
    }
    item
}

/// What was drawn to be tapped, and where.
fn say_stickers(item: &Item, global: &Global) {
    let stickers = item.outputs.iter().take(1).flat_map(|m| &m.extras.stickers);
    for sticker in stickers.filter(|_| !global.quiet && !global.json) {
        let percent = |part: f32| (part * 100.0).round();
        eprintln!(
            "  sticker {:<12} {} % from the left, {} % from the top",
            sticker.kind.word(),
            percent(sticker.x),
            percent(sticker.y)
        );
    }
}
