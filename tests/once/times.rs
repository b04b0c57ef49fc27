//! What is rendered and published in one call: when, and on which accounts.

use serde_json::{Value, json};

use super::month::TEMPLATE;
use super::rehearsal::{PROJECT, Rehearsal, Run};

const ACCOUNTS: &str = "[project]\ntimezone = 'Europe/Madrid'\n[accounts.main]\nlogin = 'instagram'\n\
    [accounts.shop]\nlogin = 'facebook'\n";

fn rehearsal(data: &str) -> Rehearsal {
    let rehearsal = Rehearsal::of(&format!("{ACCOUNTS}{PROJECT}"), &[]);
    std::fs::write(rehearsal.path().join("menu.toml"), TEMPLATE).expect("a template");
    std::fs::write(rehearsal.path().join("plan.csv"), data).expect("data");
    rehearsal
}

fn render(rehearsal: &Rehearsal, more: &[&str]) -> Run {
    let words = ["render", "menu.toml", "-o", "out", "--publish", "--json"];
    let mut command = rehearsal.command(&words);
    command.args(more).args(["--sandbox", &rehearsal.url]);
    Run::of(command.output().expect("a run"))
}

/// State and time of each item's story.
fn stories(run: &Run) -> Vec<(Value, Value)> {
    let items = run.report["items"].as_array().expect("items");
    let of = |item: &Value| (item["story"]["state"].clone(), item["story"]["due"].clone());
    items.iter().map(of).collect()
}

#[test]
fn what_is_rendered_is_planned_for_a_time() {
    let rehearsal = rehearsal("id,dish\na,soup\n");
    let at = "2036-12-05T09:00[America/New_York]";
    let words = ["--data", "plan.csv", "--account", "main", "--at", at];
    let run = render(&rehearsal, &words);
    assert_eq!(run.code, Some(0), "{run:?}");
    let planned = (json!("due"), json!("2036-12-05T14:00:00Z"));
    assert_eq!(stories(&run), std::slice::from_ref(&planned));
    let again = render(&rehearsal, &words);
    assert_eq!((again.code, stories(&again)), (Some(0), vec![planned]));
    assert_eq!(again.report["items"][0]["status"], "unchanged");
    let other = render(&rehearsal, &[&words[..5], &["2036-12-05T10:00"]].concat());
    assert_eq!(other.code, Some(1), "{other:?}");
    let code = &other.report["items"][0]["diagnostics"][0]["code"];
    assert_eq!(code, "already-planned");
    let alone = rehearsal
        .command(&["render", "menu.toml", "-o", "out", "--at", at])
        .output();
    let alone = Run::of(alone.expect("a run"));
    assert_eq!(alone.code, Some(2), "{alone:?}");
    assert!(alone.said.contains("--publish"), "{alone:?}");
    assert_eq!(rehearsal.get("/sandbox/stories"), json!([]));
}

#[test]
fn each_row_is_planned_for_its_own_time() {
    let rehearsal = rehearsal(
        "id,dish,When\na,soup,2036-12-05 09:00\nb,stew,6.12.2036 9:30\nc,cake,2036-12-07\nd,tart,\n\
         e,pie,2036-12-05T09:00[America/New_York]\nf,fish,\n",
    );
    let words = [
        "--data",
        "plan.csv",
        "--account",
        "main",
        "--at",
        "column:when",
    ];
    let run = render(&rehearsal, &words);
    assert_eq!(run.code, Some(1), "{run:?}");
    let planned = |time: &str| (json!("due"), json!(time));
    let none = (Value::Null, Value::Null);
    assert_eq!(
        stories(&run),
        [
            planned("2036-12-05T08:00:00Z"),
            planned("2036-12-06T08:30:00Z"),
            none.clone(),
            none.clone(),
            planned("2036-12-05T14:00:00Z"),
            none,
        ]
    );
    for at in [2, 3, 5] {
        let item = &run.report["items"][at];
        let mut told = item["diagnostics"].as_array().expect("a list").iter();
        let why = told
            .find(|why| why["severity"] == "error")
            .expect("an error");
        assert_eq!(
            (&item["status"], &why["code"]),
            (&json!("failed"), &json!("bad-row"))
        );
        assert_eq!(why["line"], at + 2, "{why}");
    }
    let again = render(&rehearsal, &words);
    assert_eq!(again.report["totals"]["unchanged"], 3, "{again:?}");
    // what cannot be meant ends the call before anything is made
    for (more, said) in [
        (["--at", "column:wen"], "did you mean `When`"),
        (["--at", "column:nothing"], "has no column `nothing`"),
        (["--at", "soon"], "`soon` is no time"),
    ] {
        let wrong = render(&rehearsal, &[&words[..4], &more].concat());
        assert_eq!(wrong.code, Some(2), "{wrong:?}");
        assert!(wrong.said.contains(said), "{wrong:?}");
    }
    let bare = render(&rehearsal, &words[2..]);
    assert_eq!(bare.code, Some(2), "{bare:?}");
    assert!(bare.said.contains("--data"), "{bare:?}");
}

#[test]
fn a_file_goes_to_each_account_that_is_named() {
    let rehearsal = rehearsal("id,dish\na,soup\nb,stew\n");
    let words = [
        "--data",
        "plan.csv",
        "--account",
        "main",
        "--account",
        "shop",
    ];
    let nobody = render(&rehearsal, &[&words[..], &["--account", "nobody"]].concat());
    assert_eq!(nobody.code, Some(2), "{nobody:?}");
    assert_eq!(rehearsal.get("/sandbox/stories"), json!([]));
    let dry = render(&rehearsal, &[&words[..], &["--dry-run"]].concat());
    assert_eq!(dry.code, Some(0), "{dry:?}");
    let run = render(&rehearsal, &words);
    assert_eq!(run.code, Some(0), "{run:?}");
    let items = run.report["items"].as_array().expect("items");
    let told: Vec<_> = items
        .iter()
        .map(|item| {
            (
                item["row"].clone(),
                item["story"]["account"].clone(),
                item["story"]["state"].clone(),
            )
        })
        .collect();
    let right = |row: u32, account: &str| (json!(row), json!(account), json!("live"));
    assert_eq!(
        told,
        [
            right(1, "main"),
            right(2, "main"),
            right(1, "shop"),
            right(2, "shop")
        ]
    );
    let published = rehearsal.published();
    assert_eq!(published.values().copied().collect::<Vec<_>>(), [2, 2]);
    let again = render(&rehearsal, &words);
    assert_eq!(again.report["totals"]["unchanged"], 4, "{again:?}");
    // files that exist go the same way, an account that is named twice once
    let files = ["out/menu-a.jpg", "--account", "shop", "--account", "shop"];
    let mut command = rehearsal.command(&["publish", "--json", "--again"]);
    command.args(files).args(["--sandbox", &rehearsal.url]);
    let one = Run::of(command.output().expect("a run"));
    assert_eq!((one.code, stories(&one).len()), (Some(0), 1), "{one:?}");
}
