//! Numbers of JSON and TOML as they are written.
//!
//! In: the digits of a number. Out: the number, or its digits as a text where a binary fraction would be another number: prices
//! are printed from them to the last digit. Never: a digit that was not written.

use serde_json::{Number, Value};

/// The number that `written` says; its text where it has more digits than a number keeps, and none where it is no number.
pub(super) fn exact(written: &str) -> Option<Value> {
    let plain = written.replace('_', "");
    let plain = plain.strip_prefix('+').unwrap_or(&plain);
    if let Ok(whole) = plain.parse::<i64>() {
        return Some(Value::from(whole));
    }
    if let Ok(whole) = plain.parse::<u64>() {
        return Some(Value::from(whole));
    }
    let number: f64 = plain.parse().ok()?;
    let number = Number::from_f64(number)?;
    let kept = format!("{:e}", number.as_f64()?);
    let is_kept = digits(plain) == digits(&kept);
    Some(match is_kept {
        true => Value::Number(number),
        false => Value::String(plain.to_owned()),
    })
}

/// The digits that say something, and the power of ten of the first of them.
fn digits(text: &str) -> Option<(String, i64)> {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let exponent: i64 = exponent.parse().ok()?;
    let mantissa = mantissa.trim_start_matches('-');
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    let bare = all.trim_start_matches('0');
    let zeros = i64::try_from(all.len() - bare.len()).ok()?;
    let whole = i64::try_from(whole.len()).ok()?;
    let bare = bare.trim_end_matches('0');
    match bare.is_empty() {
        true => Some((String::new(), 0)),
        false => Some((bare.to_owned(), exponent + whole - zeros)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_number_that_keeps_its_digits_stays_one() {
        for (written, value) in [
            ("7", json!(7)),
            ("-7", json!(-7)),
            ("4.50", json!(4.5)),
            ("0.1", json!(0.1)),
            ("-0.0", json!(-0.0)),
            ("1e21", json!(1e21)),
            ("12E-3", json!(0.012)),
            ("1_000.5", json!(1000.5)),
            ("18446744073709551615", json!(u64::MAX)),
            (
                "123456789012345.67",
                json!("123456789012345.67".parse::<f64>().ok()),
            ),
        ] {
            assert_eq!(exact(written), Some(value), "{written}");
        }
    }

    #[test]
    fn more_digits_than_it_keeps_stay_a_text() {
        for written in [
            "1234567890123456.78",
            "99999999999999999999.99",
            "12345678901234567890123",
            "0.1234567890123456789",
        ] {
            assert_eq!(exact(written), Some(json!(written)));
        }
        for none in ["", "x", "inf", "nan", "1e999"] {
            assert_eq!(exact(none), None, "{none}");
        }
    }
}
