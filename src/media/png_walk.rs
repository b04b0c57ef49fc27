//! The structure of a PNG, without decoding it.
//!
//! In: bytes. Out: what its chunks say, and where it ends or breaks off. Never: pixels.

use crate::platform::SIGNATURE_PNG;

/// What the chunks say.
#[derive(Debug, Default)]
pub(super) struct Structure<'a> {
    /// `IHDR`, once it was reached.
    pub header: Option<Header>,
    /// `tRNS` makes something transparent.
    pub has_transparency: bool,
    /// There is an `iCCP` chunk.
    pub has_icc: bool,
    /// The TIFF structure of the EXIF block.
    pub exif: Option<&'a [u8]>,
    /// Text chunks or a time.
    pub has_remarks: bool,
    /// `acTL`: more than one picture.
    pub is_animated: bool,
    /// One past the end chunk.
    pub end: Option<usize>,
    /// Where and how the structure breaks off.
    pub broken: Option<String>,
}

/// The `IHDR` chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub width: u32,
    pub height: u32,
    pub bit_depth: u8,
    pub color_type: u8,
}

/// Walks from chunk to chunk until `IEND`, checksums included.
pub(super) fn walk(bytes: &[u8]) -> Structure<'_> {
    let mut found = Structure::default();
    if let Err(message) = found.read(bytes) {
        found.broken = Some(message);
    }
    found
}

/// Whether `bytes` are one PNG of this size and nothing else; the sentence says what they are instead.
pub(super) fn whole(bytes: &[u8], width: u32, height: u32) -> Result<(), String> {
    let found = walk(bytes);
    if let Some(message) = found.broken {
        return Err(message);
    }
    match (found.header, found.end) {
        (Some(header), Some(end))
            if (header.width, header.height) == (width, height) && end == bytes.len() =>
        {
            Ok(())
        }
        _ => Err("the encoder gave another picture than it was asked for".to_owned()),
    }
}

impl<'a> Structure<'a> {
    fn read(&mut self, bytes: &'a [u8]) -> Result<(), String> {
        let broken_off = || format!("it breaks off after {} bytes", bytes.len());
        let mut rest = bytes
            .strip_prefix(SIGNATURE_PNG)
            .ok_or("it does not start as a PNG does")?;
        let mut has_data = false;
        loop {
            let (length, after) = rest.split_first_chunk().ok_or_else(broken_off)?;
            let length = u32::from_be_bytes(*length) as usize;
            let (summed, after) = after
                .split_at_checked(length.saturating_add(4))
                .ok_or_else(broken_off)?;
            let (name, body) = summed.split_first_chunk::<4>().ok_or_else(broken_off)?;
            let (sum, after) = after.split_first_chunk().ok_or_else(broken_off)?;
            if crc32fast::hash(summed) != u32::from_be_bytes(*sum) {
                return Err(format!(
                    "the chunk at byte {} is damaged",
                    bytes.len() - rest.len()
                ));
            }
            rest = after;
            match name {
                b"IDAT" => has_data = true,
                b"IEND" => {
                    self.end = Some(bytes.len() - rest.len());
                    return match (self.header, has_data) {
                        (Some(_), true) => Ok(()),
                        _ => Err("it ends before any picture".to_owned()),
                    };
                }
                _ => self.take(*name, body)?,
            }
        }
    }

    fn take(&mut self, name: [u8; 4], body: &'a [u8]) -> Result<(), String> {
        match &name {
            b"IHDR" => self.header = Some(header(body)?),
            _ if self.header.is_none() => return Err("it has no header".to_owned()),
            b"tRNS" => self.has_transparency = true,
            b"iCCP" => self.has_icc = true,
            b"eXIf" => self.exif = Some(body),
            b"acTL" => self.is_animated = true,
            b"tEXt" | b"zTXt" | b"iTXt" | b"tIME" => self.has_remarks = true,
            _ => {}
        }
        Ok(())
    }
}

fn header(body: &[u8]) -> Result<Header, String> {
    let (width, rest) = body
        .split_first_chunk()
        .ok_or("its header is damaged".to_owned())?;
    let (height, rest) = rest
        .split_first_chunk()
        .ok_or("its header is damaged".to_owned())?;
    let [bit_depth, color_type, ..] = rest else {
        return Err("its header is damaged".to_owned());
    };
    let header = Header {
        width: u32::from_be_bytes(*width),
        height: u32::from_be_bytes(*height),
        bit_depth: *bit_depth,
        color_type: *color_type,
    };
    if header.width == 0 || header.height == 0 {
        return Err("it has no pixels".to_owned());
    }
    Ok(header)
}
