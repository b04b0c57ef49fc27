//! Whether a Matroska file is all there.
//!
//! In: a file's first bytes and its length. Out: whether its segment ends where its header says. Never: more of the format;
//! FFmpeg reads it, but does not say what it missed at the end.

use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The header before the segment is shorter than this.
const HEAD: u64 = 4096;

/// Nothing where the file does not say how long it is: it was written as it was recorded.
pub(super) fn is_whole(path: &Path) -> Option<bool> {
    let file = File::open(path).ok()?;
    let length = file.metadata().ok()?.len();
    let mut head = Vec::new();
    file.take(HEAD).read_to_end(&mut head).ok()?;
    Some(end(&head)? <= length)
}

/// The byte after the segment.
fn end(head: &[u8]) -> Option<u64> {
    let rest = head.strip_prefix(&[0x1A, 0x45, 0xDF, 0xA3])?;
    let (header, width) = size(rest)?;
    let at = 4 + width + usize::try_from(header).ok()?;
    let rest = head.get(at..)?.strip_prefix(&[0x18, 0x53, 0x80, 0x67])?;
    let (segment, width) = size(rest)?;
    segment.checked_add((at + 4 + width) as u64)
}

/// A size, and how many bytes say it; none where all its bits are set, which means that it is unknown.
fn size(bytes: &[u8]) -> Option<(u64, usize)> {
    let first = *bytes.first()?;
    let width = first.leading_zeros() as usize + 1;
    let value = bytes
        .get(..width.min(8))?
        .iter()
        .fold(0_u64, |n, byte| n << 8 | u64::from(*byte));
    let mask = (1_u64 << (7 * width.min(8))) - 1;
    (width <= 8 && value & mask != mask).then_some((value & mask, width))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_says_where_it_ends() {
        let mut head = vec![0x1A, 0x45, 0xDF, 0xA3, 0x82, 0, 0, 0x18, 0x53, 0x80, 0x67];
        let mut known = head.clone();
        known.extend([0x01, 0, 0, 0, 0, 0, 1, 0]);
        assert_eq!(end(&known), Some(19 + 256));
        // a recorder that does not come back to its start
        head.extend([0x01, 255, 255, 255, 255, 255, 255, 255]);
        assert_eq!(end(&head), None);
        assert_eq!(end(b"RIFF"), None);
        assert_eq!(end(&[]), None);
    }
}
