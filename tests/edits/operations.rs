//! Whole layers inserted, deleted, moved, duplicated, grouped; and any edit of any template.

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use serde_json::{Value as Json, json};
use storypress::batch::{self, Selection};
use storypress::project;
use storypress::scene::{Edited, inspect};
use storypress::template::edit::{Edit, Refused};
use storypress::template::load_text;

use super::values::{edit, value};
use super::{Stage, row};

const TEXT: &str = "# file\n\n[canvas]\nbackground = '#000'\n\n# --- pictures ---\n\n# the first\n[[layer]]\nid = 'a'\ntype = 'shape' # c\nwidth = 1\n# still a\n\n# the group\n[[layer]]\nid = 'g'\ntype = 'group'\n\n# inside\n[[layer.children]]\nid = 'in'\ntype = 'shape'\n[layer.children.shadow]\nblur = 1 # soft\n\n# --- words ---\n\n[[layer]]\nid = 'z'\ntype = 'text'\ntext = 'z'\n";

#[track_caller]
fn hold(before: &str, edits: Json, after: &str) {
    for ending in ["\n", "\r\n"] {
        let (before, after) = (before.replace('\n', ending), after.replace('\n', ending));
        match edit(&Stage::plain(), &before, edits.clone()) {
            Ok(edited) => assert_eq!(edited.text, after),
            Err(why) => panic!("{why:?}"),
        }
    }
}

#[track_caller]
fn refused(before: &str, edits: Json, word: &str) {
    match edit(&Stage::plain(), before, edits) {
        Err(Refused::Invalid(why)) => assert!(why[0].message.contains(word), "{why:?}"),
        other => panic!("{other:?}"),
    }
}

const A: &str = "# the first\n[[layer]]\nid = 'a'\ntype = 'shape' # c\nwidth = 1\n# still a\n";
const G: &str = "# the group\n[[layer]]\nid = 'g'\ntype = 'group'\n\n# inside\n[[layer.children]]\nid = 'in'\ntype = 'shape'\n[layer.children.shadow]\nblur = 1 # soft\n";
const Z: &str = "[[layer]]\nid = 'z'\ntype = 'text'\ntext = 'z'\n";
const TOP: &str = "# file\n\n[canvas]\nbackground = '#000'\n\n# --- pictures ---\n\n";

#[test]
fn a_deleted_layer_takes_its_comments_and_children_along() {
    assert_eq!(TEXT, format!("{TOP}{A}\n{G}\n# --- words ---\n\n{Z}"));
    let delete = |layer: &str| json!([{ "op": "delete", "layer": layer }]);
    hold(
        TEXT,
        delete("a"),
        &format!("{TOP}{G}\n# --- words ---\n\n{Z}"),
    );
    hold(
        TEXT,
        delete("g"),
        &format!("{TOP}{A}\n# --- words ---\n\n{Z}"),
    );
    hold(
        TEXT,
        delete("z"),
        &format!("{TOP}{A}\n{G}\n# --- words ---\n"),
    );
    hold(TEXT, delete("in"), &TEXT.replace("# inside\n[[layer.children]]\nid = 'in'\ntype = 'shape'\n[layer.children.shadow]\nblur = 1 # soft\n\n", ""));
    let tagged = format!("{TEXT}[[mention]]\nusername = 'x'\nover = 'a'\n");
    refused(&tagged, delete("a"), "no layer `a`");
}

#[test]
fn layers_move_with_all_that_is_theirs() {
    let to =
        |layer: &str, at: &str, other: &str| json!([{ "op": "move", "layer": layer, at: other }]);
    hold(
        TEXT,
        to("a", "after", "z"),
        &format!("{TOP}{G}\n# --- words ---\n\n{Z}\n{A}"),
    );
    hold(
        TEXT,
        json!([{ "op": "move", "layer": "a" }]),
        &format!("{TOP}{G}\n# --- words ---\n\n{Z}\n{A}"),
    );
    hold(
        TEXT,
        to("z", "before", "a"),
        &format!("{TOP}{Z}\n{A}\n{G}\n# --- words ---\n"),
    );
    hold(
        TEXT,
        to("a", "into", "g"),
        &format!(
            "{TOP}{G}\n{}\n# --- words ---\n\n{Z}",
            A.replace("[[layer]]", "[[layer.children]]")
        ),
    );
    let inside = "# inside\n[[layer.children]]\nid = 'in'\ntype = 'shape'\n[layer.children.shadow]\nblur = 1 # soft\n";
    let out = inside.replace("layer.children", "layer");
    hold(
        TEXT,
        to("in", "before", "g"),
        &TEXT
            .replace(&format!("\n{inside}"), "")
            .replace("# the group", &format!("{out}\n# the group")),
    );
    hold(TEXT, to("a", "after", "a"), TEXT);
    refused(TEXT, to("g", "into", "g"), "into itself");
    refused(TEXT, to("g", "after", "in"), "into itself");
    refused(TEXT, to("g", "into", "a"), "is no group");
}

#[test]
fn a_copy_has_ids_of_its_own() {
    hold(
        TEXT,
        json!([{ "op": "duplicate", "layer": "a" }]),
        &format!(
            "{TOP}{A}\n{}\n{G}\n# --- words ---\n\n{Z}",
            A.replace("'a'", "'a-2'")
        ),
    );
    let copy = G.replace("'g'", "'g-2'").replace("'in'", "'in-2'");
    hold(
        TEXT,
        json!([{ "op": "duplicate", "layer": "g" }]),
        &format!("{TOP}{A}\n{G}\n{copy}\n# --- words ---\n\n{Z}"),
    );
    let twice = json!([{ "op": "duplicate", "layer": "a" }, { "op": "duplicate", "layer": "a-2" }]);
    let edited = edit(&Stage::plain(), TEXT, twice).expect("a text");
    assert!(edited.text.contains("'a-3'"));
}

#[test]
fn a_new_layer_is_written_as_a_person_would() {
    let new = json!({ "op": "insert", "type": "text", "id": "n", "values": { "text": "new", "left": 9, "shadow": { "blur": 2 } }, "before": "g" });
    hold(
        TEXT,
        json!([new]),
        &format!(
            "{TOP}{A}\n[[layer]]\nid = \"n\"\ntype = \"text\"\ntext = \"new\"\nleft = 9\nshadow = {{ blur = 2 }}\n\n{G}\n# --- words ---\n\n{Z}"
        ),
    );
    hold(
        TEXT,
        json!([{ "op": "insert", "type": "shape", "into": "g" }]),
        &format!("{TOP}{A}\n{G}\n[[layer.children]]\ntype = \"shape\"\n\n# --- words ---\n\n{Z}"),
    );
    let first = json!([{ "op": "insert", "type": "shape" }]);
    let edited = edit(&Stage::plain(), "", first).expect("a text");
    assert_eq!(edited.text, "[[layer]]\ntype = \"shape\"\n");
    hold(
        "[canvas]\nbackground = '#000'\n[[mention]]\nusername = 'x'\n",
        json!([{ "op": "insert", "layer": { "type": "group", "children": [{ "type": "shape" }] } }]),
        "[canvas]\nbackground = '#000'\n\n[[layer]]\ntype = \"group\"\n\n[[layer.children]]\ntype = \"shape\"\n\n[[mention]]\nusername = 'x'\n",
    );
    refused(
        TEXT,
        json!([{ "op": "insert", "type": "text" }]),
        "needs `text`",
    );
    refused(
        TEXT,
        json!([{ "op": "insert", "type": "shape", "values": { "id": "a" } }]),
        "two layers",
    );
}

#[test]
fn layers_in_brackets_are_moved_too() {
    let list = "layer = [\n  # one\n  { id = 'a', type = 'shape' }, # c\n  { id = 'g', type = 'group', children = [{ id = 'in', type = 'shape' }] }\n]\n";
    hold(
        list,
        json!([{ "op": "delete", "layer": "a" }]),
        "layer = [\n  { id = 'g', type = 'group', children = [{ id = 'in', type = 'shape' }] }\n]\n",
    );
    hold(
        list,
        json!([{ "op": "move", "layer": "a", "after": "g" }]),
        "layer = [\n  { id = 'g', type = 'group', children = [{ id = 'in', type = 'shape' }] },\n  # one\n  # c\n  { id = 'a', type = 'shape' },\n]\n",
    );
    hold(
        list,
        json!([{ "op": "duplicate", "layer": "in" }]),
        &list.replace(
            "{ id = 'in', type = 'shape' }",
            "{ id = 'in', type = 'shape' }, { id = 'in-2', type = 'shape' }",
        ),
    );
    hold(
        list,
        json!([{ "op": "insert", "type": "shape", "into": "g" }]),
        &list.replace(
            "{ id = 'in', type = 'shape' }",
            "{ id = 'in', type = 'shape' }, { type = \"shape\" }",
        ),
    );
    let mixed = "[[layer]]\nid = 'g'\ntype = 'group'\nchildren = [{ id = 'in', type = 'shape', shadow.blur = 1 }]\n\n# note\n[[layer]]\nid = 'a'\ntype = 'shape'\n[layer.shadow]\nblur = 2 # soft\n";
    hold(
        mixed,
        json!([{ "op": "move", "layer": "in", "after": "g" }]),
        "[[layer]]\nid = 'g'\ntype = 'group'\nchildren = []\n\n[[layer]]\nid = 'in'\ntype = 'shape'\nshadow.blur = 1\n\n# note\n[[layer]]\nid = 'a'\ntype = 'shape'\n[layer.shadow]\nblur = 2 # soft\n",
    );
    hold(
        mixed,
        json!([{ "op": "move", "layer": "a", "into": "g" }]),
        "[[layer]]\nid = 'g'\ntype = 'group'\nchildren = [{ id = 'in', type = 'shape', shadow.blur = 1 },\n  # note\n  # soft\n  { id = 'a', type = 'shape', shadow = { blur = 2 } }]\n",
    );
}

#[test]
fn a_group_keeps_every_box_where_it_is() {
    let text = "[[layer]]\nid = 'a'\ntype = 'shape'\nleft = '10%'\nwidth = 100\ntop = 100\nheight = 100\n\n# over it\n[[layer]]\nid = 'b'\ntype = 'text'\ntext = 'some words'\nright = 64\nbottom = 300\n\n[[layer]]\nid = 'c'\ntype = 'shape'\nleft = '50%'\nanchor = 'center'\nwidth = 9\ntop = '50%'\nheight = 9\nrotate = 5\n";
    let stage = Stage::plain();
    let was = stage.inspect(text);
    let edited = edit(
        &stage,
        text,
        json!([{ "op": "group", "layers": ["c", "a"] }]),
    )
    .expect("a text");
    let is = stage.inspect(&edited.text);
    for layer in ["a", "b", "c"] {
        let at = |of: &storypress::scene::Inspected| {
            of.boxes
                .iter()
                .find(|b| b.is_at(layer))
                .unwrap()
                .placing
                .unwrap()
        };
        let (was, is) = (at(&was), at(&is));
        assert_eq!(
            (was.left, was.top, was.width, was.height, was.rotate),
            (is.left, is.top, is.width, is.height, is.rotate),
            "{layer}"
        );
    }
    let paths: Vec<_> = is
        .boxes
        .iter()
        .map(|b| (b.id.as_deref().unwrap(), b.path.as_str()))
        .collect();
    assert_eq!(
        paths,
        [
            ("b", "layer[0]"),
            ("group", "layer[1]"),
            ("a", "layer[1].children[0]"),
            ("c", "layer[1].children[1]")
        ]
    );
    assert!(edited.text.contains("# over it\n[[layer]]\nid = 'b'"));
    let line = "[[layer]]\nid = 'r'\ntype = 'group'\nlayout = 'row'\ngap = 9\nleft = 5\ntop = 5\n[[layer.children]]\nid = 'a'\ntype = 'shape'\nwidth = 20\nheight = 20\n[[layer.children]]\nid = 'b'\ntype = 'shape'\nwidth = 30\nheight = 30\n";
    refused(
        line,
        json!([{ "op": "group", "layers": ["a", "b"] }]),
        "would not stay",
    );
    refused(
        TEXT,
        json!([{ "op": "group", "layers": ["a", "in"] }]),
        "different groups",
    );
}

#[test]
fn layers_of_a_base_stay_in_it() {
    let stage = Stage::plain();
    stage.write(
        "base.toml",
        "[[layer]]\nid = 'a'\ntype = 'shape'\nwidth = 3\n[[layer]]\nid = 'b'\ntype = 'shape'\n",
    );
    let text = "extends = 'base.toml'\n\n[[layer]]\nid = 'a'\nwidth = 5\n\n[[layer]]\nid = 'own'\ntype = 'shape'\n";
    for edits in [
        json!([{ "op": "delete", "layer": "a" }]),
        json!([{ "op": "delete", "layer": "b" }]),
        json!([{ "op": "move", "layer": "own", "before": "b" }]),
        json!([{ "op": "duplicate", "layer": "b" }]),
        json!([{ "op": "group", "layers": ["own", "a"] }]),
    ] {
        match edit(&stage, text, edits.clone()) {
            Err(Refused::Elsewhere { origin, .. }) => {
                let origin = serde_json::to_value(*origin).unwrap();
                assert_eq!(origin["kind"], "base", "{edits}");
                assert_eq!(origin["file"], "base.toml", "{edits}");
            }
            other => panic!("{edits}: {other:?}"),
        }
    }
    // a layer of a base is left out with `when`
    let out = json!([{ "layer": "b", "key": "when", "value": false, "override": true }]);
    assert_eq!(
        edit(&stage, text, out).unwrap().text,
        format!("{text}\n[[layer]]\nid = \"b\"\nwhen = false\n")
    );
    let own = json!([{ "op": "delete", "layer": "own" }]);
    assert_eq!(
        edit(&stage, text, own).unwrap().text,
        "extends = 'base.toml'\n\n[[layer]]\nid = 'a'\nwidth = 5\n"
    );
}

#[test]
fn edits_that_cannot_be_read_say_why() {
    for (bad, word) in [
        (json!(3), "object"),
        (
            json!({ "op": "explode", "layer": "a" }),
            "no operation `explode`",
        ),
        (json!({ "layer": "a", "key": "left" }), "`value`"),
        (
            json!({ "layer": "a", "key": "left", "value": 3, "overide": true }),
            "overide",
        ),
        (
            json!({ "op": "move", "layer": "a", "after": "b", "into": "c" }),
            "one of",
        ),
        (json!({ "op": "delete" }), "`layer`"),
        (json!({ "op": "insert" }), "`type`"),
        (
            json!({ "op": "place", "layer": "a", "width": -3 }),
            "smaller than nothing",
        ),
        (
            json!({ "op": "place", "layer": "a", "left": "3" }),
            "number",
        ),
    ] {
        let why = Edit::read(&bad).expect_err("no edit");
        assert!(why.contains(word), "{bad}: {why}");
    }
}

/// The templates that come with the program, and the project around each.
fn samples() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = Vec::new();
    for folder in ["templates", "assets/new/templates"] {
        let files = std::fs::read_dir(root.join(folder)).expect("samples");
        let files = files.map(|file| file.expect("a file").path());
        all.extend(files.filter(|file| file.extension().is_some_and(|e| e == "toml")));
    }
    all.sort();
    all
}

/// A sample with what its project shares.
struct Sample {
    path: PathBuf,
    text: String,
    plan: batch::Plan,
}

impl Sample {
    fn of(path: &Path) -> Self {
        let project = project::of(None, path).expect("a project");
        let plan = batch::plan(&Selection::of(path), project).expect("a plan");
        Self {
            path: path.to_owned(),
            text: std::fs::read_to_string(path).expect("a text"),
            plan,
        }
    }

    fn edit(&self, text: &str, edits: &Json) -> Result<Edited, Refused> {
        let edits = edits.as_array().expect("a list").iter();
        let edits: Vec<Edit> = edits.map(|e| Edit::read(e).expect("an edit")).collect();
        let ready = &self.plan.templates[0];
        let folder = self.path.parent().expect("a folder");
        let allowed = self.plan.project.allowed_paths(folder);
        storypress::scene::edit(
            text,
            (&self.path, &self.path),
            &allowed,
            &ready.assets,
            &row(&[]),
            &edits,
        )
    }

    /// Every value that stands in the text as itself: layer, key, value, the bytes it takes.
    fn values(&self, text: &str) -> Vec<(String, String, Json, std::ops::Range<usize>)> {
        let folder = self.path.parent().expect("a folder");
        let allowed = self.plan.project.allowed_paths(folder);
        let (template, _) = load_text(text, &self.path, &self.path, &allowed).expect("a text");
        let inspected = inspect(&template, &row(&[]), &self.plan.templates[0].assets);
        let mut all = Vec::new();
        for found in &inspected.boxes {
            for (key, value) in &found.values {
                let origin = &value["origin"];
                if origin["kind"] != "here" || origin.get("computed").is_some() {
                    continue;
                }
                let at = |name: &str| origin["span"][name].as_u64().expect("a byte") as usize;
                let layer = found.id.clone().unwrap_or_else(|| found.path.clone());
                all.push((
                    layer,
                    key.clone(),
                    value["value"].clone(),
                    at("start")..at("end"),
                ));
            }
        }
        all
    }
}

/// Another value of the same kind.
fn other(key: &str, value: &Json) -> Option<Json> {
    match value {
        Json::Number(number) if number.is_i64() => Some(json!(number.as_i64()? + 1)),
        Json::Number(number) => Some(json!(number.as_f64()? * 0.5 + 0.125)),
        Json::String(text) if text.ends_with('%') => Some(json!("37%")),
        Json::String(text) if text.starts_with(['$', '#']) => Some(json!("#123456")),
        Json::String(_) if key == "text" => Some(json!("other words")),
        Json::String(_) if key == "rotate" => None,
        Json::Bool(flag) => Some(json!(!flag)),
        Json::Array(items) => {
            let items: Option<Vec<Json>> = items.iter().map(|item| other(key, item)).collect();
            items.map(Json::Array)
        }
        _ => None,
    }
}

/// Every value of every sample, edited: no other byte changes, and the edit back gives the first text.
#[test]
fn any_value_of_any_sample_is_edited_alone_and_back() {
    let mut count = 0;
    for path in samples()
        .iter()
        .filter(|p| !p.file_name().unwrap().to_string_lossy().starts_with('_'))
    {
        let sample = Sample::of(path);
        for (layer, key, old, span) in sample.values(&sample.text) {
            let Some(new) = other(&key, &old) else {
                continue;
            };
            let there = match sample.edit(&sample.text, &value(&layer, &key, new.clone())) {
                Ok(edited) => edited.text,
                // a value that its key does not take, such as a weight of 1001
                Err(Refused::Invalid(_)) => continue,
                Err(why) => panic!("{}: {layer} {key}: {why:?}", path.display()),
            };
            let tail = sample.text.len() - span.end;
            assert_eq!(
                there[..span.start],
                sample.text[..span.start],
                "{layer} {key}"
            );
            assert_eq!(
                there[there.len() - tail..],
                sample.text[span.end..],
                "{layer} {key}"
            );
            assert_ne!(there, sample.text, "{layer} {key}");
            let back = sample
                .edit(&there, &value(&layer, &key, old))
                .expect("the way back")
                .text;
            assert_eq!(back, sample.text, "{}: {layer} {key}", path.display());
            count += 1;
        }
    }
    assert!(count > 300, "{count}");
}

fn comments(text: &str) -> Vec<String> {
    let mut all: Vec<String> = text
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with('#'))
        .map(str::to_owned)
        .collect();
    all.sort();
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]
    /// Operations in any order lose no comment but those of a deleted layer, and leave a template that is right.
    #[test]
    fn random_operations_lose_nothing(
        sample in 0..5usize,
        steps in proptest::collection::vec((0..5u8, any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..5),
        crlf in any::<bool>(),
    ) {
        const TEXTS: [&str; 5] = [
            TEXT,
            "layer = [\n  # one\n  { id = 'a', type = 'shape' }, # c\n  { id = 'g', type = 'group', children = [{ id = 'in', type = 'shape' }] }\n]\n",
            "[[layer]]\nid = 'g'\ntype = 'group'\nchildren = [{ id = 'in', type = 'shape', shadow.blur = 1 }]\n\n# note\n[[layer]]\nid = 'a'\ntype = 'shape'\n[layer.shadow]\nblur = 2 # soft",
            "# top\n[[layer]]\ntype = 'group'\n  # deep\n  [[layer.children]]\n  type = 'group'\n    # deeper\n    [[layer.children.children]]\n    type = 'text'\n    text = '''\n# no comment\n'''\n# end\n",
            "[[layer]]\ntype = 'shape'\n[[layer]]\ntype = 'shape'\n# last\n[canvas]\nbackground = '#000'",
        ];
        let stage = Stage::plain();
        let mut text = TEXTS[sample].to_owned();
        if crlf {
            text = text.replace('\n', "\r\n");
        }
        for (op, one, two) in steps {
            let inspected = stage.inspect(&text);
            let layers: Vec<&storypress::scene::LayerBox> = inspected.boxes.iter().collect();
            if layers.is_empty() { break; }
            let name = |index: &prop::sample::Index| layers[index.index(layers.len())].path.clone();
            let (one, two) = (name(&one), name(&two));
            let edits = match op {
                0 => json!([{ "op": "delete", "layer": one }]),
                1 => json!([{ "op": "move", "layer": one, "after": two }]),
                2 => json!([{ "op": "move", "layer": one, "into": two }]),
                3 => json!([{ "op": "duplicate", "layer": one }]),
                _ => json!([{ "op": "group", "layers": [one, two] }]),
            };
            match edit(&stage, &text, edits.clone()) {
                Ok(edited) => {
                    let (was, is) = (comments(&text), comments(&edited.text));
                    if op != 0 {
                        for comment in &was {
                            let count = |of: &[String]| of.iter().filter(|c| *c == comment).count();
                            // behind a value or on a line of its own
                            prop_assert!(edited.text.contains(comment.as_str()) && (op == 3 || count(&is) >= count(&was) || edited.text.matches(comment.as_str()).count() >= count(&was)), "{edits}\n{text}\n---\n{}", edited.text);
                        }
                    }
                    prop_assert!(!edited.diagnostics.iter().any(storypress::diag::Diagnostic::is_error), "{:?}", edited.diagnostics);
                    if crlf {
                        prop_assert!(!edited.text.replace("\r\n", "").contains('\n'), "{edits}\n{:?}", edited.text);
                    }
                    text = edited.text;
                }
                Err(Refused::Invalid(_)) => {}
                Err(why) => prop_assert!(false, "{why:?}"),
            }
        }
    }

    /// No text and no edit makes it panic, and what it does to a text with faults it does not hide.
    #[test]
    fn hostile_texts_are_refused_or_edited(
        text in "(\\[\\[?layer\\]?\\]|\\[canvas\\]|layer = \\[|id = 'a'|type = 'group'|children = \\[\\{|\\}|\\]|#|\"\"\"|'''|,|a\\.b = 1|\n|\r\n|\u{feff}|é| ){0,24}",
        key in "(left|shadow.blur|a\\.b|\\.|id|fill.linear.0|children){1,2}",
        op in 0..4u8,
    ) {
        let edits = match op {
            0 => json!([{ "layer": "a", "key": key, "value": 3, "override": true }]),
            1 => json!([{ "op": "delete", "layer": "layer[0]" }]),
            2 => json!([{ "op": "insert", "type": "shape" }]),
            _ => json!([{ "op": "duplicate", "layer": "layer[0]" }]),
        };
        let _ = edit(&Stage::plain(), &text, edits);
    }
}
