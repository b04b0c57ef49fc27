//! The structure of a JPEG, without decoding it.
//!
//! In: bytes. Out: what its markers say, and where it ends or breaks off. Never: pixels.

/// One colour channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Component {
    pub id: u8,
    /// Horizontal and vertical sampling factor.
    pub sampling: (u8, u8),
}

/// What the markers say.
#[derive(Debug, Default)]
pub(super) struct Structure<'a> {
    /// The frame header, once it was reached.
    pub frame: Option<FrameHeader>,
    /// `APP0` says JFIF.
    pub has_jfif: bool,
    /// The transform of Adobe's `APP14`: 0 none, 1 `YCbCr`, 2 YCCK.
    pub adobe_transform: Option<u8>,
    /// The TIFF structure of the EXIF block.
    pub exif: Option<&'a [u8]>,
    /// The embedded profile, its parts put together.
    pub icc: Option<Vec<u8>>,
    /// XMP, IPTC or another block of remarks about the picture.
    pub has_remarks: bool,
    /// The name of the extension that keeps more than one picture in the file.
    pub extended: Option<&'static str>,
    /// How many scans there are.
    pub scans: usize,
    /// One past the end-of-image marker.
    pub end: Option<usize>,
    /// Where and how the structure breaks off.
    pub broken: Option<String>,
}

/// The `SOF` segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FrameHeader {
    /// The marker's second byte.
    pub marker: u8,
    pub bit_depth: u8,
    pub width: u32,
    pub height: u32,
    pub components: Vec<Component>,
}

impl FrameHeader {
    /// The coding process by the name the standard's readers use.
    pub(super) fn coding(&self) -> &'static str {
        match self.marker {
            0xC0 => "baseline",
            0xC1 => "extended",
            0xC2 => "progressive",
            0xC3 => "lossless",
            0xC9..=0xCB => "arithmetic",
            _ => "hierarchical",
        }
    }

    /// `4:2:0` and its like; `None` where the factors have no such name.
    pub(super) fn subsampling(&self) -> Option<&'static str> {
        let [first, rest @ ..] = self.components.as_slice() else {
            return None;
        };
        let plain = rest.len() == 2 && rest.iter().all(|c| c.sampling == (1, 1));
        match first.sampling {
            (1, 1) if plain => Some("4:4:4"),
            (2, 1) if plain => Some("4:2:2"),
            (2, 2) if plain => Some("4:2:0"),
            (1, 2) if plain => Some("4:4:0"),
            (4, 1) if plain => Some("4:1:1"),
            _ => None,
        }
    }
}

/// Walks from marker to marker until the end of the image, or until nothing makes sense any more.
pub(super) fn walk(bytes: &[u8]) -> Structure<'_> {
    let mut found = Structure::default();
    let mut profile = Vec::new();
    if let Err(message) = found.read(bytes, &mut profile) {
        found.broken = Some(message);
    }
    found.icc = join_profile(profile);
    found
}

/// Whether `bytes` are one baseline JPEG of this size and nothing else; the sentence says what they are instead.
pub(super) fn whole(bytes: &[u8], width: u32, height: u32) -> Result<(), String> {
    let found = walk(bytes);
    if let Some(message) = found.broken {
        return Err(message);
    }
    match (found.frame, found.end) {
        (Some(frame), Some(end))
            if (frame.width, frame.height) == (width, height)
                && frame.marker == 0xC0
                && end == bytes.len() =>
        {
            Ok(())
        }
        _ => Err("the encoder gave another picture than it was asked for".to_owned()),
    }
}

impl<'a> Structure<'a> {
    /// How its channels are to be read; empty without a frame header.
    pub(super) fn color(&self) -> &'static str {
        let components = self.frame.as_ref().map_or(&[][..], |f| &f.components);
        let ids: Vec<u8> = components.iter().map(|c| c.id).collect();
        match (components.len(), self.adobe_transform) {
            (0, _) => "",
            (1, _) => "grey",
            (3, _) if self.has_jfif => "YCbCr",
            (3, Some(0)) => "RGB",
            (3, None) if ids == *b"RGB" => "RGB",
            (3, _) => "YCbCr",
            (4, Some(2)) => "YCCK",
            (4, _) => "CMYK",
            _ => "unknown",
        }
    }

    fn read(
        &mut self,
        bytes: &'a [u8],
        profile: &mut Vec<(u8, u8, &'a [u8])>,
    ) -> Result<(), String> {
        if !bytes.starts_with(&[0xFF, 0xD8]) {
            return Err("it does not start as a JPEG does".to_owned());
        }
        let mut at = 2;
        loop {
            let marker = next_marker(bytes, &mut at)?;
            match marker {
                // restart markers and TEM stand alone
                0x01 | 0xD0..=0xD7 => {}
                0xD8 => return Err(format!("a second picture starts at byte {}", at - 2)),
                0xD9 => {
                    self.end = Some(at);
                    return match (&self.frame, self.scans) {
                        (Some(_), 1..) => Ok(()),
                        _ => Err("it ends before any picture".to_owned()),
                    };
                }
                _ => {
                    let body = segment(bytes, &mut at)?;
                    self.take(marker, body, profile)?;
                    if marker == 0xDA {
                        self.scans += 1;
                        skip_scan(bytes, &mut at)?;
                    }
                }
            }
        }
    }

    fn take(
        &mut self,
        marker: u8,
        body: &'a [u8],
        profile: &mut Vec<(u8, u8, &'a [u8])>,
    ) -> Result<(), String> {
        match marker {
            0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF => {
                if self.frame.is_some() {
                    return Err("it has two frame headers".to_owned());
                }
                self.frame = Some(frame_header(marker, body)?);
            }
            0xE0 if body.starts_with(b"JFIF\0") => self.has_jfif = true,
            0xE1 if body.starts_with(b"Exif\0") => {
                self.exif = self.exif.or(body.get(6..));
            }
            0xE1 | 0xED | 0xFE if !body.is_empty() => self.has_remarks = true,
            0xE2 => {
                if body.starts_with(b"MPF\0") {
                    self.extended = Some("MPO");
                } else if let Some([number, count, part @ ..]) =
                    body.strip_prefix(b"ICC_PROFILE\0".as_slice())
                {
                    profile.push((*number, *count, part));
                }
            }
            0xE3 if body.starts_with(b"_JPSJPS_") => self.extended = Some("JPS"),
            0xEE if body.starts_with(b"Adobe") => self.adobe_transform = body.get(11).copied(),
            _ => {}
        }
        Ok(())
    }
}

/// The second byte of the marker at `at`, which then stands behind it.
fn next_marker(bytes: &[u8], at: &mut usize) -> Result<u8, String> {
    match bytes.get(*at) {
        Some(0xFF) => {}
        Some(_) => return Err(format!("no marker at byte {at}")),
        None => return Err(broken_off(bytes)),
    }
    // any number of FF may stand before a marker
    while let Some(byte) = bytes.get(*at) {
        *at += 1;
        match byte {
            0xFF => {}
            0 => return Err(format!("no marker at byte {}", *at - 2)),
            marker => return Ok(*marker),
        }
    }
    Err(broken_off(bytes))
}

/// The body of the segment at `at`, which then stands behind it.
fn segment<'a>(bytes: &'a [u8], at: &mut usize) -> Result<&'a [u8], String> {
    let rest = &bytes[*at..];
    let [high, low, ..] = rest else {
        return Err(broken_off(bytes));
    };
    let length = usize::from(u16::from_be_bytes([*high, *low]));
    if length < 2 {
        return Err(format!("a segment without length at byte {at}"));
    }
    let body = rest.get(2..length).ok_or_else(|| broken_off(bytes))?;
    *at += length;
    Ok(body)
}

/// Moves over entropy-coded data to the next marker that is not a restart.
fn skip_scan(bytes: &[u8], at: &mut usize) -> Result<(), String> {
    loop {
        let rest = &bytes[*at..];
        let ff = memchr::memchr(0xFF, rest).ok_or_else(|| broken_off(bytes))?;
        match rest.get(ff + 1) {
            None => return Err(broken_off(bytes)),
            Some(0 | 0xD0..=0xD7) => *at += ff + 2,
            // a fill byte: the marker may follow
            Some(0xFF) => *at += ff + 1,
            Some(_) => {
                *at += ff;
                return Ok(());
            }
        }
    }
}

fn broken_off(bytes: &[u8]) -> String {
    format!("it breaks off after {} bytes", bytes.len())
}

fn frame_header(marker: u8, body: &[u8]) -> Result<FrameHeader, String> {
    let bad = || "its frame header is damaged".to_owned();
    let (&[bit_depth, h1, h0, w1, w0, count], parts) = body.split_first_chunk().ok_or_else(bad)?;
    let (parts, rest) = parts.as_chunks::<3>();
    if parts.len() != usize::from(count) || !rest.is_empty() || count == 0 {
        return Err(bad());
    }
    let header = FrameHeader {
        marker,
        bit_depth,
        width: u16::from_be_bytes([w1, w0]).into(),
        height: u16::from_be_bytes([h1, h0]).into(),
        components: parts
            .iter()
            .map(|&[id, factors, _]| Component {
                id,
                sampling: (factors >> 4, factors & 15),
            })
            .collect(),
    };
    if header.width == 0 || header.height == 0 {
        return Err("it has no pixels".to_owned());
    }
    Ok(header)
}

/// The parts in their order; nothing if one is missing, as a reader could not use it either.
fn join_profile(mut parts: Vec<(u8, u8, &[u8])>) -> Option<Vec<u8>> {
    parts.sort_by_key(|(number, ..)| *number);
    let whole = !parts.is_empty()
        && parts.iter().zip(1..).all(|((number, count, _), expected)| {
            u32::from(*number) == expected && usize::from(*count) == parts.len()
        });
    whole.then(|| parts.iter().flat_map(|(.., part)| *part).copied().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profile_parts_are_joined_in_their_order_or_not_at_all() {
        let parts = vec![(2, 2, &b"cd"[..]), (1, 2, b"ab")];
        assert_eq!(join_profile(parts), Some(b"abcd".to_vec()));
        assert_eq!(join_profile(vec![(2, 2, &b"cd"[..])]), None);
        assert_eq!(join_profile(Vec::new()), None);
    }

    #[test]
    fn every_cut_of_a_header_is_reported_and_none_panics() {
        let header = [
            &[0xFF, 0xD8, 0xFF, 0xE0, 0, 7][..],
            b"JFIF\0",
            &[
                0xFF, 0xC0, 0, 11, 8, 0, 16, 0, 16, 1, 1, 0x11, 0, 0xFF, 0xDA, 0, 2, 1, 2, 0xFF, 0,
                0xFF, 0xD9,
            ],
        ]
        .concat();
        assert_eq!(walk(&header).end, Some(header.len()));
        for cut in 0..header.len() {
            assert!(walk(&header[..cut]).broken.is_some(), "cut at {cut}");
        }
    }
}
