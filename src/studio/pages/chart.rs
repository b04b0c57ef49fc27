//! Bars as SVG: each with its name and its number beside it, so that nobody has to tell colours apart.

use std::fmt::Write as _;

/// Units of a bar's room, of its height, and of the names before it.
const WIDTH: f64 = 360.0;
const ROW: f64 = 28.0;
const NAMES: f64 = 120.0;
const NUMBERS: f64 = 64.0;

/// A bar for each pair, from the left. None without a pair.
pub fn bars(title: &str, pairs: &[(String, f64, String)]) -> Option<String> {
    let most = pairs.iter().map(|(_, value, _)| *value).fold(0.0, f64::max);
    if pairs.is_empty() {
        return None;
    }
    let height = ROW * pairs.len() as f64;
    let mut svg = format!(
        "<svg class=\"chart\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{}\">",
        escaped(title)
    );
    for (place, (name, value, said)) in pairs.iter().enumerate() {
        let top = ROW * place as f64;
        let room = WIDTH - NAMES - NUMBERS;
        let length = if most > 0.0 { room * value / most } else { 0.0 };
        let shown: String = match name.chars().count() {
            0..=18 => name.clone(),
            _ => name.chars().take(17).chain(['…']).collect(),
        };
        let _ = write!(
            svg,
            "<g><title>{name}: {said}</title><text class=\"name\" x=\"{x}\" y=\"{y}\" text-anchor=\"end\">{shown}</text>\
             <rect class=\"bar\" x=\"{NAMES}\" y=\"{bar}\" width=\"{length:.1}\" height=\"16\" rx=\"3\"/>\
             <text class=\"number\" x=\"{end:.1}\" y=\"{y}\">{said}</text></g>",
            name = escaped(name),
            said = escaped(said),
            shown = escaped(&shown),
            x = NAMES - 10.0,
            y = top + 18.0,
            bar = top + 6.0,
            end = NAMES + length + 8.0,
        );
    }
    svg += "</svg>";
    Some(svg)
}

/// A line over a few points, with a dot at each: how a number grew.
pub fn line(title: &str, points: &[(f64, f64)]) -> Option<String> {
    let (last, _) = *points.last()?;
    let most = points.iter().map(|(_, value)| *value).fold(0.0, f64::max);
    if last <= 0.0 || most <= 0.0 || points.len() < 2 {
        return None;
    }
    let place = |(at, value): &(f64, f64)| (4.0 + 92.0 * at / last, 28.0 - 24.0 * value / most);
    let path: Vec<String> = points
        .iter()
        .map(|point| {
            let (x, y) = place(point);
            format!("{x:.1},{y:.1}")
        })
        .collect();
    let mut svg = format!(
        "<svg class=\"spark\" viewBox=\"0 0 100 32\" role=\"img\" aria-label=\"{}\"><polyline points=\"{}\"/>",
        escaped(title),
        path.join(" ")
    );
    for point in points {
        let (x, y) = place(point);
        let _ = write!(svg, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2.5\"/>");
    }
    svg += "</svg>";
    Some(svg)
}

/// Text as it stands in XML.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            letter if letter.is_control() => {}
            letter => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_says_its_name_and_number_and_escapes_both() {
        let pairs = [
            ("<mon>".to_owned(), 4.0, "4".to_owned()),
            ("tue".to_owned(), 2.0, "2".to_owned()),
        ];
        let svg = bars("views & more", &pairs).expect("two bars");
        assert!(svg.contains("&lt;mon&gt;: 4") && !svg.contains("<mon>"));
        assert!(svg.contains("aria-label=\"views &amp; more\""));
        assert!(
            svg.contains("width=\"176.0\"") && svg.contains("width=\"88.0\""),
            "{svg}"
        );
        assert_eq!(bars("nothing", &[]), None);
    }

    #[test]
    fn a_line_needs_two_points_and_something_that_grew() {
        assert_eq!(line("views", &[(3600.0, 5.0)]), None);
        assert_eq!(line("views", &[(1.0, 0.0), (2.0, 0.0)]), None);
        let svg = line("views", &[(3600.0, 5.0), (7200.0, 10.0)]).expect("a line");
        assert!(svg.contains("points=\"50.0,16.0 96.0,4.0\""), "{svg}");
    }
}
