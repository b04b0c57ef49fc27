//! A sticker as every later room has it, and what else goes beside a story.
//!
//! In: nothing. Out: plain values that reports and the store write as they are. Never: a look.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Something on a story that a person taps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sticker {
    /// What it does.
    #[serde(flatten)]
    pub kind: StickerKind,
    /// Its centre from the left, as a part of the canvas: 0–1 where it is inside.
    pub x: f32,
    /// Its centre from the top.
    pub y: f32,
    /// Its width before rotation, as a part of the canvas' width.
    pub width: f32,
    /// Its height before rotation, as a part of the canvas' height.
    pub height: f32,
    /// Degrees clockwise about its centre, in (-360, 360).
    pub rotation: f32,
}

/// What a sticker does, with what it needs for that.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum StickerKind {
    /// Opens a page.
    Link {
        /// `https`.
        url: String,
        /// Its words; without them, the app shows the host.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
    /// Opens an account.
    Mention {
        /// Without the `@`.
        username: String,
    },
    /// Opens what is posted under a word.
    Hashtag {
        /// Without the `#`.
        name: String,
    },
    /// Opens a place.
    Location {
        /// As it is written on the sticker.
        name: String,
        /// The place's number on the platform.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
    },
    /// Takes a vote.
    Poll {
        /// What is asked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        question: Option<String>,
        /// Two to four.
        options: Vec<String>,
    },
    /// Takes words.
    Question {
        /// What is asked.
        question: String,
    },
    /// Takes a guess.
    Quiz {
        /// What is asked.
        question: String,
        /// Two to four.
        options: Vec<String>,
        /// Which of them is right, from 1.
        answer: usize,
    },
    /// Counts down, and reminds who asks for it.
    Countdown {
        /// What it counts down to.
        name: String,
        /// When it ends.
        ends: Timestamp,
    },
    /// Takes a grade.
    Slider {
        /// What is asked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        question: Option<String>,
        /// What slides.
        emoji: String,
    },
}

impl StickerKind {
    /// The word of templates and reports.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Link { .. } => "link",
            Self::Mention { .. } => "mention",
            Self::Hashtag { .. } => "hashtag",
            Self::Location { .. } => "location",
            Self::Poll { .. } => "poll",
            Self::Question { .. } => "question",
            Self::Quiz { .. } => "quiz",
            Self::Countdown { .. } => "countdown",
            Self::Slider { .. } => "slider",
        }
    }
}

/// Who may see a story.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Audience {
    /// The account's list of close friends.
    CloseFriends,
}

/// What a story has in the app besides its picture.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Extras {
    /// Boxes to tap, those of `[[mention]]` and `[[link]]` last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stickers: Vec<Sticker>,
    /// Words beside the picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
    /// What the picture shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alt: Option<String>,
    /// Who may see it; without it, everyone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<Audience>,
}

impl Extras {
    /// A picture and nothing else.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sticker_is_written_flat_and_read_back() {
        let sticker = Sticker {
            kind: StickerKind::Link {
                url: "https://example.com/".into(),
                text: None,
            },
            x: 0.5,
            y: 0.25,
            width: 0.4,
            height: 0.06,
            rotation: -4.0,
        };
        let written = serde_json::to_string(&sticker).unwrap();
        assert_eq!(
            written,
            r#"{"kind":"link","url":"https://example.com/","x":0.5,"y":0.25,"width":0.4,"height":0.06,"rotation":-4.0}"#
        );
        assert_eq!(serde_json::from_str::<Sticker>(&written).unwrap(), sticker);
    }
}
