//! The part of a HEIC or AVIF that its clean aperture (`clap`) leaves.
//!
//! In: a file. Out: the same file without the cut, and the part to cut out of what it decodes to. Never: pixels.
//!
//! libheif 1.23 cuts rightly, but allows its decoders no more pixels than are left after the cut: a small part of a large
//! picture is refused as too large. So the cut is taken out of the file and made here.

use std::ops::Range;

/// A part of an upright picture, in pixels from its left-top corner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    pub x: u32,
    pub y: u32,
    pub width: u32,
    pub height: u32,
}

/// The file with a clean aperture that is all of the picture, and the part that it had; `None` if it had none.
pub fn taken_out(bytes: &[u8]) -> Option<(Vec<u8>, Part)> {
    let meta = inside(bytes, 0..bytes.len(), b"meta")?;
    let meta = meta.start + 4..meta.end;
    let primary = primary(bytes.get(inside(bytes, meta.clone(), b"pitm")?)?)?;
    let properties = inside(bytes, meta, b"iprp")?;
    let kept = inside(bytes, properties.clone(), b"ipco")?;
    let all: Vec<(&[u8], Range<usize>)> = boxes(bytes, kept).collect();
    let own = associated(bytes.get(inside(bytes, properties, b"ipma")?)?, primary)?;
    let mut size = None;
    let mut part: Option<Part> = None;
    let mut cuts = Vec::new();
    for index in own {
        let (kind, at) = all.get(index.checked_sub(1)?)?;
        let body = bytes.get(at.clone())?;
        match (*kind, size) {
            (b"ispe", _) => size = Some((number(body, 4)?, number(body, 8)?)),
            (b"clap", Some((width, height))) => {
                part = Some(aperture(body, width, height)?);
                cuts.push((at.clone(), (width, height)));
            }
            (b"irot", Some((width, height))) => {
                for _ in 0..body.first()? & 3 {
                    // a quarter to the left: what was at the right is at the top
                    let (w, h) = size.unwrap_or((width, height));
                    part = part.map(|p| Part {
                        x: p.y,
                        y: w.saturating_sub(p.x + p.width),
                        width: p.height,
                        height: p.width,
                    });
                    size = Some((h, w));
                }
            }
            (b"imir", Some((width, height))) => {
                let across = body.first()? & 1 == 1;
                part = part.map(|p| match across {
                    true => Part {
                        x: width.saturating_sub(p.x + p.width),
                        ..p
                    },
                    false => Part {
                        y: height.saturating_sub(p.y + p.height),
                        ..p
                    },
                });
            }
            _ => {}
        }
    }
    let part = part?;
    let mut whole = bytes.to_vec();
    for (at, (width, height)) in cuts {
        let numbers = [width, 1, height, 1, 0, 1, 0, 1];
        let plain: Vec<u8> = numbers.iter().flat_map(|v: &u32| v.to_be_bytes()).collect();
        whole.get_mut(at)?.get_mut(..32)?.copy_from_slice(&plain);
    }
    Some((whole, part))
}

/// ISO 14496-12, 12.1.4.3: width, height, and how far its middle lies from the picture's, as fractions.
fn aperture(body: &[u8], width: u32, height: u32) -> Option<Part> {
    let fraction = |at: usize| {
        let (above, below) = (number(body, at)? as i32, number(body, at + 4)? as i32);
        (below != 0).then(|| f64::from(above) / f64::from(below))
    };
    let side = |own: f64, off: f64, whole: u32| {
        let left = (f64::from(whole) - 1.0) / 2.0 + off - (own - 1.0) / 2.0;
        let left = left.floor().clamp(0.0, f64::from(whole)) as u32;
        let length = own.round().clamp(0.0, f64::from(whole - left)) as u32;
        (length > 0).then_some((left, length))
    };
    let (x, width) = side(fraction(0)?, fraction(16)?, width)?;
    let (y, height) = side(fraction(8)?, fraction(24)?, height)?;
    Some(Part {
        x,
        y,
        width,
        height,
    })
}

/// The main picture's number.
fn primary(body: &[u8]) -> Option<u32> {
    match body.first()? {
        0 => Some(u32::from(u16::from_be_bytes(
            *body.get(4..)?.first_chunk()?,
        ))),
        _ => number(body, 4),
    }
}

/// The properties of an item in their order, counted from 1.
fn associated(body: &[u8], item: u32) -> Option<Vec<usize>> {
    let (version, wide) = (*body.first()?, body.get(3)? & 1 == 1);
    let mut at = 8;
    for _ in 0..number(body, 4)? {
        let id = match version {
            0 => u32::from(u16::from_be_bytes(*body.get(at..)?.first_chunk()?)),
            _ => number(body, at)?,
        };
        at += if version == 0 { 2 } else { 4 };
        let count = usize::from(*body.get(at)?);
        at += 1;
        let each = if wide { 2 } else { 1 };
        let list = body.get(at..at + count * each)?;
        if id == item {
            let index = |one: &[u8]| match one {
                [high, low] => usize::from(high & 0x7F) << 8 | usize::from(*low),
                [one] => usize::from(one & 0x7F),
                _ => 0,
            };
            return Some(
                list.chunks(each)
                    .map(index)
                    .filter(|index| *index > 0)
                    .collect(),
            );
        }
        at += count * each;
    }
    None
}

fn number(body: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*body.get(at..)?.first_chunk()?))
}

/// Boxes in a range: their kinds, and where their contents are.
fn boxes(bytes: &[u8], within: Range<usize>) -> impl Iterator<Item = (&[u8], Range<usize>)> {
    let mut at = within.start;
    std::iter::from_fn(move || {
        let head = bytes.get(at..within.end)?;
        let kind = head.get(4..8)?;
        let (length, before) = match number(head, 0)? {
            0 => (head.len(), 8),
            1 => {
                let long = u64::from_be_bytes(*head.get(8..)?.first_chunk()?);
                (usize::try_from(long).ok()?, 16)
            }
            length => (length as usize, 8),
        };
        if length < before || length > head.len() {
            return None;
        }
        let contents = at + before..at + length;
        at += length;
        Some((kind, contents))
    })
}

fn inside(bytes: &[u8], within: Range<usize>, kind: &[u8; 4]) -> Option<Range<usize>> {
    let mut all = boxes(bytes, within);
    all.find(|(own, _)| own == kind).map(|(_, at)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixture(name: &str) -> Vec<u8> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/pictures/fixtures/");
        std::fs::read(format!("{folder}{name}")).expect("a fixture")
    }

    #[test]
    fn a_cut_is_found_and_taken_out() {
        let part = |x, y, width, height| Part {
            x,
            y,
            width,
            height,
        };
        for (name, want) in [
            ("clap.heic", part(491, 211, 300, 300)),
            ("clap.avif", part(8, 6, 80, 52)),
            ("clap-odd.avif", part(10, 6, 77, 51)),
            ("clap-irot.avif", part(6, 8, 52, 80)),
            ("clap-irot-imir.avif", part(6, 8, 52, 80)),
        ] {
            let (whole, found) = taken_out(&fixture(name)).expect("a cut");
            assert_eq!(found, want, "{name}");
            let (_, rest) = taken_out(&whole).expect("still a cut, of nothing");
            assert_eq!((rest.x, rest.y), (0, 0), "{name}");
        }
        assert_eq!(taken_out(&fixture("irot2.avif")), None);
        assert_eq!(taken_out(b"\0\0\0\x08meta"), None);
    }
}
