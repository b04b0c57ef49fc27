//! What a story has in the app besides its picture: the boxes of its stickers, mentions, links, a caption.
//!
//! In: a template and its placed layers. Out: [`Beside`]: whom to tag, what to tap and where, what only a person can add.
//! Never: painting; a box that is not of what was drawn.

use unicode_segmentation::UnicodeSegmentation;
use url::Url;

use crate::diag::{Code, Diagnostic, Place, Severity};
use crate::template::language::{BESIDE, LINK, MENTION};
use crate::template::{Node, Table, Template, grammar, key};

use super::geometry::CANVAS_SIZE;
use super::stage::Stage;
use super::sticker::{Fault, LINK_TEXT, account, web_page};
use super::tappable::{Placed, around_point, boxed, check_seconds};
use super::{Audience, ByHand, Extra, Extras, Mention, Point, Sticker, StickerKind};

/// Everything of it.
#[derive(Default)]
pub(super) struct Beside {
    pub mentions: Vec<Mention>,
    pub by_hand: Vec<ByHand>,
    pub extras: Extras,
    /// Where each of the stickers is written.
    places: Vec<Place>,
}

/// What the story of a template has beside its picture.
pub(super) fn of(template: &Template, placed: &[Placed<'_, '_>], stage: &mut Stage<'_>) -> Beside {
    let mut out = Beside::default();
    for layer in placed {
        if let Some(kind) = &layer.draft.sticker {
            out.add(layer.sticker(kind.clone()), &layer.node.place);
        }
    }
    for table in &template.mentions {
        if let Some(sticker) = mention(table, placed, stage) {
            out.add(sticker, &table.place);
        }
    }
    for table in &template.links {
        if let Some(sticker) = link(table, placed, stage) {
            out.add(sticker, &table.place);
        }
    }
    let kinds = out.extras.stickers.iter().map(|one| one.kind.word());
    check_seconds(kinds.zip(&out.places), &mut stage.wrong);
    out.words(template, stage);
    out
}

impl Beside {
    fn add(&mut self, sticker: Sticker, place: &Place) {
        let part = |at: f32| at.clamp(0.0, 1.0);
        let at = Point {
            x: part(sticker.x),
            y: part(sticker.y),
        };
        let what = match &sticker.kind {
            StickerKind::Mention { username } => {
                let username = username.clone();
                self.mentions.push(Mention { username, at });
                None
            }
            StickerKind::Link { url, text } => Some(Extra::Link {
                url: url.clone(),
                text: text.clone(),
                at,
            }),
            other => Some(Extra::Sticker(other.clone())),
        };
        self.by_hand.extend(what.map(|what| ByHand {
            what,
            sticker: Some(self.extras.stickers.len()),
            place: place.clone(),
        }));
        self.extras.stickers.push(sticker);
        self.places.push(place.clone());
    }

    fn words_by_hand(&mut self, what: Extra, place: Place) {
        let sticker = None;
        self.by_hand.push(ByHand {
            what,
            sticker,
            place,
        });
    }

    /// The caption, the words for people who do not see the picture, and who may see it.
    fn words(&mut self, template: &Template, stage: &mut Stage<'_>) {
        let filler = &stage.filler;
        let filled = filler.table(&template.beside, BESIDE.iter(), &mut stage.wrong);
        let text = |key| {
            let entry = filled.written(key)?;
            let text = grammar::text(&entry.node)?.trim().to_owned();
            (!text.is_empty()).then(|| (text, entry.key_place.clone()))
        };
        if let Some((text, place)) = text(key!(BESIDE.caption)) {
            self.extras.caption = Some(text.clone());
            self.words_by_hand(Extra::Caption(text), place);
        }
        if let Some((text, place)) = text(key!(BESIDE.alt)) {
            self.extras.alt = Some(text.clone());
            self.words_by_hand(Extra::Alt(text), place);
        }
        let audience = filled.read(key!(BESIDE.audience as word));
        self.extras.audience = (audience == "close-friends").then_some(Audience::CloseFriends);
    }
}

/// A person to tag; none where no name came out, or its layer was left out.
fn mention(table: &Table, placed: &[Placed<'_, '_>], stage: &mut Stage<'_>) -> Option<Sticker> {
    let filled = stage.filler.table(table, MENTION.iter(), &mut stage.wrong);
    let node = filled.node(key!(MENTION.username))?;
    let written = grammar::text(node)?;
    if written.trim().is_empty() {
        return None;
    }
    let username = sound(account(&written), node, stage)?;
    over(&filled, StickerKind::Mention { username }, placed, stage)
}

/// A link to tap; none where no address came out, or its layer was left out.
fn link(table: &Table, placed: &[Placed<'_, '_>], stage: &mut Stage<'_>) -> Option<Sticker> {
    let filled = stage.filler.table(table, LINK.iter(), &mut stage.wrong);
    let node = filled.node(key!(LINK.url))?;
    let url = grammar::text(node)?.trim().to_owned();
    if url.is_empty() {
        return None;
    }
    // where it cannot be tapped it is drawn all the same, and a person may mend it
    let is_old = Url::parse(&url).is_ok_and(|url| url.scheme() == "http" && url.has_host());
    match (web_page(&url), is_old) {
        (Err((message, hint)), true) => {
            let found = Diagnostic::at(Code::BadValue, &node.place, message);
            let found = found.severity(Severity::Warning).hint(hint);
            stage.wrong.push(found);
        }
        (read, _) => sound(read, node, stage)?,
    }
    let words = filled.node(key!(LINK.text));
    let text = words.and_then(grammar::text).unwrap_or_default();
    let text = Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let count = text.iter().flat_map(|text| text.graphemes(true)).count();
    if let Some(node) = words.filter(|_| count > LINK_TEXT) {
        let message = format!("`text` has {count} characters, the app takes {LINK_TEXT}");
        let found = Diagnostic::at(Code::TooLong, &node.place, message);
        stage.wrong.push(found.severity(Severity::Warning));
    }
    over(&filled, StickerKind::Link { url, text }, placed, stage)
}

/// What was read of a node, its fault reported.
fn sound<T>(read: Result<T, Fault>, node: &Node, stage: &mut Stage<'_>) -> Option<T> {
    let reported = |(message, hint): Fault| {
        let found = Diagnostic::at(Code::BadValue, &node.place, message);
        stage.wrong.push(found.hint(hint));
    };
    read.map_err(reported).ok()
}

/// A sticker that other layers draw; none where its layer was left out.
fn over(
    filled: &Table,
    kind: StickerKind,
    placed: &[Placed<'_, '_>],
    stage: &mut Stage<'_>,
) -> Option<Sticker> {
    let (width, height) = CANVAS_SIZE;
    let is_inside = |p: Point| (0.0..=width).contains(&p.x) && (0.0..=height).contains(&p.y);
    let over = filled.node(key!(LINK.over)).and_then(grammar::text);
    let at = filled.node(key!(LINK.at)).and_then(grammar::position);
    let center = match (over, at) {
        (Some(over), _) => {
            // a layer that `when` left out takes what lies over it with it
            let is_it = |layer: &&Placed<'_, '_>| layer.node.id.as_deref() == Some(&over);
            let layer = placed.iter().find(is_it)?;
            if !is_inside(layer.center) {
                let message = format!("the centre of layer `{over}` lies outside of the canvas");
                let place = filled.node(key!(LINK.over)).map(|node| &node.place);
                let place = place.unwrap_or(&filled.place);
                let found = Diagnostic::at(Code::BadValue, place, message);
                let hint = "nobody can tap there: move the layer, or say `at`";
                let found = found.severity(Severity::Warning).hint(hint);
                stage.wrong.push(found);
            }
            return Some(layer.sticker(kind));
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
    if let Some(at) = filled.node(key!(LINK.at)).filter(|_| !is_inside(center)) {
        let message = "`at` lies outside of the canvas: nobody can tap there";
        let found = Diagnostic::at(Code::BadValue, &at.place, message);
        let hint = "parts of it from \"0%\" to \"100%\", or units up to 1080 and 1920";
        stage.wrong.push(found.hint(hint));
        return None;
    }
    let rect = around_point(center);
    Some(boxed(kind, rect.center(), (rect.w, rect.h), 0.0))
}
