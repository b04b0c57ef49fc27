//! The six digits of an authenticator: RFC 6238 with SHA-1 and 30 seconds, as Instagram has them.
//!
//! In: a seed in base 32, a time. Out: the code. Never: a seed that leaves this process.

use aws_lc_rs::hmac;

/// How long one code is good, in seconds.
const PERIOD_S: i64 = 30;

/// The code at a time in seconds since 1970; none where the seed is no base 32.
///
/// Spaces and lower case are taken, as apps show seeds with them.
pub fn code(seed: &str, unix_s: i64) -> Option<String> {
    let secret = base32(seed)?;
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &secret);
    let counter = unix_s.div_euclid(PERIOD_S).to_be_bytes();
    let tag = hmac::sign(&key, &counter);
    let tag = tag.as_ref();
    let from = usize::from(tag.last()? & 0x0f);
    let part: [u8; 4] = tag.get(from..from + 4)?.try_into().ok()?;
    let number = (u32::from_be_bytes(part) & 0x7fff_ffff) % 1_000_000;
    Some(format!("{number:06}"))
}

/// RFC 4648; none for an empty text or a sign that is none of its.
fn base32(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut pool, mut bits) = (Vec::new(), 0_u32, 0);
    for sign in text
        .chars()
        .filter(|sign| !sign.is_whitespace() && *sign != '-')
    {
        let value = match sign.to_ascii_uppercase() {
            '=' => continue,
            letter @ 'A'..='Z' => letter as u32 - 'A' as u32,
            digit @ '2'..='7' => digit as u32 - '2' as u32 + 26,
            _ => return None,
        };
        pool = (pool << 5 | value) & 0xffff;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push((pool >> bits & 0xff) as u8);
        }
    }
    (!bytes.is_empty()).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_rfc() {
        // RFC 6238, appendix B, SHA-1; the last six of its eight digits
        let seed = "GEZD GNBV GY3T QOJQ gezd gnbv gy3t qojq";
        for (time, expected) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_234_567_890, "005924"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(code(seed, time).as_deref(), Some(expected), "{time}");
        }
        assert_eq!(code("", 0), None);
        assert_eq!(code("not base 32!", 0), None);
    }
}
