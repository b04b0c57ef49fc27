//! Files that look like media to everybody who reads only their first bytes.

use std::path::PathBuf;

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use storypress::media::{Kind, Media};
use storypress::upload::{Error, MediaUrl, Store};
use tempfile::TempDir;

/// A file that goes up.
pub struct Sample {
    _dir: TempDir,
    pub path: PathBuf,
    pub kind: Kind,
    pub bytes: Vec<u8>,
}

/// A film if the name ends so, else a picture; no two names give the same bytes.
pub fn sample(name: &str, length: usize) -> Sample {
    let (head, kind): (&[u8], _) = match name.ends_with(".mp4") {
        true => (b"\0\0\0\x18ftypisom\0\0\x02\0isommp42", Kind::Video),
        false => (b"\xff\xd8\xff\xe0", Kind::Image),
    };
    // no two parts are alike
    let noise = (0..).map(|i: u64| (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8);
    let begins = head.iter().copied().chain(name.bytes());
    let bytes: Vec<u8> = begins.chain(noise).take(length).collect();
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join(name);
    std::fs::write(&path, &bytes).expect("a file");
    Sample {
        _dir: dir,
        path,
        kind,
        bytes,
    }
}

impl Sample {
    pub fn sha256(&self) -> String {
        let digest = Sha256::digest(&self.bytes);
        digest.iter().map(|b| format!("{b:02x}")).collect()
    }

    /// As the room that made it would hand it over.
    pub fn media(&self) -> Media {
        Media {
            path: self.path.clone(),
            kind: self.kind,
            bytes: self.length(),
            width: 1080,
            height: 1920,
            duration_s: None,
            sha256: self.sha256(),
            quality: None,
            notes: Vec::new(),
            extras: Default::default(),
            damaged: Vec::new(),
        }
    }

    pub fn length(&self) -> u64 {
        self.bytes.len() as u64
    }

    pub async fn put(&self, store: &Store) -> Result<MediaUrl, Error> {
        store.put(&self.media(), Timestamp::now()).await
    }
}
