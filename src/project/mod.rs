//! `storypress.toml` → the rooms' options.
//!
//! In: a path to start looking from. Out: a [`Project`]: folders, brand, limits, output defaults. Never: rendering.

mod accounts;
mod keys;
mod learned;
mod notices;
mod publishing;
mod read;
mod schedules;
mod sources;
mod time;

use std::path::{Path, PathBuf};
use std::time::Duration;

use url::Url;

use crate::diag::Diagnostic;
use crate::media::FILM_LIMIT;
use crate::notify;
use crate::pipeline::Policy;
use crate::scene::picture::Limits;
use crate::source::{self, Sources};
use crate::template::{AllowedPaths, Brand, Table};
use crate::upload;

pub use accounts::Account;
pub use learned::Learned;
pub use publishing::StoreUrl;
pub use read::{find, of, open, shown};
pub use schedules::{Accounts, Calendar, Faulty, SCHEDULE_FILE, SOURCE};
pub use time::TimeError;

/// The name of a project file.
pub const FILE: &str = "storypress.toml";

/// A project, or what holds without one.
#[derive(Debug, Clone)]
pub struct Project {
    /// The project file, when there is one.
    pub file: Option<PathBuf>,
    /// Its folder, absolute; the working directory without one.
    pub root: PathBuf,
    /// `[project] templates`, against the root.
    pub templates: Option<PathBuf>,
    /// `[project] out`, against the root.
    pub out: Option<PathBuf>,
    /// IANA name; the machine's own zone without one.
    pub timezone: Option<String>,
    /// Files and folders outside the root that may be read.
    pub allow: Vec<String>,
    /// Colours, fonts, styles, logo.
    pub brand: Brand,
    /// `[output] formats`.
    pub formats: Vec<String>,
    /// `[output] jpeg_quality`, 1–100.
    pub jpeg_quality: u8,
    /// `[limits] megapixels`: the largest picture that is decoded.
    pub max_pixels: u64,
    /// `[limits] seconds`: how long one film is worked on.
    pub film_limit: Duration,
    /// `[upload]`: where finished files go; `None` without it.
    pub upload: Option<upload::Options>,
    /// `[publish]`.
    pub publish: Policy,
    /// `[store] url`.
    pub store_url: StoreUrl,
    /// `[notify.NAME]`, in the order of the file.
    pub notify: Vec<notify::Target>,
    /// `[smtp]`: the server that takes mail.
    pub smtp: Option<notify::Smtp>,
    /// The text of the project file and the digests of the brand's fonts: a change renders everything anew.
    pub fingerprint: String,
    /// A text style of the brand holds an expression, which may use the clock.
    pub brand_asks_the_clock: bool,
    /// `[accounts.NAME]`, in the order of the file.
    pub accounts: Vec<Account>,
    /// What accounts are called whose id the file does not say, as far as the memory knows.
    pub learned: Learned,
    /// `[private] i_accept_the_risk`: accounts of login `private` may be used.
    pub accepts_the_risk: bool,
    /// `[studio] url`: where a phone reaches the project's studio.
    pub studio_url: Option<Url>,
    /// `[schedule]`, as it is written: [`Self::schedules`] reads it.
    pub schedules: Option<Table>,
    /// `[source.NAME]`, in the order of the file.
    pub sources: Vec<source::Options>,
    /// What is worth a look in the project file.
    pub warnings: Vec<Diagnostic>,
}

impl Project {
    /// What holds without a project file.
    pub fn none(root: &Path) -> Self {
        Self {
            file: None,
            root: root.to_owned(),
            templates: None,
            out: None,
            timezone: None,
            allow: Vec::new(),
            brand: Brand::default(),
            formats: vec!["jpg".into()],
            jpeg_quality: 90,
            max_pixels: Limits::default().max_pixels,
            film_limit: FILM_LIMIT,
            upload: None,
            publish: Policy::default(),
            store_url: StoreUrl::default(),
            notify: Vec::new(),
            smtp: None,
            fingerprint: String::new(),
            brand_asks_the_clock: false,
            accounts: Vec::new(),
            learned: Learned::default(),
            accepts_the_risk: false,
            studio_url: None,
            schedules: None,
            sources: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Its sources: data that lives elsewhere.
    pub fn sources(&self) -> Sources {
        Sources::new(&self.root, self.sources.clone())
    }

    /// Which files its templates may read; without a project, those beside `template_folder`.
    pub fn allowed_paths(&self, template_folder: &Path) -> AllowedPaths {
        match self.file {
            Some(_) => AllowedPaths::new(&self.root, &self.allow),
            None => AllowedPaths::new(template_folder, &[]),
        }
    }
}
