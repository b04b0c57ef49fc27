//! The private way: the real library against the sandbox, and the program through it.
//!
//! The library is installed from PyPI once a machine, into the target's folder for such things; where PyPI cannot be
//! reached these tests say so and fail.

mod by_hand;
mod kills;
mod library;
mod program;
mod stage;
mod tap;
