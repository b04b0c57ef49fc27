//! Paints.
