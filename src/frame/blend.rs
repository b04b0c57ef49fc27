//! Mixes rows of premultiplied RGBA8 pixels.
//!
//! In: a row that is there, one that comes, and how much of it shows (coverage). Out: the row, changed in place.
//! Never: floats, except in soft light, whose formula needs a root. Products of two bytes are divided by 255
//! with exact rounding, so that every machine and every vector width gives the same pixels.

use crate::scene::Blend;

/// One premultiplied pixel.
pub type Px = [u8; 4];

/// `round(v / 255)` for `v` up to 255 × 255.
#[inline(always)]
pub const fn div255(v: u16) -> u16 {
    let v = v + 128;
    (v + (v >> 8)) >> 8
}

/// `round(a * b / 255)`.
#[inline(always)]
pub const fn mul(a: u8, b: u8) -> u8 {
    div255(a as u16 * b as u16) as u8
}

/// A pixel at part of its strength.
#[inline(always)]
pub const fn faded(px: Px, by: u8) -> Px {
    [
        mul(px[0], by),
        mul(px[1], by),
        mul(px[2], by),
        mul(px[3], by),
    ]
}

/// Source over destination, one channel: `s + d * inverse_alpha`.
#[inline(always)]
const fn over(s: u8, d: u8, inverse_alpha: u8) -> u8 {
    s.saturating_add(mul(d, inverse_alpha))
}

/// One pixel over another.
#[inline(always)]
pub const fn over_px(s: Px, d: Px) -> Px {
    let inverse = 255 - s[3];
    [
        over(s[0], d[0], inverse),
        over(s[1], d[1], inverse),
        over(s[2], d[2], inverse),
        over(s[3], d[3], inverse),
    ]
}

/// Pixels worked on at once; a block of bytes is four times as long.
const BLOCK: usize = 8;

/// One colour over a row.
pub fn solid(dst: &mut [u8], px: Px) {
    match px[3] {
        0 => {}
        255 => dst.as_chunks_mut::<4>().0.fill(px),
        alpha => {
            let inverse = 255 - alpha;
            let mut pattern = [0; BLOCK * 4];
            pattern.as_chunks_mut::<4>().0.fill(px);
            let (blocks, rest) = dst.as_chunks_mut::<{ BLOCK * 4 }>();
            for block in blocks {
                for (d, s) in block.iter_mut().zip(&pattern) {
                    *d = over(*s, *d, inverse);
                }
            }
            for (d, s) in rest.iter_mut().zip(&pattern) {
                *d = over(*s, *d, inverse);
            }
        }
    }
}

/// One colour over a row through a mask, a byte a pixel.
pub fn solid_masked(dst: &mut [u8], px: Px, mask: &[u8]) {
    let (blocks, rest) = dst.as_chunks_mut::<{ BLOCK * 4 }>();
    let (masks, rest_mask) = mask.as_chunks::<BLOCK>();
    for (block, mask) in blocks.iter_mut().zip(masks) {
        match u64::from_ne_bytes(*mask) {
            0 => {}
            u64::MAX if px[3] == 255 => block.as_chunks_mut::<4>().0.fill(px),
            _ => solid_masked_block(block, px, mask),
        }
    }
    for (d, m) in rest.as_chunks_mut::<4>().0.iter_mut().zip(rest_mask) {
        *d = over_px(faded(px, *m), *d);
    }
}

#[inline(always)]
fn solid_masked_block(block: &mut [u8; BLOCK * 4], px: Px, mask: &[u8; BLOCK]) {
    let mut spread = [0u8; BLOCK * 4];
    for (to, m) in spread.as_chunks_mut::<4>().0.iter_mut().zip(mask) {
        *to = [*m; 4];
    }
    let mut pattern = [0u8; BLOCK * 4];
    pattern.as_chunks_mut::<4>().0.fill(px);
    for i in 0..BLOCK * 4 {
        let s = mul(pattern[i], spread[i]);
        let inverse = 255 - mul(px[3], spread[i]);
        block[i] = over(s, block[i], inverse);
    }
}

/// A row of pixels over another.
pub fn pixels(dst: &mut [u8], src: &[u8]) {
    let (blocks, rest) = dst.as_chunks_mut::<{ BLOCK * 4 }>();
    let (sources, rest_src) = src.as_chunks::<{ BLOCK * 4 }>();
    for (block, src) in blocks.iter_mut().zip(sources) {
        pixels_block(block, src);
    }
    let rest_src = rest_src.as_chunks::<4>().0;
    for (d, s) in rest.as_chunks_mut::<4>().0.iter_mut().zip(rest_src) {
        *d = over_px(*s, *d);
    }
}

#[inline(always)]
fn pixels_block(block: &mut [u8; BLOCK * 4], src: &[u8; BLOCK * 4]) {
    let alphas: [u8; BLOCK] = std::array::from_fn(|i| src[i * 4 + 3]);
    match u64::from_ne_bytes(alphas) {
        0 => {}
        u64::MAX => *block = *src,
        _ => {
            let mut inverse = [0u8; BLOCK * 4];
            for (to, a) in inverse.as_chunks_mut::<4>().0.iter_mut().zip(alphas) {
                *to = [255 - a; 4];
            }
            for i in 0..BLOCK * 4 {
                block[i] = over(src[i], block[i], inverse[i]);
            }
        }
    }
}

/// A row of pixels over another through a mask, a byte a pixel.
pub fn pixels_masked(dst: &mut [u8], src: &[u8], mask: &[u8]) {
    let (blocks, rest) = dst.as_chunks_mut::<{ BLOCK * 4 }>();
    let (sources, rest_src) = src.as_chunks::<{ BLOCK * 4 }>();
    let (masks, rest_mask) = mask.as_chunks::<BLOCK>();
    for ((block, src), mask) in blocks.iter_mut().zip(sources).zip(masks) {
        match u64::from_ne_bytes(*mask) {
            0 => {}
            u64::MAX => pixels_block(block, src),
            _ => {
                let mut faded = *src;
                for (to, m) in faded.as_chunks_mut::<4>().0.iter_mut().zip(mask) {
                    *to = self::faded(*to, *m);
                }
                pixels_block(block, &faded);
            }
        }
    }
    let rest_src = rest_src.as_chunks::<4>().0;
    let rest = rest.as_chunks_mut::<4>().0.iter_mut();
    for ((d, s), m) in rest.zip(rest_src).zip(rest_mask) {
        *d = over_px(faded(*s, *m), *d);
    }
}

/// A row of pixels over another, all at the same strength.
pub fn pixels_faded(dst: &mut [u8], src: &[u8], by: u8) {
    match by {
        0 => {}
        255 => pixels(dst, src),
        by => {
            let (blocks, rest) = dst.as_chunks_mut::<{ BLOCK * 4 }>();
            let (sources, rest_src) = src.as_chunks::<{ BLOCK * 4 }>();
            for (block, src) in blocks.iter_mut().zip(sources) {
                pixels_block(block, &src.map(|s| mul(s, by)));
            }
            let rest_src = rest_src.as_chunks::<4>().0;
            for (d, s) in rest.as_chunks_mut::<4>().0.iter_mut().zip(rest_src) {
                *d = over_px(faded(*s, by), *d);
            }
        }
    }
}

/// A row mixed into another by a W3C blend mode; `coverage` fades each pixel of `src` first.
pub fn mixed(mode: Blend, dst: &mut [u8], src: &[u8], coverage: impl Fn(usize) -> u8) {
    // a loop for each mode, so that none decides anything for a pixel
    match mode {
        Blend::Normal => each(dst, src, coverage, |sc, _, _, da| sc * da),
        Blend::Multiply => each(dst, src, coverage, |sc, _, dc, _| sc * dc),
        Blend::Screen => each(dst, src, coverage, |sc, sa, dc, da| {
            (sc * da + dc * sa).saturating_sub(sc * dc)
        }),
        Blend::Overlay => each(dst, src, coverage, |sc, sa, dc, da| {
            hard_light(dc, da, sc, sa)
        }),
        Blend::Darken => each(dst, src, coverage, |sc, sa, dc, da| (sc * da).min(dc * sa)),
        Blend::Lighten => each(dst, src, coverage, |sc, sa, dc, da| (sc * da).max(dc * sa)),
        Blend::SoftLight => each(dst, src, coverage, |sc, sa, dc, da| {
            soft_light(sc, sa, dc, da)
        }),
    }
}

/// `round(s·(1−ab) + d·(1−as) + as·ab·B(d/ab, s/as))`, W3C Compositing and Blending Level 1, §10, of each
/// pixel; `together` is the last term times 255 squared, of source, its alpha, destination and its alpha.
#[inline(always)]
fn each(
    dst: &mut [u8],
    src: &[u8],
    coverage: impl Fn(usize) -> u8,
    together: impl Fn(u32, u32, u32, u32) -> u32,
) {
    let src = src.as_chunks::<4>().0;
    for (x, (d, s)) in dst.as_chunks_mut::<4>().0.iter_mut().zip(src).enumerate() {
        let s = faded(*s, coverage(x));
        let (sa, da) = (u32::from(s[3]), u32::from(d[3]));
        let alpha = sa + u32::from(mul(d[3], 255 - s[3]));
        let channel = |i: usize| {
            let (sc, dc) = (u32::from(s[i]), u32::from(d[i]));
            let apart = sc * (255 - da) + dc * (255 - sa);
            let sum = apart + together(sc, sa, dc, da);
            ((sum + 127) / 255).min(alpha) as u8
        };
        *d = [channel(0), channel(1), channel(2), alpha as u8];
    }
}

/// Hard light of top over bottom; overlay is the same with the two exchanged.
fn hard_light(top: u32, top_alpha: u32, bottom: u32, bottom_alpha: u32) -> u32 {
    if 2 * top <= top_alpha {
        2 * top * bottom
    } else {
        let dark = 2 * (top_alpha - top.min(top_alpha)) * (bottom_alpha - bottom.min(bottom_alpha));
        (top_alpha * bottom_alpha).saturating_sub(dark)
    }
}

fn soft_light(sc: u32, sa: u32, dc: u32, da: u32) -> u32 {
    if sa == 0 || da == 0 {
        return 0;
    }
    let (s, b) = (sc as f32 / sa as f32, dc as f32 / da as f32);
    let mixed = if s <= 0.5 {
        b - (1.0 - 2.0 * s) * b * (1.0 - b)
    } else {
        let d = if b <= 0.25 {
            ((16.0 * b - 12.0) * b + 4.0) * b
        } else {
            b.sqrt()
        };
        b + (2.0 * s - 1.0) * (d - b)
    };
    (mixed.clamp(0.0, 1.0) * (sa * da) as f32 + 0.5) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_rounded_exactly() {
        for a in 0..=255u8 {
            for b in 0..=255u8 {
                let exact = (f64::from(a) * f64::from(b) / 255.0).round() as u8;
                assert_eq!(mul(a, b), exact, "{a} * {b}");
            }
        }
    }

    /// Pixels with every kind of alpha, premultiplied, from a fixed sequence.
    fn some_pixels(count: usize, mut seed: u32) -> Vec<u8> {
        let mut next = move || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 24) as u8
        };
        (0..count)
            .flat_map(|i| {
                let a = match i % 5 {
                    0 => 0,
                    1 => 255,
                    _ => next(),
                };
                [mul(next(), a), mul(next(), a), mul(next(), a), a]
            })
            .collect()
    }

    #[test]
    fn every_way_through_a_row_gives_what_one_pixel_gives() {
        let (src, dst) = (some_pixels(83, 1), some_pixels(83, 2));
        let mask: Vec<u8> = some_pixels(83, 3).chunks(4).map(|p| p[3]).collect();
        let px = [90, 10, 60, 100];
        let expect = |f: &dyn Fn(usize) -> Px| -> Vec<u8> {
            let at = |i: usize| [dst[i * 4], dst[i * 4 + 1], dst[i * 4 + 2], dst[i * 4 + 3]];
            (0..83).flat_map(|i| over_px(f(i), at(i))).collect()
        };
        let from = |i: usize| [src[i * 4], src[i * 4 + 1], src[i * 4 + 2], src[i * 4 + 3]];
        let run = |f: &dyn Fn(&mut [u8])| {
            let mut row = dst.clone();
            f(&mut row);
            row
        };
        assert_eq!(run(&|r| solid(r, px)), expect(&|_| px));
        assert_eq!(run(&|r| pixels(r, &src)), expect(&from));
        assert_eq!(
            run(&|r| solid_masked(r, px, &mask)),
            expect(&|i| faded(px, mask[i]))
        );
        assert_eq!(
            run(&|r| pixels_masked(r, &src, &mask)),
            expect(&|i| faded(from(i), mask[i]))
        );
        assert_eq!(
            run(&|r| pixels_faded(r, &src, 77)),
            expect(&|i| faded(from(i), 77))
        );
    }

    fn reference(mode: Blend, b: f64, s: f64) -> f64 {
        let soft = |b: f64, s: f64| {
            if s <= 0.5 {
                b - (1.0 - 2.0 * s) * b * (1.0 - b)
            } else {
                let d = if b <= 0.25 {
                    ((16.0 * b - 12.0) * b + 4.0) * b
                } else {
                    b.sqrt()
                };
                b + (2.0 * s - 1.0) * (d - b)
            }
        };
        match mode {
            Blend::Normal => s,
            Blend::Multiply => b * s,
            Blend::Screen => b + s - b * s,
            Blend::Overlay if b <= 0.5 => 2.0 * b * s,
            Blend::Overlay => 1.0 - 2.0 * (1.0 - b) * (1.0 - s),
            Blend::Darken => b.min(s),
            Blend::Lighten => b.max(s),
            Blend::SoftLight => soft(b, s),
        }
    }

    #[test]
    fn blend_modes_follow_the_w3c_formulas() {
        let (src, dst) = (some_pixels(4000, 7), some_pixels(4000, 9));
        for mode in [
            Blend::Multiply,
            Blend::Screen,
            Blend::Overlay,
            Blend::Darken,
            Blend::Lighten,
            Blend::SoftLight,
        ] {
            let mut row = dst.clone();
            mixed(mode, &mut row, &src, |_| 255);
            for ((got, s), d) in row.chunks(4).zip(src.chunks(4)).zip(dst.chunks(4)) {
                let (sa, da) = (f64::from(s[3]) / 255.0, f64::from(d[3]) / 255.0);
                for i in 0..3 {
                    let (sc, dc) = (f64::from(s[i]) / 255.0, f64::from(d[i]) / 255.0);
                    let together = if sa > 0.0 && da > 0.0 {
                        sa * da * reference(mode, dc / da, sc / sa)
                    } else {
                        0.0
                    };
                    let exact = 255.0 * (sc * (1.0 - da) + dc * (1.0 - sa) + together);
                    let off = (f64::from(got[i]) - exact).abs();
                    assert!(off <= 1.01, "{mode:?} of {s:?} on {d:?}: {got:?}, {exact}");
                }
            }
        }
    }
}
