//! Resizing; the only place that names the resizer, which compiles slowly for each kind of pixel.

use std::cell::RefCell;

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::{U8, U8x4};
use fast_image_resize::{FilterType, PixelTrait, ResizeAlg, ResizeOptions, Resizer};

use super::fit::Window;

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

/// Resizes a window of one-byte samples into `out`, of `size`.
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
