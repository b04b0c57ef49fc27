//! The two things an EXIF block can say that matter to a Story: which way is up, and where it was taken.

/// What was found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Exif {
    /// 1–8; `None` if the block does not say, or says something else.
    pub orientation: Option<u8>,
    /// There is a GPS directory.
    pub has_gps: bool,
}

/// Reads the first directory of a TIFF structure; damage reads as nothing found.
pub(super) fn read(tiff: &[u8]) -> Exif {
    directory(tiff).unwrap_or_default()
}

fn directory(tiff: &[u8]) -> Option<Exif> {
    let little = match tiff.get(..4)? {
        b"II*\0" => true,
        b"MM\0*" => false,
        _ => return None,
    };
    let u16_at = |at: usize| {
        let raw = *tiff.get(at..)?.first_chunk()?;
        Some(if little {
            u16::from_le_bytes(raw)
        } else {
            u16::from_be_bytes(raw)
        })
    };
    let start = *tiff.get(4..)?.first_chunk()?;
    let start = if little {
        u32::from_le_bytes(start)
    } else {
        u32::from_be_bytes(start)
    } as usize;
    let mut exif = Exif::default();
    for entry in 0..usize::from(u16_at(start)?) {
        let at = start.checked_add(2 + entry * 12)?;
        // a directory that breaks off keeps what it said until there
        let Some(tag) = u16_at(at) else { break };
        match tag {
            0x0112 => {
                exif.orientation = u16_at(at + 8)
                    .and_then(|turn| u8::try_from(turn).ok())
                    .filter(|turn| (1..=8).contains(turn));
            }
            0x8825 => exif.has_gps = true,
            _ => {}
        }
    }
    Some(exif)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_byte_orders_say_the_same() {
        let little = b"II*\0\x08\0\0\0\x02\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\x25\x88\x04\0\x01\0\0\0\0\0\0\0";
        let big = b"MM\0*\0\0\0\x08\0\x02\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\x88\x25\0\x04\0\0\0\x01\0\0\0\0";
        let expected = Exif {
            orientation: Some(6),
            has_gps: true,
        };
        assert_eq!(read(little), expected);
        assert_eq!(read(big), expected);
        for cut in 0..little.len() {
            read(&little[..cut]);
        }
        assert_eq!(read(b"II*\0\xff\xff\xff\xff"), Exif::default());
    }
}
