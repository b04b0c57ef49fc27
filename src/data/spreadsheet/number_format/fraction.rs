//! Numbers as fractions: `# ?/?`, `# ??/??`, `# ?/8`.
//!
//! In: a number and the parts of its format. Out: the text in the cell; `None` for what is no format of a fraction.
//! Never: the sign of a section of its own, which is taken off before.

use super::Part;

/// Digits below the line; more are shown as the number.
const MOST_DIGITS: u32 = 4;

enum Below {
    /// The nearest fraction whose denominator is at most this.
    AtMost(u64),
    /// This one, not reduced.
    Exactly(u64),
}

pub(super) fn show(number: f64, parts: &[Part]) -> Option<String> {
    let is_digit = |part: &Part| matches!(part, Part::Digit(_));
    let at = parts.iter().position(|part| *part == Part::Fraction)?;
    let above = parts[..at].iter().rev().take_while(|p| is_digit(p)).count();
    let (before, after) = (&parts[..at - above], &parts[at + 1..]);
    let last_whole = before.iter().rposition(is_digit);
    let (below, rest) = below(after)?;
    let is_literal = |part: &Part| matches!(part, Part::Literal(_));
    // a percentage, a point or a second line is something else
    let known = |part: &Part| is_literal(part) || is_digit(part);
    if above == 0 || !before.iter().all(known) || !rest.iter().all(is_literal) {
        return None;
    }
    let value = number.abs();
    let mut whole = if last_whole.is_some() {
        value.floor()
    } else {
        0.0
    };
    let (mut over, under) = match below {
        Below::AtMost(most) => nearest(value - whole, most),
        Below::Exactly(under) => (((value - whole) * under as f64).round() as u64, under),
    };
    if last_whole.is_some() && over == under {
        (whole, over) = (whole + 1.0, 0);
    }
    let is_zero = whole == 0.0 && over == 0;
    let first = before.iter().position(is_digit).unwrap_or(before.len());
    let mut out = super::literal(&before[..first]);
    if number < 0.0 && !is_zero {
        out.insert(0, '-');
    }
    let shows_zero = before.contains(&Part::Digit('0')) || over == 0;
    if let Some(last) = last_whole {
        if whole > 0.0 || shows_zero {
            out.push_str(&format!("{whole:.0}"));
            if over > 0 {
                let between = super::literal(&before[last + 1..]);
                out.push_str(if between.is_empty() { " " } else { &between });
            }
        }
    } else {
        out.push_str(&super::literal(&before[first..]));
    }
    if last_whole.is_none() || over > 0 {
        out.push_str(&format!("{over}/{under}"));
    }
    out.push_str(&super::literal(&rest));
    Some(out)
}

/// What stands below the line, and what follows it.
fn below(parts: &[Part]) -> Option<(Below, Vec<Part>)> {
    let places = parts.iter().take_while(|p| matches!(p, Part::Digit(_)));
    let places = places.count();
    if places > 0 {
        let digits = u32::try_from(places).ok().filter(|n| *n <= MOST_DIGITS)?;
        return Some((
            Below::AtMost(10_u64.pow(digits) - 1),
            parts[places..].to_vec(),
        ));
    }
    // `8`, `16` are literal; the zeros of `100` are places
    let mut digits = String::new();
    for (at, part) in parts.iter().enumerate() {
        match part {
            Part::Digit('0') => digits.push('0'),
            Part::Literal(text) => {
                let end = text
                    .find(|c: char| !c.is_ascii_digit())
                    .unwrap_or(text.len());
                digits.push_str(&text[..end]);
                if end < text.len() {
                    let mut rest = vec![Part::Literal(text[end..].to_owned())];
                    rest.extend_from_slice(&parts[at + 1..]);
                    return exactly(&digits).map(|below| (below, rest));
                }
            }
            _ => return None,
        }
    }
    exactly(&digits).map(|below| (below, Vec::new()))
}

fn exactly(digits: &str) -> Option<Below> {
    let under = digits.parse::<u64>().ok()?;
    (1..=9_999)
        .contains(&under)
        .then_some(Below::Exactly(under))
}

/// The fraction nearest to a value, with the least denominator of those equally near.
fn nearest(value: f64, most: u64) -> (u64, u64) {
    let over = |under: u64| (value * under as f64).round();
    let error = |under: u64| (value - over(under) / under as f64).abs();
    let mut best = 1;
    for under in 2..=most {
        // as near but for what a number in binary is off
        if error(under) < error(best) - 1e-12 * value.max(1.0) {
            best = under;
        }
    }
    (over(best) as u64, best)
}

#[cfg(test)]
mod tests {
    use super::super::show;

    #[test]
    #[allow(clippy::approx_constant, reason = "a sheet's cell may hold just that")]
    fn fractions_are_as_the_sheet_shows_them() {
        for (number, code, right) in [
            (2.5, "# ?/?", "2 1/2"),
            (0.75, "# ?/?", "3/4"),
            (0.75, "0 ?/?", "0 3/4"),
            (3.0, "# ?/?", "3"),
            (0.0, "# ?/?", "0"),
            (3.14159, "# ??/??", "3 14/99"),
            (0.3, "# ?/?", "2/7"),
            (3.14159, "# ???/???", "3 16/113"),
            (1.75, "?/?", "7/4"),
            (2.375, "# ?/8", "2 3/8"),
            (0.5, "# ?/8", "4/8"),
            (1.25, "# ??/16", "1 4/16"),
            (0.3, "# ??/100", "30/100"),
            (0.3, "# ?/10", "3/10"),
            (0.99, "# ?/?", "1"),
            (-2.5, "# ?/?", "-2 1/2"),
            (1.5, "# ?/?\" in\"", "1 1/2 in"),
            (1.0 / 3.0, "# ?/?", "1/3"),
        ] {
            assert_eq!(
                show(number, code).as_deref(),
                Some(right),
                "{number} by {code}"
            );
        }
        assert_eq!(show(0.5, "# ?????/?????"), None);
    }
}
