//! From what a file means by its numbers to sRGB.

use super::source::Model;

/// The way of one picture to sRGB.
pub(super) struct Conversion {
    model: Model,
}

impl Conversion {
    /// For samples of `model`, by the profile when there is one that can be used.
    pub fn new(model: Model, _icc: Option<&[u8]>) -> Self {
        Self { model }
    }

    /// One sample a pixel.
    pub fn grey(&self, light: &[u8], out: &mut [[u8; 4]]) {
        for (to, &v) in out.iter_mut().zip(light) {
            *to = [v, v, v, 255];
        }
    }

    /// JFIF's full-range YCbCr.
    pub fn ycbcr(&self, y: &[u8], cb: &[u8], cr: &[u8], out: &mut [[u8; 4]]) {
        ycbcr_to_rgba(y, cb, cr, out);
    }

    /// Already red, green and blue.
    pub fn rgba(&self, from: &[[u8; 4]], out: &mut [[u8; 4]]) {
        out.copy_from_slice(from);
    }

    /// Inks by the plain formula.
    pub fn cmyk(&self, from: &[[u8; 4]], out: &mut [[u8; 4]]) {
        let flip = if self.model == (Model::Cmyk { inverted: true }) {
            0
        } else {
            255
        };
        for (to, inks) in out.iter_mut().zip(from) {
            let [c, m, y, k] = inks.map(|v| u32::from(v ^ flip));
            *to = [product(c, k), product(m, k), product(y, k), 255];
        }
    }
}

/// a × b for parts of 255, rounded.
fn product(a: u32, b: u32) -> u8 {
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
