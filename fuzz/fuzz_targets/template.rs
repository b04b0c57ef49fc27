//! Any text is read as a template: what is wrong with it is reported at places inside it, and nothing panics.
#![no_main]

use libfuzzer_sys::fuzz_target;
use storypress::diag::Source;
use storypress::template;

fuzz_target!(|text: &str| {
    let (_, reported) = template::parse(&Source::new("fuzz.toml", text));
    storypress_fuzz::hold(&reported);
});
