//! Changes to a picture's look, as CSS filters have them.
//!
//! In and out: premultiplied pixels. Whole numbers throughout, so that every machine gives the same.

use super::Filter;
use super::color::product;
use super::resample;
use super::scratch::Scratch;
use crate::scene::Pixels;

/// Luminance weights of the filter effects specification.
const LUMA: [f32; 3] = [0.2126, 0.7152, 0.0722];

/// Applies blur, brightness, contrast, saturation, grayscale, in this order.
pub(super) fn apply(pixels: &mut Pixels, filter: &Filter) {
    let sane = |v: f32, default: f32| if v.is_finite() { v.max(0.0) } else { default };
    let sigma = sane(filter.blur, 0.0);
    if sigma > 0.0 {
        blur(pixels, sigma);
    }
    let brightness = sane(filter.brightness, 1.0);
    let contrast = sane(filter.contrast, 1.0);
    if brightness != 1.0 || contrast != 1.0 {
        let table = levels(brightness, contrast);
        each_straight(pixels, |rgb| rgb.map(|v| table[usize::from(v)]));
    }
    let saturation = sane(filter.saturation, 1.0);
    if saturation != 1.0 {
        mix_with_grey(pixels, saturation);
    }
    let colour = 1.0 - sane(filter.grayscale, 0.0).min(1.0);
    if colour != 1.0 {
        mix_with_grey(pixels, colour);
    }
}

/// Multiplies colours by a part of 255, for what lies behind something.
pub(super) fn darken(pixels: &mut Pixels, keep: u8) {
    for pixel in pixels.rgba.as_chunks_mut::<4>().0 {
        for v in &mut pixel[..3] {
            *v = product(u32::from(*v), u32::from(keep));
        }
    }
}

/// Brightness, rounded and cut to 0–255, then contrast.
fn levels(brightness: f32, contrast: f32) -> [u8; 256] {
    let cut = |v: f32| v.round().clamp(0.0, 255.0);
    std::array::from_fn(|v| {
        let bright = cut(v as f32 * brightness);
        cut((bright - 127.5) * contrast + 127.5) as u8
    })
}

/// Between grey of the same light (0) and the colour itself (1) or beyond.
fn mix_with_grey(pixels: &mut Pixels, colour: f32) {
    const ONE: f32 = 4096.0;
    // above sixteen everything is cut anyway, and the sums stay in range
    let colour = colour.min(16.0);
    let own = (colour * ONE).round() as i32;
    let weights = LUMA.map(|w| (w * (1.0 - colour) * ONE).round() as i32);
    // rounding must not tint grey
    let rest = 4096 - own - weights.iter().sum::<i32>();
    let weights = [weights[0], weights[1] + rest, weights[2]];
    each_straight(pixels, |rgb| {
        let [r, g, b] = rgb.map(i32::from);
        let grey = weights[0] * r + weights[1] * g + weights[2] * b;
        [r, g, b].map(|v| ((grey + own * v + 2048) >> 12).clamp(0, 255) as u8)
    });
}

/// Changes colours as if they had not been multiplied by their alpha.
fn each_straight(pixels: &mut Pixels, change: impl Fn([u8; 3]) -> [u8; 3]) {
    let opaque = pixels.opaque;
    for pixel in pixels.rgba.as_chunks_mut::<4>().0 {
        let [r, g, b, a] = *pixel;
        if opaque || a == 255 {
            let [r, g, b] = change([r, g, b]);
            *pixel = [r, g, b, a];
        } else if a != 0 {
            let alpha = u32::from(a);
            let straight =
                [r, g, b].map(|v| ((u32::from(v) * 255 + alpha / 2) / alpha).min(255) as u8);
            let [r, g, b] = change(straight).map(|v| product(u32::from(v), alpha));
            *pixel = [r, g, b, a];
        }
    }
}

/// A Gaussian blur; beyond its edges the picture goes on as its edge is, so that no border fades in.
pub(super) fn blur(pixels: &mut Pixels, sigma: f32) {
    let size = (pixels.width, pixels.height);
    let longest = size.0.max(size.1) as f32;
    // beyond that everything is one colour
    let sigma = sigma.min(longest);
    // a wide blur has nothing left that a smaller raster could not hold
    let mut shrink = 1;
    while sigma / shrink as f32 > 2.5 {
        shrink *= 2;
    }
    if shrink == 1 {
        let kernel = kernel(sigma);
        pixels.rgba = convolve(std::mem::take(&mut pixels.rgba), size, &kernel);
        return;
    }
    let small = (
        size.0.div_ceil(shrink).max(1),
        size.1.div_ceil(shrink).max(1),
    );
    let mut less = vec![0; small.0 as usize * small.1 as usize * 4];
    resample::softly(&pixels.rgba, size, &mut less, small);
    // shrinking and growing by triangles blurs too: a sixth of a small pixel squared each
    let narrow = (sigma / shrink as f32).powi(2) - 1.0 / 3.0;
    let less = convolve(less, small, &kernel(narrow.sqrt()));
    resample::softly(&less, small, &mut pixels.rgba, size);
}

/// One half of a Gaussian from its middle, in parts of 2^14 whose mirrored sum is exactly one.
fn kernel(sigma: f32) -> Vec<u32> {
    let radius = (3.0 * sigma).ceil().max(1.0) as usize;
    let weight = |i: usize| libm::expf(-((i * i) as f32) / (2.0 * sigma * sigma));
    let sum = 1.0 + 2.0 * (1..=radius).map(weight).sum::<f32>();
    let mut parts: Vec<u32> = (0..=radius)
        .map(|i| (weight(i) / sum * 16_384.0).round() as u32)
        .collect();
    let sides: u32 = 2 * parts[1..].iter().sum::<u32>();
    parts[0] = 16_384 - sides.min(16_384);
    parts
}

/// Across, then down; edges repeat.
fn convolve(rgba: Vec<u8>, size: (u32, u32), kernel: &[u32]) -> Vec<u8> {
    let (width, height) = (size.0 as usize, size.1 as usize);
    let stride = width * 4;
    let radius = kernel.len() - 1;
    let mut across = Scratch::new(rgba.len());
    let mut padded = vec![0; (width + 2 * radius) * 4];
    let mut sums = vec![0; stride];
    for (row, out) in rgba
        .chunks_exact(stride)
        .zip(across.chunks_exact_mut(stride))
    {
        let (head, body) = padded.split_at_mut(radius * 4);
        let (body, tail) = body.split_at_mut(stride);
        body.copy_from_slice(row);
        for pixel in head.as_chunks_mut::<4>().0 {
            pixel.copy_from_slice(&row[..4]);
        }
        for pixel in tail.as_chunks_mut::<4>().0 {
            pixel.copy_from_slice(&row[stride - 4..]);
        }
        let line = |offset: usize| &padded[offset * 4..][..stride];
        start(&mut sums, line(radius), kernel[0]);
        for (i, &weight) in kernel.iter().enumerate().skip(1) {
            add(&mut sums, line(radius - i), line(radius + i), weight);
        }
        finish(&sums, out);
    }
    let mut out = rgba;
    for y in 0..height {
        let line = |y: usize| &across[y.min(height - 1) * stride..][..stride];
        start(&mut sums, line(y), kernel[0]);
        for (i, &weight) in kernel.iter().enumerate().skip(1) {
            add(&mut sums, line(y.saturating_sub(i)), line(y + i), weight);
        }
        finish(&sums, &mut out[y * stride..][..stride]);
    }
    out
}

fn start(sums: &mut [u32], line: &[u8], weight: u32) {
    for (sum, &v) in sums.iter_mut().zip(line) {
        *sum = 8_192 + u32::from(v) * weight;
    }
}

fn add(sums: &mut [u32], before: &[u8], after: &[u8], weight: u32) {
    for ((sum, &a), &b) in sums.iter_mut().zip(before).zip(after) {
        // both fit sixteen bits, which lets the machine multiply eight at a time
        *sum += u32::from(u16::from(a) + u16::from(b)) * weight;
    }
}

fn finish(sums: &[u32], out: &mut [u8]) {
    for (to, &sum) in out.iter_mut().zip(sums) {
        *to = (sum >> 14) as u8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pixels(width: u32, height: u32, of: impl Fn(u32, u32) -> [u8; 4]) -> Pixels {
        let rgba: Vec<u8> = (0..height)
            .flat_map(|y| (0..width).map(move |x| (x, y)))
            .flat_map(|(x, y)| of(x, y))
            .collect();
        Pixels {
            width,
            height,
            opaque: rgba.iter().skip(3).step_by(4).all(|&a| a == 255),
            rgba,
        }
    }

    fn filtered(rgba: [u8; 4], filter: Filter) -> Vec<u8> {
        let mut one = pixels(1, 1, |_, _| rgba);
        apply(&mut one, &filter);
        one.rgba
    }

    #[test]
    fn grayscale_keeps_the_light_and_loses_the_colour() {
        let filter = Filter {
            grayscale: 1.0,
            ..Filter::default()
        };
        assert_eq!(filtered([255, 0, 0, 255], filter), [54, 54, 54, 255]);
        assert_eq!(filtered([77, 77, 77, 255], filter), [77, 77, 77, 255]);
    }

    #[test]
    fn brightness_comes_before_contrast() {
        let filter = Filter {
            brightness: 0.5,
            contrast: 2.0,
            ..Filter::default()
        };
        assert_eq!(filtered([200, 128, 255, 255], filter), [73, 1, 129, 255]);
    }

    #[test]
    fn half_clear_pixels_change_like_full_ones() {
        let filter = Filter {
            brightness: 2.0,
            ..Filter::default()
        };
        assert_eq!(filtered([30, 20, 10, 128], filter), [60, 40, 20, 128]);
    }

    #[test]
    fn a_blurred_plain_picture_stays_plain_to_its_edges() {
        for sigma in [0.5, 3.0, 9.0, 40.0] {
            let mut plain = pixels(90, 70, |_, _| [200, 90, 10, 255]);
            blur(&mut plain, sigma);
            assert!(
                plain.rgba.chunks(4).all(|p| p == [200, 90, 10, 255]),
                "sigma {sigma}"
            );
        }
    }

    #[test]
    fn a_blurred_step_has_the_slope_of_its_gaussian() {
        for sigma in [1.5f32, 5.0, 12.0, 30.0] {
            let mut step = pixels(
                400,
                9,
                |x, _| if x < 200 { [0, 0, 0, 255] } else { [255; 4] },
            );
            blur(&mut step, sigma);
            let row = &step.rgba[4 * 400 * 4..][..400 * 4];
            for x in 0..400 {
                let at = (x as f32 + 0.5 - 200.0) / (sigma * std::f32::consts::SQRT_2);
                let want = 127.5 * (1.0 + libm::erff(at));
                let got = f32::from(row[x * 4]);
                assert!(
                    (got - want).abs() < 4.0,
                    "sigma {sigma}, {x}: {got} for {want}"
                );
            }
        }
    }
}
