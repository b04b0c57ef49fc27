//! Any bytes are loaded as a picture, and judged as a finished medium: an error at the most, within the limits.
#![no_main]

use std::io::Write;

use libfuzzer_sys::fuzz_target;
use storypress::media::{self, Profile};
use storypress::scene::picture::{Filter, Fit, Limits, Pictures, Wanted};

const WANTED: Wanted = Wanted {
    width_px: 54,
    height_px: 96,
    fit: Fit::Cover,
    focus: (0.5, 0.5),
    filter: Filter {
        blur: 0.0,
        brightness: 1.0,
        contrast: 1.0,
        saturation: 1.0,
        grayscale: 0.0,
    },
};

fuzz_target!(|bytes: &[u8]| {
    let mut file = tempfile::NamedTempFile::new().expect("a place for a file");
    file.write_all(bytes).expect("room for it");
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
