//! Makes a Story of each row of a data file, and says what became of it: `storypress render` in a few lines.
//!
//! `cargo run --example menu -- templates/menu.toml menu.csv out`

use std::path::PathBuf;

use storypress::batch::{self, Order, Outcome, Selection};
use storypress::project;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(template), Some(data), Some(out)) =
        (arguments.next(), arguments.next(), arguments.next())
    else {
        return Err("call it with a template, a data file and a folder".into());
    };
    let project = project::of(None, &template).map_err(|wrong| wrong[0].to_string())?;
    let selection = Selection {
        data: Some(data),
        ..Selection::of(template)
    };
    let plan = batch::plan(&selection, project)?;
    for failed in &plan.failed {
        failed.diagnostics.iter().for_each(|d| eprintln!("{d}"));
    }
    batch::render(&Order::new(&plan, &out), &|_place, outcome: Outcome| {
        outcome.diagnostics.iter().for_each(|d| eprintln!("{d}"));
        for media in outcome.media {
            println!("{} {}", media.path.display(), media.sha256);
        }
    })?;
    Ok(())
}
