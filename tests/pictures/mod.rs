//! Pictures as they come: held any way, in any format and colour space, whole or not.

mod cache;
mod color;
mod described;
mod formats;
mod hostile;
mod make;
mod orientation;
mod quality;
