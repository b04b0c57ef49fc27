//! The signs on stickers, drawn of boxes: a chain link, a pin.
//!
//! In: a side in units and a colour. Out: a [`Piece`] of that size. Never: artwork of others.

use super::piece::{Piece, Shown};

/// Two halves of a chain link with a bar between them, as high as `side` and turned upwards.
pub(super) fn link(side: f64, color: &Shown) -> Piece {
    let (high, line) = (side * 0.48, side * 0.135);
    let half = side * 0.40;
    let top = (side - high) / 2.0;
    let loop_at = |left: f64| {
        Piece::shape(half * 2.0, high)
            .at(left, 0.0)
            .round(high / 2.0)
            .bordered(line, color)
    };
    let cut = |left: f64, inside: Piece| {
        Piece::free(half, high, vec![inside])
            .with("clip", true)
            .at(left, top)
    };
    let bar = Piece::shape(side * 0.42, line)
        .at(side * 0.29, (side - line) / 2.0)
        .round(line / 2.0)
        .filled(color);
    let parts = vec![
        cut(0.0, loop_at(0.0)),
        cut(side - half, loop_at(-half)),
        bar,
    ];
    Piece::free(side, side, parts).with("rotate", -45.0)
}

/// A pin with a hole, as high as `side`.
pub(super) fn pin(side: f64, color: &Shown) -> Piece {
    let round = side * 0.76;
    let radius = round / 2.0;
    let corners = [radius, radius, 0.0, radius].map(Shown::Number).to_vec();
    let drop = Piece::shape(round, round)
        .at((side * 0.82 - round) / 2.0, side * 0.02)
        .with("radius", Shown::List(corners))
        .bordered(round * 0.28, color)
        .with("rotate", 45.0);
    Piece::free(side * 0.82, side, vec![drop])
}
