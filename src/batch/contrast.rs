//! What is said of text that is hard to read.

use crate::diag::{Code, Diagnostic};
use crate::frame::Contrast;

/// WCAG 2.2: text of 18 pt, or bold text of 14 pt, is large; a Story's 1080 units are 360 CSS pixels on a phone.
const LARGE: f32 = 72.0;
const LARGE_BOLD: f32 = 56.0;

/// A warning, where a text has less contrast than WCAG 2.2 AA asks for.
pub(super) fn low(contrast: &Contrast) -> Option<Diagnostic> {
    let large = contrast.size >= LARGE || contrast.bold && contrast.size >= LARGE_BOLD;
    let wanted = if large { 3.0 } else { 4.5 };
    if contrast.ratio >= wanted {
        return None;
    }
    let layer = contrast.id.as_ref().map_or("this text".to_owned(), |id| {
        format!("the text of layer `{id}`")
    });
    let message = format!(
        "{layer} has a contrast of {:.1}:1, {wanted}:1 is needed",
        contrast.ratio
    );
    let hint = if large {
        "a scrim, a shadow or another colour"
    } else {
        "a scrim, another colour, or larger text"
    };
    Some(Diagnostic::at(Code::LowContrast, &contrast.place, message).hint(hint))
}
