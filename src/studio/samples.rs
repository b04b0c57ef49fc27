//! Templates to begin with: whole as they are, without a picture, a font or a colour of a project.
//!
//! In: a name. Out: the text of a template. Never: a file of the machine.

/// Name, what it is in words, text.
type Sample = (&'static str, &'static str, &'static str);

/// All of them, in the order of a list.
pub const SAMPLES: &[Sample] = &[
    (
        "announcement",
        "Announcement: what is new, in one sentence",
        include_str!("samples/announcement.toml"),
    ),
    (
        "offer",
        "Offer: a price, what it was, until when",
        include_str!("samples/offer.toml"),
    ),
    (
        "quote",
        "Quote: a sentence and who said it",
        include_str!("samples/quote.toml"),
    ),
    (
        "countdown",
        "Countdown: days until a date",
        include_str!("samples/countdown.toml"),
    ),
];

/// The text of one.
pub fn text(name: &str) -> Option<&'static str> {
    let found = SAMPLES.iter().find(|(of, _, _)| *of == name);
    found.map(|(_, _, text)| *text)
}
