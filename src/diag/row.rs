//! Which row of data a story, or a fault, is of.
//!
//! In: a number, and a key where there is one. Out: the name that messages and reports have for it, and back. Never: what is in the
//! row.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A row by its number from 1, and its key.
///
/// It shows, and serialises, as `row 3` or `row 3 (id tuesday)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowName {
    /// From 1; empty rows count.
    pub number: usize,
    /// What its column `id` or `key` says.
    pub key: Option<String>,
}

impl fmt::Display for RowName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {}", self.number)?;
        match &self.key {
            Some(key) => write!(f, " (id {key})"),
            None => Ok(()),
        }
    }
}

impl FromStr for RowName {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let no_row = "no `row N` or `row N (id KEY)`";
        let text = text.strip_prefix("row ").ok_or(no_row)?;
        let (number, key) = match text.split_once(" (id ") {
            Some((number, key)) => (number, Some(key.strip_suffix(')').ok_or(no_row)?)),
            None => (text, None),
        };
        Ok(Self {
            number: number.parse().map_err(|_| no_row)?,
            key: key.map(str::to_owned),
        })
    }
}

impl Serialize for RowName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RowName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_it_is_shown() {
        for (number, key) in [(3, None), (12, Some("tue")), (1, Some("a (id b)"))] {
            let name = RowName {
                number,
                key: key.map(str::to_owned),
            };
            assert_eq!(name.to_string().parse(), Ok(name));
        }
        assert!("column 3".parse::<RowName>().is_err());
    }
}
