//! Any bytes are loaded as a picture, and judged as a finished medium: an error at the most, within the limits.
#![no_main]

use libfuzzer_sys::fuzz_target;
use storypress::media::{self, Profile};
use storypress::scene::picture::{Fit, Limits, Pictures, Wanted};

const WANTED: Wanted = Wanted {
    width_px: 54,
    height_px: 96,
    fit: Fit::Cover,
    focus: (0.5, 0.5),
    filter: storypress_fuzz::UNCHANGED,
};

fuzz_target!(|bytes: &[u8]| {
    let file = storypress_fuzz::file(bytes, "");
    let limits = Limits {
        // a slow decode of something large teaches the fuzzer nothing
        max_pixels: 1_000_000,
        ..Limits::default()
    };
    if let Ok(prepared) = Pictures::new(limits).prepare(file.path(), &WANTED) {
        let pixels = &prepared.pixels;
        assert!(pixels.width <= WANTED.width_px && pixels.height <= WANTED.height_px);
    }
    let _ = media::probe(file.path());
    let _ = media::verify(file.path(), Profile::Budget);
});
