//! Pictures as they come: held any way, in any format and colour space, whole or not.

mod make;
mod orientation;
