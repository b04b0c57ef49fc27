//! Bars on a terminal, nothing in a pipe: one for the stories of a call, one for the film that is being made.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use crate::media::Progress;

/// How often a bar is drawn anew.
const EVERY: Duration = Duration::from_millis(200);

/// The bars of a call.
pub(crate) struct Bars {
    all: MultiProgress,
    stories: ProgressBar,
    shown: bool,
}

impl Bars {
    /// Bars for `count` stories; `quiet` has none.
    pub fn new(count: usize, quiet: bool) -> Self {
        let shown = !quiet && std::io::stderr().is_terminal();
        let all = MultiProgress::new();
        if !shown {
            all.set_draw_target(ProgressDrawTarget::hidden());
        }
        let stories = match shown && count > 1 {
            true => all.add(bar(count as u64, "{bar:30} {pos}/{len} {eta}")),
            false => ProgressBar::hidden(),
        };
        Self {
            all,
            stories,
            shown,
        }
    }

    /// One story more is done.
    pub fn story(&self) {
        self.stories.inc(1);
    }

    /// A bar for the film of that name.
    pub fn film(&self, name: &str) -> FilmBar {
        if !self.shown {
            return FilmBar(ProgressBar::hidden());
        }
        let bar = bar(0, "{msg} {bar:30} {pos}/{len} frames, {fps}, {eta} left");
        bar.set_message(name.to_owned());
        FilmBar(self.all.add(bar))
    }

    /// Takes the bars off the screen.
    pub fn finish(&self) {
        self.stories.finish_and_clear();
    }
}

/// The bar of one film; goes when it is dropped.
pub(crate) struct FilmBar(ProgressBar);

impl FilmBar {
    /// How far the film is now.
    pub fn show(&self, progress: Progress) {
        self.0.set_length(progress.total);
        self.0.set_position(progress.done);
    }
}

impl Drop for FilmBar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

fn bar(length: u64, look: &str) -> ProgressBar {
    let bar = ProgressBar::new(length);
    if let Ok(style) = ProgressStyle::with_template(look) {
        let fps = |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            // a terminal that refuses a number is no failure of the film
            let _ = write!(out, "{:.0} fps", state.per_sec());
        };
        bar.set_style(style.with_key("fps", fps));
    }
    bar.enable_steady_tick(EVERY);
    bar
}
