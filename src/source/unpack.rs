//! Undoes the compression of an answer, and stops where it grows beyond its limit.
//!
//! In: the bytes that came, and what they are packed as. Out: the bytes that were meant. Never: more than the limit in
//! memory, however small the bytes were that came.

use std::io::Read;

use brotli_decompressor::Decompressor;
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

use super::Fault;

/// What an answer may be packed as.
pub(super) const ACCEPTED: &str = "gzip, deflate, br";

/// So many layers of packing are undone; servers use one.
const LAYERS: usize = 3;

/// Unpacks `body`. `encoding` is the value of `Content-Encoding`, the last word being the outermost layer.
pub(super) fn unpack(body: Vec<u8>, encoding: &str, limit: u64) -> Result<Vec<u8>, Fault> {
    let layers: Vec<String> = encoding
        .split(',')
        .map(|word| word.trim().to_ascii_lowercase())
        .filter(|word| !word.is_empty() && word != "identity")
        .collect();
    if layers.len() > LAYERS {
        return Err(Fault::Packed(encoding.chars().take(60).collect()));
    }
    let mut bytes = body;
    for layer in layers.iter().rev() {
        // an answer of nothing is nothing, however it is called
        if bytes.is_empty() {
            break;
        }
        bytes = one(&bytes, layer, limit)?;
    }
    if bytes.len() as u64 > limit {
        return Err(Fault::TooLarge(limit));
    }
    Ok(bytes)
}

fn one(bytes: &[u8], layer: &str, limit: u64) -> Result<Vec<u8>, Fault> {
    match layer {
        "gzip" | "x-gzip" => read(MultiGzDecoder::new(bytes), layer, limit),
        "br" => read(Decompressor::new(bytes, 4096), layer, limit),
        // some servers leave the two bytes of zlib's own heading out
        "deflate" => match read(ZlibDecoder::new(bytes), layer, limit) {
            Err(Fault::Packed(_)) => read(DeflateDecoder::new(bytes), layer, limit),
            other => other,
        },
        other => Err(Fault::Packed(other.chars().take(60).collect())),
    }
}

fn read(packed: impl Read, layer: &str, limit: u64) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    packed
        .take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|_| Fault::Packed(layer.to_owned()))?;
    match bytes.len() as u64 > limit {
        true => Err(Fault::TooLarge(limit)),
        false => Ok(bytes),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut packed = GzEncoder::new(Vec::new(), Compression::best());
        packed.write_all(bytes).expect("packed");
        packed.finish().expect("packed")
    }

    #[test]
    fn every_packing_that_was_asked_for_is_undone() {
        let text = b"title,price\nSoup,4.50\n".to_vec();
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::fast());
        zlib.write_all(&text).expect("packed");
        let mut raw = DeflateEncoder::new(Vec::new(), Compression::fast());
        raw.write_all(&text).expect("packed");
        // an uncompressed block of brotli, by RFC 7932 §9.2: one byte of window, the length, the bytes, the end
        for (packed, name) in [
            (text.clone(), ""),
            (text.clone(), "identity"),
            (gzip(&text), "gzip"),
            (gzip(&text), "X-GZIP"),
            (zlib.finish().expect("packed"), "deflate"),
            (raw.finish().expect("packed"), "deflate"),
            (gzip(&gzip(&text)), "gzip, gzip"),
        ] {
            assert_eq!(unpack(packed, name, 1000), Ok(text.clone()), "{name}");
        }
        // two members are one text
        let two = [gzip(b"a,b\n"), gzip(b"1,2\n")].concat();
        assert_eq!(unpack(two, "gzip", 100), Ok(b"a,b\n1,2\n".to_vec()));
    }

    #[test]
    fn a_bomb_ends_at_the_limit() {
        let bomb = gzip(&vec![b' '; 50 << 20]);
        assert!(bomb.len() < 100_000, "{}", bomb.len());
        assert_eq!(
            unpack(bomb.clone(), "gzip", 1 << 20),
            Err(Fault::TooLarge(1 << 20))
        );
        assert_eq!(
            unpack(gzip(&bomb), "gzip, gzip", 1 << 20),
            Err(Fault::TooLarge(1 << 20))
        );
        let exact = vec![b'x'; 1000];
        assert_eq!(unpack(gzip(&exact), "gzip", 1000), Ok(exact.clone()));
        assert_eq!(unpack(gzip(&exact), "gzip", 999), Err(Fault::TooLarge(999)));
    }

    #[test]
    fn what_cannot_be_unpacked_is_no_data() {
        let half = gzip(&[b'x'; 1000]);
        for (bytes, name) in [
            (half[..half.len() / 2].to_vec(), "gzip"),
            (b"a,b\n".to_vec(), "gzip"),
            (b"a,b\n".to_vec(), "zstd"),
            (b"a,b\n".to_vec(), "br"),
            (b"a,b\n".to_vec(), "deflate"),
            (b"a,b\n".to_vec(), "gzip,gzip,gzip,gzip"),
        ] {
            let unpacked = unpack(bytes, name, 1000);
            assert!(
                matches!(unpacked, Err(Fault::Packed(_))),
                "{name} {unpacked:?}"
            );
        }
        assert_eq!(unpack(Vec::new(), "gzip", 10), Ok(Vec::new()));
    }
}
