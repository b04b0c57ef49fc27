//! The place where files are put, whichever service it is.

use std::sync::Arc;

use jiff::Timestamp;
use object_store::path::Path as Object;
use object_store::signer::Method;
use object_store::{ObjectStore, ObjectStoreExt};
use url::Url;

use super::backend::{self, Signing};
use super::error::Words;
use super::name::{Format, is_sha256};
use super::{Crawler, Error, MediaUrl, Options, Refusal, Target, is_fetchable, send};
use crate::media::Media;

/// Where files are put. Cheap to keep, made once for many files.
#[derive(Debug)]
pub struct Store {
    target: Target,
    objects: Arc<dyn ObjectStore>,
    signing: Option<Signing>,
    public_url: Option<Url>,
    notes: Vec<String>,
    words: Words,
    crawler: Crawler,
}

impl Store {
    /// Gets ready to put files; nothing is sent yet, and whether the keys are right shows with the first file.
    ///
    /// # Errors
    /// Settings that cannot work: a folder without `public_url`, an endpoint over plain http, half a pair of keys.
    pub fn open(options: &Options) -> Result<Self, Error> {
        let backend = backend::open(options)?;
        let is_signed = options.public_url.is_none();
        Ok(Self {
            target: options.target.clone(),
            objects: backend.objects,
            signing: backend.signing.filter(|_| is_signed),
            public_url: options.public_url.clone(),
            notes: backend.note.filter(|_| is_signed).into_iter().collect(),
            words: backend.words,
            crawler: Crawler::default(),
        })
    }

    /// What a user should know about the addresses, such as that they may end early. Usually nothing.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Puts a file under the name of its content, unless it is there, and says from where it can be fetched.
    ///
    /// Its bytes are those that were verified. A file over 8 MB goes up in parts, at most two in memory, and is
    /// nowhere to be seen before it is whole. A signed address lives from `now` on; for a new one, put again.
    ///
    /// # Errors
    /// The file has changed since, is not of its kind, or cannot be read; the store refuses or cannot be reached.
    pub async fn put(&self, media: &Media, now: Timestamp) -> Result<MediaUrl, Error> {
        let Media {
            path,
            kind,
            bytes,
            sha256,
            ..
        } = media;
        let (kind, bytes) = (*kind, *bytes);
        let changed = || Error::Changed {
            path: path.to_owned(),
        };
        if !is_sha256(sha256) {
            return Err(changed());
        }
        let file = send::Reading::open(path).await?;
        let format = file
            .format()
            .filter(|format| format.kind() == kind)
            .ok_or_else(|| Error::NotMedia {
                path: path.to_owned(),
                kind,
            })?;
        let name = format!("{sha256}{}", format.ending());
        let object = self.object(&name);
        if !self.has(&object, bytes).await? {
            tracing::debug!(object = object.as_ref(), bytes, "uploading");
            let content_type = match self.target {
                // a folder has no place for it: its server goes by the ending
                Target::Folder(_) => None,
                _ => Some(format.content_type()),
            };
            let upload = send::Upload {
                object: &object,
                sha256,
                bytes,
                content_type,
            };
            send::send(self.objects.as_ref(), file, &upload)
                .await
                .map_err(|fault| match fault {
                    send::Fault::Changed => changed(),
                    send::Fault::File(source) => Error::File {
                        path: path.to_owned(),
                        source,
                    },
                    send::Fault::Store(e) => self.words.store("take the file", &e),
                })?;
        }
        self.address(&name, object, now).await
    }

    /// A file that somebody has put here already, by its hash and length alone.
    ///
    /// # Errors
    /// The store cannot be asked.
    pub async fn find(&self, media: &Media, now: Timestamp) -> Result<Option<MediaUrl>, Error> {
        if !is_sha256(&media.sha256) {
            return Ok(None);
        }
        for format in Format::ALL.into_iter().filter(|f| f.kind() == media.kind) {
            let name = format!("{}{}", media.sha256, format.ending());
            let object = self.object(&name);
            if self.has(&object, media.bytes).await? {
                return self.address(&name, object, now).await.map(Some);
            }
        }
        Ok(None)
    }

    /// Every worker of a project sees what is put here: it is no folder of this machine.
    pub fn is_shared(&self) -> bool {
        !matches!(self.target, Target::Folder(_))
    }

    /// Fetches an upload as the platform would: see [`Crawler::crawl`].
    ///
    /// # Errors
    /// What would keep the platform from it.
    pub async fn crawl(&self, url: &MediaUrl, media: &Media) -> Result<(), Refusal> {
        self.crawler.crawl(url, media).await
    }

    /// Deletes objects that nobody needs any more, by the names in [`MediaUrl::object`].
    ///
    /// Missing ones are fine; what is not named by this room is left alone, whoever asks.
    /// Whether another story still needs the same object is the caller's to know.
    ///
    /// # Errors
    /// The store's first refusal, after all others were tried.
    pub async fn sweep(&self, objects: &[String]) -> Result<(), Error> {
        let ours = objects.iter().filter_map(|object| {
            let name = object.rsplit('/').next()?;
            let path = Object::parse(object).ok()?;
            Format::of_name(name).map(|_| path)
        });
        let mut refusal = None;
        for object in ours {
            self.sweep_unfinished(&object).await;
            match self.objects.delete(&object).await {
                Ok(()) => tracing::debug!(object = object.as_ref(), "swept"),
                Err(object_store::Error::NotFound { .. }) => {}
                Err(e) => {
                    let first = refusal.take();
                    refusal = first.or_else(|| Some(self.words.store("delete", &e)));
                }
            }
        }
        refusal.map_or(Ok(()), Err)
    }

    /// A folder's half-written files, `NAME#1` and on, stay behind where the machine stopped in the middle.
    async fn sweep_unfinished(&self, object: &Object) {
        if let Target::Folder(dir) = &self.target {
            for number in 1..10 {
                let path = dir.join(format!("{object}#{number}"));
                // most often there is none
                let _ = tokio::fs::remove_file(path).await;
            }
        }
    }

    fn object(&self, name: &str) -> Object {
        self.target
            .prefix()
            .split('/')
            .filter(|part| !part.is_empty())
            .chain([name])
            .collect()
    }

    /// The same name and length: the same bytes, as the name is their hash.
    async fn has(&self, object: &Object, bytes: u64) -> Result<bool, Error> {
        match self.objects.head(object).await {
            Ok(meta) => Ok(meta.size == bytes),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            // S3 says so of what is missing to those who may write but not list
            Err(object_store::Error::PermissionDenied { .. }) => Ok(false),
            Err(e) => Err(self.words.store("look for the file", &e)),
        }
    }

    async fn address(&self, name: &str, object: Object, now: Timestamp) -> Result<MediaUrl, Error> {
        let no_address = |message: &str, hint: &str| Error::Settings {
            message: message.into(),
            hint: hint.into(),
        };
        let (url, expires) = match (&self.public_url, &self.signing) {
            (Some(base), _) => {
                let url = base.join(name).map_err(|_| {
                    no_address(
                        "`public_url` takes no names at its end",
                        "an `https://` address",
                    )
                })?;
                (url, None)
            }
            (None, Some(Signing { signer, life })) => {
                let url = signer
                    .signed_url(Method::GET, &object, *life)
                    .await
                    .map_err(|e| self.words.store("sign an address", &e))?;
                (url, now.checked_add(*life).ok())
            }
            (None, None) => return Err(backend::unseen()),
        };
        if !is_fetchable(&url) {
            return Err(no_address(
                "the store's address is not one that the platform fetches from",
                "https, in US-ASCII; or name a `public_url`",
            ));
        }
        Ok(MediaUrl {
            url,
            object: object.to_string(),
            expires,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use sha2::Digest;

    use super::super::{Environment, serve};
    use super::*;
    use crate::media::Kind;

    struct Project {
        dir: tempfile::TempDir,
        store: Store,
    }

    fn project() -> Project {
        let dir = tempfile::tempdir().expect("a folder");
        let options = Options::new("file:public", Some("http://127.0.0.1:9/s"), dir.path());
        let store = Store::open(&options.expect("options")).expect("a store");
        Project { dir, store }
    }

    fn jpeg(length: usize) -> Vec<u8> {
        let noise = (0..length).map(|i| (i * 31 % 251) as u8);
        [0xff, 0xd8, 0xff].into_iter().chain(noise).collect()
    }

    fn media(path: &Path, kind: Kind, bytes: &[u8]) -> Media {
        Media {
            path: path.to_owned(),
            kind,
            bytes: bytes.len() as u64,
            width: 1080,
            height: 1920,
            duration_s: None,
            sha256: sha256(bytes),
            quality: None,
            notes: Vec::new(),
            extras: Default::default(),
            damaged: Vec::new(),
        }
    }

    fn sha256(bytes: &[u8]) -> String {
        hex::encode(sha2::Sha256::digest(bytes))
    }

    impl Project {
        fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
            let path = self.dir.path().join(name);
            std::fs::write(&path, bytes).expect("a file");
            path
        }

        async fn put(&self, path: &Path, kind: Kind, bytes: &[u8]) -> Result<MediaUrl, Error> {
            self.store
                .put(&media(path, kind, bytes), Timestamp::UNIX_EPOCH)
                .await
        }

        fn there(&self) -> Vec<String> {
            let folder = std::fs::read_dir(self.dir.path().join("public")).expect("a folder");
            let names = folder.map(|e| e.expect("an entry").file_name());
            names
                .map(|name| name.to_string_lossy().into_owned())
                .collect()
        }
    }

    #[tokio::test]
    async fn a_file_stands_under_the_hash_of_its_bytes() {
        let project = project();
        let bytes = jpeg(1000);
        let path = project.file("any name.png", &bytes);
        let url = project.put(&path, Kind::Image, &bytes).await.expect("put");
        let name = format!("{}.jpg", sha256(&bytes));
        assert_eq!(url.url.as_str(), format!("http://127.0.0.1:9/s/{name}"));
        assert_eq!((url.object.as_str(), url.expires), (name.as_str(), None));
        assert_eq!(project.there(), [name]);
    }

    #[tokio::test]
    async fn a_large_file_goes_up_in_parts() {
        let project = project();
        let bytes = jpeg(20_000_000);
        let path = project.file("large.jpg", &bytes);
        let url = project.put(&path, Kind::Image, &bytes).await.expect("put");
        let stored = std::fs::read(project.dir.path().join("public").join(url.object));
        assert!(stored.expect("a file") == bytes);
    }

    #[tokio::test]
    async fn bytes_that_are_there_are_not_sent_again() {
        let project = project();
        let bytes = jpeg(1000);
        let path = project.file("a.jpg", &bytes);
        let first = project.put(&path, Kind::Image, &bytes).await.expect("put");
        let stored = project.dir.path().join("public").join(&first.object);
        let before = std::fs::metadata(&stored)
            .expect("a file")
            .modified()
            .expect("a time");
        let second = project.put(&path, Kind::Image, &bytes).await.expect("put");
        assert_eq!(second, first);
        let after = std::fs::metadata(&stored)
            .expect("a file")
            .modified()
            .expect("a time");
        assert_eq!(after, before);
    }

    #[tokio::test]
    async fn a_file_that_changed_goes_nowhere() {
        let project = project();
        for length in [1000, 9_000_000] {
            let bytes = jpeg(length);
            let mut other = bytes.clone();
            other[length / 2] ^= 1;
            let longer: Vec<u8> = bytes.iter().copied().chain([0; 9]).collect();
            for changed in [&other, &longer, &bytes[..length / 2].to_vec()] {
                let path = project.file("a.jpg", changed);
                let put = project.put(&path, Kind::Image, &bytes).await;
                assert!(matches!(put, Err(Error::Changed { .. })), "{put:?}");
                assert_eq!(project.there(), [""; 0]);
            }
        }
    }

    #[tokio::test]
    async fn what_is_not_of_its_kind_goes_nowhere() {
        let project = project();
        let page = b"<html>not a picture</html>";
        let path = project.file("a.jpg", page);
        let put = project.put(&path, Kind::Image, page).await;
        assert!(matches!(put, Err(Error::NotMedia { .. })), "{put:?}");
        let picture = jpeg(100);
        let path = project.file("a.mp4", &picture);
        let put = project.put(&path, Kind::Video, &picture).await;
        assert!(matches!(put, Err(Error::NotMedia { .. })), "{put:?}");
        let put = project
            .put(Path::new("/nowhere/a.jpg"), Kind::Image, page)
            .await;
        assert!(matches!(put, Err(Error::File { .. })), "{put:?}");
    }

    #[tokio::test]
    async fn sweeping_takes_what_is_ours_and_nothing_else() {
        let project = project();
        let bytes = jpeg(1000);
        let path = project.file("a.jpg", &bytes);
        let url = project.put(&path, Kind::Image, &bytes).await.expect("put");
        project.file("public/index.html", b"mine");
        project.file(&format!("public/{}#1", url.object), b"half");
        let gone = format!("{}.mp4", "0".repeat(64));
        let outside = format!("../{}.jpg", "0".repeat(64));
        project.file(&outside[3..], b"outside");
        let objects = [
            gone,
            outside.clone(),
            "index.html".into(),
            String::new(),
            url.object,
        ];
        project.store.sweep(&objects).await.expect("swept");
        assert_eq!(project.there(), ["index.html"]);
        assert!(project.dir.path().join(&outside[3..]).exists());
    }

    #[test]
    fn a_folder_needs_an_address() {
        let options = Options::new("file:public", None, Path::new("/nowhere")).expect("options");
        let message = Store::open(&options).expect_err("no address").to_string();
        assert!(
            message.contains("public_url") && message.contains("--sandbox"),
            "{message}"
        );
    }

    #[test]
    fn an_endpoint_is_https_or_on_this_machine() {
        let open = |endpoint: &str| {
            let vars = [
                ("AWS_ENDPOINT_URL", endpoint),
                ("AWS_ACCESS_KEY_ID", "AK"),
                ("AWS_SECRET_ACCESS_KEY", "hush"),
            ];
            let options = Options {
                environment: Environment::of(vars.map(|(k, v)| (k.into(), v.into()))),
                ..Options::new("s3://b", None, Path::new("/")).expect("options")
            };
            Store::open(&options)
        };
        assert!(open("http://127.0.0.1:9000").is_ok());
        assert!(open("https://minio.example").is_ok());
        let refused = open("http://minio.example").expect_err("plain");
        assert!(
            refused.is_lasting() && refused.to_string().contains("https"),
            "{refused}"
        );
        assert!(!format!("{:?}", open("http://127.0.0.1:9000")).contains("hush"));
    }

    #[tokio::test]
    async fn a_served_folder_shows_its_uploads_and_nothing_else() {
        let project = project();
        let folder = project.dir.path().join("public");
        let served = serve(&folder).await.expect("a port");
        let bytes = jpeg(600_000);
        let path = project.file("a.jpg", &bytes);
        project.file("public/notes.txt", b"mine");
        let object = project
            .put(&path, Kind::Image, &bytes)
            .await
            .expect("put")
            .object;
        let client = reqwest::Client::builder()
            .no_proxy()
            .build()
            .expect("a client");
        let get = |path: &str| client.get(format!("{}{path}", served.url)).send();

        let whole = get(&object).await.expect("an answer");
        assert_eq!(whole.headers()["content-type"], "image/jpeg");
        assert_eq!(whole.headers()["content-length"], "600003");
        assert!(whole.bytes().await.expect("bytes") == bytes);

        let part = client.get(served.url.join(&object).expect("an address"));
        let part = part
            .header("range", "bytes=10-19")
            .send()
            .await
            .expect("an answer");
        assert_eq!(part.status(), 206);
        assert_eq!(part.headers()["content-range"], "bytes 10-19/600003");
        assert_eq!(part.bytes().await.expect("bytes"), bytes[10..20]);

        let head = client.head(served.url.join(&object).expect("an address"));
        let head = head.send().await.expect("an answer");
        assert_eq!(head.headers()["content-length"], "600003");

        let outside = format!("..%2f{object}");
        for hidden in [
            "",
            "notes.txt",
            "robots.txt",
            "..%2fa.jpg",
            &outside,
            "public/",
        ] {
            assert_eq!(
                get(hidden).await.expect("an answer").status(),
                404,
                "{hidden}"
            );
        }
        let post = client.post(served.url.join(&object).expect("an address"));
        assert_eq!(post.send().await.expect("an answer").status(), 405);
        let url = served.url.clone();
        served.stop().await;
        assert!(client.get(url).send().await.is_err());
    }
}
