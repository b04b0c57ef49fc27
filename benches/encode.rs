//! From a painted frame's pixels to a finished file.
//!
//! `encode` is the codec alone, the yardstick for painting; `still` is everything the media room does with a frame.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use storypress::media::{self, Format, Options, Pixels};
use turbojpeg::{Compressor, Image, PixelFormat, Subsamp};

const WIDTH: usize = 1080;
const HEIGHT: usize = 1920;

/// Smooth areas, edges and grain, in about the proportions of a photograph with text over it; opaque.
fn picture() -> Vec<u8> {
    let mut seed = 1u32;
    let mut pixels = Vec::with_capacity(WIDTH * HEIGHT * 4);
    for y in 0..HEIGHT {
        for x in 0..WIDTH {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let grain = (seed >> 29) as usize;
            let edge = if (x / 40 + y / 60) % 7 == 0 { 70 } else { 0 };
            let channels = [
                x * 170 / WIDTH,
                y * 170 / HEIGHT,
                (x + y) * 170 / (WIDTH + HEIGHT),
            ];
            pixels.extend(channels.map(|c| (c + edge + grain) as u8));
            pixels.push(255);
        }
    }
    pixels
}

fn encode(bench: &mut Criterion) {
    let rgba = picture();
    let mut group = bench.benchmark_group("encode");
    for (name, optimize) in [("jpeg q90", false), ("jpeg q90, tables of its own", true)] {
        let mut compressor = Compressor::new().expect("a compressor");
        compressor.set_quality(90).expect("a quality");
        compressor
            .set_subsamp(Subsamp::Sub2x2)
            .expect("a subsampling");
        compressor
            .set_optimize(optimize)
            .expect("a choice of tables");
        let most = turbojpeg::compressed_buf_len(WIDTH, HEIGHT, Subsamp::Sub2x2).expect("a length");
        let mut buffer = vec![0; most];
        group.bench_function(name, |b| {
            b.iter(|| {
                let image = Image {
                    pixels: black_box(rgba.as_slice()),
                    width: WIDTH,
                    pitch: WIDTH * 4,
                    height: HEIGHT,
                    format: PixelFormat::RGBX,
                };
                compressor
                    .compress_to_slice(image, &mut buffer)
                    .expect("a JPEG")
            });
        });
    }
    group.finish();
}

fn still(bench: &mut Criterion) {
    let rgba = picture();
    let dir = tempfile::tempdir().expect("a folder");
    let mut group = bench.benchmark_group("still");
    for format in [Format::Jpeg, Format::Png] {
        let path = dir.path().join(format!("card.{}", format.extension()));
        let options = Options {
            format,
            ..Options::default()
        };
        group.bench_function(format.extension(), |b| {
            b.iter(|| {
                let pixels = Pixels {
                    width: WIDTH as u32,
                    height: HEIGHT as u32,
                    rgba: black_box(&rgba),
                };
                media::write(pixels, &path, &options).expect("a file")
            });
        });
    }
    group.finish();
}

criterion_group!(benches, encode, still);
criterion_main!(benches);
