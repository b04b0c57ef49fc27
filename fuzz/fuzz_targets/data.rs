//! Any text is read as rows in every format of text: good rows, or rows with what is wrong with them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use storypress::data::{self, Format};
use storypress::diag::Source;

const FORMATS: [Format; 6] = [
    Format::Csv,
    Format::Tsv,
    Format::Json,
    Format::JsonLines,
    Format::Toml,
    Format::Feed,
];

fuzz_target!(|text: &str| {
    for format in FORMATS {
        match data::read_text(&Source::new("fuzz", text), format) {
            Ok(table) => {
                storypress_fuzz::hold(&table.warnings);
                storypress_fuzz::hold(table.rows.iter().filter_map(|row| row.as_ref().err()));
                for row in table.rows.iter().flatten() {
                    assert!(row.place.end <= row.place.source.text.len());
                    for column in row.values.keys() {
                        let place = row.place_of(column);
                        assert!(place.start <= place.end && place.end <= place.source.text.len());
                    }
                }
            }
            Err(reported) => {
                assert!(!reported.is_empty(), "no row and no reason");
                storypress_fuzz::hold(&reported);
            }
        }
    }
});
