//! The studio, asked as programs and browsers ask it.

mod bundle;
mod guard;
mod stage;
