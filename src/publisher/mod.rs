//! What it takes to publish, opened for a project; and what people decide about stories.
//!
//! In: a [`Project`](crate::project::Project) and a [`Target`]. Out: a [`Publisher`] with accounts, upload, memory and
//! staircase, and what became of each story. Never: a command line, a step of a story that `pipeline` does not take.
//!
//! With a sandbox everything stays on this machine: the platform is a sandbox, and files go to a folder that is served on
//! loopback, whatever `[upload]` says.

pub mod accounts;
mod agenda;
mod ahead;
mod ask_sandbox;
mod calendar;
mod decide;
mod error;
mod forecast;
mod foresight;
mod handed;
mod insights;
mod kill_point;
mod known_again;
mod left_out;
mod listen;
pub mod live;
mod memory;
mod metrics;
mod noted;
mod notices;
mod open;
pub mod private;
mod publish;
mod remembered;
mod renewal;
mod service;
mod session;
mod slot_notice;
mod slot_picture;
mod slot_report;
mod slot_row;
mod slot_run;
mod slot_walk;
mod slots;
mod stores;
mod sweep;
mod targets;
mod tokens;
mod waits;
mod world_clock;

pub use agenda::{Entry, agenda, entry};
pub use ahead::{Ahead, Rows};
pub use calendar::{AHEAD, Calendar, calendar_slot, schedule_pause};
pub use decide::{cancel, may_retry, move_to, one, unknown};
pub use error::Error;
pub use forecast::Forecast;
pub use handed::{Resolved, resolve};
pub use insights::{
    Sums, by_hour, by_template, by_weekday, csv, local, numbers, published, weekday, with_groups,
    with_numbers,
};
pub use left_out::{left_out, left_out_of_slot};
pub use memory::{Imported, backup, restore};
pub use open::{CONCURRENCY, Publisher, Target, Where, chain, platform, shown};
pub use publish::{Published, Rehearsed, Standing, ToPublish, Wish};
pub use remembered::{Memory, Remembered};
pub use service::Service;
pub use slot_picture::{Made, ToMake, Trouble, deliverable};
pub use slot_report::{SlotBrief, SlotReport};
pub use slot_run::run_slot;
pub use slots::{
    SlotError, approve, move_slot, pause_account, reject, resume_account, skip, slot_named,
    slot_state,
};
pub use stores::{existing_store, open_store};
pub use targets::tell;
pub use tokens::{TokenWarning, cannot_keep, note, renew, warning, warnings};
pub use waits::{after_stop, reason, waits_for, waits_for_person};
pub use world_clock::clock_of;
