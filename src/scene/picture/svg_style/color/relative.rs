//! Relative colours: `rgb(from green r g b / 50%)`, `oklch(from var(--b) calc(l * 0.8) c h)`.
//!
//! In: a function's name and what follows `from`. Out: the colour, where the function is `rgb`, `hsl`, `oklab` or `oklch` and
//! its sums have one sign. Never: the other spaces, which are `None`.

use super::{Rgba, number_of, parse as colour, to_oklab};
use crate::scene::picture::svg_style::{closing, split};

/// Names of the parts, and what they come to.
type Parts = [(&'static str, f64); 4];

pub fn parse(name: &str, text: &str) -> Option<Rgba> {
    let end = match text.find(['(', ' ']) {
        Some(open) if text.as_bytes()[open] == b'(' => open + 1 + closing(&text[open + 1..])? + 1,
        Some(space) => space,
        None => return None,
    };
    let origin = colour(&text[..end])?;
    let parts = parts(name, origin)?;
    let (channels, alpha) = match split(&text[end..], '/').as_slice() {
        [channels] => (*channels, None),
        [channels, alpha] => (*channels, Some(*alpha)),
        _ => return None,
    };
    let words: Vec<String> = split(channels.trim(), ' ')
        .into_iter()
        .filter(|w| !w.is_empty())
        .map(|word| filled(word, &parts))
        .collect::<Option<_>>()?;
    let [a, b, c] = words.as_slice() else {
        return None;
    };
    let alpha = match alpha {
        Some(text) => filled(text.trim(), &parts)?,
        None => written(origin[3]),
    };
    let name = name.trim_end_matches('a');
    colour(&format!("{name}({a} {b} {c} / {alpha})"))
}

/// The origin in the function's own space.
fn parts(name: &str, [r, g, b, alpha]: Rgba) -> Option<Parts> {
    Some(match name {
        "rgb" | "rgba" => [
            ("r", r * 255.0),
            ("g", g * 255.0),
            ("b", b * 255.0),
            ("alpha", alpha),
        ],
        "hsl" | "hsla" => {
            let (most, least) = (r.max(g).max(b), r.min(g).min(b));
            let (l, span) = ((most + least) / 2.0, most - least);
            let s = match span {
                0.0 => 0.0,
                span => span / (1.0 - (2.0 * l - 1.0).abs()),
            };
            let h = match most {
                _ if span == 0.0 => 0.0,
                most if most == r => ((g - b) / span).rem_euclid(6.0),
                most if most == g => (b - r) / span + 2.0,
                _ => (r - g) / span + 4.0,
            };
            [
                ("h", h * 60.0),
                ("s", s * 100.0),
                ("l", l * 100.0),
                ("alpha", alpha),
            ]
        }
        "oklab" => {
            let [l, a, b] = to_oklab([r, g, b]);
            [("l", l), ("a", a), ("b", b), ("alpha", alpha)]
        }
        "oklch" => {
            let [l, a, b] = to_oklab([r, g, b]);
            let hue = libm::atan2(b, a).to_degrees().rem_euclid(360.0);
            [
                ("l", l),
                ("c", libm::hypot(a, b)),
                ("h", hue),
                ("alpha", alpha),
            ]
        }
        _ => return None,
    })
}

/// A part with its names filled in, and its sum worked out.
fn filled(word: &str, parts: &Parts) -> Option<String> {
    let named = |word: &str| parts.iter().find(|(name, _)| *name == word).map(|p| p.1);
    if let Some(value) = named(word) {
        return Some(written(value));
    }
    let Some(sum) = word.strip_prefix("calc(").and_then(|w| w.strip_suffix(')')) else {
        return Some(word.to_owned());
    };
    let value = |word: &str| named(word).or_else(|| number_of(word));
    let words: Vec<&str> = sum.split_whitespace().collect();
    let [a, sign, b] = words.as_slice() else {
        return None;
    };
    let (a, b) = (value(a)?, value(b)?);
    Some(written(match *sign {
        "+" => a + b,
        "-" => a - b,
        "*" => a * b,
        "/" if b != 0.0 => a / b,
        _ => return None,
    }))
}

/// As a number of CSS, without an exponent.
fn written(value: f64) -> String {
    format!("{value:.10}")
}
