//! Reads TOML and keeps the place of every value.
//!
//! In: text, and the base templates it extends. Out: a [`Template`] whose keys are known and whose values have the
//! right shape, each with its [`Place`]. Never: loading an asset, filling in a variable.

mod allowed_paths;
mod brand;
mod check;
pub mod edit;
pub mod expression;
pub mod grammar;
pub(crate) mod keys;
pub mod language;
mod load;
mod merge;
mod origin;
mod reference;
mod schema;
pub(crate) mod tree;
mod vars;

pub(crate) use allowed_paths::equivalent;
pub use allowed_paths::{AllowedPaths, Refusal};
pub use brand::{Brand, BrandFont};
pub use load::{load, load_text, parse};
pub use origin::{Origin, OriginKind};
pub use reference::reference;
pub use schema::schema;
pub use tree::{Entry, Node, Table, Value};
pub use vars::{RESERVED, Var, VarType};

use std::path::PathBuf;
use std::sync::Arc;

use crate::diag::{Place, Source};

pub(crate) use check::{check_table, check_value};
pub(crate) use keys::key;
pub(crate) use load::{problem_at, refused, sibling};
pub(crate) use origin::{whole_layer, whole_table};

/// A template with its bases merged in: keys known, shapes right, nothing loaded yet.
#[derive(Debug, Clone)]
pub struct Template {
    /// The file's name without `.toml`; names the output.
    pub name: String,
    /// The template's own text first, then its bases'.
    pub sources: Vec<Arc<Source>>,
    /// Folder of the template file; assets are relative to it when there is no project.
    pub folder: PathBuf,
    /// Declared variables in the order of the file, the base's first.
    pub vars: Vec<Var>,
    /// `[canvas]`, if any.
    pub canvas: Option<Table>,
    /// `[output]`, if any.
    pub output: Option<Table>,
    /// `[audio]`, if any.
    pub audio: Option<Table>,
    /// Layers from the bottom up.
    pub layers: Vec<Layer>,
    /// `[[mention]]`s.
    pub mentions: Vec<Table>,
    /// `[[link]]`s.
    pub links: Vec<Table>,
    /// `caption`, `alt` and `audience`, where they are written.
    pub beside: Table,
    /// A sticker of it counts down: its pixels are others every minute.
    pub counts_down: bool,
    /// Names that its expressions use.
    pub uses: std::collections::BTreeSet<String>,
}

/// One layer as it was written; children inside.
#[derive(Debug, Clone)]
pub struct Layer {
    /// `id`, when it has one.
    pub id: Option<String>,
    /// Where it is among the layers, bases merged in: `layer[2].children[0]`.
    pub path: String,
    /// `type`.
    pub kind: language::LayerType,
    /// Where the layer's heading is.
    pub place: Place,
    /// Every key but `children`.
    pub keys: Table,
    /// A group's children, from the bottom up.
    pub children: Vec<Layer>,
}

impl Layer {
    /// How messages name it: ``layer `title` `` or `text layer`.
    pub fn label(&self) -> String {
        match &self.id {
            Some(id) => format!("layer `{id}`"),
            None => format!("{} layer", self.kind.as_str()),
        }
    }
}

impl Template {
    /// Whether a story of this template may be film: it has a clip, or says how long it is. What `when` leaves out
    /// is known only once a row is filled in.
    pub fn is_film(&self) -> bool {
        fn any_video(layers: &[Layer]) -> bool {
            layers
                .iter()
                .any(|l| l.kind == language::LayerType::Video || any_video(&l.children))
        }
        let background = self
            .canvas
            .as_ref()
            .and_then(|c| c.node(key!(CANVAS.background)));
        let output = self.output.as_ref();
        any_video(&self.layers)
            || output.is_some_and(|o| o.node(key!(OUTPUT.seconds)).is_some())
            || background.is_some_and(
                |b| matches!(&b.value, Value::Table(t) if t.node(key!(FILL.video)).is_some()),
            )
    }
}
