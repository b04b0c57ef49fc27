//! How a spreadsheet shows a number: `0.0%`, `000`, `#,##0.00 "€";[Red]-#,##0.00 "€"`.
//!
//! In: a number and its format's code, as XLSX has it. Out: the text in the cell. Never: dates, which stay in ISO 8601.
//! Digits are grouped by commas and the decimal point is a point, as the code itself has them.

mod fraction;

/// What a format is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Number,
    /// A day, a time, or both.
    Date,
    /// Hours beyond 24: `[h]:mm`.
    Duration,
}

/// The code of a format that has a number and no code in the file.
pub(super) fn built_in(id: u32) -> Option<&'static str> {
    Some(match id {
        1 => "0",
        2 => "0.00",
        3 => "#,##0",
        4 => "#,##0.00",
        // the currency is that of the machine which shows it
        5 | 6 | 37 | 38 | 41 | 42 => "#,##0;-#,##0",
        7 | 8 | 39 | 40 | 43 | 44 => "#,##0.00;-#,##0.00",
        9 => "0%",
        10 => "0.00%",
        11 => "0.00E+00",
        12 => "# ?/?",
        13 => "# ??/??",
        14..=17 | 27..=36 | 50..=58 => "yyyy-mm-dd",
        22 => "yyyy-mm-dd hh:mm",
        18..=21 | 45 | 47 => "hh:mm:ss",
        46 => "[h]:mm:ss",
        48 => "##0.0E+0",
        49 => "@",
        _ => return None,
    })
}

/// What a code is for.
pub(super) fn kind(code: &str) -> Kind {
    let Some(Ok(first)) = sections(code).first().map(|section| parts(section)) else {
        return Kind::Number;
    };
    if first.contains(&Part::Elapsed) {
        Kind::Duration
    } else if first.contains(&Part::Date) || first.contains(&Part::Time) {
        Kind::Date
    } else {
        Kind::Number
    }
}

/// Whether a date is shown with its time of day.
pub(super) fn shows_time(code: &str) -> bool {
    let sections = sections(code);
    let first = sections.first().map(|section| parts(section));
    matches!(first, Some(Ok(parts)) if parts.contains(&Part::Time))
}

/// What the cell shows; none where that is the number as it is.
pub(super) fn show(number: f64, code: &str) -> Option<String> {
    let sections = sections(code);
    let (section, is_abs) = chosen(number, &sections)?;
    if section.trim().is_empty() && sections.len() > 1 {
        return Some(String::new());
    }
    let parts = parts(section).ok()?;
    let is_plain = |part: &Part| {
        matches!(
            part,
            Part::General | Part::Date | Part::Time | Part::Elapsed | Part::Text
        )
    };
    if parts.iter().any(is_plain) || !parts.iter().any(|p| matches!(p, Part::Digit(_))) {
        // a section of words alone is what is shown
        let words = !parts.is_empty() && parts.iter().all(|p| matches!(p, Part::Literal(_)));
        return words
            .then(|| literal(&parts))
            .map(|text| text.trim().to_owned());
    }
    let number = if is_abs { number.abs() } else { number };
    let text = if parts.contains(&Part::Fraction) {
        fraction::show(number, &parts)?
    } else if parts.contains(&Part::Exponent) {
        scientific(number, &parts)?
    } else {
        decimal(number, &parts)
    };
    Some(text.trim().to_owned())
}

fn literal(parts: &[Part]) -> String {
    parts
        .iter()
        .map(|part| {
            if let Part::Literal(text) = part {
                text.as_str()
            } else {
                ""
            }
        })
        .collect()
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    /// `0`, `#` or `?`.
    Digit(char),
    Point,
    Comma,
    Percent,
    Exponent,
    General,
    Text,
    Fraction,
    Date,
    /// Of a time of day.
    Time,
    Elapsed,
}

/// The sections between semicolons that are not quoted.
fn sections(code: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let (mut start, mut in_quotes, mut is_escaped, mut in_brackets) = (0, false, false, false);
    for (at, c) in code.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '"' => in_quotes = !in_quotes,
            _ if in_quotes => {}
            '\\' | '_' | '*' => is_escaped = true,
            '[' => in_brackets = true,
            ']' => in_brackets = false,
            ';' if !in_brackets => {
                out.push(&code[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    out.push(&code[start..]);
    out
}

/// The section for a number, and whether it shows the sign itself.
fn chosen<'s>(number: f64, sections: &[&'s str]) -> Option<(&'s str, bool)> {
    let conditions: Vec<_> = sections.iter().map(|section| condition(section)).collect();
    if conditions.iter().any(Option::is_some) {
        let fits = |at: &usize| conditions[*at].as_ref().is_none_or(|test| test(number));
        let at = (0..sections.len().min(3)).find(fits)?;
        return Some((sections[at], number < 0.0 && at > 0));
    }
    Some(match sections {
        [one] => (one, false),
        [_, negative, ..] if number < 0.0 => (negative, true),
        [_, _, zero, ..] if number == 0.0 => (zero, false),
        [first, ..] => (first, false),
        [] => return None,
    })
}

type Test = Box<dyn Fn(f64) -> bool>;

/// `[>=100]`.
fn condition(section: &str) -> Option<Test> {
    section.split('[').skip(1).find_map(|rest| {
        let inside = rest.split(']').next()?;
        let at = inside.find(|c: char| c.is_ascii_digit() || matches!(c, '-' | '.'))?;
        let limit: f64 = inside[at..].trim().parse().ok()?;
        Some(match inside[..at].trim() {
            "<" => Box::new(move |x| x < limit) as Test,
            "<=" => Box::new(move |x| x <= limit),
            ">" => Box::new(move |x| x > limit),
            ">=" => Box::new(move |x| x >= limit),
            "=" => Box::new(move |x| x == limit),
            "<>" => Box::new(move |x| x != limit),
            _ => return None,
        })
    })
}

/// The parts of a section; an error where it is not closed.
fn parts(section: &str) -> Result<Vec<Part>, ()> {
    let mut out: Vec<Part> = Vec::new();
    let mut chars = section.chars().peekable();
    let add = |out: &mut Vec<Part>, text: &str| match out.last_mut() {
        Some(Part::Literal(last)) => last.push_str(text),
        _ => out.push(Part::Literal(text.to_owned())),
    };
    if section.trim().eq_ignore_ascii_case("general") {
        return Ok(vec![Part::General]);
    }
    while let Some(c) = chars.next() {
        match c {
            '"' => {
                let mut text = String::new();
                loop {
                    match chars.next() {
                        None => return Err(()),
                        Some('"') => break,
                        Some(c) => text.push(c),
                    }
                }
                add(&mut out, &text);
            }
            '\\' => add(&mut out, &chars.next().ok_or(())?.to_string()),
            // as wide as the next character, and filled with it
            '_' => {
                chars.next().ok_or(())?;
                add(&mut out, " ");
            }
            '*' => drop(chars.next().ok_or(())?),
            '[' => {
                let inside: String = chars.by_ref().take_while(|c| *c != ']').collect();
                match inside.strip_prefix('$') {
                    Some(currency) => add(&mut out, currency.split('-').next().unwrap_or("")),
                    None if !inside.is_empty()
                        && inside.to_lowercase().chars().all(|c| "hms".contains(c)) =>
                    {
                        out.push(Part::Elapsed);
                    }
                    None => {}
                }
            }
            '0' | '#' | '?' => out.push(Part::Digit(c)),
            '.' => out.push(Part::Point),
            ',' => out.push(Part::Comma),
            '%' => out.push(Part::Percent),
            '@' => out.push(Part::Text),
            '/' if out.iter().any(|part| matches!(part, Part::Digit(_))) => {
                out.push(Part::Fraction)
            }
            'E' | 'e' if matches!(chars.peek(), Some('+' | '-')) => {
                chars.next();
                out.push(Part::Exponent);
            }
            'y' | 'Y' | 'm' | 'M' | 'd' | 'D' => out.push(Part::Date),
            'h' | 'H' | 's' | 'S' => out.push(Part::Time),
            'g' | 'G' if section.to_lowercase().contains("general") => {
                return Ok(vec![Part::General]);
            }
            c => add(&mut out, &c.to_string()),
        }
    }
    Ok(out)
}

/// The 15 digits that a spreadsheet keeps of a number, and how many of them stand before the point.
fn digits(number: f64) -> (String, i32) {
    let text = format!("{:.14e}", number.abs());
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    (
        mantissa.replace('.', ""),
        exponent.parse::<i32>().unwrap_or(0) + 1,
    )
}

/// Whole and fraction of a number with so many decimals, after the point was moved; a half goes away from zero.
fn rounded(number: f64, moved: i32, decimals: usize) -> (String, String) {
    let (mut digits, mut point) = digits(number);
    point += moved;
    if point < 0 {
        digits.insert_str(0, &"0".repeat(point.unsigned_abs().min(400) as usize));
        point = 0;
    }
    let point = point as usize;
    let length = point + decimals;
    let goes_up = digits.as_bytes().get(length).is_some_and(|b| *b >= b'5');
    digits.truncate(length);
    let mut bytes: Vec<u8> = format!("{digits:0<length$}").into_bytes();
    let mut carries = goes_up;
    for digit in bytes.iter_mut().rev() {
        if !carries {
            break;
        }
        carries = *digit == b'9';
        *digit = if carries { b'0' } else { *digit + 1 };
    }
    let mut whole: String = bytes[..point].iter().map(|b| char::from(*b)).collect();
    if carries {
        whole.insert(0, '1');
    }
    let fraction = bytes[point..].iter().map(|b| char::from(*b)).collect();
    (whole.trim_start_matches('0').to_owned(), fraction)
}

fn decimal(number: f64, parts: &[Part]) -> String {
    let is_digit = |part: &Part| matches!(part, Part::Digit(_));
    let point = parts
        .iter()
        .position(|part| *part == Part::Point)
        .unwrap_or(parts.len());
    let last_whole = parts[..point].iter().rposition(is_digit);
    let decimals = parts[point..].iter().filter(|part| is_digit(part)).count();
    let percents = parts.iter().filter(|part| **part == Part::Percent).count() as i32;
    // commas behind the last digit each leave out three
    let last = parts.iter().rposition(is_digit).unwrap_or(0);
    let behind = |from: usize| {
        parts[from..]
            .iter()
            .take_while(|part| **part == Part::Comma)
            .count() as i32
    };
    let thousands =
        last_whole.map_or(0, |at| behind(at + 1)) + if last > point { behind(last + 1) } else { 0 };
    let is_grouped = parts[..last_whole.unwrap_or(0)]
        .iter()
        .enumerate()
        .any(|(at, part)| *part == Part::Comma && parts[..at].iter().any(is_digit));
    let (whole, fraction) = rounded(number, percents * 2 - thousands * 3, decimals);
    let mut out = integer(&whole, &parts[..point], is_grouped);
    if point < parts.len() {
        out.push_str(&behind_point(&fraction, &parts[point + 1..]));
    }
    let is_zero = whole.is_empty() && fraction.bytes().all(|b| b == b'0');
    if number < 0.0 && !is_zero {
        format!("-{out}")
    } else {
        out
    }
}

/// The digits of a whole number into their places, from the right; what is left stands at the first.
fn integer(whole: &str, parts: &[Part], is_grouped: bool) -> String {
    let mut left: Vec<char> = whole.chars().collect();
    let first = parts.iter().position(|part| matches!(part, Part::Digit(_)));
    let mut reversed = String::new();
    let mut count = 0;
    let mut put = |reversed: &mut String, digit: char| {
        if is_grouped && count > 0 && count % 3 == 0 {
            reversed.push(',');
        }
        count += 1;
        reversed.push(digit);
    };
    for (at, part) in parts.iter().enumerate().rev() {
        match part {
            Part::Digit(kind) => {
                match (left.pop(), kind) {
                    (Some(digit), _) => put(&mut reversed, digit),
                    (None, '0') => put(&mut reversed, '0'),
                    (None, '?') => reversed.push(' '),
                    (None, _) => {}
                }
                while Some(at) == first
                    && let Some(digit) = left.pop()
                {
                    put(&mut reversed, digit);
                }
            }
            Part::Literal(text) => reversed.extend(text.chars().rev()),
            Part::Percent => reversed.push('%'),
            _ => {}
        }
    }
    let mut out: String = reversed.chars().rev().collect();
    if first.is_none() {
        out.push_str(whole);
    }
    out
}

fn behind_point(fraction: &str, parts: &[Part]) -> String {
    let kinds: Vec<char> = parts
        .iter()
        .filter_map(|p| {
            if let Part::Digit(kind) = p {
                Some(*kind)
            } else {
                None
            }
        })
        .collect();
    // `#` drops zeros at the end
    let mut shown = fraction.len();
    while shown > 0 && kinds[shown - 1] != '0' && fraction.as_bytes()[shown - 1] == b'0' {
        shown -= 1;
    }
    // the point stays, as in a sheet
    let mut out = String::from(".");
    let mut digits = fraction[..shown].chars();
    for part in parts {
        match part {
            Part::Digit(_) => out.extend(digits.next()),
            Part::Literal(text) => out.push_str(text),
            Part::Percent => out.push('%'),
            _ => {}
        }
    }
    out
}

/// `1.23E+05`; formats with more places before the point are shown as the number.
fn scientific(number: f64, parts: &[Part]) -> Option<String> {
    let at = parts.iter().position(|part| *part == Part::Exponent)?;
    let is_digit = |part: &&Part| matches!(part, Part::Digit(_));
    let point = parts[..at]
        .iter()
        .position(|part| *part == Part::Point)
        .unwrap_or(at);
    let decimals = parts[point..at].iter().filter(is_digit).count();
    // the exponent goes in steps of as many as there are digits before the point
    let step = i32::try_from(parts[..point].iter().filter(is_digit).count()).ok()?;
    if !(1..=9).contains(&step) {
        return None;
    }
    let exponent_of = |decimals: usize| -> Option<i32> {
        let text = format!("{number:.decimals$e}");
        text.split_once('e')?.1.parse().ok()
    };
    let mut exponent = exponent_of(17)?.div_euclid(step) * step;
    let digits = |exponent: i32| {
        let (whole, fraction) = rounded(number, -exponent, decimals);
        let whole = if whole.is_empty() { "0" } else { &whole };
        let point = if fraction.is_empty() { "" } else { "." };
        format!("{whole}{point}{fraction}")
    };
    let mut mantissa = digits(exponent);
    // 999.96 is 1.0E+3
    if mantissa.split('.').next()?.len() > step as usize {
        exponent += step;
        mantissa = digits(exponent);
    }
    let is_zero = !mantissa.contains(|c: char| ('1'..='9').contains(&c));
    if number < 0.0 && !is_zero {
        mantissa.insert(0, '-');
    }
    let width = parts[at..].iter().filter(is_digit).count();
    let sign = if exponent < 0 { '-' } else { '+' };
    Some(format!("{mantissa}E{sign}{:0width$}", exponent.abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(number: f64, code: &str) -> String {
        show(number, code).unwrap_or_else(|| "as it is".into())
    }

    #[test]
    fn formats_without_a_code_in_the_file_are_known() {
        for (id, number, right) in [
            (12, 2.5, "2 1/2"),
            (13, 1.0 / 3.0, "1/3"),
            (48, 12345.0, "12.3E+3"),
            (48, 999_960.0, "1.0E+6"),
            (48, -0.00123, "-1.2E-3"),
            (48, 0.0, "0.0E+0"),
            (11, 12345.0, "1.23E+04"),
            (49, 2.5, "as it is"),
        ] {
            let code = built_in(id).expect("it is known");
            assert_eq!(shown(number, code), right, "{id}");
        }
    }

    #[test]
    fn numbers_are_as_the_sheet_shows_them() {
        for (number, code, right) in [
            (0.075, "0.0%", "7.5%"),
            (0.2, "0%", "20%"),
            (1234.5, "#,##0.00 \"€\"", "1,234.50 €"),
            (1234.5, "#,##0.00\\ [$€-407]", "1,234.50 €"),
            (1234.5, "[$£-809]#,##0.00", "£1,234.50"),
            (
                -1234.5,
                "#,##0.00 \"€\";[Red]\\-#,##0.00 \"€\"",
                "-1,234.50 €",
            ),
            (-1234.5, "#,##0.00_);(#,##0.00)", "(1,234.50)"),
            (-3.0, "0.00", "-3.00"),
            (7.0, "000", "007"),
            (7.000000000000001, "0", "7"),
            (4.5, "0.00", "4.50"),
            (4.5, "0.0#", "4.5"),
            (4.0, "0.##", "4."),
            (1.005, "0.00", "1.01"),
            (2.675, "0.00", "2.68"),
            (999.999, "0.00", "1000.00"),
            (0.5, "#.00", ".50"),
            (0.0, "#,##0.00;-#,##0.00;\"–\"", "–"),
            (0.0, "0;-0;;@", ""),
            (1234567.0, "#,##0", "1,234,567"),
            (1234567.0, "#,##0.0,,\" M\"", "1.2 M"),
            (12500.0, "0,\"k\"", "13k"),
            (600123456.0, "000 000 000", "600 123 456"),
            (5551234567.0, "(000) 000-0000", "(555) 123-4567"),
            (12345.0, "0.00E+00", "1.23E+04"),
            (5.0, "[<10]0\" left\";0", "5 left"),
            (15.0, "[<10]0\" left\";0", "15"),
            (3.0, "\"Table \"0", "Table 3"),
            (12.0, "0\" €/kg\"", "12 €/kg"),
            (-0.001, "0.00", "0.00"),
            (1e20, "0", "100000000000000000000"),
        ] {
            assert_eq!(shown(number, code), right, "{number} by {code}");
        }
        for code in ["General", "@", "# ?/?/?", "", "\"unclosed"] {
            assert_eq!(shown(4.5, code), "as it is", "{code}");
        }
    }

    #[test]
    fn dates_are_told_by_their_letters_outside_of_quotes() {
        assert_eq!(kind("dd/mm/yyyy"), Kind::Date);
        assert_eq!(kind("[$-409]d-mmm-yy;@"), Kind::Date);
        assert_eq!(kind("[h]:mm"), Kind::Duration);
        assert_eq!(kind("h:mm AM/PM"), Kind::Date);
        for code in [
            "0.00",
            "General",
            "#,##0 \"días\"",
            "[Red]0",
            "0\\d",
            "0_d",
            "[$USD] 0",
        ] {
            assert_eq!(kind(code), Kind::Number, "{code}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_code_panics_and_whole_numbers_keep_their_digits(code in "[0#?,.%E+;\\[\\]\"\\\\_*@$€/8a-z -]{0,16}", number in -1e16_f64..1e16) {
            let _ = (show(number, &code), kind(&code));
            let whole = number.trunc();
            let shown = show(whole, "#,##0").unwrap_or_default().replace(',', "");
            let back: f64 = if shown.is_empty() { 0.0 } else { shown.parse().expect("a number") };
            proptest::prop_assert!((back - whole).abs() <= whole.abs() * 1e-14);
        }
    }
}
