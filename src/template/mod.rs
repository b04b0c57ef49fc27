//! Reads TOML and keeps where every value stood.
