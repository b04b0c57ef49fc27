//! Names for pieces of text, which Illustrator declares for the addresses of its namespaces and for styles.
//!
//! In: an SVG's text. Out: the same without declarations, each name replaced by what it stands for, lines as they were.
//! Never: names within names, files, or text that grows beyond what a drawing may have; those are refused.

use std::borrow::Cow;
use std::collections::HashMap;

use super::error::Error;

const DECLARED: &str = "<!ENTITY";

/// The text with its own names replaced; at most `most` bytes.
pub(super) fn expanded(text: &str, most: usize) -> Result<Cow<'_, str>, Error> {
    if !text.contains(DECLARED) {
        return Ok(Cow::Borrowed(text));
    }
    let mut names = HashMap::new();
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(DECLARED) {
        let (before, declaration) = rest.split_at(at);
        let (name, value, after) = declared(declaration).ok_or_else(refused)?;
        plain.push_str(before);
        let gone = &declaration[..declaration.len() - after.len()];
        plain.extend(gone.chars().filter(|c| *c == '\n'));
        names.entry(name).or_insert(value);
        rest = after;
    }
    plain.push_str(rest);
    let mut out = String::with_capacity(plain.len());
    let mut rest = plain.as_str();
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let name = rest.split(';').next().unwrap_or_default();
        match names.get(name).filter(|_| rest.len() > name.len()) {
            Some(value) => {
                for c in value.chars() {
                    match c {
                        '"' => out.push_str("&quot;"),
                        '\'' => out.push_str("&apos;"),
                        c => out.push(c),
                    }
                }
                rest = &rest[name.len() + 1..];
            }
            None => out.push('&'),
        }
        if out.len() > most {
            return Err(refused());
        }
    }
    out.push_str(rest);
    Ok(Cow::Owned(out))
}

/// A declaration's name, its text, and what follows it; none where it is more than a name for plain text.
fn declared(text: &str) -> Option<(&str, &str, &str)> {
    let text = text.strip_prefix(DECLARED)?;
    let (name, text) = text.trim_start().split_once(char::is_whitespace)?;
    let text = text.trim_start();
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let (value, text) = text[1..].split_once(quote)?;
    let after = text.trim_start().strip_prefix('>')?;
    let is_plain = !name.contains('%') && !value.contains(['&', '<', '%']);
    is_plain.then_some((name, value, after))
}

fn refused() -> Error {
    Error::Unsafe {
        what: "it declares entities, which are not expanded".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_for_plain_text_are_replaced_and_lines_stay() {
        let text = "<!DOCTYPE svg [\n<!ENTITY ns \"http://www.w3.org/2000/svg\">\n<!ENTITY st\n 'fill:\"red\"'>]>\n\
                    <svg xmlns=\"&ns;\"><g style='&st;'>&amp; &none; & &ns</g></svg>";
        let wanted = "<!DOCTYPE svg [\n\n\n]>\n\
                      <svg xmlns=\"http://www.w3.org/2000/svg\"><g style='fill:&quot;red&quot;'>&amp; &none; & &ns</g></svg>";
        assert_eq!(expanded(text, 1000).unwrap(), wanted);
        assert_eq!(expanded("<svg/>", 10).unwrap(), "<svg/>");
    }

    #[test]
    fn what_may_grow_without_end_or_names_files_is_refused() {
        for declaration in [
            "<!ENTITY b \"&a;&a;\">",
            "<!ENTITY b \"<g/>\">",
            "<!ENTITY % b \"c\">",
            "<!ENTITY b SYSTEM \"file:///etc/passwd\">",
            "<!ENTITY b \"c",
        ] {
            assert!(expanded(declaration, 1000).is_err(), "{declaration}");
        }
        let long = format!("<!ENTITY b \"{}\">{}", "x".repeat(100), "&b;".repeat(20));
        assert!(expanded(&long, 1000).is_err());
    }
}
