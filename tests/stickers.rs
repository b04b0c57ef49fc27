//! What stickers say of themselves when rows fill them.

use std::process::Command;

use serde_json::{Value, json};

/// The stickers of the one story of a template, as a report tells them, or its messages.
fn rendered(layer: &str, set: &str) -> Result<Value, String> {
    let text = format!(
        "[vars]\nb = {{ default = 'B' }}\n[output]\nsize = [270, 480]\n[[layer]]\ntype = 'sticker'\n\
         left = 160\nright = 160\ntop = 600\n{layer}\n"
    );
    of(&text, set)
}

/// The same of a whole template.
fn of(text: &str, set: &str) -> Result<Value, String> {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("storypress.toml"), "").expect("a project");
    std::fs::write(folder.path().join("card.toml"), text).expect("a template");
    let output = Command::new(crate::program())
        .args(["render", "card.toml", "-o", "out", "--json"])
        .args(
            (!set.is_empty())
                .then_some(["--set", set])
                .into_iter()
                .flatten(),
        )
        .current_dir(folder.path())
        .output()
        .expect("a run");
    let report: Value = serde_json::from_slice(&output.stdout).expect("a report");
    let item = &report["items"][0];
    match output.status.success() {
        true => Ok(item["stickers"].clone()),
        false => Err(item["diagnostics"].to_string()),
    }
}

#[test]
fn a_part_of_the_width_is_of_the_group_around() {
    let in_group = "kind = 'countdown'\nname = 'The end'\nends = '2099-01-01'";
    let text = |width: &str| {
        format!(
            "[output]\nsize = [270, 480]\n[[layer]]\ntype = 'group'\nleft = 100\nwidth = 600\ntop = 300\npadding = [0, 50]\n\
             [[layer.children]]\ntype = 'sticker'\nleft = 0\ntop = 0\nwidth = {width}\n{in_group}\n"
        )
    };
    let (whole, units) = (of(&text("'100%'"), ""), of(&text("500"), ""));
    let (whole, units) = (whole.expect("stickers"), units.expect("stickers"));
    // what is drawn is scaled by the width, so that the heights are the same too
    assert_eq!(whole, units);
    assert_eq!(whole[0]["width"], json!(0.46296));
}

#[test]
fn a_pill_with_little_room_holds_its_words_and_says_that_they_are_small() {
    let pill = |room: u32| {
        format!(
            "[output]\nsize = [270, 480]\n[[layer]]\ntype = 'sticker'\nkind = 'mention'\nleft = 100\nwidth = {room}\ntop = 600\n\
             username = 'abcdefghijklmnopqrstuvwxyz.123'\n"
        )
    };
    let height = |room| {
        let stickers = of(&pill(room), "").expect("stickers");
        stickers[0]["height"].as_f64().expect("a number")
    };
    // the pill keeps its shape: half as wide is half as high
    let (wide, narrow) = (height(800), height(400));
    assert!((wide / narrow - 2.0).abs() < 0.02, "{wide} {narrow}");
}

#[test]
fn the_right_answer_of_a_quiz_stays_the_one_that_was_named() {
    let quiz = |answer: usize| {
        format!(
            "kind = 'quiz'\nquestion = 'Which?'\noptions = ['A', '{{{{ b }}}}', 'C', 'D']\nanswer = {answer}"
        )
    };
    let told = |answer, set| {
        let stickers = rendered(&quiz(answer), set).expect("stickers");
        (
            stickers[0]["options"].clone(),
            stickers[0]["answer"].clone(),
        )
    };
    assert_eq!(told(3, "b=B"), (json!(["A", "B", "C", "D"]), json!(3)));
    // without the second one the third is the second
    assert_eq!(told(3, "b="), (json!(["A", "C", "D"]), json!(2)));
    let said = rendered(&quiz(2), "b=").expect_err("the right answer is not there");
    assert!(
        said.contains("there are answers 1, 3, 4, and no 2."),
        "{said}"
    );
}
