//! HTML to plain text, as far as feeds need it.

/// The text without tags, comments, scripts and styles; entities decoded, whitespace folded, ends trimmed.
pub(super) fn plain(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find(['<', '&']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some((character, length)) = entity(rest) {
            out.push(character);
            rest = &rest[length..];
        } else if let Some(length) = tag(rest) {
            if !is_inline(&rest[..length]) {
                out.push(' ');
            }
            rest = &rest[length..];
        } else {
            out.push_str(&rest[..1]);
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    fold(&out)
}

/// The address of the first `<img>`.
pub(super) fn first_image(html: &str) -> Option<String> {
    let lower = html.to_ascii_lowercase();
    let mut from = 0;
    while let Some(at) = lower[from..].find("<img").map(|n| from + n) {
        let length = tag(&html[at..])?;
        let inside = &html[at + 4..at + length];
        if let Some(address) = attribute(inside, "src").filter(|a| !a.starts_with("data:")) {
            return Some(address);
        }
        from = at + length;
    }
    None
}

fn fold(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The length of the tag, comment, or script with its content that `text` opens with.
fn tag(text: &str) -> Option<usize> {
    if text.starts_with("<!--") {
        return Some(text.find("-->").map_or(text.len(), |n| n + 3));
    }
    let next = text.as_bytes().get(1)?;
    if !(next.is_ascii_alphabetic() || matches!(next, b'/' | b'!' | b'?')) {
        return None;
    }
    let end = end_of_tag(text)?;
    for name in ["script", "style"] {
        if tag_name(text).eq_ignore_ascii_case(name) && !text.starts_with("</") {
            let close = format!("</{name}");
            let lower = text[end..].to_ascii_lowercase();
            let Some(at) = lower.find(&close) else {
                return Some(text.len());
            };
            return Some(end + at + end_of_tag(&text[end + at..]).unwrap_or(lower.len() - at));
        }
    }
    Some(end)
}

/// Past the `>` that stands outside of quotes.
fn end_of_tag(text: &str) -> Option<usize> {
    let mut quote = None;
    for (at, byte) in text.bytes().enumerate() {
        match quote {
            Some(open) if byte == open => quote = None,
            Some(_) => {}
            None if byte == b'>' => return Some(at + 1),
            None if matches!(byte, b'"' | b'\'') => quote = Some(byte),
            None => {}
        }
    }
    // a stray quote in a tag must not hide the rest of the text
    text.find('>').map(|at| at + 1)
}

fn tag_name(tag: &str) -> &str {
    let inside = tag.trim_start_matches(['<', '/']);
    let end = inside.find(|c: char| !c.is_ascii_alphanumeric());
    &inside[..end.unwrap_or(inside.len())]
}

/// Whether words run on across the tag.
fn is_inline(tag: &str) -> bool {
    let inline = [
        "a", "abbr", "b", "cite", "code", "em", "font", "i", "mark", "q", "s", "small", "span",
        "strong", "sub", "sup", "u", "wbr",
    ];
    inline.contains(&tag_name(tag).to_ascii_lowercase().as_str())
}

fn attribute(inside: &str, name: &str) -> Option<String> {
    let mut rest = inside;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
        let end = rest.find(|c: char| c == '=' || c == '>' || c.is_whitespace())?;
        let key = &rest[..end];
        rest = rest[end..].trim_start();
        let Some(value) = rest.strip_prefix('=').map(str::trim_start) else {
            if rest.starts_with('>') || rest.is_empty() {
                return None;
            }
            continue;
        };
        let (value, after) = match value.as_bytes().first()? {
            quote @ (b'"' | b'\'') => {
                let close = value[1..].find(char::from(*quote))?;
                (&value[1..=close], &value[close + 2..])
            }
            _ => {
                let end = value.find(|c: char| c == '>' || c.is_whitespace());
                value.split_at(end.unwrap_or(value.len()))
            }
        };
        if key.eq_ignore_ascii_case(name) && !value.is_empty() {
            return Some(plain(value));
        }
        rest = after;
    }
}

/// The character of the entity that `text` opens with, and the entity's length.
fn entity(text: &str) -> Option<(char, usize)> {
    let inside = text.strip_prefix('&')?;
    let end = inside.bytes().take(12).position(|b| b == b';')?;
    let name = inside.get(..end)?;
    let character = match name.strip_prefix('#') {
        Some(code) => {
            let code = match code.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => code.parse().ok()?,
            };
            char::from_u32(code).filter(|c| *c != '\0')?
        }
        None => named(name)?,
    };
    Some((character, end + 2))
}

fn named(name: &str) -> Option<char> {
    // Latin-1 from U+00A0 on, in its order
    const LATIN_1: &str = "nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr \
        deg plusmn sup2 sup3 acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest \
        Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml \
        ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig \
        agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml \
        eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute thorn yuml";
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "ndash" => '–',
        "mdash" => '—',
        "lsquo" => '‘',
        "rsquo" => '’',
        "sbquo" => '‚',
        "ldquo" => '“',
        "rdquo" => '”',
        "bdquo" => '„',
        "lsaquo" => '‹',
        "rsaquo" => '›',
        "hellip" => '…',
        "bull" => '•',
        "euro" => '€',
        "trade" => '™',
        "minus" => '−',
        "rarr" => '→',
        "larr" => '←',
        "hearts" => '♥',
        "OElig" => 'Œ',
        "oelig" => 'œ',
        "Scaron" => 'Š',
        "scaron" => 'š',
        "ensp" | "emsp" | "thinsp" => ' ',
        "zwj" => '\u{200d}',
        "zwnj" => '\u{200c}',
        _ => {
            let index = LATIN_1.split_whitespace().position(|n| n == name)?;
            char::from_u32(0xa0 + u32::try_from(index).ok()?)?
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_go_entities_are_decoded_and_whitespace_is_folded() {
        assert_eq!(
            plain(
                "<p>Caf&eacute; &amp; <b>br</b>ead</p>\n<p>from&nbsp;7&thinsp;h &#8211; daily&#x1F950;</p>"
            ),
            "Café & bread from 7 h – daily🥐"
        );
        assert_eq!(
            plain("a<br/>b<!-- no -->c<script>x < 1</script>d"),
            "a b c d"
        );
    }

    #[test]
    fn what_only_looks_like_markup_stays() {
        assert_eq!(
            plain("1 < 2 & 3 > 2 &bogus; <3 R&B"),
            "1 < 2 & 3 > 2 &bogus; <3 R&B"
        );
        assert_eq!(plain("<a title='5 > 3'>x</a> <unclosed"), "x <unclosed");
        assert_eq!(plain("&#0;&#xD800;&#99999999;"), "&#0;&#xD800;&#99999999;");
    }

    #[test]
    fn the_first_image_with_an_address_is_found() {
        let html = r#"<p>x</p><IMG alt="a > b" src='data:image/gif;base64,R0'><img loading=lazy src="https://a/b.jpg?w=1&amp;h=2">"#;
        assert_eq!(
            first_image(html).as_deref(),
            Some("https://a/b.jpg?w=1&h=2")
        );
        assert_eq!(first_image("<img alt=x><p>"), None);
        assert_eq!(first_image("<img src="), None);
    }

    #[test]
    fn every_latin_1_entity_has_its_character() {
        assert_eq!(named("yuml"), Some('ÿ'));
        assert_eq!(named("ntilde"), Some('ñ'));
        assert_eq!(named("iquest"), Some('¿'));
    }
}
