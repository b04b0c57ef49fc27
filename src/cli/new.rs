//! `storypress new`.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use jiff::ToSpan;
use jiff::civil::Date;

use super::{Global, Outcome};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  storypress new cafe && cd cafe && storypress render templates -o out
  storypress new club --kind countdown && cd club && storypress schedule next --out preview")]
pub(crate) struct Args {
    /// The folder to make
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
    /// A project with a calendar
    #[arg(long, value_name = "KIND")]
    kind: Option<Kind>,
}

/// What goes out of a project that has a calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Kind {
    /// The dish of the day, by the weekday
    Menu,
    /// The days until an event
    Countdown,
    /// A story for each new post of a feed
    Blog,
    /// Works that take turns
    Portfolio,
    /// News that somebody has to approve
    News,
}

type File = (&'static str, &'static [u8]);

/// Files of a folder below `assets/new`.
macro_rules! files {
    ($folder:literal: $($name:literal),+) => {
        &[$(($name, include_bytes!(concat!("../../assets/new/", $folder, "/", $name)) as &[u8])),+]
    };
}

/// The files of a project without a calendar.
const PLAIN: &[File] = files!(
    ".": "storypress.toml", "templates/announcement.toml", "templates/_badge.toml", "templates/offer.toml",
    "assets/logo.svg", "assets/photo.jpg"
);

const MENU: &[File] = files!(
    "menu": "storypress.toml", "schedule.toml", "README.md", "templates/menu.toml", "templates/brunch.toml",
    "data/menu.csv", "data/holidays.ics"
);

const COUNTDOWN: &[File] = files!(
    "countdown": "storypress.toml", "schedule.toml", "README.md", "templates/countdown.toml",
    "templates/thanks.toml"
);

const BLOG: &[File] = files!(
    "blog": "storypress.toml", "schedule.toml", "README.md", "templates/post.toml", "templates/follow.toml"
);

const PORTFOLIO: &[File] = files!(
    "portfolio": "storypress.toml", "schedule.toml", "README.md", "templates/work.toml",
    "templates/matted.toml", "data/works.csv"
);

const NEWS: &[File] = files!(
    "news": "storypress.toml", "schedule.toml", "README.md", "templates/news.toml", "templates/weekend.toml",
    "data/news.csv"
);

const IGNORED: File = (".gitignore", include_bytes!("../../assets/new/gitignore"));
const CAFE: File = (
    "assets/logo.svg",
    include_bytes!("../../assets/new/assets/logo.svg"),
);
const COFFEE: File = (
    "assets/coffee.jpg",
    include_bytes!("../../assets/new/assets/photo.jpg"),
);

/// A photograph of the samples, by its name.
macro_rules! photo {
    ($name:literal) => {
        (
            concat!("assets/", $name, ".jpg"),
            include_bytes!(concat!("../../assets/photos/", $name, ".jpg")) as &[u8],
        )
    };
}

/// A face of the samples, and its licence, which goes where it goes.
macro_rules! face {
    ($name:literal) => {
        [
            (
                concat!("assets/", $name, ".ttf"),
                include_bytes!(concat!("../../assets/fonts/display/", $name, ".ttf")) as &[u8],
            ),
            (
                concat!("assets/", $name, "-OFL.txt"),
                include_bytes!(concat!("../../assets/fonts/display/", $name, "-OFL.txt"))
                    as &[u8],
            ),
        ]
    };
}

/// The event that the countdown's files name; in the project that is written it is a month ahead.
const EVENT: Date = jiff::civil::date(2026, 12, 31);
const AHEAD_DAYS: i64 = 30;

/// The files of a new project.
fn files(kind: Option<Kind>) -> Vec<File> {
    let logo = |bytes: &'static [u8]| ("assets/logo.svg", bytes);
    let (own, more): (&[File], Vec<File>) = match kind {
        None => (PLAIN, Vec::new()),
        Some(Kind::Menu) => {
            let mut more = vec![CAFE, COFFEE, photo!("soup"), photo!("peas")];
            more.extend(face!("Fraunces"));
            (MENU, more)
        }
        Some(Kind::Countdown) => {
            let club = include_bytes!("../../assets/nightshift-light.svg");
            let mut more = vec![logo(club), photo!("mirrorball")];
            more.extend(face!("Anton"));
            (COUNTDOWN, more)
        }
        Some(Kind::Blog) => {
            let mut more = vec![photo!("peas")];
            more.extend(face!("BricolageGrotesque"));
            (BLOG, more)
        }
        Some(Kind::Portfolio) => {
            let mut more = vec![COFFEE, photo!("ceramics"), photo!("kettlebell")];
            more.extend([photo!("dandelion"), photo!("mirrorball")]);
            more.extend(face!("Fraunces"));
            (PORTFOLIO, more)
        }
        Some(Kind::News) => {
            let paper = include_bytes!("../../assets/harbourpost-dark.svg");
            let mut more = vec![logo(paper), COFFEE, photo!("dandelion"), photo!("ceramics")];
            more.extend(face!("Fraunces"));
            (NEWS, more)
        }
    };
    let mut files = own.to_vec();
    files.extend(more);
    files.push(IGNORED);
    files
}

/// A countdown whose event is past would be an empty calendar: its days are moved to come.
fn dated(name: &str, bytes: &'static [u8], event: Date) -> Cow<'static, [u8]> {
    let is_text = name.ends_with(".toml");
    match std::str::from_utf8(bytes).ok().filter(|_| is_text) {
        Some(text) => {
            let after = |day: Date| day.saturating_add(1.day()).to_string();
            let text = text
                .replace(&EVENT.to_string(), &event.to_string())
                .replace(&after(EVENT), &after(event));
            Cow::Owned(text.into_bytes())
        }
        None => Cow::Borrowed(bytes),
    }
}

pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<Outcome> {
    let dir = &args.dir;
    if std::fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some()) {
        bail!("{} is not empty", dir.display());
    }
    let today = jiff::Zoned::now().date();
    let event = today.saturating_add(AHEAD_DAYS.days());
    let files = files(args.kind);
    for (name, bytes) in &files {
        let path = dir.join(name);
        let folder = path.parent().unwrap_or(Path::new(""));
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make {}", folder.display()))?;
        let bytes = match args.kind {
            Some(Kind::Countdown) => dated(name, bytes, event),
            _ => Cow::Borrowed(*bytes),
        };
        std::fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
    }
    if global.json {
        let files: Vec<_> = files.iter().map(|(name, _)| dir.join(name)).collect();
        let totals = serde_json::json!({ "done": 1, "unchanged": 0, "failed": 0, "seconds": 0.0 });
        let report = serde_json::json!({ "command": "new", "ok": true, "items": [], "files": files, "totals": totals });
        return super::print(&format!("{report}\n"));
    }
    if !global.quiet {
        let next = match args.kind {
            None => "storypress render templates -o out",
            Some(Kind::Blog) => {
                "storypress render templates -o out    # README.md says how your feed comes in"
            }
            Some(_) => "storypress schedule next --out preview    # README.md says more",
        };
        eprintln!("{} is ready; next:\n  cd {0} && {next}", dir.display());
    }
    Ok(Outcome::Done)
}
