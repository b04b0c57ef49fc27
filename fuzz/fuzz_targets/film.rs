//! Any bytes are probed as a film: the boxes of an MP4 are walked, and FFmpeg opens what they promise.
#![no_main]

use libfuzzer_sys::fuzz_target;
use storypress::media::{self, Profile};

fuzz_target!(|bytes: &[u8]| {
    let file = storypress_fuzz::file(bytes, ".mp4");
    let _ = media::probe(file.path());
    let _ = media::verify(file.path(), Profile::Platform);
});
