//! The key that logins of the app are encrypted with, in the system's own store of keys.
//!
//! In: the file that a key is for. Out: a key, where the system keeps keys. Never: a key in a file, an argument or a
//! message.
//!
//! The store is the Secret Service of freedesktop.org (GNOME Keyring, KWallet, KeePassXC), spoken to through `secret-tool`
//! of libsecret: it opens with the person's own login, and asks that person where it is locked.

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use serde::{Deserialize, Serialize};

const PROGRAM: &str = "secret-tool";

/// How long a person has to unlock the store.
const PATIENCE: Duration = Duration::from_secs(60);

/// Bytes of a key for AES-256.
const KEY_BYTES: usize = 32;

/// What only the holder of the key can read; in hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Sealed {
    nonce: String,
    text: String,
}

/// A key that the system keeps.
pub(super) struct Key(LessSafeKey);

impl Key {
    /// The key for a file; none where the system keeps none, or cannot be asked.
    pub fn find(file: &Path) -> Option<Self> {
        let words = ["lookup", "service", "storypress", "file"];
        let said = asked(&words, file, None)?;
        Self::of(said.trim())
    }

    /// The key for a file, made now where there is none; none where the system cannot keep one.
    pub fn find_or_make(file: &Path) -> Option<Self> {
        if let Some(found) = Self::find(file) {
            return Some(found);
        }
        let made = hex::encode(random::<KEY_BYTES>()?);
        let words = [
            "store",
            "--label=Storypress: a login of Instagram",
            "service",
            "storypress",
            "file",
        ];
        asked(&words, file, Some(&made))?;
        // what a store has lost at once is no key
        Self::find(file)
    }

    fn of(digits: &str) -> Option<Self> {
        let bytes = hex::decode(digits).ok()?;
        let key = UnboundKey::new(&AES_256_GCM, &bytes).ok()?;
        Some(Self(LessSafeKey::new(key)))
    }

    /// Encrypts `text`, which can be read again only beside the same `about`; none without the system's random numbers.
    pub fn seal(&self, text: &[u8], about: &str) -> Option<Sealed> {
        let nonce = random::<NONCE_LEN>()?;
        let mut bytes = text.to_vec();
        let aad = Aad::from(about.as_bytes());
        self.0
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut bytes)
            .ok()?;
        Some(Sealed {
            nonce: hex::encode(nonce),
            text: hex::encode(bytes),
        })
    }

    /// The text; none where it is of another key, or was changed.
    pub fn open(&self, sealed: &Sealed, about: &str) -> Option<Vec<u8>> {
        let nonce: [u8; NONCE_LEN] = hex::decode(&sealed.nonce).ok()?.try_into().ok()?;
        let mut bytes = hex::decode(&sealed.text).ok()?;
        let aad = Aad::from(about.as_bytes());
        let nonce = Nonce::assume_unique_for_key(nonce);
        let text = self.0.open_in_place(nonce, aad, &mut bytes).ok()?;
        Some(text.to_vec())
    }
}

fn random<const N: usize>() -> Option<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).ok()?;
    Some(bytes)
}

/// What the system's store says; none where there is none, it says no, or nobody unlocks it.
fn asked(words: &[&str], file: &Path, given: Option<&str>) -> Option<String> {
    if !has_session() {
        return None;
    }
    let mut child = Command::new(PROGRAM)
        .args(words)
        .arg(file)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    // a key is far shorter than a pipe's buffer; the pipe closes here, which ends the secret
    let written = match (child.stdin.take(), given) {
        (Some(mut pipe), Some(text)) => pipe.write_all(text.as_bytes()).is_ok(),
        _ => given.is_none(),
    };
    let is_done = has_ended_well(&mut child) && written;
    let mut said = String::new();
    child.stdout.take()?.read_to_string(&mut said).ok()?;
    is_done.then_some(said)
}

fn has_ended_well(child: &mut Child) -> bool {
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until {
        match child.try_wait() {
            Ok(Some(status)) => return status.success(),
            Ok(None) => std::thread::sleep(Duration::from_millis(5)),
            Err(_) => break,
        }
    }
    let _ = child.kill();
    let _ = child.wait();
    false
}

/// Whether a person is logged in to a session that could have such a store: a service of the system has none.
fn has_session() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let of_runtime = || {
        let folder = std::env::var_os("XDG_RUNTIME_DIR")?;
        Some(Path::new(&folder).join("bus").exists())
    };
    is_set("DBUS_SESSION_BUS_ADDRESS") || of_runtime().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_key_opens_and_only_where_it_belongs() {
        let key = Key::of(&"0f".repeat(KEY_BYTES)).expect("a key");
        let sealed = key.seal(b"a secret", "17").expect("sealed");
        assert_ne!(sealed, key.seal(b"a secret", "17").expect("sealed"));
        assert_eq!(key.open(&sealed, "17").as_deref(), Some(&b"a secret"[..]));
        assert_eq!(key.open(&sealed, "18"), None);
        let other = Key::of(&"0e".repeat(KEY_BYTES)).expect("a key");
        assert_eq!(other.open(&sealed, "17"), None);
        let mut changed = sealed.clone();
        changed.text.replace_range(0..2, "00");
        let same = changed.text == sealed.text;
        assert!(same || key.open(&changed, "17").is_none());
        assert!(Key::of("0f").is_none() && Key::of("no key").is_none());
    }
}
