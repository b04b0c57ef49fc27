//! Which pixels a node may touch.
//!
//! In: a node and the view. Out: its box in pixels, and an area that surely holds all it paints. Never: painting.

use super::geometry::{Area, Edges, View};
use super::rotation::Rotation;
use super::shadow;
use super::shape::RoundBox;
use super::text;
use crate::scene::{Content, Node, Rect};

/// A box of whole pixels.
pub fn whole_box(area: &Area) -> RoundBox {
    let edges = Edges {
        left: area.x0 as f32,
        top: area.y0 as f32,
        right: area.x1 as f32,
        bottom: area.y1 as f32,
    };
    RoundBox::new(edges, [0.0; 4])
}

/// A node's rounded box, upright. Pictures and codes stand on whole pixels; other boxes keep their fractions.
pub fn box_of(node: &Node, view: &View) -> RoundBox {
    let edges = view.edges(&node.rect);
    let (edges, radius) = match &node.content {
        Content::Picture(picture) => (edges.rounded(), picture.surface.radius),
        Content::Film(film) => (edges.rounded(), film.surface.radius),
        Content::Qr(qr) => (edges.rounded(), qr.surface.radius),
        Content::Shape(surface) => (edges.snapped(), surface.radius),
        Content::Group(group) => (edges.snapped(), group.surface.radius),
        Content::Text(_) => (edges, [0.0; 4]),
    };
    RoundBox::new(edges, radius.map(|r| view.length(r)))
}

/// Everything a node may paint: its box, what hangs over it, its shadows, turned.
pub fn bounds(node: &Node, view: &View) -> Area {
    let pixels = |rect: &Rect| view.edges(rect).area().grown(1);
    let own = match &node.content {
        Content::Text(text) => text::bounds(text).map_or(Area::EMPTY, |rect| pixels(&rect)),
        Content::Group(group) if !group.clip => group
            .children
            .iter()
            .map(|child| bounds(child, view))
            .fold(pixels(&node.rect), |all, area| all.with(&area)),
        _ => pixels(&node.rect),
    };
    let shadows = node.shadows.iter();
    let all = shadows.fold(own, |all, cast| all.with(&shadow::fall(&own, cast, view)));
    if node.rotate % 360.0 == 0.0 || all.is_empty() {
        return all;
    }
    let center = node.rect.center();
    let center = (view.length(center.x), view.length(center.y));
    Rotation::new(node.rotate, center, 1.0)
        .turned_area(&all)
        .grown(1)
}
