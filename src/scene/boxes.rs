//! Where every layer of a story is, and what decides its values: for editors.
//!
//! In: the drafts and nodes of a story that was laid out. Out: a [`LayerBox`] for each layer, sticker and layer that is
//! left out. Never: a second layout of what is shown, painting.

use minijinja::Value as Jinja;
use serde::Serialize;
use serde_json::{Map, Value as Json, json};

use crate::diag::Bytes;
use crate::template::language::{Key, LINK, MENTION};
use crate::template::{Layer, Origin, Table, Template, grammar, key, whole_layer, whole_table};

use super::draft::{self, Draft, Pairs, What};
use super::layout::Measure;
use super::stage::Stage;
use super::tappable::around_point;
use super::{Content, Node, Point, Rect};

/// A layer's box, and its values. Lengths are canvas units, origin top-left, y down.
#[derive(Debug, Clone, Serialize)]
pub struct LayerBox {
    /// Where the layer is in its template: `layer[2].children[0]`; `mention[0]` and `link[0]` for stickers.
    pub path: String,
    /// Its `id`, when it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Its type; `mention` and `link` for stickers.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Where it is; none where nothing tells its size: it is left out of a row or column, or broken.
    #[serde(skip)]
    pub placing: Option<Placing>,
    /// The same for programs, which are always told of a box: an empty one, where it would begin, where there is none.
    #[serde(flatten)]
    pub place: Placing,
    /// `when` leaves it out, or leaves out a group around it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub hidden: bool,
    /// The file it is written in. A layer of a base that the template changes is the template's.
    pub file: String,
    /// Its bytes in `file`, from its heading to its last key, children included.
    pub span: Bytes,
    /// What a text says after case, markup, wrapping (`\n`) and ellipsis.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shown: Option<String>,
    /// The lines of a text as they are painted; they turn with the box, about its centre.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lines: Option<Vec<LineBox>>,
    /// Every key that the layer may have, but `children`.
    pub values: Map<String, Json>,
}

/// Where a box is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Placing {
    /// Left edge on the canvas, before the box is turned about its centre.
    pub left: f32,
    /// Top edge on the canvas.
    pub top: f32,
    /// Width.
    pub width: f32,
    /// Height.
    pub height: f32,
    /// Degrees clockwise about its centre, all groups around it included; in (-360, 360).
    pub rotate: f32,
    /// Its left edge as its own keys count it: from the parent's left edge, inside its padding.
    pub left_in_parent: f32,
    /// Its top edge from the parent's.
    pub top_in_parent: f32,
    /// Width of the parent, without padding: 100 % of `left`, `right` and `width`.
    pub parent_width: f32,
    /// Height of the parent, without padding.
    pub parent_height: f32,
    /// A row or column places it: it has no edges of its own.
    pub in_flow: bool,
}

/// One line of a text.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct LineBox {
    /// Left edge of its ink on the canvas.
    pub left: f32,
    /// Top edge.
    pub top: f32,
    /// Width of its ink.
    pub width: f32,
    /// Line height.
    pub height: f32,
    /// First byte of the line in the box's `shown`.
    pub start: usize,
    /// One past its last byte.
    pub end: usize,
}

/// A variable of a template, and what it comes to in this story.
#[derive(Debug, Clone, Serialize)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// `text`, `image`, `video`, `color`, `number`, `date`, `url` or `bool`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// What a form calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The most characters of a text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_chars: Option<usize>,
    /// Its default, as it is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<Written>,
    /// What it is in this story.
    pub value: Json,
}

/// A value with where it comes from.
#[derive(Debug, Clone, Serialize)]
pub struct Written {
    /// The value in the template's own form: `64`, `"50%"`, `"$accent"`; `null` where there is none.
    pub value: Json,
    /// Where it comes from.
    pub origin: Origin,
}

/// The template's variables, with their values in a story.
pub(super) fn variables(template: &Template, context: &Jinja) -> Vec<Variable> {
    let variable = |var: &crate::template::Var| Variable {
        name: var.name.clone(),
        kind: var.kind.as_str(),
        label: var.label.clone(),
        max_chars: var.max_chars,
        default: var.default.as_ref().map(|node| Written {
            value: node.value.to_json(),
            origin: Origin::of(node, template),
        }),
        value: context
            .get_attr(&var.name)
            .ok()
            .and_then(|value| serde_json::to_value(value).ok())
            .unwrap_or_default(),
    };
    template.vars.iter().map(variable).collect()
}

/// The boxes of a story whose layers became `drafts`, and `placed` where they can be painted.
pub(super) fn of(
    template: &Template,
    drafts: &[Draft<'_>],
    placed: &Pairs<'_, '_>,
    canvas: Rect,
    measure: &Measure<'_>,
    stage: &mut Stage<'_>,
) -> Vec<LayerBox> {
    // what is looked at only to be told is no fault of the story, and none of its files
    let (wrong, files) = (stage.wrong.len(), stage.files.len());
    let mut walk = Walk {
        template,
        measure,
        stage,
        boxes: Vec::new(),
    };
    let around = Around {
        content: Some(canvas),
        ..Around::default()
    };
    for layer in &template.layers {
        let draft = drafts.iter().find(|d| std::ptr::eq(d.layer, layer));
        let node = placed
            .iter()
            .find(|(d, _)| std::ptr::eq(d.layer, layer))
            .map(|(_, node)| *node);
        let rect = node.map(|node| node.rect);
        walk.layer(layer, draft, node, rect, &around);
    }
    for (at, table) in template.mentions.iter().enumerate() {
        walk.sticker("mention", at, table, MENTION, canvas);
    }
    for (at, table) in template.links.iter().enumerate() {
        walk.sticker("link", at, table, LINK, canvas);
    }
    let boxes = walk.boxes;
    stage.wrong.truncate(wrong);
    stage.files.truncate(files);
    boxes
}

/// What is around a layer.
#[derive(Default, Clone)]
struct Around {
    /// The parent's box without padding, before anything is turned; none where it cannot be told.
    content: Option<Rect>,
    /// Where the box of a layer begins that nothing tells the place of: behind the one before it.
    spot: Point,
    /// Centres and degrees of the groups around it that are turned, the outermost first.
    turns: Vec<(Point, f32)>,
    hidden: bool,
    /// Its parent is a row or column.
    is_line: bool,
}

struct Walk<'a, 's> {
    template: &'a Template,
    measure: &'a Measure<'a>,
    stage: &'a mut Stage<'s>,
    boxes: Vec<LayerBox>,
}

impl Walk<'_, '_> {
    /// A layer and what is in it. `rect` is its box where the story has laid it out.
    fn layer(
        &mut self,
        layer: &Layer,
        draft: Option<&Draft<'_>>,
        node: Option<&Node>,
        rect: Option<Rect>,
        around: &Around,
    ) {
        let hidden = around.hidden || (draft.is_none() && !draft::is_shown(layer, self.stage));
        let own;
        let draft = match draft {
            Some(draft) => draft,
            None => {
                let known = self.stage.across;
                self.stage.across = around.content.map_or(known, |content| content.w);
                let again = draft::shown(layer, self.stage);
                self.stage.across = known;
                own = again.unwrap_or_else(|| draft::bare(layer, self.stage));
                &own
            }
        };
        let in_flow = around.is_line && draft.axes.iter().all(super::axis::Axis::is_in_flow);
        let (rect, is_told) = match rect {
            Some(rect) => (rect, true),
            None => self.told(draft, in_flow, around),
        };
        let rotate = draft.keys.read(key!(LAYER.rotate as number)) % 360.0;
        let at = placing(rect, rotate, in_flow, around);
        let (shown, lines) = match node.map(|node| &node.content) {
            Some(Content::Text(text)) => {
                let moved = (at.left - rect.x, at.top - rect.y);
                (Some(text.shown.clone()), Some(lines(text, moved)))
            }
            _ => (None, None),
        };
        let place = whole_layer(layer);
        let values = match &draft.sticker {
            // what a sticker is drawn with is no value of its layer
            Some(_) => {
                let keys: Vec<&'static Key> = layer.kind.keys().collect();
                let filled = self.stage.fill(&layer.keys, &keys);
                self.values(layer, &filled)
            }
            None => self.values(layer, &draft.keys),
        };
        self.boxes.push(LayerBox {
            path: layer.path.clone(),
            id: layer.id.clone(),
            kind: layer.kind.as_str(),
            placing: is_told.then_some(at),
            place: at,
            hidden,
            file: place.source.name(),
            span: place.bytes(),
            shown,
            lines,
            values,
        });
        if !layer.children.is_empty() {
            let spot = Point {
                x: rect.x,
                y: rect.y,
            };
            let within = Around {
                hidden,
                spot,
                turns: around.turns.clone(),
                ..Around::default()
            };
            self.children(layer, draft, node, is_told.then_some(rect), rotate, within);
        }
    }

    /// What is in a group. `rect` is the group's box where something tells it, `inside` what is around its children.
    fn children(
        &mut self,
        layer: &Layer,
        draft: &Draft<'_>,
        node: Option<&Node>,
        rect: Option<Rect>,
        rotate: f32,
        mut inside: Around,
    ) {
        let mut layout = draft::Layout::Free;
        let mut boxes = Vec::new();
        if let (Some(rect), What::Group(group)) = (rect, &draft.what) {
            let [top, right, bottom, left] = group.padding;
            layout = group.layout;
            inside.is_line = layout != draft::Layout::Free;
            inside.spot = Point {
                x: rect.x + left,
                y: rect.y + top,
            };
            inside.content = Some(Rect::new(
                inside.spot.x,
                inside.spot.y,
                (rect.w - left - right).max(0.0),
                (rect.h - top - bottom).max(0.0),
            ));
            if rotate != 0.0 {
                inside.turns.push((rect.center(), rotate));
            }
            let placed = node.map_or(0, |node| draft.pairs(node).count());
            if placed < draft.children.len() {
                boxes = self.measure.children(draft, group, rect);
            }
        }
        for child in &layer.children {
            let at = draft
                .children
                .iter()
                .position(|d| std::ptr::eq(d.layer, child));
            let pair = node.and_then(|node| {
                let mut pairs = draft.pairs(node);
                pairs.find(|(d, _)| std::ptr::eq(d.layer, child))
            });
            let rect = match pair {
                Some((_, node)) => Some(node.rect),
                None => at.and_then(|at| boxes.get(at).copied()),
            };
            let node = pair.map(|(_, node)| node);
            self.layer(child, at.map(|at| &draft.children[at]), node, rect, &inside);
            match (layout, rect) {
                (draft::Layout::Row, Some(rect)) => inside.spot.x = rect.x + rect.w,
                (draft::Layout::Column, Some(rect)) => inside.spot.y = rect.y + rect.h,
                _ => {}
            }
        }
    }

    /// The box of a layer that the story has not laid out, and whether something tells its size.
    fn told(&self, draft: &Draft<'_>, in_flow: bool, around: &Around) -> (Rect, bool) {
        let empty = Rect::new(around.spot.x, around.spot.y, 0.0, 0.0);
        let Some(content) = around.content.filter(|_| !in_flow) else {
            return (empty, false);
        };
        let rect = self.measure.rect(draft, content);
        // a box that takes its size from content that is not there has none
        match rect.w > 0.0 && rect.h > 0.0 {
            true => (rect, true),
            false => (empty, false),
        }
    }

    /// The values of all keys that a layer may have.
    fn values(&mut self, layer: &Layer, filled: &Table) -> Map<String, Json> {
        let keys: Vec<&'static Key> = layer.kind.keys().collect();
        let mut values = values(&keys, &layer.keys, filled, self.template);
        let when = key!(LAYER.when);
        if let Some(entry) = layer.keys.written(when) {
            let only = Table {
                entries: vec![entry.clone()],
                place: layer.place.clone(),
            };
            let filled = self.stage.fill(&only, &keys);
            values.extend(self::values(&[when], &only, &filled, self.template));
        }
        values
    }

    /// A sticker that other layers draw: the box of the layer it lies over, or the point to tap.
    fn sticker(
        &mut self,
        kind: &'static str,
        at: usize,
        table: &Table,
        keys: &'static [Key],
        canvas: Rect,
    ) {
        let keys: Vec<&'static Key> = keys.iter().collect();
        let filled = self.stage.fill(table, &keys);
        let over = filled.node(key!(LINK.over)).and_then(grammar::text);
        let under = |id: &str| self.boxes.iter().find(|b| b.id.as_deref() == Some(id));
        let nowhere = || placing(Rect::default(), 0.0, false, &Around::default());
        let (shown_at, told_at, hidden) = match &over {
            Some(id) => under(id).map_or_else(
                || (nowhere(), None, false),
                |b| (b.place, b.placing, b.hidden),
            ),
            None => {
                let position = filled.node(key!(LINK.at)).and_then(grammar::position);
                let point = position.map_or(canvas.center(), |(x, y)| Point {
                    x: x.of(canvas.w),
                    y: y.of(canvas.h),
                });
                let around = Around {
                    content: Some(canvas),
                    ..Around::default()
                };
                let at = placing(around_point(point), 0.0, false, &around);
                (at, Some(at), false)
            }
        };
        let place = whole_table(table);
        self.boxes.push(LayerBox {
            path: format!("{kind}[{at}]"),
            id: None,
            kind,
            placing: told_at,
            place: shown_at,
            hidden,
            file: place.source.name(),
            span: place.bytes(),
            shown: None,
            lines: None,
            values: values(&keys, table, &filled, self.template),
        });
    }
}

/// A box among its turned groups, as one box that is turned about its own centre.
fn placing(rect: Rect, rotate: f32, in_flow: bool, around: &Around) -> Placing {
    let mut center = rect.center();
    let mut degrees = rotate;
    for (about, turn) in around.turns.iter().rev() {
        let (sin, cos) = (libm::sin, libm::cos);
        let angle = f64::from(*turn).to_radians();
        let (dx, dy) = (f64::from(center.x - about.x), f64::from(center.y - about.y));
        center = Point {
            x: about.x + (dx * cos(angle) - dy * sin(angle)) as f32,
            y: about.y + (dx * sin(angle) + dy * cos(angle)) as f32,
        };
        degrees += turn;
    }
    let is_turned = !around.turns.is_empty();
    let parent = around.content.unwrap_or_default();
    Placing {
        left: if is_turned {
            center.x - rect.w / 2.0
        } else {
            rect.x
        },
        top: if is_turned {
            center.y - rect.h / 2.0
        } else {
            rect.y
        },
        width: rect.w,
        height: rect.h,
        rotate: degrees % 360.0,
        left_in_parent: rect.x - parent.x,
        top_in_parent: rect.y - parent.y,
        parent_width: parent.w,
        parent_height: parent.h,
        in_flow,
    }
}

/// The lines of a text, moved with its box.
fn lines(text: &super::Text, moved: (f32, f32)) -> Vec<LineBox> {
    let mut start = 0;
    let words = text.shown.split('\n').map(|line| {
        let bytes = (start, start + line.len());
        start += line.len() + 1;
        bytes
    });
    let line = |(rect, (start, end)): (&Rect, (usize, usize))| LineBox {
        left: rect.x + moved.0,
        top: rect.y + moved.1,
        width: rect.w,
        height: rect.h,
        start,
        end,
    };
    text.lines.iter().zip(words).map(line).collect()
}

/// `{KEY: {value, origin}}` of `keys`: what was filled in, else what is written, else the language's default.
fn values(
    keys: &[&'static Key],
    written: &Table,
    filled: &Table,
    template: &Template,
) -> Map<String, Json> {
    let mut values = Map::new();
    for key in keys {
        if key.name == key!(GROUP.children).name || values.contains_key(key.name) {
            continue;
        }
        let (raw, node) = (written.node(key), filled.node(key));
        let of = match node.or(raw) {
            Some(node) => Written {
                value: node.value.to_json(),
                // what was filled in no longer shows that it was worked out
                origin: match raw {
                    Some(raw) => Origin::of(raw, template),
                    None => Origin::of(node, template),
                },
            },
            None => Written {
                value: default_of(key),
                origin: Origin::DEFAULT,
            },
        };
        values.insert(key.name.to_owned(), json!(of));
    }
    values
}

fn default_of(key: &Key) -> Json {
    use crate::template::language::{Kind, Or};
    match (key.default, key.kind) {
        (Or::Number(number), _) => number_of(number),
        (Or::Word(word), _) => json!(word),
        (Or::Pair(a, b), _) => json!([number_of(a), number_of(b)]),
        (Or::Nothing, Kind::Bool) => json!(false),
        (Or::Nothing, _) => Json::Null,
    }
}

fn number_of(number: f64) -> Json {
    match number.fract() == 0.0 && number.abs() < 1e15 {
        true => json!(number as i64),
        false => json!(number),
    }
}

impl LayerBox {
    /// Whether `layer` is its id, or its path.
    pub fn is_at(&self, layer: &str) -> bool {
        self.id.as_deref() == Some(layer) || self.path == layer
    }
}
