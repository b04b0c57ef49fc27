//! Names that the platform gives: strings of digits, opaque to us.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What an id is not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is not an id of 1 to 32 digits", .0.chars().take(40).collect::<String>().escape_debug())]
pub struct NotAnId(pub String);

macro_rules! id {
    ($name:ident, $doc:literal) => {
        #[doc = $doc]
        ///
        /// 1 to 32 ASCII digits.
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The digits.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                let is_id =
                    (1..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
                if is_id {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(NotAnId(text.to_owned()))
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = NotAnId;

            fn try_from(text: String) -> Result<Self, NotAnId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id!(
    UserId,
    "An account, as one login names it; the other login has another name for it."
);
id!(
    ContainerId,
    "A container: media that are prepared, and not yet seen by anybody."
);
id!(StoryId, "A story that is live, or was.");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_digits_and_nothing_else() {
        assert_eq!(
            "17889455560051444".parse::<StoryId>().map(String::from),
            Ok("17889455560051444".into())
        );
        for wrong in ["", "17a", "-1", " 1", "1/2", "\u{661}", &"1".repeat(33)] {
            assert!(wrong.parse::<StoryId>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_no_id_is_told_escaped_and_at_most_forty_characters_long() {
        let told = NotAnId(format!("\u{1b}{}", "é".repeat(50))).to_string();
        let shown = "é".repeat(39);
        assert_eq!(
            told,
            format!("`\\u{{1b}}{shown}` is not an id of 1 to 32 digits")
        );
    }
}
