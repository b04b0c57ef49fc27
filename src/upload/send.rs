//! Reads a file, holds it against its hash on the way, and gives it to the store: whole, or in parts.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use object_store::path::Path as Object;
use object_store::{
    Attribute, Attributes, MultipartUpload, ObjectStore, PutMultipartOptions, PutOptions,
};
use sha2::{Digest, Sha256};

use super::Error;
use super::name::Format;
use crate::platform::HEAD;

/// Files up to this length go up in one request, longer ones in parts of it.
///
/// S3 requires parts of 5 MiB or more, its kin R2 requires them all of one length, and 10,000 of them reach to 80 GB.
const PART_BYTES: usize = 8 * 1024 * 1024;

/// What goes up.
pub(super) struct Upload<'a> {
    pub(super) object: &'a Object,
    pub(super) sha256: &'a str,
    pub(super) bytes: u64,
    /// `None` where the store keeps none.
    pub(super) content_type: Option<&'static str>,
}

/// Why it did not.
#[derive(Debug)]
pub(super) enum Fault {
    Changed,
    File(io::Error),
    Store(object_store::Error),
}

impl From<object_store::Error> for Fault {
    fn from(e: object_store::Error) -> Self {
        Self::Store(e)
    }
}

/// A file on its way: what was read so far is in the hash.
pub(super) struct Reading {
    file: File,
    format: Option<Format>,
    hash: Sha256,
    bytes: u64,
}

impl Reading {
    /// Opens a file and looks at its first bytes.
    pub(super) async fn open(path: &Path) -> Result<Self, Error> {
        let own = path.to_owned();
        let opened = blocking(move || {
            let mut head = Vec::with_capacity(HEAD);
            File::open(&own)?.take(HEAD as u64).read_to_end(&mut head)?;
            Ok(Self {
                file: File::open(&own)?,
                format: Format::of(&head),
                hash: Sha256::new(),
                bytes: 0,
            })
        });
        opened.await.map_err(|source| Error::File {
            path: path.to_owned(),
            source,
        })
    }

    /// What the first bytes say it is.
    pub(super) fn format(&self) -> Option<Format> {
        self.format
    }

    /// The next part: of full length, but for the last; empty at the end.
    async fn part(mut self) -> Result<(Self, Vec<u8>), Fault> {
        let read = blocking(move || {
            // never grown: twice the length would be in memory
            let mut part = Vec::with_capacity(PART_BYTES);
            (&mut self.file)
                .take(PART_BYTES as u64)
                .read_to_end(&mut part)?;
            self.hash.update(&part);
            self.bytes += part.len() as u64;
            Ok((self, part))
        });
        read.await.map_err(Fault::File)
    }

    /// What was read is what was promised.
    fn hold_against(self, upload: &Upload<'_>) -> Result<(), Fault> {
        let found = hex::encode(self.hash.finalize());
        if self.bytes == upload.bytes && found == upload.sha256 {
            Ok(())
        } else {
            Err(Fault::Changed)
        }
    }
}

/// Off the threads that serve the network.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|e| Err(io::Error::other(e)))
}

/// Puts the file; when it fails, nothing is there under its name.
pub(super) async fn send(
    store: &dyn ObjectStore,
    file: Reading,
    what: &Upload<'_>,
) -> Result<(), Fault> {
    let attributes: Attributes = what
        .content_type
        .map(|content_type| (Attribute::ContentType, content_type))
        .into_iter()
        .collect();
    if what.bytes <= PART_BYTES as u64 {
        let (file, whole) = file.part().await?;
        file.hold_against(what)?;
        let options = PutOptions::from(attributes);
        store.put_opts(what.object, whole.into(), options).await?;
        return Ok(());
    }
    let options = PutMultipartOptions::from(attributes);
    let mut upload = store.put_multipart_opts(what.object, options).await?;
    let sent = match parts(upload.as_mut(), file, what).await {
        Ok(()) => upload.complete().await.map(drop).map_err(Fault::Store),
        Err(fault) => Err(fault),
    };
    if sent.is_err()
        && let Err(e) = upload.abort().await
    {
        // the first fault is the one to tell; the store's own rules clear what stays
        tracing::debug!(object = what.object.as_ref(), error = ?std::mem::discriminant(&e), "abort failed");
    }
    sent
}

/// One part is sent while the next is read.
async fn parts(
    upload: &mut dyn MultipartUpload,
    file: Reading,
    what: &Upload<'_>,
) -> Result<(), Fault> {
    let (mut file, mut part) = file.part().await?;
    while !part.is_empty() {
        // a file that grows is stopped here, not at its end
        if file.bytes > what.bytes {
            return Err(Fault::Changed);
        }
        let (sent, read) = tokio::join!(upload.put_part(part.into()), file.part());
        sent?;
        (file, part) = read?;
    }
    file.hold_against(what)
}
