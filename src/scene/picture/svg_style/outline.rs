//! Where the outline of an element runs, for what is measured along it or by its box.
//!
//! In: an element, and the values of its geometry. Out: its path, in its own units. Never: groups, text, what is used from
//! elsewhere; a length in units of the font.

use kurbo::{BezPath, Circle, Ellipse, Line, Point, Rect, RoundedRect, Shape};
use resvg::usvg::roxmltree::Node;

use super::transform;

/// How exactly curves are followed, in parts of a unit.
const EXACT: f64 = 1e-3;

/// An element's outline.
pub struct Outline(BezPath);

impl Outline {
    /// Of the shapes that have one of their own. `value` gives what an attribute comes to, `view` the size that percentages
    /// are of.
    pub fn of(
        node: Node<'_, '_>,
        value: &dyn Fn(&str) -> Option<String>,
        view: (f64, f64),
    ) -> Option<Self> {
        let diagonal = libm::hypot(view.0, view.1) / std::f64::consts::SQRT_2;
        let whole = |name: &str| match name {
            "x" | "x1" | "x2" | "cx" | "width" | "rx" => view.0,
            "y" | "y1" | "y2" | "cy" | "height" | "ry" => view.1,
            _ => diagonal,
        };
        let length = |name: &str| match value(name) {
            Some(text) => transform::length(text.trim(), whole(name)),
            None => Some(0.0),
        };
        let point = |x: &str, y: &str| Some(Point::new(length(x)?, length(y)?));
        let path = match node.tag_name().name() {
            "rect" => {
                let at = point("x", "y")?;
                let size = (length("width")?, length("height")?);
                let rect = Rect::from_origin_size(at, size);
                match (value("rx"), value("ry")) {
                    (None, None) => rect.to_path(EXACT),
                    (rx, ry) => {
                        let x = rx
                            .as_deref()
                            .map_or_else(|| length("ry"), |_| length("rx"))?;
                        let y = ry.as_deref().map_or(Some(x), |_| length("ry"))?;
                        let most = size.0.min(size.1) / 2.0;
                        (x == y)
                            .then(|| RoundedRect::from_rect(rect, x.min(most)).to_path(EXACT))?
                    }
                }
            }
            "image" => {
                let size = (value("width")?, value("height")?);
                let size = (
                    transform::length(size.0.trim(), view.0)?,
                    transform::length(size.1.trim(), view.1)?,
                );
                Rect::from_origin_size(point("x", "y")?, size).to_path(EXACT)
            }
            "circle" => Circle::new(point("cx", "cy")?, length("r")?).to_path(EXACT),
            "ellipse" => {
                Ellipse::new(point("cx", "cy")?, (length("rx")?, length("ry")?), 0.0).to_path(EXACT)
            }
            "line" => Line::new(point("x1", "y1")?, point("x2", "y2")?).to_path(EXACT),
            name @ ("polyline" | "polygon") => {
                let close = if name == "polygon" { "z" } else { "" };
                BezPath::from_svg(&format!("M{}{close}", value("points")?.trim())).ok()?
            }
            "path" => BezPath::from_svg(value("d")?.trim()).ok()?,
            _ => return None,
        };
        Some(Self(path))
    }

    /// How long it is.
    pub fn length(&self) -> f64 {
        self.0.perimeter(EXACT)
    }

    /// Left, top, width and height of what it encloses.
    pub fn bounds(&self) -> (f64, f64, f64, f64) {
        let rect = self.0.bounding_box();
        (rect.x0, rect.y0, rect.width(), rect.height())
    }
}
