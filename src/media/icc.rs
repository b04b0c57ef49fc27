//! What an embedded colour profile is called, and whether it comes to sRGB.

use moxcms::{ColorProfile, DataColorSpace, Layout, ProfileText, TransformOptions};

/// How far a channel may be off, of 255, for a profile to count as sRGB: makers round their primaries differently.
const NEAR: u8 = 2;

/// The name the profile gives itself; `None` where it cannot be read or has none.
pub(super) fn description(icc: &[u8]) -> Option<String> {
    let text = match ColorProfile::new_from_slice(icc).ok()?.description? {
        ProfileText::PlainString(text) => text,
        ProfileText::Localizable(texts) => texts.into_iter().next()?.value,
        ProfileText::Description(text) => text.ascii_string,
    };
    let text = text.trim_matches(|c: char| c.is_whitespace() || c.is_control());
    (!text.is_empty()).then(|| text.to_owned())
}

/// Whether colours in this profile are the same colours in sRGB; the name is not believed, colours are converted.
pub(super) fn is_srgb(icc: &[u8]) -> bool {
    near_srgb(icc).unwrap_or(false)
}

fn near_srgb(icc: &[u8]) -> Option<bool> {
    let profile = ColorProfile::new_from_slice(icc).ok()?;
    if profile.color_space != DataColorSpace::Rgb {
        return Some(false);
    }
    let transform = profile
        .create_transform_8bit(
            Layout::Rgb,
            &ColorProfile::new_srgb(),
            Layout::Rgb,
            TransformOptions::default(),
        )
        .ok()?;
    // five steps a channel: the corners, the greys, and the middle of every edge
    let colors: Vec<u8> = (0..125u32)
        .flat_map(|n| [n / 25, n / 5 % 5, n % 5].map(|step| (step * 255 / 4) as u8))
        .collect();
    let mut converted = vec![0; colors.len()];
    transform.transform(&colors, &mut converted).ok()?;
    let near = colors
        .iter()
        .zip(&converted)
        .all(|(a, b)| a.abs_diff(*b) <= NEAR);
    Some(near)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_srgb_by_its_colours() {
        let srgb = ColorProfile::new_srgb().encode().unwrap();
        let p3 = ColorProfile::new_display_p3().encode().unwrap();
        assert!(is_srgb(&srgb));
        assert!(!is_srgb(&p3));
        assert!(!is_srgb(&srgb[..90]));
        assert_eq!(description(&p3).as_deref(), Some("Display P3"));
    }
}
