//! A QR code as a drawing of a page.
//!
//! In: a text. Out: SVG, dark on light in every colour scheme. Never: a style of its own.

use std::fmt::Write as _;

use fast_qr::{ECL, QRBuilder};

/// Modules of light around it, as cameras need them.
const QUIET: usize = 4;

/// The drawing; none where the text is too long for one. `label` says what it is to people who do not see it.
pub fn svg(text: &str, label: &str) -> Option<String> {
    let code = QRBuilder::new(text).ecl(ECL::M).build().ok()?;
    let side = code.size + 2 * QUIET;
    let mut path = String::new();
    for row in 0..code.size {
        for column in (0..code.size).filter(|column| code[row][*column].value()) {
            let (x, y) = (column + QUIET, row + QUIET);
            let _ = write!(path, "M{x} {y}h1v1h-1z");
        }
    }
    Some(format!(
        "<svg class=\"qr\" viewBox=\"0 0 {side} {side}\" role=\"img\" aria-label=\"{label}\" shape-rendering=\"crispEdges\">\
         <rect width=\"{side}\" height=\"{side}\" fill=\"#fff\"/><path d=\"{path}\" fill=\"#000\"/></svg>"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_its_quiet_zone_and_its_corners() {
        let drawn = svg(
            "http://laptop.local:8040/handoff/1#token=abc",
            "For a phone",
        )
        .unwrap();
        // the corner of the finder begins behind the quiet zone
        assert!(drawn.contains("d=\"M4 4h1v1h-1zM5 4h1v1h-1z"));
        assert!(!drawn.contains("M3 ") && !drawn.contains("style"));
        assert_eq!(svg(&"a".repeat(4000), "too long"), None);
    }
}
