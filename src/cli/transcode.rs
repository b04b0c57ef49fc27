//! `storypress transcode`.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use clap::ValueEnum;

use crate::batch;
use crate::diag::{Code, Diagnostic, Place, Source, Warned};
use crate::frame;
use crate::media::{
    self, Effort, Error, Film, FilmOptions, Level, Media, Options, Short, SoundTrack,
};
use crate::platform::STORY;
use crate::project::{self, shown};
use crate::scene::picture::Fit;
use crate::scene::{self, Clip, Rect, Scene};
use crate::template::grammar;

use super::bars::Bars;
use super::report::{Item, Report, Status};
use super::{Global, Outcome, interrupt, open};

/// Three seconds of film need so many bytes to be a film.
const LEAST_BYTES: u64 = 50_000;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  storypress transcode clip.mov -o out
  storypress transcode clips/*.mp4 -o out --fit blur --loudness -14
  storypress transcode talk.mp4 -o out --split --overlay templates/_badge.toml
  storypress transcode clip.mov -o out --start 4 --end 0:19 --cover out/cover.jpg
  storypress transcode screen.mkv -o out --sound mix")]
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
    /// Where to begin: seconds, 1:20, 0:01:20.5 or 1m20s
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
    /// How much work goes into the picture
    #[arg(long, value_enum, default_value_t = EffortName::Good)]
    pub effort: EffortName,
    /// Which of several sound tracks: a number from 1, or mix for all of them; without it, the clip's own
    #[arg(long, value_name = "N|mix", value_parser = sound_track, conflicts_with = "mute")]
    pub sound: Option<SoundTrack>,
    /// Without sound
    #[arg(long)]
    pub mute: bool,
    /// Bring the sound to this loudness (EBU R128), -14 for example
    #[arg(long, value_name = "LUFS", allow_hyphen_values = true)]
    pub loudness: Option<f32>,
    /// Also write the frame that stands best for the film
    #[arg(long, value_name = "FILE.jpg")]
    pub cover: Option<PathBuf>,
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum EffortName {
    /// A quicker search: about two thirds of the work, and less to see where it is hard
    Fast,
    /// About as good as a careful two-pass encode
    Good,
    /// A slower search: about half as much work again, and more to see
    Best,
}

impl From<EffortName> for Effort {
    fn from(name: EffortName) -> Self {
        match name {
            EffortName::Fast => Self::Fast,
            EffortName::Good => Self::Good,
            EffortName::Best => Self::Best,
        }
    }
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

fn sound_track(text: &str) -> Result<SoundTrack, String> {
    match text.parse() {
        _ if text == "mix" => Ok(SoundTrack::Mix),
        Ok(number) if number > 0 => Ok(SoundTrack::Number(number)),
        _ => Err("the number of a sound track from 1, or mix".to_owned()),
    }
}

/// Seconds, `1:20`, `0:01:20.5`, `1m20s`.
fn time(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().or_else(|| grammar::time_of(text));
    seconds
        .filter(|s| (0.0..1e6).contains(s))
        .map(Duration::from_secs_f64)
        .ok_or_else(|| "a time: 12.5, 1:20, 0:01:20.5 or 1m20s".to_owned())
}

pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<Outcome> {
    check_call(args)?;
    let cancel = interrupt::on_interrupt();
    let limit = open::film_limit(global, args.overlay.as_ref().unwrap_or(&args.clips[0]))?;
    let mut report = Report::new("transcode");
    let overlay = match &args.overlay {
        None => None,
        Some(template) => match overlay(template, global)? {
            Ok(overlay) => Some(overlay),
            Err(failed) => {
                report.items.extend(failed);
                if !global.json {
                    report.say_diagnostics(global);
                }
                return Ok(report.finish(global));
            }
        },
    };
    let options = FilmOptions {
        max_bytes: args.max_bytes,
        effort: args.effort.into(),
        short: match args.short {
            None => Short::Refuse,
            Some(ShortName::Loop) => Short::Loop,
            Some(ShortName::Hold) => Short::Hold,
        },
        loudness: args.loudness.map(Level::Loudness),
        mute: args.mute,
        sound: args.sound.unwrap_or_default(),
        limit,
        cancel: cancel.clone(),
        ..FilmOptions::default()
    };
    std::fs::create_dir_all(&args.out)
        .with_context(|| format!("cannot make the folder {}", args.out.display()))?;
    media::sweep(&args.out.join(media::FOLDER));
    let bars = Bars::new(args.clips.len(), global.quiet || global.json);
    let call = Call {
        args,
        overlay,
        options,
        bars,
    };
    for clip in &args.clips {
        if cancel.is_stopped() {
            break;
        }
        // a clip that was stopped on the way is no item: nothing of it is left
        report.items.extend(call.clip(clip));
        call.bars.story();
    }
    call.bars.finish();
    if !global.json {
        say(&report, global);
    }
    let outcome = report.finish(global);
    Ok(if cancel.is_stopped() {
        Outcome::Interrupted
    } else {
        outcome
    })
}

/// What is wrong with the call itself.
fn check_call(args: &Args) -> anyhow::Result<()> {
    if let (Some(start), Some(end)) = (args.start, args.end)
        && start >= end
    {
        bail!("--start is not before --end");
    }
    if let Some(loudness) = args.loudness
        && !(-70.0..=-5.0).contains(&loudness)
    {
        bail!("--loudness is from -70 to -5 LUFS; -14 is what most services aim at");
    }
    if args.max_bytes < LEAST_BYTES {
        bail!("--max-bytes is at least {LEAST_BYTES}");
    }
    if args.cover.is_some() && args.clips.len() > 1 {
        bail!(
            "--cover names one file, and there are {} clips",
            args.clips.len()
        );
    }
    if let Some(cover) = &args.cover {
        let extension = cover.extension().unwrap_or_default().to_ascii_lowercase();
        if extension != "jpg" && extension != "jpeg" {
            bail!(
                "--cover is a JPEG: {}",
                cover.with_extension("jpg").display()
            );
        }
    }
    if let Some(clip) = args.clips.iter().find(|clip| is_overwritten(clip, args)) {
        bail!(
            "`{}` would be written over: name another folder with -o",
            clip.display()
        );
    }
    let mut names: Vec<_> = args.clips.iter().map(|clip| stem(clip)).collect();
    names.sort();
    if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        bail!("two clips would be written as `{}.mp4`", twice[0]);
    }
    Ok(())
}

/// Whether a finished file of this call would take the place of a clip.
fn is_overwritten(clip: &Path, args: &Args) -> bool {
    let folder = clip
        .canonicalize()
        .ok()
        .and_then(|clip| clip.parent().map(Path::to_owned));
    let Some(folder) =
        folder.filter(|folder| args.out.canonicalize().is_ok_and(|out| out == *folder))
    else {
        return false;
    };
    let own = |name: &str| {
        let target = folder.join(name).canonicalize();
        target.is_ok_and(|target| clip.canonicalize().is_ok_and(|clip| clip == target))
    };
    args.clips.iter().map(|clip| stem(clip)).any(|stem| {
        // a part has a number of two digits or more
        let part = clip.file_name().unwrap_or_default().to_string_lossy();
        let part = part
            .strip_prefix(&format!("{stem}-"))
            .and_then(|p| p.strip_suffix(".mp4"));
        let is_part = part.is_some_and(|p| p.len() > 1 && p.bytes().all(|b| b.is_ascii_digit()));
        own(&format!("{stem}.mp4")) || (args.split && is_part)
    })
}

fn stem(clip: &Path) -> String {
    clip.file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// The scene of the one story that a template makes with its warnings, or what failed.
fn overlay(template: &Path, global: &Global) -> anyhow::Result<Result<Warned<Scene>, Vec<Item>>> {
    let failed = |why: Vec<Diagnostic>| Err(vec![Item::failed(template, None, why)]);
    let project = match project::of(global.project.as_deref(), template) {
        Ok(project) => project,
        Err(wrong) => return Ok(failed(wrong)),
    };
    let plan = batch::plan(&batch::Selection::of(template), project)?;
    if !plan.failed.is_empty() {
        return Ok(Err(plan.failed.into_iter().map(Item::from).collect()));
    }
    let [story] = plan.stories.as_slice() else {
        bail!(
            "--overlay takes one template, and {} are in {}",
            plan.stories.len(),
            template.display()
        );
    };
    let ready = &plan.templates[story.template];
    Ok(scene::resolve(&ready.template, &story.row, &ready.assets).or_else(failed))
}

/// What holds for every clip of a call.
struct Call<'a> {
    args: &'a Args,
    overlay: Option<Warned<Scene>>,
    options: FilmOptions,
    bars: Bars,
}

impl Call<'_> {
    /// One clip, or its parts; nothing if the call was stopped.
    fn clip(&self, clip: &Path) -> Option<Item> {
        let scene = self.scene(clip);
        let mut item = Item::new(clip, None, Status::Done);
        item.mentions = batch::mentions(&scene);
        let overlay = self.overlay.iter();
        let mut told: Vec<_> = overlay.flat_map(|o| o.warnings.clone()).collect();
        match self.make(clip, &scene, &mut item.outputs, &mut told) {
            Ok(()) => {}
            Err(Error::Cancelled) if item.outputs.is_empty() => return None,
            // parts that were finished stay, and are told; there is nothing wrong with the clip
            Err(Error::Cancelled) => item.status = Status::Failed,
            Err(error) => {
                item.status = Status::Failed;
                told.push(self.told(clip, &error));
            }
        }
        Some(item.with(told))
    }

    fn make(
        &self,
        clip: &Path,
        scene: &Scene,
        outputs: &mut Vec<Media>,
        told: &mut Vec<Diagnostic>,
    ) -> Result<(), Error> {
        let name = stem(clip);
        let parts = match self.args.split {
            true => media::parts(scene, &self.options)?,
            false => vec![Film::of(scene, &self.options)?],
        };
        let width = parts.len().to_string().len().max(2);
        for (at, part) in parts.iter().enumerate() {
            let file = match parts.len() {
                1 => format!("{name}.mp4"),
                _ => format!("{name}-{:0width$}.mp4", at + 1),
            };
            let bar = self.bars.film(&file);
            let path = self.args.out.join(&file);
            let mut made = part.video(&path, &mut |progress| bar.show(progress))?;
            if at == 0 {
                made.notes.extend(part.about());
                made.notes.extend(self.passed_over());
            }
            made.extras = scene.extras.clone();
            let damaged = made.damaged.iter();
            told.extend(
                damaged.map(|damage| {
                    Diagnostic::of_file(Code::DamagedMedia, clip, damage.to_string())
                }),
            );
            outputs.push(made);
        }
        if let Some(whole) = parts.first() {
            self.look(clip, scene, whole, told);
        }
        // of a film in parts, the first is the one that is seen
        if let Some((path, first)) = self.args.cover.as_ref().zip(parts.first()) {
            outputs.push(cover(first, path)?);
        }
        Ok(())
    }

    /// What is worth a look of a film that was made.
    fn look(&self, clip: &Path, scene: &Scene, film: &Film, told: &mut Vec<Diagnostic>) {
        for large in film.enlarged() {
            let said = batch::enlarged(&large);
            let told_of = Diagnostic::of_file(Code::Upscaled, &large.path, said);
            let size = batch::own_size(&large);
            told.push(match self.args.fit {
                FitName::Cover => {
                    told_of.hint(format!("{size}; --fit contain or blur enlarges less"))
                }
                _ => told_of.hint(size),
            });
        }
        let Some((template, own)) = self.args.overlay.as_ref().zip(scene.film.as_ref()) else {
            return;
        };
        let canvas = Rect::new(0.0, 0.0, scene.width, scene.height);
        let is_opaque = |layer: &Clip| {
            film.shown(layer)
                .is_some_and(|(_, see_through)| !see_through)
        };
        if batch::covers(scene, batch::seen(own, canvas, film), is_opaque) {
            let name = clip.file_name().unwrap_or_default().to_string_lossy();
            let said = format!("it covers `{name}`: nothing of the clip is seen");
            told.push(
                Diagnostic::of_file(Code::ClipHidden, template, said)
                    .hint("an overlay needs see-through ground: `storypress new` writes templates/_badge.toml"),
            );
        }
    }

    /// What the overlay says and a clip does not follow.
    fn passed_over(&self) -> Option<String> {
        let overlay = self.overlay.as_ref()?;
        overlay.value.length.map(|_| {
            "`[output] seconds` of the overlay does not count: the clip says how long it is"
                .to_owned()
        })
    }

    fn told(&self, clip: &Path, error: &Error) -> Diagnostic {
        let code = match error {
            Error::TooShort { .. } => Code::TooShort,
            Error::TooLong { .. } => Code::TooLong,
            Error::TooLarge { .. } => Code::TooLarge,
            Error::NoTrack { .. } => Code::BadValue,
            Error::NothingLeft { .. } => Code::BadValue,
            Error::Io { path, source, .. }
                if path == clip && source.kind() == ErrorKind::NotFound =>
            {
                Code::MissingAsset
            }
            _ => Code::UnreadableMedia,
        };
        let told = match error {
            // the file is told beside it
            Error::Unreadable { path, message } if path == clip => {
                Diagnostic::of_file(code, clip, message)
            }
            error => Diagnostic::of_file(code, clip, error.to_string()),
        };
        match error {
            Error::TooShort { .. } => {
                told.hint("--short loop plays it again, --short hold keeps its last picture")
            }
            Error::TooLong { .. } => {
                told.hint("--split makes parts of it, --start and --end cut it")
            }
            Error::TooLarge { .. } => told.hint(
                "more bytes (--max-bytes), parts (--split), or a shorter section (--start, --end)",
            ),
            Error::TooSlow { .. } => told.hint(batch::SLOW),
            _ => told,
        }
    }

    /// The clip under the layers of the overlay.
    fn scene(&self, clip: &Path) -> Scene {
        let fit = match self.args.fit {
            FitName::Cover => Fit::Cover,
            FitName::Contain => Fit::Contain,
            FitName::Blur => Fit::Blur,
        };
        let place = Place::new(&Source::new(clip, ""), 0..0);
        let film = Clip {
            fit,
            focus: self.args.focus,
            start: self.args.start.unwrap_or_default(),
            end: self.args.end,
            mute: self.args.mute,
            ..Clip::whole(clip, place)
        };
        let bare = Scene::empty(STORY.0 as f32, STORY.1 as f32);
        Scene {
            film: Some(film),
            // the clip says how long it is
            length: None,
            ..self.overlay.as_ref().map_or(bare, |o| o.value.clone())
        }
    }
}

/// Writes the frame that stands best for a film.
fn cover(film: &Film, path: &Path) -> Result<Media, Error> {
    let frame = frame::paint(&film.cover()?, Duration::ZERO);
    media::still(&frame, path, &Options::default())
}

fn say(report: &Report, global: &Global) {
    report.say_diagnostics(global);
    if global.quiet {
        return;
    }
    for output in report.items.iter().flat_map(|item| &item.outputs) {
        let length = output
            .duration_s
            .map_or(String::new(), |s| format!(", {s:.1} s"));
        eprintln!(
            "{}  {}×{}{length}, {} kB",
            shown(&output.path).display(),
            output.width,
            output.height,
            output.bytes.div_ceil(1000)
        );
        for note in &output.notes {
            eprintln!("  {note}");
        }
    }
    report.say_totals(global, "transcoded");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_points_are_read_as_people_write_them() {
        assert_eq!(time("12.5"), Ok(Duration::from_secs_f64(12.5)));
        assert_eq!(time("1:20"), Ok(Duration::from_secs(80)));
        assert_eq!(time("1m20s"), Ok(Duration::from_secs(80)));
        assert_eq!(time("00:00:01"), Ok(Duration::from_secs(1)));
        assert_eq!(time("1:56:40.5"), Ok(Duration::from_millis(7_000_500)));
        for wrong in [
            "", "-1", "soon", "NaN", "inf", "1e9", "1:75", "1:60:00", "1:2:3:4",
        ] {
            assert!(time(wrong).is_err(), "{wrong}");
        }
        assert_eq!(sound_track("2"), Ok(SoundTrack::Number(2)));
        assert_eq!(sound_track("mix"), Ok(SoundTrack::Mix));
        assert!(sound_track("0").is_err() && sound_track("first").is_err());
        assert_eq!(focus("0.5, 0.3"), Ok((0.5, 0.3)));
        for wrong in ["0.5", "2,0", "a,b", "NaN,0"] {
            assert!(focus(wrong).is_err(), "{wrong}");
        }
    }
}
