//! The studio, asked as programs and browsers ask it.

mod guard;
mod stage;
