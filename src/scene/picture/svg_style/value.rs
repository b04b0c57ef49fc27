//! Which values of a property are understood, and how they are written plainly.
//!
//! In: a property and its value, variables filled in. Out: the value as SVG 1.1 has it, with colours in sRGB; `None`
//! for what is not understood. Never: which of several declarations wins.

use super::color::{self, number_of};
use super::{closing, is_too_deep, split};

/// Properties that are looked at; the others draw nothing here.
pub fn is_known(name: &str) -> bool {
    PRESENTATION.contains(&name) || GEOMETRY.contains(&name) || MOVES.contains(&name)
}

/// Those that may also be attributes.
pub const PRESENTATION: &[&str] = &[
    "clip-path",
    "clip-rule",
    "color",
    "color-interpolation",
    "color-interpolation-filters",
    "display",
    "fill",
    "fill-opacity",
    "fill-rule",
    "filter",
    "flood-color",
    "flood-opacity",
    "image-rendering",
    "isolation",
    "lighting-color",
    "marker-end",
    "marker-mid",
    "marker-start",
    "mask",
    "mask-type",
    "mix-blend-mode",
    "opacity",
    "overflow",
    "paint-order",
    "shape-rendering",
    "stop-color",
    "stop-opacity",
    "stroke",
    "stroke-dasharray",
    "stroke-dashoffset",
    "stroke-linecap",
    "stroke-linejoin",
    "stroke-miterlimit",
    "stroke-opacity",
    "stroke-width",
    "vector-effect",
    "visibility",
];

/// Attributes that style sheets may set too.
pub const GEOMETRY: &[&str] = &[
    "cx", "cy", "d", "height", "r", "rx", "ry", "width", "x", "y",
];

/// What becomes the attribute `transform`.
pub const MOVES: &[&str] = &[
    "rotate",
    "scale",
    "transform",
    "transform-box",
    "transform-origin",
    "translate",
];

/// The value written plainly.
pub fn plain(name: &str, value: &str) -> Option<String> {
    let value = value.trim();
    if is_too_deep(value) {
        return None;
    }
    let lower = value.to_ascii_lowercase();
    if lower == "inherit" {
        return Some(lower);
    }
    match name {
        "fill" | "stroke" => paint(value),
        "color" | "stop-color" | "flood-color" | "lighting-color" => colour(value),
        "opacity" | "fill-opacity" | "stroke-opacity" | "stop-opacity" | "flood-opacity" => {
            let part = match value.strip_suffix('%') {
                Some(part) => number_of(part)? / 100.0,
                None => number_of(value)?,
            };
            Some(part.clamp(0.0, 1.0).to_string())
        }
        "stroke-width" | "stroke-dashoffset" => length(value),
        "stroke-dasharray" => {
            let separator = |c: char| c == ',' || c.is_whitespace();
            let mut parts = value.split(separator).filter(|p| !p.is_empty());
            (lower == "none" || parts.all(is_length)).then(|| value.to_owned())
        }
        "stroke-miterlimit" => number_of(value).map(|_| value.to_owned()),
        "clip-path" | "mask" | "marker-start" | "marker-mid" | "marker-end" => match lower.as_str()
        {
            "none" => Some(lower),
            _ => {
                let (link, rest) = link(value)?;
                rest.is_empty().then_some(link)
            }
        },
        "filter" => filter(value),
        "vector-effect" => (lower == "none").then_some(lower),
        "d" => {
            let path = value.strip_prefix("path(")?.strip_suffix(')')?;
            Some(path.trim().trim_matches(['"', '\'']).to_owned())
        }
        "rx" | "ry" | "width" | "height" if lower == "auto" => Some(lower),
        name if GEOMETRY.contains(&name) => length(value),
        name if MOVES.contains(&name) => Some(value.to_owned()),
        _ if value.contains('(') => None,
        // words are written in small letters but for these
        _ => {
            let camel = CAMEL.iter().find(|word| word.eq_ignore_ascii_case(&lower));
            Some(camel.map_or(lower, |word| (*word).to_owned()))
        }
    }
}

const CAMEL: [&str; 7] = [
    "linearRGB",
    "sRGB",
    "crispEdges",
    "geometricPrecision",
    "optimizeLegibility",
    "optimizeQuality",
    "optimizeSpeed",
];

/// What `initial` stands for where nothing would mean the parent's.
pub fn initial(name: &str) -> Option<&'static str> {
    Some(match name {
        "fill" | "color" => "black",
        "stroke" | "stroke-dasharray" | "marker-start" | "marker-mid" | "marker-end" => "none",
        "fill-opacity" | "stroke-opacity" | "stroke-width" => "1",
        "fill-rule" | "clip-rule" => "nonzero",
        "stroke-dashoffset" => "0",
        "stroke-linecap" => "butt",
        "stroke-linejoin" => "miter",
        "stroke-miterlimit" => "4",
        "visibility" => "visible",
        "paint-order" => "normal",
        "color-interpolation-filters" => "linearRGB",
        "shape-rendering" | "image-rendering" => "auto",
        _ => return None,
    })
}

/// A length as SVG 1.1 writes it; the root's font is a browser's own.
fn length(text: &str) -> Option<String> {
    if let Some(number) = text.to_ascii_lowercase().strip_suffix("rem") {
        return number_of(number).map(|v| (v * 16.0).to_string());
    }
    is_length(text).then(|| text.to_owned())
}

fn is_length(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let units = ["px", "%", "em", "ex", "in", "cm", "mm", "pt", "pc"];
    let bare = units.iter().find_map(|unit| text.strip_suffix(unit));
    number_of(bare.unwrap_or(&text)).is_some()
}

fn colour(text: &str) -> Option<String> {
    if text.eq_ignore_ascii_case("currentcolor") {
        return Some("currentColor".to_owned());
    }
    // SVG 1.1's second colour, for printers
    let text = match text.find("icc-color(") {
        Some(end) => text[..end].trim_end(),
        None => text,
    };
    let [r, g, b, a] = color::parse(text)?;
    let byte = |v: f64| (v * 255.0).round() as u8;
    Some(if a < 1.0 {
        format!("rgba({}, {}, {}, {a})", byte(r), byte(g), byte(b))
    } else {
        format!("#{:02x}{:02x}{:02x}", byte(r), byte(g), byte(b))
    })
}

fn paint(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    if matches!(lower.as_str(), "none" | "context-fill" | "context-stroke") {
        return Some(lower);
    }
    if !lower.starts_with("url(") {
        return colour(text);
    }
    let (link, rest) = link(text)?;
    Some(match rest {
        "" => link,
        rest if rest.eq_ignore_ascii_case("none") => format!("{link} none"),
        rest => format!("{link} {}", colour(rest)?),
    })
}

/// `url("#id")` without its quotes, and what follows it.
fn link(text: &str) -> Option<(String, &str)> {
    let inside = text
        .get(4..)
        .filter(|_| text[..4].eq_ignore_ascii_case("url("))?;
    let end = closing(inside)?;
    let target = inside[..end].trim().trim_matches(['"', '\'']);
    Some((format!("url({target})"), inside[end + 1..].trim()))
}

/// Filter functions, whose colours may be of any kind.
fn filter(text: &str) -> Option<String> {
    let mut out = Vec::new();
    for part in split(text, ' ')
        .into_iter()
        .filter(|p| !p.trim().is_empty())
    {
        let Some((name, inside)) = part.trim().split_once('(') else {
            out.push(part.trim().to_owned());
            continue;
        };
        let inside = inside.strip_suffix(')')?;
        if name == "url" {
            out.push(link(part.trim())?.0);
            continue;
        }
        let known = [
            "blur",
            "brightness",
            "contrast",
            "drop-shadow",
            "grayscale",
            "hue-rotate",
            "invert",
            "opacity",
            "saturate",
            "sepia",
        ];
        if !known.contains(&name) || inside.contains("calc(") {
            return None;
        }
        let words = split(inside, ' ').into_iter().filter(|w| !w.is_empty());
        let words: Vec<String> = words
            .map(|word| match word.contains('(') || name == "drop-shadow" {
                true => colour(word).unwrap_or_else(|| word.to_owned()),
                false => word.to_owned(),
            })
            .collect();
        out.push(format!("{name}({})", words.join(" ")));
    }
    Some(out.join(" "))
}
