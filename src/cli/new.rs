//! `storypress new`.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::{Global, Outcome};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  storypress new cafe && cd cafe && storypress render templates -o out")]
pub(crate) struct Args {
    /// The folder to make
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
}

/// The files of a new project.
const FILES: &[(&str, &[u8])] = &[
    (
        "storypress.toml",
        include_bytes!("../../assets/new/storypress.toml"),
    ),
    (
        "templates/announcement.toml",
        include_bytes!("../../assets/new/templates/announcement.toml"),
    ),
    (
        "templates/_badge.toml",
        include_bytes!("../../assets/new/templates/_badge.toml"),
    ),
    (
        "templates/offer.toml",
        include_bytes!("../../assets/new/templates/offer.toml"),
    ),
    (
        "assets/logo.svg",
        include_bytes!("../../assets/new/assets/logo.svg"),
    ),
    (
        "assets/photo.jpg",
        include_bytes!("../../assets/new/assets/photo.jpg"),
    ),
    (".gitignore", include_bytes!("../../assets/new/gitignore")),
];

pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<Outcome> {
    let dir = &args.dir;
    if std::fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some()) {
        bail!("{} is not empty", dir.display());
    }
    for (name, bytes) in FILES {
        let path = dir.join(name);
        let folder = path.parent().unwrap_or(Path::new(""));
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make {}", folder.display()))?;
        std::fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
    }
    if global.json {
        let files: Vec<_> = FILES.iter().map(|(name, _)| dir.join(name)).collect();
        let totals = serde_json::json!({ "done": 1, "unchanged": 0, "failed": 0, "seconds": 0.0 });
        let report = serde_json::json!({ "command": "new", "ok": true, "items": [], "files": files, "totals": totals });
        return super::print(&format!("{report}\n"));
    }
    if !global.quiet {
        eprintln!(
            "{} is ready; next:\n  cd {0} && storypress render templates -o out",
            dir.display()
        );
    }
    Ok(Outcome::Done)
}
