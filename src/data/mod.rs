//! Rows of data for templates.
//!
//! In: a file (CSV, TSV, JSON, JSON Lines, TOML, XLSX, ODS, RSS, Atom). Out: [`Row`]s, each good or with what is
//! wrong with it. Never: knowing what a template does with a column.

mod row;

pub use row::Row;
