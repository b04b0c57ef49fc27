//! HTML to plain text, as far as feeds need it.
//!
//! In: HTML as it is in a feed, whole or torn. Out: what a browser would show of it in one line, or the address of
//! its first picture. Never: a character that only looks like markup is lost.

mod entities;

pub(super) use entities::{decoded, reference};

/// Elements that begin and end a line of their own; words run on across all others.
const BLOCKS: [&str; 56] = [
    "address",
    "article",
    "aside",
    "blockquote",
    "body",
    "br",
    "caption",
    "center",
    "col",
    "colgroup",
    "dd",
    "details",
    "dialog",
    "dir",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "frameset",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hgroup",
    "hr",
    "html",
    "legend",
    "li",
    "main",
    "menu",
    "nav",
    "ol",
    "optgroup",
    "option",
    "p",
    "pre",
    "search",
    "section",
    "summary",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "ul",
    "xmp",
    "listing",
];

/// Elements of which nothing is read as text.
const HIDDEN: [&str; 14] = [
    "script", "style", "template", "head", "title", "iframe", "object", "video", "audio", "canvas",
    "svg", "math", "noembed", "rp",
];

/// What a browser shows, in one line: tags and comments are left out, character references decoded, space folded as
/// HTML folds it: no-break spaces stay.
pub(super) fn plain(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find(['<', '&']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some((text, length)) = reference(rest) {
            out.push_str(&text);
            rest = &rest[length..];
        } else if let Some(inside) = rest.strip_prefix("<![CDATA[") {
            let end = inside.find("]]>").unwrap_or(inside.len());
            out.push_str(&inside[..end]);
            rest = inside.get(end + 3..).unwrap_or("");
        } else if let Some(length) = tag(rest) {
            let name = tag_name(&rest[..length]);
            if BLOCKS.contains(&name.as_str()) {
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

/// Space as HTML folds it: spaces, tabs and line ends become one space, and none at either end.
pub(super) fn fold(text: &str) -> String {
    let words = text.split([' ', '\t', '\n', '\r', '\u{c}']);
    let line: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    line.join(" ").trim().to_owned()
}

/// The address of the first `<img>` that is a picture: not inline data, and not the single point that counts readers.
pub(super) fn first_image(html: &str) -> Option<String> {
    let lower = html.to_ascii_lowercase();
    let mut from = 0;
    while let Some(at) = lower[from..].find("<img").map(|n| from + n) {
        let length = tag(&html[at..])?;
        let inside = &html[at + 4..at + length];
        let is_point = ["width", "height"].iter().any(|side| {
            attribute(inside, side).is_some_and(|n| matches!(n.trim_end_matches("px"), "0" | "1"))
        });
        // pages that load their pictures late keep the address elsewhere
        let address = ["src", "data-src", "data-lazy-src", "data-original"]
            .iter()
            .filter_map(|name| attribute(inside, name))
            .find(|address| !address.starts_with("data:") && !address.is_empty());
        if let Some(address) = address.filter(|_| !is_point) {
            return Some(address);
        }
        from = at + length;
    }
    None
}

/// The length of the tag, comment, or hidden element with its content that `text` opens with.
fn tag(text: &str) -> Option<usize> {
    if !text.starts_with('<') {
        return None;
    }
    if text.starts_with("<!--") {
        return Some(text.find("-->").map_or(text.len(), |n| n + 3));
    }
    let next = text.as_bytes().get(1)?;
    let is_close = *next == b'/' && text.as_bytes().get(2).is_some_and(u8::is_ascii_alphabetic);
    if !(next.is_ascii_alphabetic() || is_close || matches!(next, b'!' | b'?')) {
        return None;
    }
    let end = end_of_tag(text)?;
    let name = tag_name(&text[..end]);
    let opens = !is_close && !text[..end].ends_with("/>");
    if opens && HIDDEN.contains(&name.as_str()) {
        let close = format!("</{name}");
        let lower = text[end..].to_ascii_lowercase();
        let Some(at) = lower.find(&close) else {
            return Some(text.len());
        };
        return Some(end + at + end_of_tag(&text[end + at..]).unwrap_or(lower.len() - at));
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

/// The name in small letters, without a namespace's prefix.
fn tag_name(tag: &str) -> String {
    let inside = tag.trim_start_matches(['<', '/']);
    let end = inside.find(|c: char| !(c.is_ascii_alphanumeric() || c == ':' || c == '-'));
    let name = inside[..end.unwrap_or(inside.len())].to_ascii_lowercase();
    name.rsplit(':').next().unwrap_or_default().to_owned()
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
            return Some(decoded(value).trim().to_owned());
        }
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_go_references_are_decoded_and_space_is_folded() {
        assert_eq!(
            plain(
                "<p>Caf&eacute; &amp; <b>br</b>ead</p>\n<p>from&nbsp;7&thinsp;h &#8211; daily&#x1F950;</p>"
            ),
            "Café & bread from\u{a0}7\u{2009}h – daily🥐"
        );
        assert_eq!(plain("a<br/>b<!-- no -->c<script>x < 1</script>d"), "a bcd");
        assert_eq!(
            plain(
                "un<ins>der</ins>line H<sub>2</sub>O <x-new>a</x-new>b<ul><li>one</li><li>two</li></ul>c"
            ),
            "underline H2O ab one two c"
        );
        assert_eq!(
            plain("<P\nclass=x>a</P><td>1<td>2 <![CDATA[a < b & c]]>"),
            "a 1 2 a < b & c"
        );
        assert_eq!(plain("a&nbsp;<b> b</b>\u{a0}"), "a\u{a0} b");
    }

    #[test]
    fn what_only_looks_like_markup_stays() {
        for text in [
            "1 < 2 & 3 > 2 &bogus; <3 R&B",
            "Q&A with Ana > Bo",
            "x <unclosed",
            "</3 and </ b",
            "&#0;&#xD800;&#99999999;&#;&;&",
            "AT&T; a&lang b",
        ] {
            assert_eq!(plain(text), text);
        }
        assert_eq!(plain("<a title='5 > 3'>x</a>"), "x");
        assert_eq!(
            plain("Q&A with <i>Ana</i> on Sunday"),
            "Q&A with Ana on Sunday"
        );
        assert_eq!(
            plain("R&amp;B, &copy 2026 &nbspx &AMP; &check; &le; &#146;"),
            "R&B, © 2026 \u{a0}x & ✓ ≤ ’"
        );
    }

    #[test]
    fn the_first_image_with_an_address_is_found() {
        let html = r#"<p>x</p><IMG alt="a > b" src='data:image/gif;base64,R0'><img src=p.gif width=1><img loading=lazy src="https://a/b.jpg?w=1&amp;h=2">"#;
        assert_eq!(
            first_image(html).as_deref(),
            Some("https://a/b.jpg?w=1&h=2")
        );
        let late = r#"<img src="data:image/gif;base64,R0" data-src="https://a/late.jpg">"#;
        assert_eq!(first_image(late).as_deref(), Some("https://a/late.jpg"));
        assert_eq!(first_image("<img alt=x><p>"), None);
        assert_eq!(first_image("<img src="), None);
    }
}
