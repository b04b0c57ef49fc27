//! CSS `transform` and its kin as one matrix.
//!
//! In: the texts of `transform`, `transform-origin`, `translate`, `rotate`, `scale` and the size of the box that
//! percentages are of. Out: the matrix as SVG's attribute has it. Never: three dimensions, which are `None`.

use super::color::number_of;

/// `a b c d e f` of SVG's `matrix()`.
pub type Matrix = [f64; 6];

pub const SAME: Matrix = [1.0, 0.0, 0.0, 1.0, 0.0, 0.0];

fn product(m: Matrix, n: Matrix) -> Matrix {
    [
        m[0] * n[0] + m[2] * n[1],
        m[1] * n[0] + m[3] * n[1],
        m[0] * n[2] + m[2] * n[3],
        m[1] * n[2] + m[3] * n[3],
        m[0] * n[4] + m[2] * n[5] + m[4],
        m[1] * n[4] + m[3] * n[5] + m[5],
    ]
}

fn moved(x: f64, y: f64) -> Matrix {
    [1.0, 0.0, 0.0, 1.0, x, y]
}

/// All that moves an element.
#[derive(Debug, Default)]
pub struct Parts<'a> {
    pub transform: Option<&'a str>,
    pub origin: Option<&'a str>,
    pub translate: Option<&'a str>,
    pub rotate: Option<&'a str>,
    pub scale: Option<&'a str>,
}

impl Parts<'_> {
    /// The matrix, about the origin.
    pub fn matrix(&self, size: (f64, f64)) -> Option<Matrix> {
        let origin = match self.origin {
            Some(text) => origin(text, size)?,
            None => (0.0, 0.0),
        };
        let mut all = moved(origin.0, origin.1);
        let words = |text: &str| {
            text.split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        if let Some(text) = self.translate.filter(|t| *t != "none") {
            let words = words(text);
            let x = length(words.first()?, size.0)?;
            let y = words.get(1).map_or(Some(0.0), |y| length(y, size.1))?;
            all = product(all, moved(x, y));
        }
        if let Some(text) = self.rotate.filter(|t| *t != "none") {
            all = product(all, turned(angle(text.trim())?));
        }
        if let Some(text) = self.scale.filter(|t| *t != "none") {
            let words = words(text);
            let x = factor(words.first()?)?;
            let y = words.get(1).map_or(Some(x), |y| factor(y))?;
            all = product(all, [x, 0.0, 0.0, y, 0.0, 0.0]);
        }
        if let Some(text) = self.transform {
            all = product(all, list(text, size)?);
        }
        Some(product(all, moved(-origin.0, -origin.1)))
    }
}

/// A matrix of a box whose corner stands at a point.
pub fn about((x, y): (f64, f64), matrix: Matrix) -> Matrix {
    product(product(moved(x, y), matrix), moved(-x, -y))
}

/// As the attribute is written.
pub fn written(matrix: Matrix) -> String {
    let [a, b, c, d, e, f] = matrix;
    format!("matrix({a} {b} {c} {d} {e} {f})")
}

fn list(text: &str, size: (f64, f64)) -> Option<Matrix> {
    let mut rest = text.trim();
    if rest == "none" {
        return Some(SAME);
    }
    let mut all = SAME;
    while !rest.is_empty() {
        let (name, after) = rest.split_once('(')?;
        let (inside, after) = after.split_once(')')?;
        all = product(all, function(name.trim(), inside, size)?);
        rest = after.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
    }
    Some(all)
}

fn function(name: &str, inside: &str, size: (f64, f64)) -> Option<Matrix> {
    let separator = |c: char| c == ',' || c.is_whitespace();
    let args: Vec<&str> = inside.split(separator).filter(|a| !a.is_empty()).collect();
    let none = || Some(0.0);
    let second =
        |read: &dyn Fn(&str) -> Option<f64>, or: Option<f64>| args.get(1).map_or(or, |v| read(v));
    let first = *args.first()?;
    let most = match name.to_ascii_lowercase().as_str() {
        "matrix" => 6,
        // SVG's own form names the centre
        "rotate" => 3,
        "translate" | "scale" | "skew" => 2,
        _ => 1,
    };
    if args.len() > most {
        return None;
    }
    Some(match name.to_ascii_lowercase().as_str() {
        "matrix" => {
            let values: Vec<f64> = args.iter().map(|v| number_of(v)).collect::<Option<_>>()?;
            values.try_into().ok()?
        }
        "translate" => moved(
            length(first, size.0)?,
            second(&|y| length(y, size.1), none())?,
        ),
        "translatex" => moved(length(first, size.0)?, 0.0),
        "translatey" => moved(0.0, length(first, size.1)?),
        "scale" => {
            let x = factor(first)?;
            [x, 0.0, 0.0, second(&factor, Some(x))?, 0.0, 0.0]
        }
        "scalex" => [factor(first)?, 0.0, 0.0, 1.0, 0.0, 0.0],
        "scaley" => [1.0, 0.0, 0.0, factor(first)?, 0.0, 0.0],
        "rotate" | "rotatez" => {
            let turn = turned(angle(first)?);
            match args.as_slice() {
                [_] => turn,
                [_, x, y] => about((length(x, size.0)?, length(y, size.1)?), turn),
                _ => return None,
            }
        }
        "skew" => [
            1.0,
            tan(second(&angle, none())?),
            tan(angle(first)?),
            1.0,
            0.0,
            0.0,
        ],
        "skewx" => [1.0, 0.0, tan(angle(first)?), 1.0, 0.0, 0.0],
        "skewy" => [1.0, tan(angle(first)?), 0.0, 1.0, 0.0, 0.0],
        _ => return None,
    })
}

fn tan(degrees: f64) -> f64 {
    libm::tan(degrees.to_radians())
}

fn turned(degrees: f64) -> Matrix {
    let (sin, cos) = (
        libm::sin(degrees.to_radians()),
        libm::cos(degrees.to_radians()),
    );
    [cos, sin, -sin, cos, 0.0, 0.0]
}

fn factor(text: &str) -> Option<f64> {
    match text.strip_suffix('%') {
        Some(part) => number_of(part).map(|v| v / 100.0),
        None => number_of(text),
    }
}

fn angle(text: &str) -> Option<f64> {
    for (unit, turn) in [
        ("deg", 1.0),
        ("grad", 0.9),
        ("rad", 180.0 / std::f64::consts::PI),
        ("turn", 360.0),
    ] {
        if let Some(number) = text.strip_suffix(unit) {
            return number_of(number).map(|v| v * turn);
        }
    }
    number_of(text)
}

/// CSS pixels; a percentage is of `whole`.
pub fn length(text: &str, whole: f64) -> Option<f64> {
    for (unit, px) in [
        ("px", 1.0),
        ("%", whole / 100.0),
        ("pt", 96.0 / 72.0),
        ("pc", 16.0),
        ("mm", 96.0 / 25.4),
        ("cm", 96.0 / 2.54),
        ("in", 96.0),
    ] {
        if let Some(number) = text.strip_suffix(unit) {
            return number_of(number).map(|v| v * px);
        }
    }
    number_of(text)
}

fn origin(text: &str, size: (f64, f64)) -> Option<(f64, f64)> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let across = |word: &str| match word {
        "left" => Some(0.0),
        "center" => Some(size.0 / 2.0),
        "right" => Some(size.0),
        "top" | "bottom" => None,
        other => length(other, size.0),
    };
    let down = |word: &str| match word {
        "top" => Some(0.0),
        "center" => Some(size.1 / 2.0),
        "bottom" => Some(size.1),
        "left" | "right" => None,
        other => length(other, size.1),
    };
    match words.as_slice() {
        [one] => match across(one) {
            Some(x) => Some((x, size.1 / 2.0)),
            None => Some((size.0 / 2.0, down(one)?)),
        },
        [x, y] | [x, y, _] => match (across(x), down(y)) {
            (Some(x), Some(y)) => Some((x, y)),
            _ => Some((across(y)?, down(x)?)),
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(parts: &Parts<'_>, x: f64, y: f64) -> (f64, f64) {
        let [a, b, c, d, e, f] = parts.matrix((200.0, 100.0)).expect("a matrix");
        let round = |v: f64| (v * 1000.0).round() / 1000.0;
        (round(a * x + c * y + e), round(b * x + d * y + f))
    }

    #[test]
    fn transforms_are_those_of_css() {
        let only = |text| Parts {
            transform: Some(text),
            ..Parts::default()
        };
        assert_eq!(point(&only("translate(10px, 50%)"), 1.0, 1.0), (11.0, 51.0));
        assert_eq!(point(&only("rotate(90deg) scale(2)"), 1.0, 0.0), (0.0, 2.0));
        assert_eq!(point(&only("rotate(0.25turn)"), 1.0, 0.0), (0.0, 1.0));
        assert_eq!(point(&only("scaleX(-1)"), 3.0, 4.0), (-3.0, 4.0));
        assert_eq!(point(&only("skewX(45deg)"), 0.0, 2.0), (2.0, 2.0));
        assert_eq!(point(&only("none"), 3.0, 4.0), (3.0, 4.0));
        assert!(only("rotateX(20deg)").matrix((1.0, 1.0)).is_none());
        let about = Parts {
            transform: Some("rotate(180deg)"),
            origin: Some("center"),
            ..Parts::default()
        };
        assert_eq!(point(&about, 0.0, 0.0), (200.0, 100.0));
        let each = Parts {
            translate: Some("10px"),
            rotate: Some("90deg"),
            scale: Some("2"),
            ..Parts::default()
        };
        assert_eq!(point(&each, 1.0, 0.0), (10.0, 2.0));
    }
}
