//! Any text is read as a template: what is wrong with it is told at places inside it, and nothing panics.
#![no_main]

use libfuzzer_sys::fuzz_target;
use storypress::diag::Source;
use storypress::template;

fuzz_target!(|text: &str| {
    let source = Source::new("fuzz.toml", text);
    let (_, told) = template::parse(&source);
    for diagnostic in &told {
        if let Some(place) = &diagnostic.place {
            assert!(
                place.start <= place.end && place.end <= text.len(),
                "{place:?}"
            );
        }
        // printing cuts lines and counts characters
        let _ = diagnostic.to_string();
    }
});
