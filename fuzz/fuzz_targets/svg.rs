//! Any text is drawn as an SVG: its style sheets and transforms are resolved, or it is refused.
#![no_main]

use libfuzzer_sys::fuzz_target;
use storypress::scene::picture::{Fit, Limits, Pictures, Wanted};

const WANTED: Wanted = Wanted {
    width_px: 24,
    height_px: 24,
    fit: Fit::Contain,
    focus: (0.5, 0.5),
    filter: storypress_fuzz::UNCHANGED,
};

fuzz_target!(|text: &str| {
    let file = storypress_fuzz::file(text.as_bytes(), ".svg");
    let pictures = Pictures::new(Limits::default());
    if let Ok(prepared) = pictures.prepare(file.path(), &WANTED) {
        assert!(prepared.pixels.width <= 24 && prepared.pixels.height <= 24);
    }
    for note in pictures.notes(file.path()) {
        let (line, column) = note.at;
        assert!(line >= 1 && column >= 1, "{line}:{column}");
    }
});
