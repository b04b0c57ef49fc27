//! What the targets share: what has to hold whatever the input is.

use std::io::Write;

use storypress::diag::Diagnostic;
use storypress::scene::picture::Filter;
use tempfile::NamedTempFile;

/// A picture as it is.
pub const UNCHANGED: Filter = Filter {
    blur: 0.0,
    brightness: 1.0,
    contrast: 1.0,
    saturation: 1.0,
    grayscale: 0.0,
};

/// Every diagnostic points into its source, and can be printed.
pub fn hold<'d>(diagnostics: impl IntoIterator<Item = &'d Diagnostic>) {
    for diagnostic in diagnostics {
        if let Some(place) = &diagnostic.place {
            let text = &place.source.text;
            assert!(
                place.start <= place.end && place.end <= text.len(),
                "{place:?} of {} bytes",
                text.len()
            );
        }
        // printing cuts lines and counts characters
        let _ = diagnostic.to_string();
        let _ = serde_json::to_string(diagnostic).expect("a diagnostic serialises");
    }
}

/// A file of these bytes.
pub fn file(bytes: &[u8], suffix: &str) -> NamedTempFile {
    let mut file = tempfile::Builder::new()
        .suffix(suffix)
        .tempfile()
        .expect("a place for a file");
    file.write_all(bytes).expect("room for it");
    file
}
