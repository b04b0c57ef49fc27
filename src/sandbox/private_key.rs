//! The key that the app encrypts passwords for, and reading what it has encrypted.
//!
//! In: `#PWD_INSTAGRAM:4:{time}:{base64}`. Out: the password. Never: a key that outlives the sandbox.
//!
//! The form: version, key id, 12 bytes nonce, length (little-endian), RSA PKCS#1 v1.5 of a 32-byte key, 16 bytes tag,
//! AES-256-GCM of the password with the time as associated data.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeySize, Pkcs1PrivateDecryptingKey, PrivateDecryptingKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// What the key is called.
pub const KEY_ID: u8 = 41;

/// The key of one sandbox.
pub struct LoginKey {
    private: Pkcs1PrivateDecryptingKey,
    /// Base64 of a PEM, as the header carries it.
    pub public: String,
}

impl LoginKey {
    /// A new one; none where the system gives no chance.
    pub fn new() -> Option<Self> {
        let private = PrivateDecryptingKey::generate(KeySize::Rsa2048).ok()?;
        let der: PublicKeyX509Der<'_> = private.public_key().as_der().ok()?;
        let text = STANDARD.encode(der.as_ref());
        let lines: Vec<&str> = (0..text.len())
            .step_by(64)
            .map(|at| &text[at..text.len().min(at + 64)])
            .collect();
        let pem = format!(
            "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
            lines.join("\n")
        );
        Some(Self {
            private: Pkcs1PrivateDecryptingKey::new(private).ok()?,
            public: STANDARD.encode(pem),
        })
    }

    /// The password in `coded`; none where it is not one for this key.
    pub fn password(&self, coded: &str) -> Option<String> {
        let rest = coded.strip_prefix("#PWD_INSTAGRAM:4:")?;
        let (time, coded) = rest.split_once(':')?;
        let bytes = STANDARD.decode(coded).ok()?;
        let (head, rest) = bytes.split_at_checked(16)?;
        let (nonce, length) = (head.get(2..14)?, [head[14], head[15]]);
        let (wrapped, rest) = rest.split_at_checked(u16::from_le_bytes(length).into())?;
        let (tag, secret) = rest.split_at_checked(16)?;
        let mut key = vec![0; self.private.min_output_size()];
        let key = self.private.decrypt(wrapped, &mut key).ok()?;
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).ok()?);
        let mut opened = [secret, tag].concat();
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let plain = key
            .open_in_place(nonce, Aad::from(time.as_bytes()), &mut opened)
            .ok()?;
        String::from_utf8(plain.to_vec()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_password_for_this_key_is_none() {
        let key = LoginKey::new().expect("a key");
        for coded in [
            "",
            "secret",
            "#PWD_INSTAGRAM:4:1:",
            "#PWD_INSTAGRAM:4:1:AAAA",
        ] {
            assert_eq!(key.password(coded), None, "{coded}");
        }
    }
}
