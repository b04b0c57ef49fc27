//! The `storypress` program.

fn main() {}
