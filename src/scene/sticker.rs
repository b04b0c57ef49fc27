//! What lies over a picture in the app and is not painted: mentions, links, a caption.

use url::Url;

use crate::diag::{Code, Diagnostic};
use crate::template::language::{CAPTION, LINK, MENTION};
use crate::template::{Entry, Table, grammar, key};

use super::draft::Draft;
use super::geometry::CANVAS_SIZE;
use super::stage::Stage;
use super::{ByHand, Extra, Mention, Node, Point};

/// Placed layers, for stickers that lie over one of them.
pub(super) type Pairs<'a, 't> = [(&'a Draft<'t>, &'a Node)];

/// A person to tag; none where no name came out, or its layer was left out.
pub(super) fn mention(
    table: &Table,
    pairs: &Pairs<'_, '_>,
    stage: &mut Stage<'_>,
) -> Option<Mention> {
    let filled = stage
        .filler
        .whole(table, MENTION.iter(), "a mention", &mut stage.wrong);
    let username = grammar::text(filled.node(key!(MENTION.username))?)?;
    let username = username.trim().trim_start_matches('@').to_owned();
    if username.is_empty() {
        return None;
    }
    let at = point(&filled, pairs)?;
    Some(Mention { username, at })
}

/// A link to tap; none where no address came out, or its layer was left out.
pub(super) fn link(table: &Table, pairs: &Pairs<'_, '_>, stage: &mut Stage<'_>) -> Option<ByHand> {
    let filled = stage
        .filler
        .whole(table, LINK.iter(), "a link", &mut stage.wrong);
    let node = filled.node(key!(LINK.url))?;
    let url = grammar::text(node)?.trim().to_owned();
    if url.is_empty() {
        return None;
    }
    let is_web = |url: Url| matches!(url.scheme(), "http" | "https") && url.has_host();
    if !Url::parse(&url).is_ok_and(is_web) {
        let message = format!("`{url}` is not the address of a web page");
        let hint = "with its beginning, as in https://example.com/menu";
        let why = Diagnostic::at(Code::BadValue, &node.place, message).hint(hint);
        stage.wrong.push(why);
        return None;
    }
    let at = point(&filled, pairs)?;
    let text = filled.node(key!(LINK.text)).and_then(grammar::text);
    Some(ByHand {
        what: Extra::Link {
            url,
            text: text.filter(|text| !text.trim().is_empty()),
            at,
        },
        place: table.place.clone(),
    })
}

/// The words beside a post; none where nothing came out.
pub(super) fn caption(entry: &Entry, stage: &mut Stage<'_>) -> Option<ByHand> {
    let mut table = Table::empty(&entry.node.place);
    table.entries.push(entry.clone());
    let filled = stage
        .filler
        .whole(&table, CAPTION.iter(), "a caption", &mut stage.wrong);
    let text = grammar::text(filled.node(key!(CAPTION.caption))?)?;
    (!text.trim().is_empty()).then(|| ByHand {
        what: Extra::Caption(text),
        place: entry.key_place.clone(),
    })
}

/// Where a sticker's centre lies; none where its layer was left out.
fn point(filled: &Table, pairs: &Pairs<'_, '_>) -> Option<Point> {
    let (width, height) = CANVAS_SIZE;
    let over = filled.node(key!(LINK.over)).and_then(grammar::text);
    let at = match (over, filled.node(key!(LINK.at)).and_then(grammar::position)) {
        (Some(over), _) => {
            // a layer that `when` left out takes what lies over it with it
            let (_, node) = pairs.iter().find(|(_, n)| n.id.as_deref() == Some(&over))?;
            node.rect.center()
        }
        (None, Some((x, y))) => Point {
            x: x.of(width),
            y: y.of(height),
        },
        (None, None) => Point {
            x: width / 2.0,
            y: height / 2.0,
        },
    };
    let part = |at: f32, side: f32| (at / side).clamp(0.0, 1.0);
    Some(Point {
        x: part(at.x, width),
        y: part(at.y, height),
    })
}
