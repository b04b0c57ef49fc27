//! The studio, asked as programs and browsers ask it.

mod bundle;
mod calendar;
mod guard;
mod rehearsal;
mod stage;
