//! `storypress.toml`.
