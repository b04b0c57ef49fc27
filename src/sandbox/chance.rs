//! Ids, tokens and traces that no other world has.

use std::hash::{BuildHasher, RandomState};

/// 64 bits from the seeds that the operating system gives to hash maps.
fn bits() -> u64 {
    let state = RandomState::new();
    state.hash_one(std::time::SystemTime::now())
}

/// One of `letters`, `length` times.
fn drawn(letters: &[u8], length: usize) -> String {
    let mut left = 0;
    let mut pool = 0_u64;
    let mut draw = || {
        if left == 0 {
            pool = bits();
            left = 8;
        }
        left -= 1;
        let byte = (pool & 0xff) as usize;
        pool >>= 8;
        char::from(letters[byte % letters.len()])
    };
    (0..length).map(|_| draw()).collect()
}

/// `prefix`, filled up with digits to `length`.
pub fn digits(prefix: &str, length: usize) -> String {
    format!(
        "{prefix}{}",
        drawn(b"0123456789", length.saturating_sub(prefix.len()))
    )
}

/// What a token looks like: its family's prefix and many letters.
pub fn token(prefix: &str) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    format!("{prefix}{}", drawn(LETTERS, 120))
}

/// A trace id as errors carry it.
pub fn trace() -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    format!("A{}", drawn(LETTERS, 22))
}

/// The seed of an authenticator: 32 signs of base 32.
pub fn base32() -> String {
    drawn(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 32)
}

/// A name for a world, or a secret: lower-case hex.
pub fn hex(length: usize) -> String {
    drawn(b"0123456789abcdef", length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_drawn_is_of_its_kind_and_never_the_same() {
        let id = digits("17841", 17);
        assert_eq!(id.len(), 17);
        assert!(id.bytes().all(|b| b.is_ascii_digit()));
        assert_ne!(id, digits("17841", 17));
        assert_ne!(token("IGAA"), token("IGAA"));
        assert_eq!(trace().len(), 23);
    }
}
