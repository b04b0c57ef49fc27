//! Film as it comes, whole or not: what is read of it, what is judged, what is made.

mod hostile;
mod make;
mod probe;
mod verify;
