//! What a story has over its picture, on its way to the platform: mentions go along, the rest is reported.

use super::LeftOut;
use crate::diag::{Code, Diagnostic};
use crate::graph::UserTag;
use crate::scene::{ByHand, Extra, Scene};

/// Who is mentioned in a story.
pub fn mentions(scene: &Scene) -> Vec<UserTag> {
    let tags = scene.mentions.iter().map(|mention| UserTag {
        username: mention.username.clone(),
        x: mention.at.x,
        y: mention.at.y,
    });
    tags.collect()
}

/// What is said, when it is published, of something that only a person can add.
pub(super) fn left_out(extra: &ByHand) -> LeftOut {
    let (message, hint) = match &extra.what {
        Extra::Link { url, text, at } => {
            let words = text
                .as_ref()
                .map_or(String::new(), |text| format!(" “{text}”"));
            let (x, y) = ((at.x * 100.0).round(), (at.y * 100.0).round());
            (
                format!(
                    "the link{words} to {url} is left out: the platform takes none from a program"
                ),
                format!(
                    "post it by hand with the sticker {x} % from the left and {y} % from the top, or paint the address as a `qr` layer"
                ),
            )
        }
        Extra::Sticker(kind) => (
            format!(
                "the {} sticker is left out: it is in the picture, and nothing happens when it is tapped",
                kind.word()
            ),
            "post it by hand: `storypress handoff` makes a page for a phone".to_owned(),
        ),
        Extra::Alt(_) => (
            "the alt text is left out: a Story that a program publishes has none".to_owned(),
            "post it by hand, where the app takes one".to_owned(),
        ),
        Extra::Caption(_) => (
            "the caption is left out: a Story that a program publishes has none".to_owned(),
            "paint it as a `text` layer, or post it by hand".to_owned(),
        ),
    };
    LeftOut {
        sticker: extra.sticker,
        said: Diagnostic::at(Code::StickerDropped, &extra.place, message).hint(hint),
    }
}
