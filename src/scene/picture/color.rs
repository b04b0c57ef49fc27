//! From what a file means by its numbers to sRGB.

use std::sync::Arc;

use moxcms::{
    ColorProfile, DataColorSpace, Layout, Transform8BitExecutor as Executor, TransformOptions,
};

use super::source::{Model, Source};

/// The colour space of a file that is not sRGB.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Profile {
    /// An ICC profile, which may be anything.
    Icc(Vec<u8>),
}

/// The way of one picture to sRGB.
pub(super) struct Conversion {
    inverted: bool,
    way: Way,
}

enum Way {
    /// Already sRGB, or inks by the plain formula.
    Plain,
    /// From four bytes a pixel, the last of which is alpha and stays.
    Colour(Arc<Executor>),
    /// From one byte a pixel.
    Grey(Arc<Executor>),
    /// From four inks.
    Inks(Arc<Executor>),
}

impl Conversion {
    /// For samples of `model`; a profile that is broken or of another kind of picture is taken as none.
    pub fn new(model: Model, profile: Option<&Profile>) -> Self {
        let way = profile
            .and_then(read)
            .and_then(|profile| way(model, &profile));
        Self {
            inverted: model == (Model::Cmyk { inverted: true }),
            way: way.unwrap_or(Way::Plain),
        }
    }

    /// One sample a pixel.
    pub fn grey(&self, light: &[u8], out: &mut [[u8; 4]]) {
        if let Way::Grey(executor) = &self.way
            && executor.transform(light, out.as_flattened_mut()).is_ok()
        {
            return;
        }
        for (to, &v) in out.iter_mut().zip(light) {
            *to = [v, v, v, 255];
        }
        self.colour(out);
    }

    /// JFIF's full-range YCbCr.
    pub fn ycbcr(&self, y: &[u8], cb: &[u8], cr: &[u8], out: &mut [[u8; 4]]) {
        ycbcr_to_rgba(y, cb, cr, out);
        self.colour(out);
    }

    /// Red, green, blue; alpha is left as it is.
    pub fn rgba(&self, from: &[[u8; 4]], out: &mut [[u8; 4]]) {
        if let Way::Grey(_) = self.way {
            let light: Vec<u8> = from.iter().map(|pixel| pixel[0]).collect();
            self.grey(&light, out);
            for (to, from) in out.iter_mut().zip(from) {
                to[3] = from[3];
            }
            return;
        }
        out.copy_from_slice(from);
        self.colour(out);
    }

    /// Inks, by their profile or the plain formula.
    pub fn cmyk(&self, from: &[[u8; 4]], out: &mut [[u8; 4]]) {
        let flip = if self.inverted { 255 } else { 0 };
        if let Way::Inks(executor) = &self.way {
            let inks: Vec<u8> = from.as_flattened().iter().map(|v| v ^ flip).collect();
            if executor.transform(&inks, out.as_flattened_mut()).is_ok() {
                return;
            }
        }
        for (to, inks) in out.iter_mut().zip(from) {
            // what is left of the paper's light
            let [c, m, y, k] = inks.map(|v| u32::from(255 - (v ^ flip)));
            *to = [product(c, k), product(m, k), product(y, k), 255];
        }
    }

    fn colour(&self, out: &mut [[u8; 4]]) {
        if let Way::Colour(executor) = &self.way {
            let from = out.as_flattened().to_vec();
            // lengths agree, so there is nothing to fail; the numbers stay as they are if there were
            let _ = executor.transform(&from, out.as_flattened_mut());
        }
    }
}

fn read(profile: &Profile) -> Option<ColorProfile> {
    match profile {
        Profile::Icc(bytes) => ColorProfile::new_from_slice(bytes).ok(),
    }
}

fn way(model: Model, profile: &ColorProfile) -> Option<Way> {
    let to_srgb = |layout| {
        profile
            .create_transform_8bit(
                layout,
                &ColorProfile::new_srgb(),
                Layout::Rgba,
                TransformOptions::default(),
            )
            .ok()
    };
    let inks = matches!(model, Model::Cmyk { .. });
    match profile.color_space {
        DataColorSpace::Rgb if !inks => {
            let executor = to_srgb(Layout::Rgba)?;
            (!changes_nothing(&*executor)).then_some(Way::Colour(executor))
        }
        DataColorSpace::Gray if matches!(model, Model::Grey | Model::Rgba) => {
            to_srgb(Layout::Gray).map(Way::Grey)
        }
        DataColorSpace::Cmyk if inks => to_srgb(Layout::Rgba).map(Way::Inks),
        _ => None,
    }
}

/// Cameras write sRGB in many words; none of them needs two million conversions.
fn changes_nothing(executor: &Executor) -> bool {
    let steps = || (0..=255u8).step_by(51);
    let from: Vec<u8> = steps()
        .flat_map(|r| steps().flat_map(move |g| steps().flat_map(move |b| [r, g, b, 255])))
        .collect();
    let mut to = vec![0; from.len()];
    executor.transform(&from, &mut to).is_ok()
        && from.iter().zip(&to).all(|(a, b)| a.abs_diff(*b) <= 1)
}

/// Brings a picture with straight alpha to sRGB and premultiplies it; says whether it is opaque.
///
/// Colours cannot be converted after they were multiplied, so this one comes before resizing.
pub(super) fn premultiply(source: &mut Source) {
    let pixels = source.samples.as_chunks_mut::<4>().0;
    source.opaque = pixels.iter().all(|pixel| pixel[3] == 255);
    if source.opaque {
        return;
    }
    let profile = source.profile.take();
    if profile.is_some() {
        let conversion = Conversion::new(source.model, profile.as_ref());
        for pixels in pixels.chunks_mut(4096) {
            let from = pixels.to_vec();
            conversion.rgba(&from, pixels);
        }
    }
    for pixel in pixels {
        let alpha = u32::from(pixel[3]);
        for v in &mut pixel[..3] {
            *v = product(u32::from(*v), alpha);
        }
    }
}

/// a × b for parts of 255, rounded.
pub(super) fn product(a: u32, b: u32) -> u8 {
    ((a * b + 127) / 255) as u8
}

/// Fixed point with six bits of fraction in 16-bit lanes, so that the baseline machine does eight pixels at once.
fn ycbcr_to_rgba(y: &[u8], cb: &[u8], cr: &[u8], out: &mut [[u8; 4]]) {
    /// The parts of the factors 1.402, 0.344136, 0.714136 and 1.772 beyond whole numbers, times 2^15.
    const R_CR: i16 = 13173;
    const G_CB: i16 = 11277;
    const G_CR: i16 = 23401;
    const B_CB: i16 = 25297;
    /// v × factor × 2^6
    fn times(v: i16, factor: i16) -> i16 {
        ((i32::from(v << 7) * i32::from(factor)) >> 16) as i16
    }
    fn level(v: i16) -> u8 {
        (v >> 6).clamp(0, 255) as u8
    }
    let chroma = cb.iter().zip(cr);
    for ((to, &y), (&cb, &cr)) in out.iter_mut().zip(y).zip(chroma) {
        let y = (i16::from(y) << 6) + 32;
        let cb = i16::from(cb) - 128;
        let cr = i16::from(cr) - 128;
        let r = y + (cr << 6) + times(cr, R_CR);
        let g = y - times(cb, G_CB) - times(cr, G_CR);
        let b = y + (cb << 6) + times(cb, B_CB);
        *to = [level(r), level(g), level(b), 255];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ycbcr_is_within_one_level_of_the_formula() {
        for y in (0..=255u8).step_by(5) {
            for cb in (0..=255u8).step_by(5) {
                for cr in (0..=255u8).step_by(5) {
                    let mut out = [[0; 4]];
                    ycbcr_to_rgba(&[y], &[cb], &[cr], &mut out);
                    let (l, b, r) = (f64::from(y), f64::from(cb) - 128.0, f64::from(cr) - 128.0);
                    let want = [
                        l + 1.402 * r,
                        l - 0.344_136 * b - 0.714_136 * r,
                        l + 1.772 * b,
                    ];
                    for (got, want) in out[0].iter().zip(want) {
                        let off = f64::from(*got) - want.clamp(0.0, 255.0);
                        assert!(off.abs() <= 0.6, "{y} {cb} {cr}: {got} for {want}");
                    }
                }
            }
        }
    }
}
