//! Reads single values: lengths, colours, times, fills.
//!
//! Every reader takes a [`Node`] without expressions and gives `None` when the value has another shape; what it
//! should have been is said by [`Kind::describe`](super::language::Kind::describe).

use super::{Node, Value};

/// A colour: sRGB, 8 bits a channel, straight (not premultiplied) alpha.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Color {
    /// Red.
    pub r: u8,
    /// Green.
    pub g: u8,
    /// Blue.
    pub b: u8,
    /// Alpha; 255 is opaque.
    pub a: u8,
}

impl Color {
    /// Nothing.
    pub const CLEAR: Self = Self {
        r: 0,
        g: 0,
        b: 0,
        a: 0,
    };
    /// Opaque black.
    pub const BLACK: Self = Self {
        r: 0,
        g: 0,
        b: 0,
        a: 255,
    };
    /// Opaque white.
    pub const WHITE: Self = Self {
        r: 255,
        g: 255,
        b: 255,
        a: 255,
    };

    /// `#rgb[a]`, `#rrggbb[aa]` or any CSS colour.
    pub fn parse(text: &str) -> Option<Self> {
        let [r, g, b, a] = csscolorparser::parse(text.trim()).ok()?.to_rgba8();
        Some(Self { r, g, b, a })
    }
}

/// Canvas units, or a part of the parent's side.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Length {
    /// Units.
    Units(f32),
    /// 1 is the whole side.
    Part(f32),
}

impl Length {
    /// In units, for a parent's side in units.
    pub fn of(self, side: f32) -> f32 {
        match self {
            Self::Units(units) => units,
            Self::Part(part) => part * side,
        }
    }
}

/// A finite number of sane size: nothing on a canvas is a million units away.
pub fn number(node: &Node) -> Option<f64> {
    node.as_number().filter(|n| n.is_finite() && n.abs() <= 1e6)
}

/// Units or `"50%"`.
pub fn length(node: &Node) -> Option<Length> {
    if let Some(units) = number(node) {
        return Some(Length::Units(units as f32));
    }
    let text = node.as_text()?.trim();
    let part: f32 = text.strip_suffix('%')?.trim().parse().ok()?;
    (part.is_finite() && part.abs() <= 10_000.0).then_some(Length::Part(part / 100.0))
}

/// Text; numbers and booleans as they are written.
pub fn text(node: &Node) -> Option<String> {
    match &node.value {
        Value::Text(text) | Value::Date(text) => Some(text.clone()),
        Value::Integer(i) => Some(i.to_string()),
        Value::Float(f) => Some(f.to_string()),
        Value::Bool(b) => Some(b.to_string()),
        _ => None,
    }
}

/// What `when` means by a value: empty, `false` and `0` are no.
pub fn condition(node: &Node) -> Option<bool> {
    match &node.value {
        Value::Bool(b) => Some(*b),
        Value::Integer(i) => Some(*i != 0),
        Value::Float(f) => Some(*f != 0.0),
        Value::Date(_) => Some(true),
        Value::Text(text) => Some(super::expression::holds(&text.as_str().into())),
        _ => None,
    }
}

/// A list of values.
pub fn list(node: &Node) -> Option<&[Node]> {
    match &node.value {
        Value::Array(items) => Some(items),
        _ => None,
    }
}

/// Exactly `N` of something.
fn exactly<const N: usize, T: Copy + Default>(
    node: &Node,
    read: impl Fn(&Node) -> Option<T>,
) -> Option<[T; N]> {
    let items = list(node)?;
    if items.len() != N {
        return None;
    }
    let mut out = [T::default(); N];
    for (slot, item) in out.iter_mut().zip(items) {
        *slot = read(item)?;
    }
    Some(out)
}

/// Top, right, bottom, left; each at least 0.
pub fn edges(node: &Node) -> Option<[f32; 4]> {
    let side = |n: &Node| number(n).filter(|n| *n >= 0.0).map(|n| n as f32);
    if let Some(all) = side(node) {
        return Some([all; 4]);
    }
    if let Some([vertical, horizontal]) = exactly::<2, f32>(node, side) {
        return Some([vertical, horizontal, vertical, horizontal]);
    }
    exactly::<4, f32>(node, side)
}

/// Corner radii for a box: top-left, top-right, bottom-right, bottom-left; percentages are of the shorter side.
pub fn radius(node: &Node, width: f32, height: f32) -> Option<[f32; 4]> {
    let short = width.min(height);
    let corner = |n: &Node| length(n).map(|l| l.of(short)).filter(|r| *r >= 0.0);
    match corner(node) {
        Some(all) => Some([all; 4]),
        None => exactly::<4, f32>(node, corner),
    }
}

/// `[x, y]`, each 0–1.
pub fn point(node: &Node) -> Option<(f32, f32)> {
    let part = |n: &Node| {
        number(n)
            .filter(|n| (0.0..=1.0).contains(n))
            .map(|n| n as f32)
    };
    exactly::<2, f32>(node, part).map(|[x, y]| (x, y))
}

/// `[x, y]` as lengths.
pub fn position(node: &Node) -> Option<(Length, Length)> {
    match list(node)? {
        [x, y] => Some((length(x)?, length(y)?)),
        _ => None,
    }
}

/// Letter spacing in parts of the font size.
pub fn spacing(node: &Node, size: f32) -> Option<f32> {
    if let Some(units) = number(node) {
        return Some(units as f32 / size);
    }
    let em: f32 = node
        .as_text()?
        .trim()
        .strip_suffix("em")?
        .trim()
        .parse()
        .ok()?;
    (em.is_finite() && em.abs() <= 10.0).then_some(em)
}

/// OpenType features with their values: `"tnum, ss01, liga 0"`, with `on` and `off` too, tags quoted or not.
pub fn features(node: &Node) -> Option<Vec<([u8; 4], u16)>> {
    let text = node.as_text()?;
    if text.trim().is_empty() {
        return Some(Vec::new());
    }
    let one = |part: &str| {
        let mut words = part.split(|c: char| c.is_whitespace() || c == '=');
        let mut words = words.by_ref().filter(|word| !word.is_empty());
        let tag = words.next()?.trim_matches(['"', '\'']);
        let tag: [u8; 4] = tag.as_bytes().try_into().ok()?;
        let printable = tag.iter().all(|b| (0x20..0x7f).contains(b));
        let value = match words.next() {
            None | Some("on") => 1,
            Some("off") => 0,
            Some(number) => number.parse().ok()?,
        };
        (printable && words.next().is_none()).then_some((tag, value))
    };
    text.split(',').map(one).collect()
}

/// Seconds: a number, or `"1m20s"`, `"80s"`, `"250ms"`, `"1:20"`, `"0:01:20.5"`.
pub fn time(node: &Node) -> Option<f64> {
    if let Some(seconds) = number(node) {
        return Some(seconds).filter(|s| *s >= 0.0);
    }
    match &node.value {
        // 00:01:20 without quotes is a time of day to TOML; a date has no place here
        Value::Date(written) => clock(written),
        _ => time_of(node.as_text()?),
    }
}

/// The same of a text, seconds.
pub fn time_of(text: &str) -> Option<f64> {
    // nothing that is shown is eleven days long
    let sane = |seconds: f64| (seconds <= 1e6).then_some(seconds);
    let text = text.trim();
    if text.contains(':') {
        return clock(text).and_then(sane);
    }
    let (mut rest, mut total) = (text, 0.0);
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let amount: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let unit = rest
            .find(|c: char| !c.is_alphabetic())
            .unwrap_or(rest.len());
        total += amount
            * match &rest[..unit] {
                "h" => 3600.0,
                "m" | "min" => 60.0,
                "s" => 1.0,
                "ms" => 0.001,
                _ => return None,
            };
        rest = rest[unit..].trim_start();
    }
    sane(total)
}

/// Seconds of `mm:ss` or `hh:mm:ss`, with or without a fraction. Only the first number may be 60 or more.
fn clock(text: &str) -> Option<f64> {
    let parts: Vec<&str> = text.split(':').collect();
    let (hours, minutes, seconds) = match parts[..] {
        [minutes, seconds] => ("0", minutes, seconds),
        [hours, minutes, seconds] => (hours, minutes, seconds),
        _ => return None,
    };
    let is_plain = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_digit())
            && part.chars().all(|c| c.is_ascii_digit() || c == '.')
    };
    if !is_plain(seconds) {
        return None;
    }
    let whole = |part: &str| part.parse::<u32>().ok().filter(|_| is_plain(part));
    let (hours, minutes) = (whole(hours)?, whole(minutes)?);
    let seconds: f64 = seconds.parse().ok()?;
    let is_clock = seconds < 60.0 && (parts.len() == 2 || minutes < 60);
    is_clock.then_some(f64::from(hours) * 3600.0 + f64::from(minutes) * 60.0 + seconds)
}

/// `[width, height]` in pixels.
pub fn size(node: &Node) -> Option<(u32, u32)> {
    let side = |n: &Node| match n.value {
        Value::Integer(i) if (16..=4320).contains(&i) => Some(i as u32),
        _ => None,
    };
    exactly::<2, u32>(node, side).map(|[w, h]| (w, h))
}

/// `[from, to]`, two numbers from 1 to 10.
pub fn span(node: &Node) -> Option<(f32, f32)> {
    let part = |n: &Node| {
        number(n)
            .filter(|n| (1.0..=10.0).contains(n))
            .map(|n| n as f32)
    };
    exactly::<2, f32>(node, part).map(|[a, b]| (a, b))
}

/// `[[x, y], [x, y]]`.
pub fn path(node: &Node) -> Option<[(f32, f32); 2]> {
    exactly::<2, (f32, f32)>(node, point)
}

/// A colour as it is written: of the brand, or itself.
#[derive(Debug, Clone, PartialEq)]
pub enum ColorRef {
    /// `$name`.
    Brand(String),
    /// Anything CSS knows.
    Literal(Color),
}

/// `#rgb`, a CSS name, `$name`.
pub fn color(node: &Node) -> Option<ColorRef> {
    color_text(node.as_text()?)
}

/// The same of bare text.
pub fn color_text(text: &str) -> Option<ColorRef> {
    match text.trim().strip_prefix('$') {
        Some(name) if !name.is_empty() => Some(ColorRef::Brand(name.to_owned())),
        _ => Color::parse(text).map(ColorRef::Literal),
    }
}

/// Which point of a box an `anchor` names: parts of its width and height, from its left-top corner.
pub fn anchor(name: &str) -> (f32, f32) {
    let x = match name {
        "top" | "center" | "bottom" => 0.5,
        "top-right" | "right" | "bottom-right" => 1.0,
        _ => 0.0,
    };
    let y = match name {
        "left" | "center" | "right" => 0.5,
        "bottom-left" | "bottom" | "bottom-right" => 1.0,
        _ => 0.0,
    };
    (x, y)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::{Place, Source};
    use crate::template::tree;

    fn node(toml: &str) -> Node {
        let source = Source::new("t", format!("v = {toml}"));
        let (table, wrong) = tree::read(&source);
        assert!(wrong.is_empty(), "{wrong:?}");
        table.get("v").unwrap().clone()
    }

    #[test]
    fn lengths_are_units_or_percentages() {
        assert_eq!(length(&node("64")), Some(Length::Units(64.0)));
        assert_eq!(length(&node("\"62%\"")).unwrap().of(1000.0), 620.0);
        assert_eq!(length(&node("\"62px\"")), None);
        assert_eq!(length(&node("inf")), None);
    }

    #[test]
    fn times_are_read_in_the_ways_people_write_them() {
        for (text, seconds) in [
            ("80", 80.0),
            ("\"1m20s\"", 80.0),
            ("\"1:20\"", 80.0),
            ("\"250ms\"", 0.25),
            ("\"00:00:01\"", 1.0),
            ("\"1:56:40.5\"", 7000.5),
            ("\"100:00\"", 6000.0),
            ("00:01:20", 80.0),
            ("00:01:20.250", 80.25),
        ] {
            assert_eq!(time(&node(text)), Some(seconds), "{text}");
        }
        for text in [
            "\"soon\"",
            "-1",
            "\"9999999h\"",
            "\"99999:00\"",
            "\"1:99\"",
            "\"1:75\"",
            "\"1:60:00\"",
            "\"0:0:0:1\"",
            "\"1:\"",
            "\":30\"",
            "\"1:-5\"",
            "\"1:+5\"",
            "\"1.5:00\"",
            "\"1:1e1\"",
            "2026-11-28",
            "2026-11-28T10:00:00",
        ] {
            assert_eq!(time(&node(text)), None, "{text}");
        }
    }

    #[test]
    fn colours_take_short_and_long_hex_with_alpha() {
        assert_eq!(
            Color::parse("#000c"),
            Some(Color {
                r: 0,
                g: 0,
                b: 0,
                a: 0xcc
            })
        );
        assert_eq!(
            Color::parse("#ff5a3680"),
            Some(Color {
                r: 0xff,
                g: 0x5a,
                b: 0x36,
                a: 0x80
            })
        );
        assert_eq!(Color::parse("rebeccapurple").map(|c| c.r), Some(0x66));
        assert_eq!(Color::parse("#12"), None);
    }

    #[test]
    fn a_place_is_kept_for_each_item() {
        let list_node = node("[12, 28]");
        assert_eq!(edges(&list_node), Some([12.0, 28.0, 12.0, 28.0]));
        let _: &Place = &list(&list_node).unwrap()[1].place;
        assert_eq!(edges(&node("[1, 2, 3]")), None);
        assert_eq!(edges(&node("-1")), None);
    }
}
