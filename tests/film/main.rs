//! Film as it comes, whole or not: what is read of it, what is judged, what is made.

mod asked;
mod callers;
mod color;
mod damage;
mod hostile;
mod make;
mod order;
mod parts;
mod probe;
#[path = "../program.rs"]
mod program;
mod quality;
mod samples;
mod sound;
mod story;
mod strangers;
mod sync;
mod templates;
mod verify;
mod whole;

use program::program;
