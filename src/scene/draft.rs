//! Layers with everything filled in and loaded, before they have a place.

use std::path::PathBuf;

use crate::diag::{Code, Diagnostic, Place, Severity, did_you_mean};
use crate::template::language::{Key, LAYER, LayerType};
use crate::template::{Layer, Node, Table, Value, grammar, key};

use super::axis::Axis;
use super::clips;
use super::markup;
use super::picture;
use super::stage::Stage;
use super::sticker::{self, Look, Piece};
use super::text::{self, Align, Decoration, Direction, Overflow, Room, Span, Style, Transform};
use super::{Clip, StickerKind};

/// A layer ready for layout.
pub(super) struct Draft<'t> {
    pub layer: &'t Layer,
    /// Filled and of the right shapes; a text layer's style is merged in.
    pub keys: Table,
    pub axes: [Axis; 2],
    pub what: What,
    /// What a sticker layer does; its children are what is drawn for it.
    pub sticker: Option<StickerKind>,
    pub children: Vec<Draft<'t>>,
}

/// Placed layers, each with its node.
pub(super) type Pairs<'a, 't> = [(&'a Draft<'t>, &'a super::Node)];

impl<'t> Draft<'t> {
    /// The layers in this group, each with its node among those of `node`.
    pub fn pairs<'a>(
        &'a self,
        node: &'a super::Node,
    ) -> impl Iterator<Item = (&'a Draft<'t>, &'a super::Node)> {
        let children: &[super::Node] = match &node.content {
            // what a sticker is drawn of is nobody's layer
            super::Content::Group(group) if self.sticker.is_none() => &group.children,
            _ => &[],
        };
        // a child whose picture failed has no node; the others keep their places in the file
        let mut nodes = children.iter().peekable();
        self.children.iter().filter_map(move |child| {
            let node = nodes.next_if(|n| n.place == child.layer.place)?;
            Some((child, node))
        })
    }
}

/// What a layer's size depends on.
pub(super) enum What {
    Text(TextDraft),
    Picture(PictureDraft),
    /// Its size is known where it is decoded, not here.
    Film(Clip),
    Shape,
    Qr(QrDraft),
    Group(GroupDraft),
}

pub(super) struct TextDraft {
    pub spans: Vec<Span>,
    /// The span's own fill, where it has one.
    pub inks: Vec<Option<Node>>,
    pub style: Style,
}

pub(super) struct PictureDraft {
    pub path: PathBuf,
    /// Upright size in pixels.
    pub natural: (f32, f32),
    /// Where the file is named.
    pub place: Place,
    pub is_logo: bool,
}

pub(super) struct QrDraft {
    pub size: usize,
    pub dark: Vec<bool>,
    pub quiet: usize,
}

pub(super) struct GroupDraft {
    pub layout: Layout,
    pub gap: f32,
    /// Top, right, bottom, left.
    pub padding: [f32; 4],
    pub align: taffy::AlignItems,
    pub justify: taffy::JustifyContent,
    pub wrap: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    Row,
    Column,
    Free,
}

/// The children of a story's canvas or of a group; what fails is reported and left out.
pub(super) fn drafts<'t>(layers: &'t [Layer], stage: &mut Stage<'_>) -> Vec<Draft<'t>> {
    layers
        .iter()
        .filter_map(|layer| draft(layer, stage))
        .collect()
}

fn draft<'t>(layer: &'t Layer, stage: &mut Stage<'_>) -> Option<Draft<'t>> {
    match is_shown(layer, stage) {
        true => shown(layer, stage),
        false => None,
    }
}

/// The layer whatever its `when` says.
pub(super) fn shown<'t>(layer: &'t Layer, stage: &mut Stage<'_>) -> Option<Draft<'t>> {
    let keys: Vec<_> = layer.kind.keys().collect();
    let mut own = layer.keys.clone();
    own.remove(key!(LAYER.when).name);
    let filled = stage.fill(&own, &keys);
    let filled = match layer.kind {
        LayerType::Text => styled(&filled, stage, &keys),
        _ => filled,
    };
    let what = match layer.kind {
        LayerType::Text => text(&filled, stage).map(What::Text),
        LayerType::Image => picture_draft(layer, &filled, stage).map(What::Picture),
        LayerType::Shape => Some(What::Shape),
        LayerType::Qr => qr(layer, &filled, stage).map(What::Qr),
        LayerType::Group => {
            return Some(with_children(layer, filled, stage));
        }
        LayerType::Video => clips::of_layer(&filled, &layer.label(), stage).map(What::Film),
        LayerType::Sticker => return sticker(layer, filled, stage),
    };
    if what.is_none() {
        stage.report_colors(&filled, &keys);
    }
    Some(Draft {
        layer,
        axes: Axis::of(&filled),
        keys: filled,
        what: what?,
        sticker: None,
        children: Vec::new(),
    })
}

/// A group, its children in the width that it has; as much as its own parent has where its keys leave it to its content.
fn with_children<'t>(layer: &'t Layer, keys: Table, stage: &mut Stage<'_>) -> Draft<'t> {
    let group = group(&keys);
    let axes = Axis::of(&keys);
    let [_, right, _, left] = group.padding;
    let around = stage.across;
    let width = axes[0].definite(around);
    stage.across = (width.unwrap_or(axes[0].available(around)) - left - right).max(0.0);
    let children = drafts(&layer.children, stage);
    stage.across = around;
    Draft {
        layer,
        axes,
        keys,
        what: What::Group(group),
        sticker: None,
        children,
    }
}

/// A pill is no wider than the canvas less the margins that the app keeps.
const WIDEST: f32 = 952.0;
/// The smallest and the largest that a card is drawn, as a part of the app's size.
const SCALES: (f32, f32) = (0.4, 1.4);
/// A pill whose words are smaller than this part of the app's size is read by nobody.
const SMALL: f32 = 0.4;

/// A sticker: a group of what is drawn for it, scaled into the width that it has.
fn sticker<'t>(layer: &'t Layer, filled: Table, stage: &mut Stage<'_>) -> Option<Draft<'t>> {
    let assets = stage.assets;
    let label = layer.label();
    let read = sticker::read(&filled, &label, &assets.expressions, &mut stage.wrong);
    let (kind, words) = read?;
    let word = filled.read(key!(STICKER.look as word));
    let Some(look) = Look::of(word, &assets.brand) else {
        let at = filled.node(key!(STICKER.look)).map(|node| &node.place);
        let message = "look = \"brand\" takes its colours from the project's `[brand] colors`";
        let found = Diagnostic::at(Code::BadValue, at.unwrap_or(&layer.place), message);
        let hint = "name at least `accent` there; without it the first colour is taken";
        stage.wrong.push(found.hint(hint));
        return None;
    };
    let now = assets.expressions.now().timestamp();
    let piece = sticker::drawn(&kind, &look, &words, now);
    let mut draft = part(layer, &piece, stage)?;
    let scale = wanted_scale(&draft, &filled, stage);
    if scale < SMALL {
        let message = format!(
            "the words of {label} have so little room that they are drawn at {} % of their size",
            (scale * 100.0).round()
        );
        let found = Diagnostic::at(Code::Overflow, &layer.place, message);
        stage
            .wrong
            .push(found.hint("give it more room, or fewer words"));
    }
    if scale != 1.0 {
        draft = part(layer, &piece.scaled(f64::from(scale)), stage)?;
    }
    let has = |key| filled.node(key).is_some();
    if has(key!(LAYER.left)) && has(key!(LAYER.right)) {
        draft.keys.remove(key!(LAYER.width).name);
    }
    let names = [key!(LAYER.id), key!(LAYER.type), key!(LAYER.when)].map(|key| key.name);
    for entry in filled.entries {
        let is_of_layer = LAYER.iter().any(|key| key.name == entry.key);
        if is_of_layer && !names.contains(&entry.key.as_str()) {
            draft.keys.set(entry);
        }
    }
    Some(Draft {
        axes: Axis::of(&draft.keys),
        sticker: Some(kind),
        ..draft
    })
}

/// A part of what is drawn for a sticker, as if it were a layer of its own.
fn part<'t>(layer: &'t Layer, piece: &Piece, stage: &mut Stage<'_>) -> Option<Draft<'t>> {
    let keys = piece.table(&layer.place);
    let what = match piece.kind {
        LayerType::Text => What::Text(text(&keys, stage)?),
        LayerType::Group => What::Group(group(&keys)),
        _ => What::Shape,
    };
    let children = piece.children.iter();
    Some(Draft {
        layer,
        axes: Axis::of(&keys),
        keys,
        what,
        sticker: None,
        children: children
            .map(|c| part(layer, c, stage))
            .collect::<Option<_>>()?,
    })
}

/// How large a sticker is drawn: a card so that it fills the width it is given, a pill so that its words have room.
fn wanted_scale(draft: &Draft<'_>, filled: &Table, stage: &Stage<'_>) -> f32 {
    let [across, _] = Axis::of(filled);
    // without an edge it is in the middle, as large as the app's, and does not fill its parent
    let given = across.centered().definite(stage.across);
    let own = number(&draft.keys, key!(LAYER.width));
    match (own, given) {
        (Some(own), Some(given)) => (given / own).clamp(SCALES.0, SCALES.1),
        (Some(_), None) => 1.0,
        (None, given) => {
            let room = given.unwrap_or(stage.across.min(WIDEST));
            (room / natural_width(draft, stage)).clamp(0.02, 1.0)
        }
    }
}

/// How wide a row of words and glyphs is.
fn natural_width(draft: &Draft<'_>, stage: &Stage<'_>) -> f32 {
    let What::Group(group) = &draft.what else {
        return 0.0;
    };
    let wide = Room {
        width: 1e5,
        fill_width: false,
        height: None,
    };
    let widths = draft.children.iter().map(|child| match &child.what {
        What::Text(text) => {
            let set = stage.assets.typesetter.set(&text.spans, &text.style, wide);
            set.width + 0.5
        }
        _ => number(&child.keys, key!(LAYER.width)).unwrap_or(0.0),
    });
    let [_, right, _, left] = group.padding;
    let gaps = group.gap * draft.children.len().saturating_sub(1) as f32;
    widths.sum::<f32>() + gaps + left + right
}

/// Whether its `when` leaves the layer in.
pub(super) fn is_shown(layer: &Layer, stage: &mut Stage<'_>) -> bool {
    let Some(when) = layer.keys.written(key!(LAYER.when)) else {
        return true;
    };
    let only = Table {
        entries: vec![when.clone()],
        place: layer.place.clone(),
    };
    let keys: Vec<_> = layer.kind.keys().collect();
    match stage.fill(&only, &keys).node(key!(LAYER.when)) {
        Some(node) => grammar::condition(node).unwrap_or(true),
        // a condition that failed was reported; the layer is looked at all the same
        None => true,
    }
}

/// A box with the layer's edges, where what is in it cannot be told.
pub(super) fn bare<'t>(layer: &'t Layer, stage: &mut Stage<'_>) -> Draft<'t> {
    let keys: Vec<_> = layer.kind.keys().collect();
    let filled = stage.fill(&layer.keys, &keys);
    Draft {
        layer,
        axes: Axis::of(&filled),
        keys: filled,
        what: What::Shape,
        sticker: None,
        children: Vec::new(),
    }
}

/// The layer's keys over those of its brand style.
fn styled(own: &Table, stage: &mut Stage<'_>, keys: &[&'static Key]) -> Table {
    let Some(node) = own.node(key!(TEXT.style)) else {
        return own.clone();
    };
    let name = node.as_text().unwrap_or_default();
    let brand = &stage.assets.brand;
    let Some(style) = brand.style(name) else {
        let names = brand.styles.iter().map(|(n, _)| n.as_str());
        let known: Vec<_> = names.clone().map(|n| format!("`{n}`")).collect();
        let hint = did_you_mean(name, names).unwrap_or(match known.len() {
            0 => "the project file has no `[brand.styles]`".into(),
            _ => format!("there are {}", known.join(", ")),
        });
        stage.wrong.push(
            Diagnostic::at(
                Code::BadValue,
                &node.place,
                format!("no text style `{name}`"),
            )
            .hint(hint),
        );
        return own.clone();
    };
    let mut out = stage.fill(&style.clone(), keys);
    out.place = own.place.clone();
    for entry in &own.entries {
        out.set(entry.clone());
    }
    out
}

/// A number that has no default.
fn number(keys: &Table, key: &Key) -> Option<f32> {
    keys.node(key).and_then(grammar::number).map(|n| n as f32)
}

/// A text that has no default.
fn word<'k>(keys: &'k Table, key: &Key) -> &'k str {
    keys.node(key).and_then(Node::as_text).unwrap_or("")
}

fn text(keys: &Table, stage: &mut Stage<'_>) -> Option<TextDraft> {
    let node = keys.node(key!(TEXT.text))?;
    let words = grammar::text(node)?;
    let size = keys.read(key!(TEXT.size as number));
    let style = Style {
        families: stage.families(word(keys, key!(TEXT.font))),
        weight: keys.read(key!(TEXT.weight as number)),
        italic: keys.read(key!(TEXT.italic as flag)),
        size,
        min_size: number(keys, key!(TEXT.min_size))
            .unwrap_or((size / 2.0).max(28.0))
            .min(size),
        max_lines: number(keys, key!(TEXT.max_lines)).map(|n| n as usize),
        overflow: match keys.read(key!(TEXT.overflow as word)) {
            "ellipsis" => Overflow::Ellipsis,
            "clip" => Overflow::Clip,
            "error" => Overflow::Error,
            _ => Overflow::Shrink,
        },
        line_height: match word(keys, key!(TEXT.line_height)) {
            "normal" => None,
            _ => Some(keys.read(key!(TEXT.line_height as number))),
        },
        letter_spacing: keys
            .node(key!(TEXT.letter_spacing))
            .and_then(|n| grammar::spacing(n, size))
            .unwrap_or(0.0),
        align: match keys.read(key!(TEXT.align as word)) {
            "center" => Align::Center,
            "end" => Align::End,
            "left" => Align::Left,
            "right" => Align::Right,
            _ => Align::Start,
        },
        direction: match keys.read(key!(TEXT.direction as word)) {
            "ltr" => Direction::Ltr,
            "rtl" => Direction::Rtl,
            _ => Direction::Auto,
        },
        lang: Some(word(keys, key!(TEXT.lang)).to_owned()).filter(|l| !l.is_empty()),
        transform: match keys.read(key!(TEXT.transform as word)) {
            "uppercase" => Transform::Uppercase,
            "lowercase" => Transform::Lowercase,
            "capitalize" => Transform::Capitalize,
            _ => Transform::None,
        },
        hyphenate: keys.read(key!(TEXT.hyphens as word)) == "auto",
        balance: keys.read(key!(TEXT.text_wrap as word)) == "balance",
        keep_all: keys.read(key!(TEXT.word_break as word)) == "keep-all",
        keep_words: false,
        features: keys
            .node(key!(TEXT.features))
            .and_then(grammar::features)
            .unwrap_or_default(),
        decoration: decoration(keys),
    };
    check_hyphens(keys, &style, stage);
    let plain = || {
        vec![markup::Piece {
            text: words.clone(),
            ..Default::default()
        }]
    };
    let pieces = if keys.read(key!(TEXT.markup as flag)) {
        markup::read(&words)
    } else {
        plain()
    };
    let colors = pieces.iter().filter_map(|piece| piece.color.as_deref());
    for color in colors.filter(|color| grammar::color_text(color).is_none()) {
        stage.wrong.push(
            Diagnostic::at(Code::BadValue, &node.place, format!("no colour `{color}`"))
                .hint("after `[text]` in braces there is `#rrggbb`, a CSS name or a `$brand_colour`; a `\\` before `[` keeps it as text"),
        );
    }
    let inks = pieces
        .iter()
        .map(|p| p.color.as_ref().map(|c| at_node(node, c)))
        .collect();
    let bold = style.weight.max(700.0).min(style.weight + 300.0);
    let spans = pieces
        .into_iter()
        .map(|p| Span {
            text: p.text,
            weight: p.bold.then_some(bold),
            italic: p.italic.then_some(true),
        })
        .collect();
    Some(TextDraft { spans, inks, style })
}

fn decoration(keys: &Table) -> Decoration {
    let word = match keys.record(key!(TEXT.decoration)) {
        Some(table) => table.read(key!(DECORATION.line as word)),
        None => keys.read(key!(TEXT.decoration as word)),
    };
    match word {
        "underline" => Decoration::Underline,
        "line-through" => Decoration::LineThrough,
        _ => Decoration::None,
    }
}

/// `hyphens = "auto"` needs to know the language.
fn check_hyphens(keys: &Table, style: &Style, stage: &mut Stage<'_>) {
    let Some(node) = keys.node(key!(TEXT.hyphens)).filter(|_| style.hyphenate) else {
        return;
    };
    let message = match style.lang.as_deref() {
        None => {
            "`hyphens = \"auto\"` needs `lang`: words break by the rules of a language".to_owned()
        }
        Some(lang) if !text::hyphenates(lang) => {
            format!("there are no rules to break words of `{lang}`")
        }
        Some(_) => return,
    };
    stage
        .wrong
        .push(Diagnostic::at(Code::BadValue, &node.place, message).severity(Severity::Warning));
}

fn at_node(node: &Node, text: &str) -> Node {
    Node {
        value: Value::Text(text.to_owned()),
        place: node.place.clone(),
    }
}

fn picture_draft(layer: &Layer, keys: &Table, stage: &mut Stage<'_>) -> Option<PictureDraft> {
    let node = keys.node(key!(PICTURE.src))?;
    let written = node.as_text()?.to_owned();
    if written.trim().is_empty() {
        stage.wrong.push(
            Diagnostic::at(
                Code::MissingAsset,
                &node.place,
                format!("{} has no picture", layer.label()),
            )
            .hint("`when` leaves a layer out"),
        );
        return None;
    }
    let path = stage.find(&written, &node.place)?;
    let natural = match stage.assets.pictures.size(&path) {
        Ok((w, h)) => (w.max(1) as f32, h.max(1) as f32),
        Err(error) => {
            stage
                .wrong
                .push(unreadable(&error, &written, &layer.label(), &node.place));
            return None;
        }
    };
    stage.report_notes(&path, &written, &layer.label(), &node.place);
    let is_logo = layer.id.as_deref() == Some("logo")
        || stage
            .assets
            .brand
            .logo
            .as_deref()
            .is_some_and(|logo| logo == written);
    Some(PictureDraft {
        path,
        natural,
        place: node.place.clone(),
        is_logo,
    })
}

/// What is said of a picture that cannot be used.
pub(super) fn unreadable(
    error: &picture::Error,
    written: &str,
    layer: &str,
    at: &Place,
) -> Diagnostic {
    Diagnostic::at(
        Code::UnreadableMedia,
        at,
        format!("cannot use `{written}` in {layer}: {error}"),
    )
}

fn qr(layer: &Layer, keys: &Table, stage: &mut Stage<'_>) -> Option<QrDraft> {
    let node = keys.node(key!(QR.data))?;
    let data = grammar::text(node)?;
    let level = match keys.read(key!(QR.level as word)) {
        "L" => fast_qr::ECL::L,
        "Q" => fast_qr::ECL::Q,
        "H" => fast_qr::ECL::H,
        _ => fast_qr::ECL::M,
    };
    if data.is_empty() {
        let message = format!("{} has nothing to say", layer.label());
        stage
            .wrong
            .push(Diagnostic::at(Code::BadValue, &node.place, message));
        return None;
    }
    let Ok(code) = fast_qr::QRBuilder::new(data.as_str()).ecl(level).build() else {
        let message = format!("{} bytes are more than a QR code holds", data.len());
        stage
            .wrong
            .push(Diagnostic::at(Code::TooLong, &node.place, message));
        return None;
    };
    let dark = (0..code.size * code.size)
        .map(|i| code[i / code.size][i % code.size].value())
        .collect();
    let quiet = keys.read(key!(QR.quiet as number)) as usize;
    Some(QrDraft {
        size: code.size,
        dark,
        quiet,
    })
}

fn group(keys: &Table) -> GroupDraft {
    use taffy::{AlignItems, JustifyContent};
    GroupDraft {
        layout: match keys.read(key!(GROUP.layout as word)) {
            "row" => Layout::Row,
            "column" => Layout::Column,
            _ => Layout::Free,
        },
        gap: keys.read(key!(GROUP.gap as number)),
        padding: keys.read(key!(GROUP.padding as edges)),
        align: match keys.read(key!(GROUP.align as word)) {
            "start" => AlignItems::START,
            "center" => AlignItems::CENTER,
            "end" => AlignItems::END,
            "baseline" => AlignItems::BASELINE,
            _ => AlignItems::STRETCH,
        },
        justify: match keys.read(key!(GROUP.justify as word)) {
            "center" => JustifyContent::CENTER,
            "end" => JustifyContent::END,
            "between" => JustifyContent::SPACE_BETWEEN,
            _ => JustifyContent::START,
        },
        wrap: keys.read(key!(GROUP.wrap as flag)),
    }
}
