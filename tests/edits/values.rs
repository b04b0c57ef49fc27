//! One value edited: that value, and no other byte.

use serde_json::{Value as Json, json};
use storypress::scene::Edited;
use storypress::template::edit::{Edit, Refused};

use super::{Stage, row};

pub fn edit(stage: &Stage, text: &str, edits: Json) -> Result<Edited, Refused> {
    let edits: Vec<Edit> = edits
        .as_array()
        .expect("a list")
        .iter()
        .map(|edit| Edit::read(edit).expect("an edit"))
        .collect();
    storypress::scene::edit(
        text,
        (&stage.path(), "t.toml".as_ref()),
        &stage.allowed,
        &stage.assets,
        &row(&[]),
        &edits,
    )
}

pub fn value(layer: &str, key: &str, value: Json) -> Json {
    json!([{ "layer": layer, "key": key, "value": value }])
}

#[track_caller]
fn hold(before: &str, edits: Json, after: &str) {
    let stage = Stage::plain();
    match edit(&stage, before, edits.clone()) {
        Ok(edited) => assert_eq!(edited.text, after),
        Err(why) => panic!("{why:?}"),
    }
    // with the line endings of another machine, and its mark
    let other = |text: &str| format!("\u{feff}{}", text.replace('\n', "\r\n"));
    match edit(&stage, &other(before), edits) {
        Ok(edited) => assert_eq!(edited.text, other(after)),
        Err(why) => panic!("{why:?}"),
    }
}

#[track_caller]
fn refused(before: &str, edits: Json, code: &str, word: &str) {
    match edit(&Stage::plain(), before, edits) {
        Err(Refused::Invalid(why)) => {
            assert!(
                why.iter()
                    .any(|d| d.code.as_str() == code && d.message.contains(word)),
                "{why:?}"
            );
        }
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn elsewhere(stage: &Stage, before: &str, edits: Json) -> Json {
    match edit(stage, before, edits) {
        Err(Refused::Elsewhere { origin, .. }) => serde_json::to_value(*origin).expect("JSON"),
        other => panic!("{other:?}"),
    }
}

const SHAPE: &str = "# about\n[[layer]]   # a shape\nid    = 'a'\ntype  = \"shape\"\n  left  = 64 # from the left\ntop = '50%'\nwidth = 100.0\nheight = 40\nfill = { linear = [[\"#000\", 0.0], [\"#fff\", 1.0]], angle = 90 }\n\n[layer.shadow]\nblur = 3\n\n# the end\n";

#[test]
fn every_byte_outside_the_value_stays() {
    for (key, new, old, written) in [
        ("left", json!(80), "left  = 64 #", "left  = 80 #"),
        ("left", json!(80.5), "left  = 64 #", "left  = 80.5 #"),
        ("top", json!(480), "top = '50%'", "top = '25%'"),
        ("top", json!("12%"), "top = '50%'", "top = '12%'"),
        ("width", json!(70), "width = 100.0", "width = 70.0"),
        ("shadow.blur", json!(7), "blur = 3", "blur = 7"),
        ("shadow.x", json!(2), "blur = 3\n", "blur = 3\nx = 2\n"),
        ("fill.angle", json!(45), "angle = 90", "angle = 45"),
        (
            "fill.linear.0.0",
            json!("red"),
            "[\"#000\", 0.0]",
            "[\"red\", 0.0]",
        ),
        (
            "opacity",
            json!(0.5),
            "angle = 90 }\n",
            "angle = 90 }\nopacity = 0.5\n",
        ),
        ("id", json!("b"), "'a'", "'b'"),
    ] {
        hold(
            SHAPE,
            value("a", key, new.clone()),
            &SHAPE.replace(old, written),
        );
        if key != "id" {
            hold(
                SHAPE,
                value("layer[0]", key, new),
                &SHAPE.replace(old, written),
            );
        }
    }
}

#[test]
fn the_files_own_tables_are_edited_too() {
    let text = "extends_not = 1\n[vars]\ntitle = { default = \"x\", max_chars = 9 }\nprice = '€1'\n[canvas]\nbackground = '$ink'\n";
    let text = text
        .replace("extends_not = 1\n", "")
        .replace("$ink", "#123");
    let used = format!("{text}[[layer]]\ntype = 'text'\ntext = '{{{{ title }}}}{{{{ price }}}}'\n");
    for (key, new, old, written) in [
        ("vars.title.default", "y", "\"x\"", "\"y\""),
        ("vars.price.default", "€2", "'€1'", "'€2'"),
        (
            "vars.title.label",
            "T",
            "max_chars = 9 }",
            "max_chars = 9, label = \"T\" }",
        ),
        ("canvas.background", "#456", "'#123'", "'#456'"),
        (
            "caption",
            "words",
            "[vars]",
            "caption = \"words\"\n\n[vars]",
        ),
    ] {
        hold(
            &used,
            value("", key, json!(new)),
            &used.replace(old, written),
        );
    }
    let without = "[[layer]]\ntype = 'shape'\n";
    hold(
        without,
        value("", "canvas.background", json!("#456")),
        "[canvas]\nbackground = \"#456\"\n\n[[layer]]\ntype = 'shape'\n",
    );
}

#[test]
fn the_edge_that_is_written_moves() {
    let shape =
        |keys: &str| format!("[[layer]]\nid = 'a'\ntype = 'shape'\n{keys}height = 40\ntop = 0\n");
    for (keys, key, new, written) in [
        // by its right edge
        (
            "right = 100\nwidth = 200\n",
            "left",
            700,
            "right = 180\nwidth = 200\n",
        ),
        (
            "right = '10%'\nwidth = 200\n",
            "left",
            772,
            "right = '10%'\nwidth = 200\n",
        ),
        (
            "right = '10%'\nwidth = 200\n",
            "left",
            340,
            "right = '50%'\nwidth = 200\n",
        ),
        (
            "right = 100\nwidth = 200\n",
            "width",
            300,
            "right = 100\nwidth = 300\n",
        ),
        (
            "right = 100\nwidth = 200\n",
            "right",
            90,
            "right = 90\nwidth = 200\n",
        ),
        // by two edges
        (
            "left = 100\nright = 200\n",
            "width",
            300,
            "left = 100\nright = 680\n",
        ),
        (
            "left = 100\nright = '20%'\n",
            "width",
            440,
            "left = 100\nright = '50%'\n",
        ),
        (
            "left = 100\nright = 200\n",
            "left",
            50,
            "left = 50\nright = 200\n",
        ),
        // the point that the anchor puts at it
        (
            "left = '50%'\nwidth = 200\nanchor = 'top'\n",
            "left",
            270,
            "left = '25%'\nwidth = 200\nanchor = 'top'\n",
        ),
    ] {
        hold(&shape(keys), value("a", key, json!(new)), &shape(written));
    }
    let down =
        "[[layer]]\nid = 'a'\ntype = 'shape'\nleft = 0\nwidth = 9\nbottom = 100\nheight = 200\n";
    hold(
        down,
        value("a", "top", json!(1000)),
        &down.replace("bottom = 100", "bottom = 720"),
    );
}

#[test]
fn a_text_that_grows_from_its_bottom_moves_with_it() {
    let text = "[[layer]]\nid = 't'\ntype = 'text'\ntext = 'x'\nleft = 64\nright = 64\nbottom = 630\nsize = 100\nline_height = 1.0\n";
    hold(
        text,
        value("t", "top", json!(1000)),
        &text.replace("630", "820"),
    );
    // it has no height of its own afterwards either
    hold(
        text,
        json!([{ "layer": "t", "key": "top", "value": 1000 }, { "layer": "t", "key": "left", "value": 10 }]),
        &text.replace("630", "820").replace("left = 64", "left = 10"),
    );
}

#[test]
fn edges_of_one_box_that_are_edited_at_once_are_one_change() {
    let text =
        "[[layer]]\nid = 'a'\ntype = 'shape'\nright = 100\nwidth = 200\ntop = 0\nheight = 9\n";
    for edits in [
        json!([{ "layer": "a", "key": "left", "value": 500 }, { "layer": "a", "key": "width", "value": 300 }]),
        json!([{ "layer": "a", "key": "width", "value": 300 }, { "layer": "a", "key": "left", "value": 500 }]),
    ] {
        hold(
            text,
            edits,
            &text.replace("right = 100\nwidth = 200", "right = 280\nwidth = 300"),
        );
    }
}

#[test]
fn a_box_is_never_over_determined() {
    let text =
        "[[layer]]\nid = 'a'\ntype = 'shape'\nleft = 100\nwidth = 200\ntop = 0\nheight = 9\n";
    refused(text, value("a", "right", json!(5)), "bad-value", "at once");
    let both =
        "[[layer]]\nid = 'a'\ntype = 'shape'\nleft = 100\nright = 200\ntop = 0\nheight = 9\n";
    refused(
        both,
        value("a", "width", json!("50%")),
        "bad-value",
        "at once",
    );
}

#[test]
fn a_row_places_its_layers_itself() {
    let text = "[[layer]]\nid = 'r'\ntype = 'group'\nlayout = 'row'\nleft = 9\ntop = 9\n[[layer.children]]\nid = 'c'\ntype = 'shape'\nwidth = 9\nheight = 9\n";
    refused(
        text,
        value("c", "left", json!(5)),
        "bad-value",
        "placed by its row",
    );
    refused(
        text,
        json!([{ "op": "place", "layer": "c", "left": 400 }]),
        "bad-value",
        "placed by its row",
    );
    hold(
        text,
        value("c", "width", json!(20)),
        &text.replace("width = 9", "width = 20"),
    );
    let own = text.replace("height = 9\n", "height = 9\nleft = 3\n");
    hold(
        &own,
        value("c", "left", json!(5)),
        &own.replace("left = 3", "left = 5"),
    );
}

#[test]
fn percentages_in_groups_are_of_the_group() {
    let text = "[[layer]]\nid = 'g'\ntype = 'group'\nleft = 100\nwidth = 500\ntop = 100\nheight = 300\npadding = [0, 50]\n[[layer.children]]\nid = 'c'\ntype = 'shape'\nleft = '10%'\nwidth = 10\nbottom = 0\nheight = '50%'\nradius = '50%'\n";
    hold(
        text,
        value("c", "left", json!(100)),
        &text.replace("'10%'", "'25%'"),
    );
    hold(
        text,
        value("c", "height", json!(75)),
        &text.replace("height = '50%'", "height = '25%'"),
    );
    hold(
        text,
        value("c", "top", json!(100)),
        &text.replace("bottom = 0", "bottom = 50"),
    );
    hold(
        text,
        value("c", "radius", json!(1)),
        &text.replace("radius = '50%'", "radius = '10%'"),
    );
}

#[test]
fn a_box_is_put_where_it_was_dragged_to() {
    let shape =
        |keys: &str| format!("[[layer]]\nid = 'a'\ntype = 'shape'\n{keys}top = 0\nheight = 40\n");
    let place = |spot: Json| {
        let mut edit = json!({ "op": "place", "layer": "a" });
        for (key, value) in spot.as_object().unwrap() {
            edit[key] = value.clone();
        }
        json!([edit])
    };
    for (keys, spot, written) in [
        (
            "left = 10\nwidth = 200\n",
            json!({ "left": 30 }),
            "left = 30\nwidth = 200\n",
        ),
        (
            "left = '50%'\nwidth = 200\nanchor = 'top'\n",
            json!({ "left": 170 }),
            "left = '25%'\nwidth = 200\nanchor = 'top'\n",
        ),
        (
            "left = 100\nright = 200\n",
            json!({ "left": 150 }),
            "left = 150\nright = 150\n",
        ),
        (
            "right = 100\nwidth = 200\n",
            json!({ "left": 700, "width": 280 }),
            "right = 100\nwidth = 280\n",
        ),
    ] {
        hold(&shape(keys), place(spot), &shape(written));
    }
    // a box that fills its parent gets a size, so that it does not vanish
    hold(
        &shape(""),
        place(json!({ "left": 40 })),
        &format!("{}left = 40\nwidth = 1080\n", shape("")),
    );
    // in a turned group, the corner goes where the pointer is
    let turned = "[[layer]]\nid = 'g'\ntype = 'group'\nrotate = 90\nleft = 0\ntop = 0\nwidth = 1000\nheight = 1000\n[[layer.children]]\nid = 'a'\ntype = 'shape'\nleft = 100\ntop = 100\nwidth = 100\nheight = 100\n";
    let stage = Stage::plain();
    let at = |text: &str| {
        let inspected = stage.inspect(text);
        inspected
            .boxes
            .iter()
            .find(|b| b.is_at("a"))
            .and_then(|b| b.placing)
            .expect("a place")
    };
    let was = at(turned);
    let spot = json!({ "left": was.left + 30.0, "top": was.top - 20.0, "rotate": 100 });
    let edited = edit(&stage, turned, place(spot)).expect("a text");
    let is = at(&edited.text);
    assert!(
        (is.left - was.left - 30.0).abs() < 0.1 && (is.top - was.top + 20.0).abs() < 0.1,
        "{was:?} {is:?}"
    );
    assert!((is.rotate - 100.0).abs() < 0.1);
    assert!(edited.text.contains("rotate = 10\n"), "{}", edited.text);
}

#[test]
fn what_stands_elsewhere_is_written_only_over_it() {
    let stage = Stage::plain();
    let base = "[vars]\ntitle = { default = 'x', max_chars = 9 }\n[canvas]\nbackground = '#123'\n[[layer]]\nid = 'a'\ntype = 'text'\ntext = '{{ title }}'\nleft = '10%'\nshadow = { blur = 3, x = 1 }\n[[layer]]\nid = 'g'\ntype = 'group'\n[[layer.children]]\nid = 'in'\ntype = 'shape'\nwidth = 5\n[[layer]]\ntype = 'shape'\nwidth = 9\n";
    stage.write("base.toml", base);
    let text = "extends = 'base.toml'\n\n[[layer]]\nid = 'a'\ntop = 5\n";
    for (layer, key) in [
        ("a", "left"),
        ("a", "shadow.blur"),
        ("a", "shadow.y"),
        ("in", "width"),
        ("in", "opacity"),
        ("", "vars.title.default"),
        ("", "canvas.background"),
    ] {
        let origin = elsewhere(&stage, text, value(layer, key, json!(3)));
        assert_eq!(origin["kind"], "base", "{layer} {key}");
        assert_eq!(origin["file"], "base.toml");
        assert!(origin["span"]["end"].as_u64() > Some(0));
    }
    let origin = elsewhere(&stage, text, value("a", "text", json!("new")));
    assert_eq!(
        (&origin["kind"], &origin["computed"]),
        (&json!("base"), &json!(true))
    );
    let over = |layer: &str, key: &str, value: Json| {
        let edits = json!([{ "layer": layer, "key": key, "value": value, "override": true }]);
        edit(&stage, text, edits).expect("a text").text
    };
    assert_eq!(
        over("a", "left", json!(540)),
        format!("{text}left = \"50%\"\n")
    );
    assert_eq!(
        over("a", "text", json!("new")),
        format!("{text}text = \"new\"\n")
    );
    assert_eq!(
        over("a", "shadow.blur", json!(7)),
        format!("{text}shadow = {{ blur = 7, x = 1 }}\n")
    );
    assert_eq!(
        over("", "canvas.background", json!("#456")),
        "extends = 'base.toml'\n\n[canvas]\nbackground = \"#456\"\n\n[[layer]]\nid = 'a'\ntop = 5\n"
    );
    assert_eq!(
        over("", "vars.title.default", json!("y")),
        "extends = 'base.toml'\n\n[vars]\ntitle = { default = \"y\" }\n\n[[layer]]\nid = 'a'\ntop = 5\n"
    );
    assert_eq!(
        over("g", "opacity", json!(0.5)),
        format!("{text}\n[[layer]]\nid = \"g\"\nopacity = 0.5\n")
    );
    assert_eq!(
        over("in", "width", json!(7)),
        format!("{text}\n[[layer]]\nid = \"g\"\n\n[[layer.children]]\nid = \"in\"\nwidth = 7\n")
    );
    // a key that nobody wrote is no more than added
    assert_eq!(
        edit(&stage, text, value("a", "opacity", json!(0.5)))
            .unwrap()
            .text,
        format!("{text}opacity = 0.5\n")
    );
    // a layer of the base without an id cannot be named here
    let edits = json!([{ "layer": "layer[2]", "key": "width", "value": 7, "override": true }]);
    match edit(&stage, text, edits) {
        Err(Refused::Invalid(why)) => assert!(why[0].message.contains("no `id`"), "{why:?}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_expression_is_not_written_over_unasked() {
    let text = "[vars]\nn = { type = 'number', default = 3 }\n[[layer]]\nid = 'a'\ntype = 'shape'\nleft = \"{{ n }}\"\n";
    let origin = elsewhere(&Stage::plain(), text, value("a", "left", json!(5)));
    assert_eq!(
        (&origin["kind"], &origin["computed"]),
        (&json!("here"), &json!(true))
    );
    let over = json!([{ "layer": "a", "key": "left", "value": 5, "override": true }]);
    // the variable is not used any more: a warning, no error
    let edited = edit(&Stage::plain(), text, over).expect("a text");
    assert_eq!(edited.text, text.replace("\"{{ n }}\"", "5"));
    assert!(
        edited
            .diagnostics
            .iter()
            .any(|d| d.code.as_str() == "unused-variable")
    );
}

#[test]
fn what_would_be_wrong_is_refused_with_its_diagnostic() {
    refused(SHAPE, value("a", "widht", json!(5)), "unknown-key", "widht");
    refused(
        SHAPE,
        value("a", "opacity", json!("much")),
        "bad-value",
        "opacity",
    );
    refused(
        SHAPE,
        value("a", "fill", json!("$nothing")),
        "bad-value",
        "$nothing",
    );
    refused(
        SHAPE,
        value("b", "left", json!(5)),
        "bad-value",
        "no layer `b`",
    );
    refused(
        SHAPE,
        value("a", "type.x", json!(5)),
        "bad-value",
        "has no keys",
    );
    refused(SHAPE, value("a", "", json!(5)), "bad-value", "names a key");
    refused(
        SHAPE,
        value("", "layer", json!([])),
        "bad-value",
        "one by one",
    );
    refused("[[layer]\n", value("a", "left", json!(5)), "syntax", "");
    // what was wrong before is no reason
    let wrong = SHAPE.replace("height = 40", "heigth = 40");
    let edited = edit(&Stage::plain(), &wrong, value("a", "left", json!(1))).expect("a text");
    assert!(
        edited
            .diagnostics
            .iter()
            .any(|d| d.code.as_str() == "unknown-key")
    );
    // all edits or none
    let two = json!([{ "layer": "a", "key": "left", "value": 1 }, { "layer": "a", "key": "nothing", "value": 1 }]);
    refused(SHAPE, two, "unknown-key", "nothing");
}

#[test]
fn null_takes_a_value_out() {
    hold(
        SHAPE,
        value("a", "left", Json::Null),
        &SHAPE.replace("  left  = 64 # from the left\n", ""),
    );
    hold(
        SHAPE,
        value("a", "shadow", Json::Null),
        &SHAPE.replace("[layer.shadow]\nblur = 3\n", ""),
    );
}

#[test]
fn layers_are_edited_however_they_are_written() {
    for (before, after) in [
        (
            "layer = [\n  # one\n  { id = 'a', type = 'shape', width = 5 }, # c\n]\n",
            "layer = [\n  # one\n  { id = 'a', type = 'shape', width = 9 }, # c\n]\n",
        ),
        (
            "[[layer]]\ntype = 'group'\nchildren = [{ type = 'shape', id = 'a' , width=5 }]\n",
            "[[layer]]\ntype = 'group'\nchildren = [{ type = 'shape', id = 'a' , width=9 }]\n",
        ),
        (
            "[[ layer ]]\n'id' = 'a'\ntype='shape'\n\"width\" =5",
            "[[ layer ]]\n'id' = 'a'\ntype='shape'\n\"width\" =9",
        ),
    ] {
        hold(before, value("a", "width", json!(9)), after);
    }
    let text = "[[mention]]\nusername = 'ana'\nat = ['50%', 300]\n[canvas]\nbackground = '#000'\n";
    hold(
        text,
        value("mention[0]", "at", json!([270, 400])),
        &text.replace("['50%', 300]", "['25%', 400]"),
    );
}
