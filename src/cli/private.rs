//! `storypress private`: sets up what the private way needs.

use std::path::Path;

use serde_json::json;

use super::report::object;
use super::{Global, Outcome, open};
use crate::private::{LIBRARY, setup};
use crate::publisher::private::make_folder;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Install the pinned library into .storypress/private, every file held against its hash
    Setup,
}

pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<Outcome> {
    let Command::Setup = args.command;
    let project = open::bare_project(global, Path::new("."))?;
    let folder = make_folder(&project)?;
    setup(&folder, &|said| {
        if !global.quiet {
            eprintln!("{said} …");
        }
    })?;
    if !global.quiet {
        eprintln!("instagrapi {LIBRARY} is ready in {}", folder.display());
        if !project.accepts_the_risk {
            eprintln!(
                "note: accounts of login `private` stay off until the project file says `[private] i_accept_the_risk = true`; \
                 docs/private.md says what the risk is"
            );
        }
    }
    if global.json {
        let told = json!({ "library": LIBRARY, "folder": folder });
        let report = object("private setup", true, told);
        return super::print(&format!("{report}\n"));
    }
    Ok(Outcome::Done)
}
