//! Frosted glass: what lies beneath a box is blurred and tinted before the box is painted.
//!
//! In: a canvas and a node whose surface asks for it. Out: the canvas, changed inside the node's corners. Never: what
//! the node itself paints. As in CSS, only what is on the same canvas counts: a turned layer, or a group with an
//! opacity of its own, has nothing beneath what is inside it.

use super::bounds::box_of;
use super::canvas::Stencil;
use super::layer::{self, Layer};
use crate::scene::picture::{Filter, filtered};
use crate::scene::{Content, Node, Pixels};

/// Changes what is beneath a node, if it asks for that.
pub fn filter(layer: &mut Layer, node: &Node, alpha: u8) {
    let surface = match &node.content {
        Content::Shape(surface) => surface,
        Content::Group(group) => &group.surface,
        _ => return,
    };
    let Some(filter) = surface.backdrop.filter(|_| node.rotate % 360.0 == 0.0) else {
        return;
    };
    let shape = box_of(node, &layer.view);
    // nothing outside the box bleeds into it, as in CSS: at its edges what is inside goes on
    let area = shape.area().and(&layer.clip).and(&layer.canvas.area());
    if area.is_empty() {
        return;
    }
    let copy = layer.canvas.copy(area);
    let pixels = Pixels {
        width: area.width() as u32,
        height: area.height() as u32,
        opaque: copy.pixels().iter().skip(3).step_by(4).all(|a| *a == 255),
        rgba: copy.into_pixels(),
    };
    let filter = Filter {
        blur: layer.view.length(filter.blur),
        ..filter
    };
    let changed = super::canvas::Canvas::from_pixels(area, filtered(&pixels, &filter).rgba);
    let mut stencil = Stencil::of_box(&shape, area);
    super::canvas::fade(&mut stencil.cover, alpha);
    layer::replace(&mut layer.canvas, &changed, &stencil);
}
