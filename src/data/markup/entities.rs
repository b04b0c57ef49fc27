//! Character references: `&eacute;`, `&#233;`, `&#xE9;`.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

/// All names of HTML with what they stand for; without `&`, and with `;` where they need it.
static NAMES: LazyLock<HashMap<&'static str, &'static str>> = LazyLock::new(|| {
    let names = entities::ENTITIES.iter();
    names
        .filter_map(|e| Some((e.entity.strip_prefix('&')?, e.characters)))
        .collect()
});

/// The longest name, with its `;`.
const LONGEST: usize = 33;

/// What the reference that `text` opens with stands for, and its length.
pub(in crate::data) fn reference(text: &str) -> Option<(Cow<'static, str>, usize)> {
    let inside = text.strip_prefix('&')?;
    if let Some(number) = inside.strip_prefix('#') {
        let (character, length) = numeric(number)?;
        return Some((Cow::Owned(character.into()), length + 2));
    }
    let is_name = |b: u8| b.is_ascii_alphanumeric();
    let end = inside
        .bytes()
        .take(LONGEST)
        .position(|b| !is_name(b))
        .unwrap_or(inside.len().min(LONGEST));
    if inside.as_bytes().get(end) == Some(&b';') {
        let characters = NAMES.get(&inside[..=end])?;
        return Some((Cow::Borrowed(characters), end + 2));
    }
    // old names are also read without their `;`, but `&lang` in `&language` is none
    let name = inside.get(..end)?;
    let old = (2..=name.len())
        .rev()
        .find_map(|length| Some((NAMES.get(&name[..length])?, length)));
    let (characters, length) = old?;
    let is_whole = length == name.len() && inside.as_bytes().get(end) != Some(&b'=');
    // what follows `&nbsp` at once is text more often than not
    (is_whole || name[..length].eq("nbsp")).then_some((Cow::Borrowed(*characters), length + 1))
}

/// `233;` and `xE9;`: the character and the length. What Windows put where Unicode has controls is what it meant.
fn numeric(text: &str) -> Option<(char, usize)> {
    let end = text.bytes().take(9).position(|b| b == b';')?;
    let code = match text[..end].strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => text[..end].parse().ok()?,
    };
    let character = match code {
        0x80..=0x9f => {
            let byte = [u8::try_from(code).ok()?];
            let (text, _) = encoding_rs::WINDOWS_1252.decode_without_bom_handling(&byte);
            text.chars().next()?
        }
        code => char::from_u32(code)?,
    };
    let is_text = !character.is_control() || matches!(character, '\t' | '\n' | '\r');
    is_text.then_some((character, end + 1))
}

/// The text with all its references decoded.
pub(in crate::data) fn decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        match reference(rest) {
            Some((characters, length)) => {
                out.push_str(&characters);
                rest = &rest[length..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}
