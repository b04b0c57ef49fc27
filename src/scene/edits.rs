//! Edits of a template's text with the layout at hand.
//!
//! In: the text, the row it is shown with, edits. Out: the text after them, and what is wrong with it. Never: a file.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use crate::data::Row;
use crate::diag::{self, Diagnostic};
use crate::template::edit::{self, Edit, File, Laid, Refused, Surroundings};
use crate::template::key;
use crate::template::{AllowedPaths, Table, Template, load_text};

use super::{Assets, LayerBox, inspect};

/// A text after its edits.
#[derive(Debug, Clone, PartialEq)]
pub struct Edited {
    /// The whole text.
    pub text: String,
    /// What is wrong with it, and with the story of the row; errors among it were there before.
    pub diagnostics: Vec<Diagnostic>,
}

/// The text of the template at `path` after all edits, which need not be on disk; nothing is written.
///
/// `row` fills it where an edit depends on how large something is; `shown` is how messages call the file.
///
/// # Errors
/// No edit was made: a value stands elsewhere, or the text would have an error that it has not now.
pub fn edit(
    text: &str,
    (path, shown): (&Path, &Path),
    allowed: &AllowedPaths,
    assets: &Assets,
    row: &Row,
    edits: &[Edit],
) -> Result<Edited, Refused> {
    let file = File {
        path,
        shown,
        allowed,
    };
    let around = Around {
        assets,
        row,
        known: Mutex::default(),
    };
    let after = edit::apply(text, &file, edits, &around)?;
    let before = all_wrong(text, &file, assets, row)?;
    let diagnostics = match after == text {
        true => before,
        false => {
            let now = all_wrong(&after, &file, assets, row)?;
            let new = edit::new_errors(&before, &now);
            if !new.is_empty() {
                return Err(Refused::Invalid(new));
            }
            now
        }
    };
    Ok(Edited {
        text: after,
        diagnostics,
    })
}

/// What is wrong with a text, and with its story.
fn all_wrong(
    text: &str,
    file: &File<'_>,
    assets: &Assets,
    row: &Row,
) -> Result<Vec<Diagnostic>, Refused> {
    let refused = |why| Refused::Invalid(vec![why]);
    let (template, mut wrong) =
        load_text(text, file.path, file.shown, file.allowed).map_err(refused)?;
    wrong.extend(match super::resolve(&template, row, assets) {
        Ok(warned) => warned.warnings,
        Err(wrong) => wrong,
    });
    diag::in_order(&mut wrong);
    Ok(wrong)
}

/// The layout of the texts that edits go through, each laid out once.
struct Around<'a> {
    assets: &'a Assets,
    row: &'a Row,
    known: Mutex<HashMap<String, Vec<LayerBox>>>,
}

impl Surroundings for Around<'_> {
    fn laid(&self, template: &Template, path: &str) -> Option<Laid> {
        let text = &template.sources[0].text;
        // nothing panics while this is held
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let boxes = known
            .entry(text.clone())
            .or_insert_with(|| inspect(template, self.row, self.assets).boxes);
        let found = boxes.iter().find(|b| b.path == path)?;
        let p = found.placing?;
        let (width, height) = (f64::from(p.width), f64::from(p.height));
        let own = own_turn(found);
        Some(Laid {
            left: f64::from(p.left_in_parent),
            top: f64::from(p.top_in_parent),
            width,
            height,
            parent_width: f64::from(p.parent_width),
            parent_height: f64::from(p.parent_height),
            middle: (
                f64::from(p.left) + width / 2.0,
                f64::from(p.top) + height / 2.0,
            ),
            turned: f64::from(p.rotate) - own,
        })
    }

    fn style(&self, name: &str) -> Option<&Table> {
        self.assets.brand.style(name)
    }
}

/// The degrees that a layer's own key says.
fn own_turn(found: &LayerBox) -> f64 {
    let said = found.values.get(key!(LAYER.rotate).name);
    said.and_then(|said| said["value"].as_f64()).unwrap_or(0.0)
}
