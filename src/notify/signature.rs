//! Signs as Standard Webhooks says: HMAC-SHA256 over `id.timestamp.body`.
//!
//! In: a secret as the environment has it. Out: the value of `webhook-signature`. Never: the secret in an error.

use base64::Engine;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// How a secret begins where it is shown to people.
const PREFIX: &str = "whsec_";

/// Takes a secret with its padding or without.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The bytes of a secret: base64, with `whsec_` before it or not. None where it is no such thing, or empty.
pub(super) fn key(secret: &str) -> Option<Vec<u8>> {
    let secret = secret.trim();
    let secret = secret.strip_prefix(PREFIX).unwrap_or(secret);
    LENIENT.decode(secret).ok().filter(|key| !key.is_empty())
}

/// `v1,<base64>`; the timestamp is in seconds since 1970.
pub(super) fn sign(key: &[u8], id: &str, timestamp: i64, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body);
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the standard's own libraries.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    #[test]
    fn the_signature_is_that_of_the_standard() {
        let key = key(SECRET).unwrap();
        let signed = sign(
            &key,
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            br#"{"test": 2432232314}"#,
        );
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn the_crate_of_the_standard_signs_alike() {
        for secret in [SECRET, "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX", "c2VjcmV0"] {
            let theirs = standardwebhooks::Webhook::new(secret).unwrap();
            for (id, at, body) in [
                ("msg_1", 1, ""),
                ("msg_2", 1_795_000_000, "{\"reason\":\"café — ñ\"}"),
                ("a.b", 0, ".."),
            ] {
                let ours = sign(&key(secret).unwrap(), id, at, body.as_bytes());
                assert_eq!(ours, theirs.sign(id, at, body.as_bytes()).unwrap());
            }
        }
    }

    #[test]
    fn a_secret_is_base64_with_its_padding_or_without() {
        assert_eq!(key(" whsec_c2U= \r\n"), Some(b"se".to_vec()));
        assert_eq!(key("c2U"), Some(b"se".to_vec()));
        for wrong in ["", "whsec_", "not base64!", "whsec_c"] {
            assert_eq!(key(wrong), None, "{wrong}");
        }
    }
}
