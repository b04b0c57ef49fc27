//! `storypress transcode`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::bail;
use clap::ValueEnum;

use crate::diag::{Code, Diagnostic, Place, Source};
use crate::media::{self, Error, FilmOptions, Short};
use crate::scene::picture::Fit;
use crate::scene::{Clip, Scene};
use crate::template::grammar;

use super::report::{Item, Output, Report, Status};
use super::{Global, Outcome};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  storypress transcode clip.mov -o out
  storypress transcode clips/*.mp4 -o out --fit blur --loudness -14
  storypress transcode talk.mp4 -o out --split --overlay templates/badge.toml
  storypress transcode clip.mov -o out --start 4 --end 0:19 --cover out/cover.jpg")]
pub(crate) struct Args {
    /// Film files of any kind
    #[arg(required = true, value_name = "CLIP")]
    pub clips: Vec<PathBuf>,
    /// Folder of the finished files
    #[arg(short, long, value_name = "DIR")]
    pub out: PathBuf,
    /// How the picture meets the frame
    #[arg(long, value_enum, default_value_t = FitName::Cover)]
    pub fit: FitName,
    /// The point to keep when edges are cut, 0–1 from the left and from the top
    #[arg(long, value_name = "X,Y", value_parser = focus, default_value = "0.5,0.5", allow_hyphen_values = true)]
    pub focus: (f32, f32),
    /// Where to begin: seconds, 1:20, or 1m20s
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub start: Option<Duration>,
    /// Where to stop
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub end: Option<Duration>,
    /// What to do with a clip under 3 s; without it, that is an error
    #[arg(long, value_enum)]
    pub short: Option<ShortName>,
    /// Cut a clip over 60 s into numbered parts
    #[arg(long)]
    pub split: bool,
    /// A template whose layers are painted over the clip
    #[arg(long, value_name = "TEMPLATE")]
    pub overlay: Option<PathBuf>,
    /// The largest file, in bytes
    #[arg(long, value_name = "N", default_value_t = media::BUDGET_BYTES)]
    pub max_bytes: u64,
    /// Without sound
    #[arg(long)]
    pub mute: bool,
    /// Bring the sound to this loudness (EBU R128), -14 for example
    #[arg(long, value_name = "LUFS", allow_hyphen_values = true)]
    pub loudness: Option<f32>,
    /// Also write the frame that stands best for the film
    #[arg(long, value_name = "FILE.jpg")]
    pub cover: Option<PathBuf>,
    /// Pixels: 1080x1920 or 720x1280; without it, what looks better within the bytes
    #[arg(long, value_name = "WxH", value_parser = size, hide = true)]
    pub size: Option<(u32, u32)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FitName {
    /// Fills the frame, cut at its edges
    Cover,
    /// Whole inside the frame, on black
    Contain,
    /// Whole inside the frame, over a blurred copy that covers it
    Blur,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ShortName {
    /// It plays again until three seconds are over
    Loop,
    /// Its last picture stays
    Hold,
}

fn focus(text: &str) -> Result<(f32, f32), String> {
    let part = |t: &str| {
        t.trim()
            .parse::<f32>()
            .ok()
            .filter(|n| (0.0..=1.0).contains(n))
    };
    let (x, y) = text
        .split_once(',')
        .ok_or("two numbers from 0 to 1, as in 0.5,0.3")?;
    match (part(x), part(y)) {
        (Some(x), Some(y)) => Ok((x, y)),
        _ => Err("two numbers from 0 to 1, as in 0.5,0.3".to_owned()),
    }
}

fn size(text: &str) -> Result<(u32, u32), String> {
    let (w, h) = text.split_once('x').ok_or("as in 720x1280")?;
    match (w.parse(), h.parse()) {
        (Ok(w), Ok(h)) => Ok((w, h)),
        _ => Err("as in 720x1280".to_owned()),
    }
}

/// Seconds, `1:20`, `1m20s`.
fn time(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().or_else(|| grammar::time_of(text));
    seconds
        .filter(|s| (0.0..1e6).contains(s))
        .map(Duration::from_secs_f64)
        .ok_or_else(|| "a time: 12.5, 1:20 or 1m20s".to_owned())
}

pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<Outcome> {
    let cancel = media::Cancel::default();
    let c = cancel.clone();
    let _ = ctrlc::set_handler(move || c.stop());
    if let (Some(start), Some(end)) = (args.start, args.end)
        && start >= end
    {
        bail!("--start is not before --end");
    }
    let mut report = Report::new("transcode");
    let options = FilmOptions {
        max_bytes: args.max_bytes,
        short: match args.short {
            None => Short::Refuse,
            Some(ShortName::Loop) => Short::Loop,
            Some(ShortName::Hold) => Short::Hold,
        },
        loudness: args.loudness,
        size: args.size,
        cancel: cancel.clone(),
        ..FilmOptions::default()
    };
    for clip in &args.clips {
        report.items.push(one(args, clip, &options, global));
    }
    Ok(report.finish(global))
}

fn one(args: &Args, clip: &Path, options: &FilmOptions, global: &Global) -> Item {
    let _ = global;
    let scene = scene(args, clip);
    let stem = clip
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let path = args.out.join(format!("{stem}.mp4"));
    match media::video(&scene, &path, options, &mut |_| {}) {
        Ok(media) => {
            let mut item = Item::new(clip, None, Status::Done);
            item.outputs.push(Output {
                path: media.path,
                kind: "video".into(),
                bytes: media.bytes,
                width: media.width,
                height: media.height,
                duration_s: media.duration_s,
                sha256: media.sha256,
                quality: None,
                notes: media.notes,
            });
            item
        }
        Err(error) => {
            let code = match &error {
                Error::TooShort { .. } => Code::TooShort,
                Error::TooLong { .. } => Code::TooLong,
                _ => Code::UnreadableMedia,
            };
            eprintln!("{error}");
            Item::failed(
                clip,
                None,
                &[Diagnostic::of_file(code, clip, error.to_string())],
            )
        }
    }
}

fn scene(args: &Args, clip: &Path) -> Scene {
    let fit = match args.fit {
        FitName::Cover => Fit::Cover,
        FitName::Contain => Fit::Contain,
        FitName::Blur => Fit::Blur,
    };
    Scene {
        width: 1080.0,
        height: 1920.0,
        raster: (1080, 1920),
        background: None,
        film: Some(Clip {
            path: clip.to_owned(),
            place: Place::new(&Source::new(clip, ""), 0..0),
            fit,
            focus: args.focus,
            start: args.start.unwrap_or_default(),
            end: args.end,
            speed: 1.0,
            looped: false,
            mute: args.mute,
            volume: 1.0,
        }),
        nodes: Vec::new(),
        bed: None,
        length: None,
        mentions: Vec::new(),
        files: Vec::new(),
    }
}
