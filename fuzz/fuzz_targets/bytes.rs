//! Any bytes are read as a data file by their own account: a text in any encoding, a workbook, a feed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use storypress::data;

fuzz_target!(|bytes: &[u8]| {
    let suffix = match bytes.first() {
        Some(b'P') => ".xlsx",
        Some(b'{' | b'[') => ".json",
        Some(b'<') => ".xml",
        _ => ".csv",
    };
    let file = storypress_fuzz::file(bytes, suffix);
    match data::read(file.path()) {
        Ok(table) => storypress_fuzz::hold(&table.warnings),
        Err(reported) => storypress_fuzz::hold(&reported),
    }
});
