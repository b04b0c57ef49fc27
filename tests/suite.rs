//! The tests that hold the program and the library from outside, in one binary: linking costs more than most of them.
//!
//! Films have a binary of their own (`film`), so have the memory (`store`), the cases that are folders (`cases`) and the
//! house (`house`).

mod calendar;
mod edits;
mod flow;
mod generators;
mod graph;
mod once;
mod pictures;
mod private;
mod program;
mod samples;
mod sandbox;
mod sources;
mod stickers;
mod studio;
mod upload;

use program::program;
