//! Resizing. The resizer compiles slowly for each kind of pixel: pictures name it here only, for bytes and RGBA.
//!
//! The resizer is quick down the columns of one-byte samples, a whole register of them at once, and slow along their
//! rows. So rows and columns of planes change places [`Halfway`]; band by band, while they are in the cache.

use std::cell::RefCell;

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::{U8, U8x4};
use fast_image_resize::{FilterType, PixelTrait, ResizeAlg, ResizeOptions, Resizer};

use super::fit::Window;
use super::orientation;
use super::scratch::Scratch;

/// How samples are weighed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kernel {
    /// Sharp, for what the eye looks at.
    Lanczos3,
    /// Nearly as sharp with fewer samples, for what is resized anew in every frame.
    CatmullRom,
    /// Soft, for chroma and what is blurred anyhow.
    Bilinear,
}

impl Kernel {
    /// How far it reaches, in samples of the smaller of the two pictures.
    fn radius(self) -> f64 {
        match self {
            Self::Lanczos3 => 3.0,
            Self::CatmullRom => 2.0,
            Self::Bilinear => 1.0,
        }
    }
}

thread_local! {
    static RESIZER: RefCell<Resizer> = RefCell::new(Resizer::new());
}

/// Samples in rows without gaps.
#[derive(Clone, Copy)]
pub(super) struct Plane<'a> {
    pub samples: &'a [u8],
    pub width: u32,
    pub height: u32,
}

/// Rows that are resized before they are exchanged: a cache line of every exchanged row.
const BAND: usize = 64;

/// A window of one-byte samples on its way to its size: it has its height, and rows and columns are exchanged.
pub(super) struct Halfway {
    samples: Scratch,
    /// Its rows, which were columns.
    rows: u32,
    /// Samples a row.
    width: u32,
    /// Where the window begins among its rows, and how many it has.
    window: (f64, f64),
    /// How many it will have.
    height: u32,
    kernel: Kernel,
}

impl Halfway {
    /// Begins to resize a window of `plane` to `size`.
    pub fn new(plane: Plane<'_>, window: Window, size: (u32, u32), kernel: Kernel) -> Self {
        let window = inside(window, plane.width, plane.height);
        // the second half looks beyond the window by what its kernel reaches
        let reach = kernel.radius() * (window.w / f64::from(size.0)).max(1.0) + 1.0;
        let first = (window.x - reach).floor().max(0.0);
        let last = (window.x + window.w + reach).ceil();
        let columns = Window {
            x: first,
            w: last.min(f64::from(plane.width)) - first,
            ..window
        };
        let (rows, width) = (columns.w as usize, size.1 as usize);
        let mut samples = Scratch::new(rows * width);
        let mut band = Scratch::new(rows * BAND.min(width));
        for y in (0..width).step_by(BAND) {
            let count = BAND.min(width - y);
            let part = stretch((window.y, window.h), size.1, y, count);
            let columns = Window {
                y: part.0,
                h: part.1,
                ..columns
            };
            let band = &mut band[..rows * count];
            resize::<U8>(plane, columns, band, (rows as u32, count as u32), kernel);
            orientation::exchange(band, rows, &mut samples, width, y);
        }
        Self {
            samples,
            rows: rows as u32,
            width: size.1,
            window: (window.x - first, window.w),
            height: size.0,
            kernel,
        }
    }

    /// Rows from `start` on, as many as `out` has room for; they are columns of the window.
    pub fn rows(&self, start: usize, out: &mut [u8]) {
        let plane = Plane {
            samples: &self.samples,
            width: self.width,
            height: self.rows,
        };
        let count = out.len() / self.width as usize;
        let (y, h) = stretch(self.window, self.height, start, count);
        let window = Window {
            x: 0.0,
            y,
            w: f64::from(self.width),
            h,
        };
        resize::<U8>(plane, window, out, (self.width, count as u32), self.kernel);
    }
}

/// Which part of a stretch (start, length) becomes `count` of its `steps` from the `start`th on.
fn stretch((from, length): (f64, f64), steps: u32, start: usize, count: usize) -> (f64, f64) {
    let step = length / f64::from(steps);
    (from + start as f64 * step, count as f64 * step)
}

/// Resizes a window of one-byte samples into `out`, of `size`, which is stored as it is.
pub(super) fn bytes(
    plane: Plane<'_>,
    window: Window,
    out: &mut [u8],
    size: (u32, u32),
    kernel: Kernel,
) {
    resize::<U8>(plane, window, out, size, kernel);
}

/// Resizes a window of four-byte pixels into `out`, of `size`; alpha is premultiplied or none of ours.
pub(super) fn quads(
    plane: Plane<'_>,
    window: Window,
    out: &mut [u8],
    size: (u32, u32),
    kernel: Kernel,
) {
    resize::<U8x4>(plane, window, out, size, kernel);
}

/// Resizes a whole picture of `size` four-byte pixels into `out`, softly.
pub(super) fn softly(rgba: &[u8], size: (u32, u32), out: &mut [u8], out_size: (u32, u32)) {
    let plane = Plane {
        samples: rgba,
        width: size.0,
        height: size.1,
    };
    let window = Window::whole(size.0, size.1);
    quads(plane, window, out, out_size, Kernel::Bilinear);
}

fn resize<P: PixelTrait>(
    plane: Plane<'_>,
    window: Window,
    out: &mut [u8],
    size: (u32, u32),
    kernel: Kernel,
) {
    let from = TypedImageRef::<P>::from_buffer(plane.width, plane.height, plane.samples)
        .expect("a plane has all of its rows");
    let mut to = TypedImage::<P>::from_buffer(size.0, size.1, out)
        .expect("the output has room for all of its rows");
    let filter = match kernel {
        Kernel::Lanczos3 => FilterType::Lanczos3,
        Kernel::CatmullRom => FilterType::CatmullRom,
        Kernel::Bilinear => FilterType::Bilinear,
    };
    let window = inside(window, plane.width, plane.height);
    let window = off_the_grid(window, size.0);
    let options = ResizeOptions::new()
        .resize_alg(ResizeAlg::Convolution(filter))
        .crop(window.x, window.y, window.w, window.h)
        .use_alpha(false);
    RESIZER.with_borrow_mut(|resizer| {
        resizer
            .resize_typed(&from, &mut to, &options)
            .expect("the window lies inside the plane");
    });
}

/// The same window without what rounding put beyond the edges.
fn inside(window: Window, width: u32, height: u32) -> Window {
    let (width, height) = (f64::from(width), f64::from(height));
    let x = window.x.clamp(0.0, width);
    let y = window.y.clamp(0.0, height);
    Window {
        x,
        y,
        w: window.w.min(width - x),
        h: window.h.min(height - y),
    }
}

/// The same window, a hundred-thousandth of a sample aside where the first or the last column would meet a sample exactly.
///
/// The resizer keeps only the samples from where its first column begins to where its last one ends. A column that meets
/// a sample needs no others, its neighbours between two samples do, and would be read beyond what was kept.
fn off_the_grid(window: Window, columns: u32) -> Window {
    const ASIDE: f64 = 1e-5;
    let step = window.w / f64::from(columns);
    let meets = |center: f64| (center - center.round()).abs() < ASIDE / 10.0;
    // columns that all meet their samples need no more than each other
    let alike = meets(step);
    let first = window.x + step / 2.0 - 0.5;
    let last = first + window.w - step;
    if alike || window.w <= ASIDE || !(meets(first) || meets(last)) {
        return window;
    }
    Window {
        x: window.x + ASIDE,
        w: window.w - ASIDE,
        ..window
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_may_begin_and_end_on_samples() {
        // light that grows by one with every sample
        let row: Vec<u8> = (0..240).collect();
        let samples = row.repeat(40);
        let plane = Plane {
            samples: &samples,
            width: 240,
            height: 40,
        };
        let mut found = 0;
        for start in 0..40 {
            for columns in 150..=240 {
                // so that the first column stands on a sample
                let w = 200.0;
                let x = f64::from(start) + 0.5 - w / f64::from(columns) / 2.0;
                let window = Window {
                    x: x.max(0.0),
                    y: 0.0,
                    w,
                    h: 40.0,
                };
                let mut out = vec![0; columns as usize * 30];
                bytes(plane, window, &mut out, (columns, 30), Kernel::CatmullRom);
                for at in [0, columns / 2, columns - 1] {
                    let exact = window.x + (f64::from(at) + 0.5) * w / f64::from(columns) - 0.5;
                    let value = f64::from(out[(15 * columns + at) as usize]);
                    assert!(
                        (value - exact).abs() < 1.0,
                        "{columns}, {at}: {value}, {exact}"
                    );
                    found += 1;
                }
            }
        }
        assert_eq!(found, 40 * 91 * 3);
    }
}
