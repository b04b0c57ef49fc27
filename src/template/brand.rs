//! What the templates of a project share: colours, fonts, text styles, the logo.

use std::path::PathBuf;

use crate::diag::Place;

use super::Table;

/// `[brand]` of the project file.
#[derive(Debug, Clone, Default)]
pub struct Brand {
    /// The logo's path as written, against the project folder.
    pub logo: Option<String>,
    /// Name → colour as written.
    pub colors: Vec<(String, String)>,
    /// Font files under the names that templates use; a family of several files has its name several times.
    pub fonts: Vec<BrandFont>,
    /// Name → keys of a text layer.
    pub styles: Vec<(String, Table)>,
}

/// A font file of the brand.
#[derive(Debug, Clone)]
pub struct BrandFont {
    /// The name that templates use.
    pub key: String,
    /// Where it is, absolute.
    pub path: PathBuf,
    /// Where the project file names it.
    pub place: Place,
}

impl Brand {
    /// The colour of a name, as written.
    pub fn color(&self, name: &str) -> Option<&str> {
        self.colors
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, c)| c.as_str())
    }

    /// The text style of a name.
    pub fn style(&self, name: &str) -> Option<&Table> {
        self.styles.iter().find(|(n, _)| n == name).map(|(_, s)| s)
    }
}
