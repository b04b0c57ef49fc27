//! The studio, asked as programs and browsers ask it.

mod browser;
mod bundle;
mod calendar;
mod doors;
mod events;
mod guard;
mod openapi;
mod preview;
mod rehearsal;
mod stage;
mod templates;
mod uploads;
