//! Stickers: what is tapped in the app, and what is drawn for it.
//!
//! In: the keys of a sticker layer, filled in, and the brand. Out: what it does, and what is drawn for it, as [`Piece`]s
//! that become layers like any other. Never: a place on the canvas, painting.

mod draw;
mod glyph;
mod look;
mod model;
mod piece;
mod read;

pub use model::{Audience, Extras, Sticker, StickerKind};

pub(super) use draw::drawn;
pub(super) use look::Look;
pub(super) use piece::Piece;
pub(super) use read::{Fault, LINK_TEXT, account, read, web_page};
