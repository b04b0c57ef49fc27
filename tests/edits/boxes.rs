//! Boxes are where the pixels are; values know where they come from.

use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value as Json, json};
use storypress::frame;
use storypress::scene::{Inspected, LayerBox};
use storypress::template::Brand;

use super::{Stage, row};

fn by<'a>(inspected: &'a Inspected, layer: &str) -> &'a LayerBox {
    inspected
        .boxes
        .iter()
        .find(|b| b.is_at(layer))
        .unwrap_or_else(|| panic!("no box of {layer}"))
}

/// Left, top, right, bottom of the pixels of a colour, by their centres' moments: the middle and the area of a turned
/// box are told from them without its corners.
struct Seen {
    middle: (f64, f64),
    area: f64,
    edges: (f64, f64, f64, f64),
}

fn seen(inspected: &Inspected, rgb: [u8; 3]) -> Seen {
    let scene = inspected.scene.as_ref().expect("a scene");
    let painted = frame::paint(scene, Duration::ZERO);
    let width = painted.width() as usize;
    let (mut x, mut y, mut area) = (0.0, 0.0, 0.0);
    let mut edges = (f64::MAX, f64::MAX, f64::MIN, f64::MIN);
    for (at, pixel) in painted.rgba().chunks_exact(4).enumerate() {
        // the colour lies on black: how bright it is says how much of the pixel it covers
        let most = rgb.iter().position(|c| *c == 255).expect("a full channel");
        let share = f64::from(pixel[most]) / 255.0;
        if share == 0.0 {
            continue;
        }
        let (px, py) = ((at % width) as f64, (at / width) as f64);
        x += (px + 0.5) * share;
        y += (py + 0.5) * share;
        area += share;
        if share > 0.5 {
            edges = (
                edges.0.min(px),
                edges.1.min(py),
                edges.2.max(px + 1.0),
                edges.3.max(py + 1.0),
            );
        }
    }
    Seen {
        middle: (x / area, y / area),
        area,
        edges,
    }
}

/// Where the corners of a box come to lie when it is turned about its centre.
fn extent(found: &LayerBox) -> (f64, f64, f64, f64) {
    let p = found.placing.expect("a place");
    let (w, h) = (f64::from(p.width) / 2.0, f64::from(p.height) / 2.0);
    let (cx, cy) = (f64::from(p.left) + w, f64::from(p.top) + h);
    let (sin, cos) = f64::from(p.rotate).to_radians().sin_cos();
    let (dx, dy) = (
        (w * cos).abs() + (h * sin).abs(),
        (w * sin).abs() + (h * cos).abs(),
    );
    (cx - dx, cy - dy, cx + dx, cy + dy)
}

fn hold(text: &str, layer: &str) {
    let inspected = Stage::plain().inspect(text);
    assert!(
        inspected.diagnostics.is_empty(),
        "{:?}",
        inspected.diagnostics
    );
    let found = by(&inspected, layer);
    let p = found.placing.expect("a place");
    // of what an edge cuts, the pixels tell less than the box
    let (left, top, right, bottom) = extent(found);
    if left < 0.0 || top < 0.0 || right > 1080.0 || bottom > 1920.0 {
        return;
    }
    let seen = seen(&inspected, [255, 0, 0]);
    let near = |a: f64, b: f64, what: &str| {
        assert!(
            (a - b).abs() <= 1.0,
            "{what}: {a} is not {b}\n{text}\n{p:?}"
        );
    };
    near(seen.middle.0, f64::from(p.left + p.width / 2.0), "middle x");
    near(seen.middle.1, f64::from(p.top + p.height / 2.0), "middle y");
    if p.rotate % 90.0 == 0.0 {
        near(seen.edges.0, left, "left");
        near(seen.edges.1, top, "top");
        near(seen.edges.2, right, "right");
        near(seen.edges.3, bottom, "bottom");
    } else {
        // corners are sharp: half a pixel of them is seen a unit or two inside
        for (a, b) in [
            (seen.edges.0, left),
            (seen.edges.1, top),
            (seen.edges.2, right),
            (seen.edges.3, bottom),
        ] {
            assert!((a - b).abs() <= 3.0, "{a} is not {b}\n{text}\n{p:?}");
        }
    }
    let area = f64::from(p.width) * f64::from(p.height);
    assert!(
        (seen.area - area).abs() <= area * 0.01 + 8.0,
        "{} {area}",
        seen.area
    );
}

const BLACK: &str = "[canvas]\nbackground = '#000'\n";
const RED: &str = "fill = '#f00'\n";

#[test]
fn a_box_is_where_its_pixels_are() {
    for keys in [
        "left = 100\ntop = 200\nwidth = 300\nheight = 120\n",
        "right = 100\nbottom = 200\nwidth = 300\nheight = 120\n",
        "left = 100\nright = '20%'\ntop = '10%'\nheight = '5%'\n",
        "left = '50%'\ntop = '30%'\nwidth = 200\nheight = 300\nanchor = 'center'\n",
        "left = 900\ntop = 1800\nwidth = 200\nheight = 300\nanchor = 'bottom-right'\n",
        "left = 300\ntop = 300\nwidth = 400\nheight = 100\nrotate = 30\n",
        "left = 300\ntop = 300\nwidth = 400\nheight = 100\nrotate = -90\n",
    ] {
        let text = format!("{BLACK}[[layer]]\nid = 'a'\ntype = 'shape'\n{keys}{RED}");
        hold(&text, "a");
    }
}

#[test]
fn a_box_in_turned_groups_is_where_its_pixels_are() {
    for (outer, inner, leaf) in [
        ("", "", ""),
        ("rotate = 90\n", "", ""),
        ("rotate = 20\n", "", ""),
        ("rotate = 20\n", "rotate = -50\n", "rotate = 10\n"),
        ("rotate = 200\n", "rotate = 200\n", ""),
        ("padding = [20, 60]\n", "layout = 'row'\npadding = 30\n", ""),
        (
            "padding = [20, 60]\nrotate = 45\n",
            "layout = 'column'\nalign = 'end'\n",
            "rotate = 90\n",
        ),
    ] {
        let text = format!(
            "{BLACK}[[layer]]\nid = 'outer'\ntype = 'group'\nleft = 200\ntop = 500\nwidth = 600\nheight = 700\n{outer}\
             [[layer.children]]\nid = 'inner'\ntype = 'group'\nleft = 100\ntop = '20%'\nright = 60\nheight = 300\n{inner}\
             [[layer.children.children]]\nid = 'leaf'\ntype = 'shape'\nwidth = 120\nheight = 80\n{leaf}{RED}",
        );
        let text = match inner.contains("layout") {
            true => text,
            false => text.replace("width = 120\n", "width = 120\nleft = 40\nbottom = 10\n"),
        };
        hold(&text, "leaf");
        hold(&text, "layer[0].children[0].children[0]");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn any_box_is_where_its_pixels_are(
        left in 150..500i32, top in 300..900i32, width in 100..400i32, height in 100..400i32,
        turn in prop_oneof![Just(0), Just(90), -170..170i32],
        group in prop_oneof![Just(0), Just(180), -170..170i32],
    ) {
        let text = format!(
            "{BLACK}[[layer]]\ntype = 'group'\nrotate = {group}\n\
             [[layer.children]]\ntype = 'shape'\nid = 'a'\nleft = {left}\ntop = {top}\nwidth = {width}\nheight = {height}\nrotate = {turn}\n{RED}"
        );
        hold(&text, "a");
    }
}

#[test]
fn boxes_are_flat_and_in_paint_order() {
    let text = "[[layer]]\nid = 'a'\ntype = 'group'\n[[layer.children]]\ntype = 'shape'\n[[layer.children]]\nid = 'c'\ntype = 'shape'\n[[layer]]\ntype = 'text'\ntext = 'x'\n[[mention]]\nusername = 'ana'\nover = 'c'\n[[link]]\nurl = 'https://example.com'\nat = ['50%', 300]\n";
    let inspected = Stage::plain().inspect(text);
    let paths: Vec<&str> = inspected.boxes.iter().map(|b| b.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "layer[0]",
            "layer[0].children[0]",
            "layer[0].children[1]",
            "layer[1]",
            "mention[0]",
            "link[0]"
        ]
    );
    let json = serde_json::to_value(&inspected.boxes).expect("JSON");
    assert_eq!(json[0]["id"], "a");
    assert_eq!(json[1].get("id"), None);
    assert_eq!(json[1]["type"], "shape");
    assert_eq!(json[4]["type"], "mention");
    assert_eq!(json[4]["width"], 1080.0);
    // over a point it is as large as reports tell it
    assert_eq!(
        (&json[5]["left"], &json[5]["top"]),
        (&json!(540.0 - 162.0), &json!(300.0 - 58.0))
    );
    let told = &inspected.scene.as_ref().expect("a scene").extras.stickers[1];
    let width = json[5]["width"].as_f64().expect("a width");
    assert!((width / 1080.0 - f64::from(told.width)).abs() < 1e-5);
    assert_eq!(json[5].get("hidden"), None);
    // the span of a group is the group with what is in it, and nothing of the next layer
    let span = |at: usize| {
        let (start, end) = (&json[at]["span"]["start"], &json[at]["span"]["end"]);
        &text[start.as_u64().unwrap() as usize..end.as_u64().unwrap() as usize]
    };
    assert!(
        span(0).starts_with("[[layer]]\nid = 'a'") && span(0).ends_with("id = 'c'\ntype = 'shape'"),
        "{}",
        span(0)
    );
    assert_eq!(span(1), "[[layer.children]]\ntype = 'shape'");
    assert_eq!(span(3), "[[layer]]\ntype = 'text'\ntext = 'x'");
    assert_eq!(span(4), "[[mention]]\nusername = 'ana'\nover = 'c'");
}

#[test]
fn what_when_leaves_out_is_told_as_hidden_with_its_box() {
    let text = "[[layer]]\nid = 'a'\ntype = 'shape'\nwhen = '{{ 1 > 2 }}'\nleft = 10\ntop = 20\nwidth = 30\nheight = 40\nfill = '#f00'\n[[layer]]\nid = 'g'\ntype = 'group'\nwhen = false\n[[layer.children]]\nid = 'b'\ntype = 'shape'\nleft = 1\ntop = 2\nwidth = 3\nheight = 4\n[[layer]]\nid = 'r'\ntype = 'group'\nlayout = 'row'\nleft = 5\ntop = 6\n[[layer.children]]\nid = 'gone'\ntype = 'shape'\nwhen = ''\nwidth = 9\nheight = 9\n[[layer.children]]\nid = 'there'\ntype = 'shape'\nwidth = 50\nheight = 60\n[[mention]]\nusername = 'ana'\nover = 'a'\n";
    let inspected = Stage::plain().inspect(text);
    let json = serde_json::to_value(&inspected.boxes).expect("JSON");
    let at = |layer: &str| {
        let at = inspected
            .boxes
            .iter()
            .position(|b| b.is_at(layer))
            .expect("a box");
        json[at].clone()
    };
    assert_eq!(at("a")["hidden"], true);
    assert_eq!(
        (&at("a")["left"], &at("a")["height"]),
        (&json!(10.0), &json!(40.0))
    );
    assert_eq!(at("a")["values"]["when"]["value"], false);
    assert_eq!(at("a")["values"]["when"]["origin"]["computed"], true);
    assert_eq!(at("b")["hidden"], true);
    assert_eq!(at("b")["left"], 1.0);
    assert_eq!(at("gone")["hidden"], true);
    assert_eq!(
        (&at("gone")["left"], &at("gone")["width"]),
        (&json!(5.0), &json!(0.0)),
        "an empty box where it would begin"
    );
    assert_eq!(at("there").get("hidden"), None);
    assert_eq!(
        (&at("there")["left"], &at("there")["width"]),
        (&json!(5.0), &json!(50.0))
    );
    assert_eq!(at("mention[0]")["hidden"], true);
}

#[test]
fn a_template_with_errors_tells_what_can_be_read() {
    let text = "[[layer]]\nid = 'a'\ntype = 'shape'\nleft = 10\ntop = 20\nwidth = 30\nheight = 40\nfill = '$nothing'\nwidht = 3\n[[layer]]\ntype = 'sahpe'\n[[layer]]\nid = 'p'\ntype = 'image'\nsrc = 'gone.jpg'\nleft = 1\ntop = 2\nwidth = 3\nheight = 4\n[[layer]]\nid = 't'\ntype = 'text'\ntext = '{{ what( }}'\nleft = 1\ntop = 2\nwidth = 3\nheight = 4\n";
    let inspected = Stage::plain().inspect(text);
    assert!(inspected.scene.is_none());
    assert_eq!(by(&inspected, "a").placing.unwrap().width, 30.0);
    assert_eq!(by(&inspected, "p").path, "layer[2]");
    assert_eq!(by(&inspected, "p").placing.unwrap().left, 1.0);
    assert!(!by(&inspected, "p").hidden);
    assert_eq!(by(&inspected, "t").placing.unwrap().height, 4.0);
    assert_eq!(by(&inspected, "t").values["text"]["value"], "{{ what( }}");
}

#[test]
fn looking_at_hidden_layers_reports_nothing() {
    let text = "[[layer]]\ntype = 'image'\nsrc = 'gone.jpg'\nwhen = false\n[[layer]]\ntype = 'shape'\nfill = '#123'\n";
    let inspected = Stage::plain().inspect(text);
    assert!(
        inspected.diagnostics.is_empty(),
        "{:?}",
        inspected.diagnostics
    );
    let scene = inspected.scene.expect("a scene");
    assert!(scene.files.is_empty());
    assert_eq!(inspected.boxes.len(), 2);
}

#[test]
fn lines_are_those_of_the_text_as_it_is_painted() {
    let text = "[[layer]]\nid = 't'\ntype = 'text'\ntext = 'one two three four five six seven'\nleft = 100\ntop = 300\nwidth = 300\nheight = 160\nsize = 90\nmin_size = 20\n";
    let inspected = Stage::plain().inspect(text);
    let found = by(&inspected, "t");
    let shown = found.shown.as_deref().expect("a text");
    let lines = found.lines.as_ref().expect("lines");
    assert!(lines.len() > 1);
    let words: Vec<&str> = lines.iter().map(|l| &shown[l.start..l.end]).collect();
    assert_eq!(words.join("\n"), shown);
    // it shrank: the lines are in the box
    let last = lines.last().unwrap();
    assert!(
        lines[0].top >= 300.0 && last.top + last.height <= 460.5,
        "{lines:?}"
    );
    // plain text that wraps at spaces keeps its bytes
    let value = found.values["text"]["value"].as_str().unwrap();
    assert_eq!(&value[lines[1].start..lines[1].end], words[1]);
}

#[test]
fn values_say_where_they_come_from() {
    let project = storypress::diag::Source::new("storypress.toml", "size = 90\ncolor = '#123'\n");
    let mut style = storypress::template::Table::empty(&storypress::diag::Place::whole(&project));
    for (key, value, start, end) in [
        ("size", storypress::template::Value::Integer(90), 7, 9),
        (
            "color",
            storypress::template::Value::Text("#123".into()),
            18,
            24,
        ),
    ] {
        style.set(storypress::template::Entry {
            key: key.into(),
            key_place: storypress::diag::Place::new(&project, start..end),
            node: storypress::template::Node {
                value,
                place: storypress::diag::Place::new(&project, start..end),
            },
        });
    }
    let brand = Brand {
        styles: vec![("head".into(), style)],
        ..Brand::default()
    };
    let stage = Stage::new(brand);
    let base = "[vars]\ntitle = { default = 'Tart', max_chars = 9 }\n[[layer]]\nid = 't'\ntype = 'text'\ntext = '{{ title }}'\nstyle = 'head'\nleft = 64\n[layer.shadow]\nblur = 3\n";
    stage.write("base.toml", base);
    let text = "\u{feff}extends = 'base.toml'\n[[layer]]\nid = 't'\ntop = '50%'\nweight = '{{ 100 * 7 }}'\n";
    let (template, wrong) = stage.load(text);
    assert!(wrong.is_empty(), "{wrong:?}");
    let inspected = storypress::scene::inspect(&template, &row(&[]), &stage.assets);
    let json: Json = serde_json::to_value(by(&inspected, "t")).expect("JSON");
    let values = &json["values"];
    let part = |of: &str, value: &Json| {
        let span = &value["origin"]["span"];
        let at = |key: &str| span[key].as_u64().expect("a byte") as usize;
        of[at("start")..at("end")].to_owned()
    };
    assert_eq!(values["top"]["value"], "50%");
    assert_eq!(values["top"]["origin"]["kind"], "here");
    assert_eq!(part(text, &values["top"]), "'50%'");
    assert_eq!(values["left"]["origin"]["kind"], "base");
    assert_eq!(values["left"]["origin"]["file"], "base.toml");
    assert_eq!(part(base, &values["left"]), "64");
    assert_eq!(values["text"]["value"], "Tart");
    assert_eq!(values["text"]["origin"]["kind"], "base");
    assert_eq!(values["text"]["origin"]["computed"], true);
    assert_eq!(values["weight"]["value"], 700);
    assert_eq!(values["weight"]["origin"]["kind"], "here");
    assert_eq!(values["weight"]["origin"]["computed"], true);
    assert_eq!(values["size"]["value"], 90);
    assert_eq!(values["size"]["origin"]["kind"], "style");
    assert_eq!(values["size"]["origin"]["file"], "storypress.toml");
    assert_eq!(
        values["align"],
        json!({ "value": "start", "origin": { "kind": "default" } })
    );
    assert_eq!(
        values["bottom"],
        json!({ "value": null, "origin": { "kind": "default" } })
    );
    assert_eq!(values["shadow"]["value"]["blur"], 3);
    assert_eq!(part(base, &values["shadow"]), "[layer.shadow]\nblur = 3");
    // the layer is the template's as soon as it changes it
    assert_eq!(json["file"], "t.toml");
    let span = |key: &str| json["span"][key].as_u64().unwrap() as usize;
    assert_eq!(
        &text[span("start")..span("end")],
        "[[layer]]\nid = 't'\ntop = '50%'\nweight = '{{ 100 * 7 }}'"
    );
    let variables = serde_json::to_value(&inspected.variables).expect("JSON");
    assert_eq!(variables[0]["name"], "title");
    assert_eq!(variables[0]["max_chars"], 9);
    assert_eq!(variables[0]["default"]["origin"]["kind"], "base");
    assert_eq!(variables[0]["value"], "Tart");
}

#[test]
fn every_layer_has_a_box_for_programs_also_one_that_is_left_out() {
    for layout in ["row", "column"] {
        let text = format!(
            "[[layer]]\nid = 'g'\ntype = 'group'\nlayout = '{layout}'\nleft = 10\ntop = 300\n\
             [[layer.children]]\nid = 'a'\ntype = 'shape'\nwidth = 30\nheight = 20\n\
             [[layer.children]]\nid = 'gone'\ntype = 'text'\ntext = 'b'\nwhen = ''\n\
             [[layer.children]]\nid = 'within'\ntype = 'group'\nlayout = 'row'\nwhen = ''\n\
             [[layer.children.children]]\nid = 'deep'\ntype = 'text'\ntext = 'c'\n\
             [[layer]]\nid = 'empty'\ntype = 'text'\ntext = ''\nleft = 7\ntop = 9\n\
             [[layer]]\nid = 'out'\ntype = 'group'\nlayout = 'row'\nwhen = ''\n"
        );
        let inspected = Stage::plain().inspect(&text);
        for found in &inspected.boxes {
            let told = serde_json::to_value(found).unwrap();
            for key in ["left", "top", "width", "height", "rotate"] {
                assert!(told[key].is_number(), "{layout} {key} {told}");
            }
        }
        // it is left out: an empty box behind the layer before it
        let gone = serde_json::to_value(by(&inspected, "gone")).unwrap();
        let (left, top) = match layout {
            "row" => (40.0, 300.0),
            _ => (10.0, 320.0),
        };
        assert_eq!(
            (gone["left"].as_f64(), gone["top"].as_f64()),
            (Some(left), Some(top))
        );
        assert_eq!(
            (&gone["width"], &gone["hidden"]),
            (&0.0.into(), &true.into())
        );
        assert!(by(&inspected, "gone").placing.is_none());
    }
}

/// Left, top, right and bottom of a layer as it is placed.
fn edges(inspected: &Inspected, layer: &str) -> [f64; 4] {
    let placed = by(inspected, layer).placing.expect("a place");
    let [x, y, w, h] = [placed.left, placed.top, placed.width, placed.height].map(f64::from);
    [x, y, x + w, y + h]
}

#[test]
fn a_price_keeps_its_size_beside_a_name_that_wraps() {
    for name in [
        "Zwiebelrostbraten vom Weiderind mit Röstkartoffeln und Salat",
        "海老と季節野菜の天ぷら盛り合わせ定食(味噌汁・小鉢・香の物付き)",
        "Bio-Rinder-Gulasch-mit-Semmelknödel-und-Rotkohl-nach-Omas-Art",
    ] {
        for price in ["24,90\u{a0}€", "1\u{202f}124,90\u{a0}€", "€24.90"] {
            let text = format!(
                "[[layer]]\ntype = 'group'\nlayout = 'row'\nleft = 72\nright = 72\ntop = 400\ngap = 16\nchildren = [\n\
                 {{ id = 'name', type = 'text', size = 44, text = '{name}' }},\n\
                 {{ id = 'price', type = 'text', size = 64, text = '{price}' }},\n]\n\
                 [[layer]]\nid = 'alone'\ntype = 'text'\ntext = '{price}'\nsize = 64\nleft = 72\ntop = 1000\n"
            );
            let inspected = Stage::plain().inspect(&text);
            let [alone, price] = ["alone", "price"].map(|id| edges(&inspected, id));
            assert!(
                ((price[2] - price[0]) - (alone[2] - alone[0])).abs() < 0.1,
                "{name}: {price:?} {alone:?}"
            );
            assert!(price[2] < 1008.1, "{name}: {price:?}");
            let name_box = edges(&inspected, "name");
            assert!(name_box[3] - name_box[1] > 90.0, "{name}: {name_box:?}");
        }
    }
}

#[test]
fn a_card_is_as_high_as_children_that_have_a_part_of_its_width() {
    let long = "Alles frisch vom Markt, solange der Vorrat reicht, auch zum Mitnehmen";
    let part =
        format!("{{ id = 'part', type = 'text', width = '50%', size = 40, text = '{long}' }}");
    for part in [
        part.clone(),
        format!("{{ type = 'group', layout = 'row', children = [{part}] }}"),
    ] {
        let text = format!(
            "[[layer]]\nid = 'card'\ntype = 'group'\nlayout = 'column'\nleft = 60\ntop = 300\npadding = 20\ngap = 10\n\
             children = [\n{{ type = 'text', text = 'Speisekarte von heute', size = 60 }},\n{part},\n\
             {{ id = 'bar', type = 'shape', height = 20, fill = '#a00' }},\n]\n"
        );
        let inspected = Stage::plain().inspect(&text);
        let [card, part, bar] = ["card", "part", "bar"].map(|id| edges(&inspected, id));
        assert!((card[3] - bar[3] - 20.0).abs() < 0.1, "{card:?} {bar:?}");
        assert!((bar[1] - part[3] - 10.0).abs() < 0.1, "{part:?} {bar:?}");
    }
}

#[test]
fn a_group_without_a_layout_is_as_large_as_its_words() {
    let text = "[[layer]]\ntype = 'group'\nlayout = 'row'\nleft = 72\nright = 72\ntop = 400\ngap = 16\nchildren = [\n\
                { id = 'pill', type = 'group', padding = [10, 24], fill = '#2e7d4f', children = [\n\
                { id = 'words', type = 'text', text = 'vegan', size = 38 }] },\n\
                { id = 'next', type = 'text', text = 'scharf', size = 38 },\n]\n";
    let inspected = Stage::plain().inspect(text);
    assert!(
        inspected.diagnostics.is_empty(),
        "{:?}",
        inspected.diagnostics
    );
    let [pill, words, next] = ["pill", "words", "next"].map(|id| edges(&inspected, id));
    let around = [
        words[0] - pill[0],
        words[1] - pill[1],
        pill[2] - words[2],
        pill[3] - words[3],
    ];
    for (space, wanted) in around.into_iter().zip([24.0, 10.0, 24.0, 10.0]) {
        assert!((space - wanted).abs() < 0.1, "{around:?}");
    }
    assert!((next[0] - pill[2] - 16.0).abs() < 0.1);
}
