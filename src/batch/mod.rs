//! From a selection of templates and rows to finished files.
//!
//! In: a [`Project`](crate::project::Project) and a [`Selection`]. Out: an [`Outcome`] for each story, given to a
//! [`Watcher`] as it comes: a batch of any length needs the memory of its plan and of the stories that are made at the
//! moment. Never: a command line, publishing.
//!
//! [`ask_source`] gets data that lives elsewhere, [`plan`] finds the stories, [`render`] makes them, [`check`] judges them without a file, [`contact_sheet`] shows them
//! all.

mod ask;
mod assets;
mod by_hand;
mod check;
mod clash;
mod compare;
pub mod contact_sheet;
mod contrast;
mod due;
mod error;
mod files;
mod film;
mod finished;
mod formats;
mod guides;
mod hidden;
mod ledger;
mod missed;
mod names;
mod order;
mod outcome;
mod plan;
mod preview;
mod render;
mod rows;
mod selection;
mod slot;
mod strain;
mod texts;
mod watcher;

pub use ask::{ask_source, data_of_rule, picture_columns};
pub use by_hand::mentions;
pub use check::{check, stopped_by};
pub use compare::{Compared, compare, last_made};
pub use due::due_of_row;
pub use error::Error;
pub use film::{SLOW, enlarged, own_size};
pub use finished::{Finished, Ledgers};
pub use formats::{FileFormat, Formats};
pub use hidden::{covers, seen};
pub use order::Order;
pub use outcome::{LeftOut, Outcome, Status, Timings};
pub use plan::{Plan, Planned, Ready, plan};
pub use preview::{Preview, PreviewError, PreviewOf, Previewer, WhichRow};
pub use render::{render, render_one};
pub use selection::Selection;
pub use slot::{name_of_slot, plan_slot};
pub use strain::{RowList, RowReport, Rows};
pub use watcher::Watcher;
