//! What the stories of a batch share: the files they may read, the brand, pictures, fonts, expressions.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diag::{Code, Diagnostic, Place};
use crate::template::expression::{Clock, Expressions};
use crate::template::{AllowedPaths, Brand, equivalent, refused, sibling};

use super::picture::{self, Pictures};
use super::text::{self, Typesetter};

/// Shared by every story and thread of a batch.
pub struct Assets {
    /// Which files may be read.
    pub allowed: AllowedPaths,
    /// Whether asset paths are relative to the project folder rather than the template's folder.
    pub in_project: bool,
    /// Colours, fonts, styles.
    pub brand: Brand,
    /// Decoded pictures.
    pub pictures: Arc<Pictures>,
    /// Fonts, and text already set.
    pub typesetter: Arc<Typesetter>,
    /// Filters and the clock.
    pub expressions: Expressions,
}

impl Assets {
    /// Loads the brand's fonts; what cannot be loaded is reported and left out.
    pub fn new(
        allowed: AllowedPaths,
        in_project: bool,
        brand: Brand,
        limits: picture::Limits,
        clock: Clock,
    ) -> (Self, Vec<Diagnostic>) {
        let mut wrong = Vec::new();
        let (mut fonts, mut read) = (Vec::new(), Vec::new());
        for font in &brand.fonts {
            match std::fs::read(&font.path) {
                Ok(bytes) => {
                    read.push(font);
                    fonts.push(text::BrandFont {
                        key: font.key.clone(),
                        data: Arc::from(bytes),
                    });
                }
                Err(e) => {
                    let message = format!("cannot read the font `{}`: {e}", font.key);
                    wrong.push(
                        Diagnostic::at(Code::MissingAsset, &font.place, message)
                            .maybe_hint(sibling(&font.path)),
                    );
                }
            }
        }
        let (typesetter, broken) = Typesetter::new(fonts);
        for broken in broken {
            let font = read[broken.file];
            let message = format!("the file of the font `{}` {}", font.key, broken.why);
            wrong.push(Diagnostic::at(Code::UnreadableMedia, &font.place, message));
        }
        let assets = Self {
            allowed,
            in_project,
            brand,
            pictures: Arc::new(Pictures::new(limits)),
            typesetter: Arc::new(typesetter),
            expressions: Expressions::new(clock),
        };
        (assets, wrong)
    }

    /// The same at another time: fonts and decoded pictures are shared.
    pub fn at(&self, clock: Clock) -> Self {
        Self {
            allowed: self.allowed.clone(),
            in_project: self.in_project,
            brand: self.brand.clone(),
            pictures: Arc::clone(&self.pictures),
            typesetter: Arc::clone(&self.typesetter),
            expressions: Expressions::new(clock),
        }
    }

    /// The file that `written` names in a template of `folder`.
    pub(super) fn find(
        &self,
        folder: &Path,
        written: &str,
        at: &Place,
    ) -> Result<PathBuf, Box<Diagnostic>> {
        let base = if self.in_project {
            self.allowed.root()
        } else {
            folder
        };
        let path = self
            .allowed
            .resolve(base, written.trim())
            .map_err(|r| Box::new(refused(at, written, r)))?;
        if path.is_file() {
            return Ok(path);
        }
        // an accent may be a character of its own in one of the two names
        if let Some(found) = equivalent(&path).filter(|found| found.is_file())
            && let Some(written) = found.to_str()
            && let Ok(found) = self.allowed.resolve(base, written)
        {
            return Ok(found);
        }
        let message = match path.is_dir() {
            true => format!("`{written}` is a folder, not a file"),
            false => format!("no file `{written}`"),
        };
        Err(Box::new(
            Diagnostic::at(Code::MissingAsset, at, message).maybe_hint(sibling(&path)),
        ))
    }
}
