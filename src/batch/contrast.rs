//! What is said of text that is hard to read, and of codes that are.

use crate::diag::{Code, Diagnostic};
use crate::frame::{Contrast, Legible};

/// WCAG 2.2: text of 18 pt, or bold text of 14 pt, is large; a Story's 1080 units are 360 CSS pixels on a phone.
const LARGE: f32 = 72.0;
const LARGE_BOLD: f32 = 56.0;

/// WCAG 2.2, of what is no text but has to be made out.
const CODE: f32 = 3.0;

/// A warning, where a text or a code has less contrast than WCAG 2.2 AA asks for.
pub(super) fn low(contrast: &Contrast) -> Option<Diagnostic> {
    match contrast.of {
        Legible::Text { size, bold } => low_text(contrast, size, bold),
        Legible::Code { is_inverted } => low_code(contrast, is_inverted),
    }
}

/// To a tenth, but never up to what is needed.
fn short_of(wanted: f32, ratio: f32) -> f32 {
    let near = (ratio * 10.0).round() / 10.0;
    match near < wanted {
        true => near,
        false => (ratio * 10.0).floor() / 10.0,
    }
}

fn low_code(contrast: &Contrast, is_inverted: bool) -> Option<Diagnostic> {
    let layer = contrast.id.as_ref();
    let layer = layer.map_or("this code".to_owned(), |id| {
        format!("the code of layer `{id}`")
    });
    let message = if contrast.ratio < CODE {
        format!(
            "{layer} has a contrast of {:.1}:1, {CODE}:1 is needed",
            short_of(CODE, contrast.ratio)
        )
    } else if is_inverted {
        format!("{layer} is light on dark, which many cameras do not read")
    } else {
        return None;
    };
    let hint = "dark modules on a light `fill`";
    Some(Diagnostic::at(Code::LowContrast, &contrast.place, message).hint(hint))
}

fn low_text(contrast: &Contrast, size: f32, bold: bool) -> Option<Diagnostic> {
    let large = size >= LARGE || bold && size >= LARGE_BOLD;
    let wanted = if large { 3.0 } else { 4.5 };
    if contrast.ratio >= wanted {
        return None;
    }
    let layer = contrast.id.as_ref().map_or("this text".to_owned(), |id| {
        format!("the text of layer `{id}`")
    });
    let message = format!(
        "{layer} has a contrast of {:.1}:1, {wanted}:1 is needed",
        short_of(wanted, contrast.ratio)
    );
    let hint = if large {
        "a scrim, a shadow or another colour"
    } else {
        "a scrim, another colour, or larger text"
    };
    Some(Diagnostic::at(Code::LowContrast, &contrast.place, message).hint(hint))
}

#[cfg(test)]
mod tests {
    use super::short_of;

    #[test]
    fn what_is_a_little_too_low_is_not_told_as_enough() {
        let told = [4.48, 4.44, 1.37, 4.4999].map(|ratio| format!("{:.1}", short_of(4.5, ratio)));
        assert_eq!(told, ["4.4", "4.4", "1.4", "4.4"]);
    }
}
