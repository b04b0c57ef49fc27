//! What stickers say of themselves when rows fill them.

use std::process::Command;

use serde_json::{Value, json};

/// The stickers of the one story of a template, as a report tells them, or its messages.
fn rendered(layer: &str, set: &str) -> Result<Value, String> {
    let folder = tempfile::tempdir().expect("a folder");
    let text = format!(
        "[vars]\nb = {{ default = 'B' }}\n[output]\nsize = [270, 480]\n[[layer]]\ntype = 'sticker'\n\
         left = 160\nright = 160\ntop = 600\n{layer}\n"
    );
    std::fs::write(folder.path().join("storypress.toml"), "").expect("a project");
    std::fs::write(folder.path().join("card.toml"), text).expect("a template");
    let output = Command::new(env!("CARGO_BIN_EXE_storypress"))
        .args(["render", "card.toml", "-o", "out", "--json", "--set", set])
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
