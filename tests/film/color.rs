//! Colours that are known come out as they were, whatever range, matrix and light they were coded in.

use std::path::Path;

use crate::make::{self, PATCHES, SECONDS};
use crate::story::{Film, draft, film};

/// A colour of sRGB in CIE L*a*b*, white D65.
fn lab(rgb: [f64; 3]) -> [f64; 3] {
    let light = rgb.map(|c| {
        let c = c / 255.0;
        match c <= 0.04045 {
            true => c / 12.92,
            false => ((c + 0.055) / 1.055).powf(2.4),
        }
    });
    let row = |r: f64, g: f64, b: f64| r * light[0] + g * light[1] + b * light[2];
    let xyz = [
        row(0.412_456, 0.357_576, 0.180_438) / 0.950_47,
        row(0.212_673, 0.715_152, 0.072_175),
        row(0.019_334, 0.119_192, 0.950_304) / 1.088_83,
    ];
    let [x, y, z] = xyz.map(|t| match t > 216.0 / 24389.0 {
        true => t.cbrt(),
        false => (24389.0 / 27.0 * t + 16.0) / 116.0,
    });
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

/// How different two colours look: CIE ΔE2000.
fn difference(one: [f64; 3], other: [f64; 3]) -> f64 {
    let ([l1, a1, b1], [l2, a2, b2]) = (lab(one), lab(other));
    let seventh = |c: f64| (c.powi(7) / (c.powi(7) + 25f64.powi(7))).sqrt();
    let mean = (a1.hypot(b1) + a2.hypot(b2)) / 2.0;
    let grow = 1.5 - 0.5 * seventh(mean);
    let (a1, a2) = (a1 * grow, a2 * grow);
    let (c1, c2) = (a1.hypot(b1), a2.hypot(b2));
    let hue = |a: f64, b: f64| b.atan2(a).to_degrees().rem_euclid(360.0);
    let (h1, h2) = (hue(a1, b1), hue(a2, b2));
    let grey = c1 * c2 < 1e-9;
    let turn = match h2 - h1 {
        _ if grey => 0.0,
        turn if turn > 180.0 => turn - 360.0,
        turn if turn < -180.0 => turn + 360.0,
        turn => turn,
    };
    let (light, chroma) = ((l1 + l2) / 2.0, (c1 + c2) / 2.0);
    let angle = match (h1 - h2).abs() {
        _ if grey => h1 + h2,
        apart if apart <= 180.0 => (h1 + h2) / 2.0,
        _ => (h1 + h2 + 360.0) / 2.0,
    };
    let cos = |degrees: f64| degrees.to_radians().cos();
    let t =
        1.0 - 0.17 * cos(angle - 30.0) + 0.24 * cos(2.0 * angle) + 0.32 * cos(3.0 * angle + 6.0)
            - 0.2 * cos(4.0 * angle - 63.0);
    let turned = 60.0 * (-((angle - 275.0) / 25.0).powi(2)).exp();
    let middle = (light - 50.0).powi(2);
    let d_l = (l2 - l1) / (1.0 + 0.015 * middle / (20.0 + middle).sqrt());
    let d_c = (c2 - c1) / (1.0 + 0.045 * chroma);
    let d_h = 2.0 * (c1 * c2).sqrt() * (turn / 2.0).to_radians().sin() / (1.0 + 0.015 * chroma * t);
    let rotation = -turned.to_radians().sin() * 2.0 * seventh(chroma);
    (d_l * d_l + d_c * d_c + d_h * d_h + rotation * d_c * d_h).sqrt()
}

#[test]
fn the_measure_knows_its_published_pairs() {
    // a red against itself, and two greys that are a just noticeable step apart
    assert!(difference([180.0, 60.0, 50.0], [180.0, 60.0, 50.0]) < 1e-9);
    let step = difference([128.0; 3], [131.0; 3]);
    assert!((0.9..1.3).contains(&step), "{step}");
    assert!(difference([180.0, 60.0, 50.0], [60.0, 140.0, 70.0]) > 50.0);
}

/// Every band of a film has the colour that it has in its clip.
fn keeps_its_colors(name: &str, by: fn(&Path, &str) -> Film) {
    let film = by(&make::file(name), "").runs(30.0, SECONDS);
    let picture = film.picture(1.5, (90, 160));
    let seen = PATCHES.into_iter().enumerate().map(|(band, color)| {
        let found = picture.at(0.5, (band as f64 + 0.5) / 8.0);
        (found, color, difference(found, color.map(f64::from)))
    });
    let wrong: Vec<_> = seen.filter(|(.., apart)| *apart > 3.0).collect();
    assert!(wrong.is_empty(), "{name}: {wrong:.1?}");
    // silence is sound, too: no clip of these has any
    assert_eq!(film.levels(0.2, 3.0), [-120.0; 2]);
}

#[test]
fn limited_and_full_range_and_both_matrices_keep_their_colors() {
    keeps_its_colors("patches", film);
    keeps_its_colors("patches-full", draft);
    keeps_its_colors("patches-601", draft);
}

#[test]
fn film_brighter_than_a_screen_keeps_the_colors_that_a_screen_has() {
    keeps_its_colors("patches-hlg", film);
    keeps_its_colors("patches-pq", draft);
}
