//! Bytes of a text file to text.
//!
//! UTF-8 with or without a byte-order mark, UTF-16 with one, and Windows-1252, which is what Excel's plain
//! "CSV" writes in western Europe and America.

/// A decoded text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Decoded {
    /// Lone carriage returns are line feeds, so that lines are lines everywhere.
    pub text: String,
    /// Offsets of the replacement characters that stand for undecodable bytes; sorted.
    pub damaged: Vec<usize>,
}

/// `None` where the bytes are no text at all.
pub(super) fn decode(bytes: &[u8]) -> Option<Decoded> {
    if let Some(utf_16) = utf_16(bytes) {
        return Some(finish(utf_16, Vec::new()));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.contains(&0) {
        return None;
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Some(finish(text.to_owned(), Vec::new()));
    }
    if is_windows_1252(bytes) {
        let (text, _) = encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes);
        return Some(finish(text.into_owned(), Vec::new()));
    }
    let mut text = String::with_capacity(bytes.len() + 16);
    let mut damaged = Vec::new();
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            damaged.push(text.len());
            text.push(char::REPLACEMENT_CHARACTER);
        }
    }
    Some(finish(text, damaged))
}

fn utf_16(bytes: &[u8]) -> Option<String> {
    let encoding = match bytes {
        [0xff, 0xfe, ..] => encoding_rs::UTF_16LE,
        [0xfe, 0xff, ..] => encoding_rs::UTF_16BE,
        _ => return None,
    };
    Some(encoding.decode_with_bom_removal(bytes).0.into_owned())
}

/// Told from damaged UTF-8 by what it lacks: whole UTF-8 sequences, and bytes that Windows-1252 leaves free.
fn is_windows_1252(bytes: &[u8]) -> bool {
    let free = [0x81, 0x8d, 0x8f, 0x90, 0x9d];
    let (mut whole, mut broken) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        whole += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        broken += usize::from(!chunk.invalid().is_empty());
    }
    whole * 4 < broken && !bytes.iter().any(|b| free.contains(b))
}

fn finish(text: String, damaged: Vec<usize>) -> Decoded {
    let mut bytes = text.into_bytes();
    for at in 0..bytes.len() {
        // a byte for a byte: no offset moves
        if bytes[at] == b'\r' && bytes.get(at + 1) != Some(&b'\n') {
            bytes[at] = b'\n';
        }
    }
    let text = String::from_utf8(bytes).expect("ASCII was replaced by ASCII");
    Decoded { text, damaged }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> String {
        decode(bytes).expect("text").text
    }

    #[test]
    fn utf_8_utf_16_and_windows_1252_are_told_apart() {
        assert_eq!(text("\u{feff}café ☕".as_bytes()), "café ☕");
        assert_eq!(text(b"caf\xe9 \x80 12 \x96 \x93hi\x94"), "café € 12 – “hi”");
        let le: Vec<u8> = "\u{feff}né☕"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_eq!(text(&le), "né☕");
        let be: Vec<u8> = "\u{feff}né☕"
            .encode_utf16()
            .flat_map(u16::to_be_bytes)
            .collect();
        assert_eq!(text(&be), "né☕");
        assert_eq!(decode(b"\x89PNG\0\0"), None);
    }

    #[test]
    fn one_broken_byte_among_utf_8_is_damage_at_its_place() {
        let decoded = decode(b"caf\xc3\xa9 \xff ol\xc3\xa9").expect("text");
        assert_eq!(decoded.text, "café \u{fffd} olé");
        assert_eq!(decoded.damaged, [6]);
    }

    #[test]
    fn old_macintosh_line_ends_become_line_feeds() {
        assert_eq!(text(b"a\rb\r\nc\n"), "a\nb\r\nc\n");
    }
}
