//! The keys of sticker layers, and of what goes beside a story in the app.
//!
//! In: nothing. Out: tables of the language, as [`language`](super) has them. Never: how a sticker looks.

use super::{Key, Kind, Or, key};

/// The kinds of stickers, as they are written.
pub const KINDS: &[&str] = &[
    "link",
    "mention",
    "hashtag",
    "location",
    "poll",
    "question",
    "quiz",
    "countdown",
    "slider",
];

/// Keys of `type = "sticker"`.
pub const STICKER: &[Key] = &[
    key(
        "kind",
        Kind::Choice(KINDS),
        "Which sticker of the app it is.",
    ),
    key(
        "look",
        Kind::Choice(&["light", "dark", "glass", "brand"]),
        "Its colours; brand takes those of `[brand] colors`.",
    )
    .or(Or::Word("light")),
    key(
        "url",
        Kind::Text,
        "link: the page to open, with its `https://`.",
    ),
    key(
        "text",
        Kind::Text,
        "link: its words; without them, the host of the address.",
    ),
    key(
        "username",
        Kind::Text,
        "mention: the account, without the @.",
    ),
    key(
        "name",
        Kind::Text,
        "hashtag: the word, without the #. location: the place; its number on the platform is `id`. countdown: what it counts down to.",
    ),
    key(
        "question",
        Kind::Text,
        "poll, question, quiz, slider: what is asked; a poll and a slider may go without.",
    ),
    key(
        "options",
        Kind::Texts,
        "poll, quiz: two to four answers; an empty one is left out.",
    ),
    key(
        "answer",
        Kind::Integer(1, 4),
        "quiz: which of the options is right, from 1.",
    ),
    key(
        "ends",
        Kind::Text,
        "countdown: when it ends, `2026-12-24T18:00`, in the project's zone where it names none.",
    ),
    key("emoji", Kind::Text, "slider: what slides.").or(Or::Word("😍")),
    key(
        "lang",
        Kind::Name,
        "Language tag such as es or de: of the words that a countdown and a question bring themselves.",
    )
    .or(Or::Word("en")),
];

/// Keys beside the tables of a template: what a story has in the app besides its picture.
pub const BESIDE: &[Key] = &[
    key(
        "caption",
        Kind::Text,
        "Words beside the picture, for whoever posts it by hand.",
    ),
    key(
        "alt",
        Kind::Text,
        "What the picture shows, for people who do not see it.",
    ),
    key(
        "audience",
        Kind::Choice(&["everyone", "close-friends"]),
        "Who may see it; a route that cannot keep to it does not publish the story.",
    )
    .or(Or::Word("everyone")),
];
