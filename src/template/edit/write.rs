//! A value as TOML, in the form of what stood there.
//!
//! In: JSON, and the old text. Out: TOML text that reads as that value. Never: where it goes.

use serde_json::Value as Json;

/// A value that TOML has no form for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NoForm;

/// `value` as TOML; `old` is what stands there, if anything does.
pub(super) fn value(value: &Json, old: Option<&str>) -> Result<String, NoForm> {
    Ok(match value {
        Json::Null => return Err(NoForm),
        Json::Bool(b) => b.to_string(),
        Json::Number(number) => number_like(number, old),
        Json::String(text) => string(text, old),
        Json::Array(items) => {
            let items: Result<Vec<String>, NoForm> =
                items.iter().map(|item| self::value(item, None)).collect();
            format!("[{}]", items?.join(", "))
        }
        Json::Object(map) => {
            let mut pairs = Vec::new();
            for (name, item) in map {
                pairs.push(format!("{} = {}", key(name), self::value(item, None)?));
            }
            match pairs.is_empty() {
                true => "{}".into(),
                false => format!("{{ {} }}", pairs.join(", ")),
            }
        }
    })
}

/// A key, in quotes where it needs them.
pub(super) fn key(name: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    match !name.is_empty() && name.chars().all(is_bare) {
        true => name.to_owned(),
        false => basic(name),
    }
}

/// A whole number stays one where it can; one with a point keeps it.
fn number_like(number: &serde_json::Number, old: Option<&str>) -> String {
    let is_number =
        |text: &&str| text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c));
    let had_point = old
        .filter(is_number)
        .is_some_and(|old| old.contains('.') || (old.contains(['e', 'E']) && !old.contains("0x")));
    if let Some(whole) = number.as_i64() {
        return match had_point {
            true => format!("{whole}.0"),
            false => whole.to_string(),
        };
    }
    let float = number.as_f64().unwrap_or_default();
    match float.fract() == 0.0 && float.abs() < 1e15 {
        true if had_point => format!("{float:.1}"),
        true if old.is_some() => format!("{}", float as i64),
        true => format!("{float:.1}"),
        // a number without a point or an exponent would be whole
        false => match format!("{float}") {
            plain if plain.contains('.') => plain,
            plain => format!("{plain}.0"),
        },
    }
}

/// A text in the quotes of the old one, where they can hold it.
fn string(text: &str, old: Option<&str>) -> String {
    let old = old.unwrap_or("\"");
    let newline = if old.contains("\r\n") { "\r\n" } else { "\n" };
    let candidates = if old.starts_with("'''") {
        let start = first_line(old, newline);
        let body = text.replace("\r\n", "\n").replace('\n', newline);
        vec![
            format!("'''{start}{body}'''"),
            multi_line(text, old, newline),
        ]
    } else if old.starts_with("\"\"\"") {
        vec![multi_line(text, old, newline)]
    } else if old.starts_with('\'') {
        vec![format!("'{text}'")]
    } else {
        Vec::new()
    };
    let holds = |candidate: &String| reads_as(candidate, text);
    candidates
        .into_iter()
        .find(holds)
        .unwrap_or_else(|| basic(text))
}

/// A line ending straight behind the quotes is not part of the text.
fn first_line(old: &str, newline: &'static str) -> &'static str {
    match old[3..].starts_with(['\n', '\r']) {
        true => newline,
        false => "",
    }
}

fn multi_line(text: &str, old: &str, newline: &'static str) -> String {
    let mut body = String::new();
    for c in text.chars() {
        match c {
            '\n' => body.push_str(newline),
            '"' | '\\' => {
                body.push('\\');
                body.push(c);
            }
            c => escape_into(&mut body, c),
        }
    }
    // a quote needs its escape only where three meet, or at the end
    let relaxed = body.replace("\\\"", "\"");
    let relaxed = format!("\"\"\"{}{relaxed}\"\"\"", first_line(old, newline));
    match !body.contains("\\\\\"") && reads_as(&relaxed, text) {
        true => relaxed,
        false => format!("\"\"\"{}{body}\"\"\"", first_line(old, newline)),
    }
}

fn basic(text: &str) -> String {
    let mut body = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                body.push('\\');
                body.push(c);
            }
            '\n' => body.push_str("\\n"),
            c => escape_into(&mut body, c),
        }
    }
    body.push('"');
    body
}

fn escape_into(body: &mut String, c: char) {
    match c {
        '\t' => body.push_str("\\t"),
        '\r' => body.push_str("\\r"),
        c if (c as u32) < 0x20 || c as u32 == 0x7f => {
            body.push_str(&format!("\\u{:04X}", c as u32));
        }
        c => body.push(c),
    }
}

/// Whether TOML text reads as a text.
fn reads_as(toml: &str, text: &str) -> bool {
    let document = format!("v = {toml}\n");
    let read: Result<toml::Table, _> = toml::from_str(&document);
    read.is_ok_and(|table| {
        table.len() == 1 && table.get("v").and_then(|v| v.as_str()) == Some(text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_number_keeps_the_form_that_stood_there() {
        for (number, old, new) in [
            (json!(70), Some("64"), "70"),
            (json!(70.0), Some("64"), "70"),
            (json!(70.5), Some("64"), "70.5"),
            (json!(70), Some("64.0"), "70.0"),
            (json!(0.25), Some("1"), "0.25"),
            (json!(3), Some("0x10"), "3"),
            (json!(3), None, "3"),
            (json!(1e-7), Some("1"), "0.0000001"),
        ] {
            assert_eq!(value(&number, old).unwrap(), new, "{number} over {old:?}");
        }
    }

    #[test]
    fn a_text_keeps_its_quotes_where_they_can_hold_it() {
        for (text, old, new) in [
            ("b", "'a'", "'b'"),
            ("it's", "'a'", "\"it's\""),
            ("say \"so\" \\ now", "\"a\"", "\"say \\\"so\\\" \\\\ now\""),
            ("two\nlines", "\"a\"", "\"two\\nlines\""),
            ("two\nlines", "\"\"\"\na\"\"\"", "\"\"\"\ntwo\nlines\"\"\""),
            (
                "two \"quoted\"\n",
                "\"\"\"a\"\"\"",
                "\"\"\"two \"quoted\"\n\"\"\"",
            ),
            ("two\nlines", "'''\na'''", "'''\ntwo\nlines'''"),
            ("a\u{1}\t", "'a'", "\"a\\u0001\\t\""),
            ("x", "3", "\"x\""),
        ] {
            assert_eq!(string(text, Some(old)), new, "{text:?} over {old}");
            assert!(reads_as(new, text), "{new}");
        }
    }

    #[test]
    fn lists_and_tables_are_written_on_a_line() {
        let shadow = json!({ "blur": 3, "a b": ["x", 0.5, true] });
        assert_eq!(
            value(&shadow, None).unwrap(),
            "{ blur = 3, \"a b\" = [\"x\", 0.5, true] }"
        );
        assert_eq!(value(&json!({}), None).unwrap(), "{}");
        assert_eq!(value(&json!([null]), None), Err(NoForm));
    }
}
