//! Pictures and films that rows name by their address.
//!
//! In: addresses. Out: files by content hash, and what each address came to. Never: a secret of the source, more than
//! the limit of one picture at a time and place.

use std::collections::{BTreeSet, HashMap};

use futures_util::StreamExt;
use jiff::{SignedDuration, Timestamp};
use reqwest::header::HeaderMap;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use url::Url;

use super::ask::{Question, Refused, Said, Validators};
use super::copy::Picture;
use super::folder::Folder;
use super::net::{Net, Times};
use super::options::{digest, shown};
use super::pauses::{Failed, Pauses};
use super::record::{FetchedAt, spoken};
use super::{Fault, Options};
use crate::platform::{Content, is_web_page, sniff};

/// So many are fetched at once.
const AT_ONCE: usize = 4;

/// What no row has named for so long goes: some services give a picture another address each time.
const UNUSED: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The folder of the records.
const RECORDS: &str = "pictures";

/// Of one address; its name is the address's hash.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Kept {
    /// The address, as it may be printed.
    address: String,
    /// The name of the file.
    file: String,
    /// When the server said last that this is what there is.
    #[serde(flatten)]
    fetched: FetchedAt,
    /// When a row named it last.
    used: Timestamp,
    validators: Validators,
}

impl Kept {
    fn name(address: &str) -> String {
        format!("{RECORDS}/{}.json", digest(address.as_bytes()))
    }

    /// What is known of an address, where its file is there, too.
    fn of(folder: &Folder, address: &str) -> Option<Self> {
        let kept: Self = folder.record(&Self::name(address))?;
        folder.file(&kept.file).is_file().then_some(kept)
    }

    fn picture(&self) -> Picture {
        Picture::File(Folder::in_project(&self.file))
    }
}

/// What each address came to.
#[derive(Debug, Default)]
pub(super) struct Fetched {
    pub pictures: HashMap<String, Picture>,
    /// Addresses that failed now, and how old the picture is that is used all the same.
    pub stale: Vec<(String, String)>,
}

/// What is known already; the network is not asked.
pub(super) fn known(folder: &Folder, addresses: &[String]) -> Fetched {
    let mut fetched = Fetched::default();
    for address in addresses {
        if let Some(kept) = Kept::of(folder, address) {
            fetched.pictures.insert(address.clone(), kept.picture());
        }
    }
    fetched
}

/// How pictures of a source are fetched.
pub(super) struct Fetcher<'a> {
    pub folder: &'a Folder,
    pub net: &'a Net,
    pub options: &'a Options,
    pub times: Times,
    pub now: Timestamp,
    /// What is here is asked for again: is it still what there is?
    pub anew: bool,
}

impl Fetcher<'_> {
    /// Fetches what is not here, and asks again for what is, if it is time for that.
    pub async fn fetch(&self, addresses: &[String]) -> Fetched {
        let end = Instant::now() + self.times.pictures;
        let mut fetched = Fetched::default();
        let each = addresses.iter().map(|address| self.one(address, end));
        let mut found = futures_util::stream::iter(each).buffer_unordered(AT_ONCE);
        while let Some((address, picture, stale)) = found.next().await {
            fetched
                .stale
                .extend(stale.map(|why| (address.clone(), why)));
            fetched.pictures.insert(address, picture);
        }
        // told in the order of the rows, not in that of the servers
        fetched.stale.sort();
        fetched
    }

    async fn one(&self, address: &str, end: Instant) -> (String, Picture, Option<String>) {
        let kept = Kept::of(self.folder, address);
        let own = address.to_owned();
        if let Some(kept) = kept.as_ref().filter(|_| !self.anew) {
            self.touch(address, kept);
            return (own, kept.picture(), None);
        }
        let failed = match self.asked(address, kept.as_ref(), end).await {
            Ok(picture) => return (own, picture, None),
            Err(failed) => failed,
        };
        // an outage takes nothing away that was here; that there is no such picture any more does
        let aged = kept.map(|kept| (kept.fetched.age(self.now), kept));
        match aged.filter(|(age, _)| failed.may_pass && *age <= self.options.stale) {
            Some((age, kept)) => {
                let age = spoken(age);
                (
                    own,
                    kept.picture(),
                    Some(format!("{}; the one of {age} ago is used", failed.why)),
                )
            }
            None => (own, Picture::Missing(failed.why), None),
        }
    }

    /// Asks, unless the address or its server is let be; what is refused is let be from then on.
    async fn asked(
        &self,
        address: &str,
        kept: Option<&Kept>,
        end: Instant,
    ) -> Result<Picture, Failed> {
        let pauses = Pauses {
            folder: self.folder,
            now: self.now,
        };
        if let Some(held) = pauses.hold(address, self.anew) {
            return Err(held);
        }
        match self.ask(address, kept, end).await {
            Ok(picture) => {
                pauses.end(address);
                Ok(picture)
            }
            Err(refused) => {
                // what the others left no time for was not asked, and is next time
                if Instant::now() < end {
                    pauses.put(address, &refused, self.options.every);
                }
                Err(Failed::from(&refused.fault))
            }
        }
    }

    async fn ask(
        &self,
        address: &str,
        kept: Option<&Kept>,
        end: Instant,
    ) -> Result<Picture, Refused> {
        let url: Url = address
            .parse()
            .map_err(|_| Fault::NotHttp(address.chars().take(100).collect()))?;
        let deadline = end.min(Instant::now() + self.times.whole);
        let question = Question {
            url: &url,
            origin: None,
            secrets: &HeaderMap::new(),
            validators: kept.map(|kept| &kept.validators),
            limit: self.options.max_bytes,
            deadline,
            allowed: self.times.whole,
        };
        let said = question.ask(self.net).await?;
        let now = self.now;
        let kept = match (said, kept) {
            (Said::Answer(answer), _) => Kept {
                address: shown(&url),
                file: self.kept(&answer.body)?,
                fetched: FetchedAt::at(now),
                used: now,
                validators: answer.validators,
            },
            (Said::Unchanged, Some(kept)) => Kept {
                fetched: FetchedAt::at(now),
                used: now,
                ..kept.clone()
            },
            // nobody is told 304 who asks without conditions
            (Said::Unchanged, None) => {
                return Err(Refused::from(Fault::Status {
                    status: 304,
                    at: None,
                }));
            }
        };
        let written = self.folder.put_record(&Kept::name(address), &kept);
        written.map_err(Fault::from)?;
        Ok(kept.picture())
    }

    fn kept(&self, body: &[u8]) -> Result<String, Fault> {
        Ok(self.folder.keep(body, extension(body)?)?)
    }

    /// Remembers that a row still names it; once a day is enough.
    fn touch(&self, address: &str, kept: &Kept) {
        if self.now.duration_since(kept.used) > SignedDuration::from_hours(24) {
            let kept = Kept {
                used: self.now,
                ..kept.clone()
            };
            // it is fetched again if it goes too early
            let _ = self.folder.put_record(&Kept::name(address), &kept);
        }
    }
}

/// Takes away pictures that no row has named for a week; `needed` are files that something else names.
pub(super) fn sweep(folder: &Folder, needed: &BTreeSet<String>, now: Timestamp) {
    Pauses { folder, now }.sweep();
    let (mut unused, mut used) = (Vec::new(), needed.clone());
    for name in folder.records(RECORDS) {
        match folder.record::<Kept>(&name) {
            Some(kept) if now.duration_since(kept.used) > UNUSED => unused.push((name, kept.file)),
            Some(kept) => {
                used.insert(kept.file);
            }
            None => {}
        }
    }
    for (record, file) in unused {
        folder.remove(&record);
        if !used.contains(&file) {
            folder.remove(&file);
        }
    }
}

/// How the name of a picture or a film ends.
fn extension(body: &[u8]) -> Result<&'static str, Fault> {
    Ok(match sniff(body) {
        Content::Empty => return Err(Fault::Empty),
        Content::Jpeg => "jpg",
        Content::Png => "png",
        Content::OtherStill(name) => match name {
            "GIF" => "gif",
            "WebP" => "webp",
            "HEIC" => "heic",
            "AVIF" => "avif",
            "BMP" => "bmp",
            "TIFF" => "tiff",
            "SVG" => "svg",
            _ => "img",
        },
        Content::Film(name) => match name {
            "MP4" => "mp4",
            "MOV" => "mov",
            _ => "film",
        },
        Content::Unknown if is_web_page(body) => {
            return Err(Fault::Data("a web page came in place of a picture".into()));
        }
        Content::Unknown => {
            return Err(Fault::Data(
                "what came is neither a picture nor a film".into(),
            ));
        }
    })
}
