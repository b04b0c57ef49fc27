//! The studio, asked as programs and browsers ask it.

mod batches;
mod browser;
mod bundle;
mod calendar;
mod doors;
mod drafts;
mod events;
mod generated;
mod guard;
mod openapi;
mod preview;
mod rehearsal;
mod schema;
mod stage;
mod templates;
mod undo;
mod uploads;
