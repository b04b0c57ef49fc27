use std::path::Path;

use super::*;
use crate::project;

/// A project in a folder of its own, with two accounts and one template.
fn folder(project: &str, schedule: &str) -> (tempfile::TempDir, Project) {
    let dir = tempfile::tempdir().expect("a folder");
    let write =
        |name: &str, text: &str| std::fs::write(dir.path().join(name), text).expect("a file");
    let accounts = "[accounts.main]\nlogin = \"instagram\"\nuser_id = 1\n[accounts.shop]\nlogin = \"facebook\"\nuser_id = 2\n";
    write(
        project::FILE,
        &format!("[project]\ntimezone = \"Europe/Madrid\"\n{accounts}{project}"),
    );
    write(SCHEDULE_FILE, schedule);
    write("menu.toml", "");
    write("menu.csv", "id,date\na,2026-12-01\n");
    write(
        "holidays.ics",
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20261225\nDTEND:20261227\nEND:VEVENT\nEND:VCALENDAR\n",
    );
    write(
        "broken.ics",
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20261399\nEND:VEVENT\nEND:VCALENDAR\n",
    );
    write("none.ics", "BEGIN:VCALENDAR\nEND:VCALENDAR\n");
    let file = dir.path().join(project::FILE);
    let project = project::open(&file, Path::new(project::FILE)).expect("a project");
    (dir, project)
}

fn names(calendar: &Calendar) -> Vec<&str> {
    calendar
        .rules
        .iter()
        .map(|rule| rule.name.as_str())
        .collect()
}

fn told(calendar: &Calendar) -> Vec<String> {
    let line = |d: &Diagnostic| {
        let file = d
            .file
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let hint = d.hint.as_deref().unwrap_or_default();
        format!(
            "{file}:{}: {}: {} ({hint})",
            d.line_column().0,
            d.code.as_str(),
            d.message
        )
    };
    calendar.told.iter().map(line).collect()
}

const RULE: &str = "template = \"menu.toml\"\naccount = \"main\"\ntimes = [\"09:00\"]\n";

#[test]
fn rules_stand_in_either_file() {
    let (_dir, project) = folder(
        &format!("[schedule.lunch]\n{RULE}"),
        &format!("[schedule.menu]\n{RULE}except = [\"holidays.ics\"]\n"),
    );
    let calendar = project.schedules(Accounts::Own);
    assert_eq!(told(&calendar), [""; 0]);
    assert_eq!(names(&calendar), ["lunch", "menu"]);
    assert_eq!(calendar.rules[1].except.len(), 2);
    assert_eq!(calendar.rules[1].zone.iana_name(), Some("Europe/Madrid"));
}

#[test]
fn a_name_in_both_files_is_an_error_and_the_others_are_read() {
    let (_dir, project) = folder(
        &format!("[schedule.menu]\n{RULE}[schedule.lunch]\n{RULE}"),
        &format!("\n[schedule.menu]\n{RULE}[schedule.tea]\n{RULE}"),
    );
    let calendar = project.schedules(Accounts::Own);
    assert_eq!(
        told(&calendar),
        [
            "schedule.toml:2: bad-value: there are two schedules `menu` (the other is in storypress.toml:9)"
        ]
    );
    assert_eq!(names(&calendar), ["lunch", "tea"]);
}

#[test]
fn what_is_not_there_is_told_at_its_place() {
    let (_dir, project) = folder(
        "",
        "[schedule.a]\ntemplate = [\"menu.toml\", \"menus.toml\"]\naccount = [\"main\", \"shpo\"]\ntimes = [\"09:00\"]\n\
         data = \"menu.cvs\"\nexcept = [\"holiday.ics\", \"broken.ics\", \"none.ics\"]\n\
         [schedule.b]\ntemplate = \"../menu.toml\"\ntimes = [\"09:00\"]\n\
         [schedule.c]\ntemplate = \"menu.toml\"\naccount = \"shop\"\ntimes = [\"09:00\"]\n[acounts]\n[upload]\n",
    );
    let calendar = project.schedules(Accounts::Own);
    assert_eq!(names(&calendar), ["c"]);
    assert_eq!(
        told(&calendar),
        [
            "broken.ics:3: bad-value: `20261399` is no date (write the days themselves into `except`, or save the calendar without it)",
            "none.ics:1: bad-value: no event in this calendar ()",
            "schedule.toml:2: missing-asset: no template `menus.toml` (did you mean `menu.toml`?)",
            "schedule.toml:3: bad-value: the project has no account `shpo` (did you mean `shop`?)",
            "schedule.toml:5: missing-asset: no data file `menu.cvs` (did you mean `menu.csv`?)",
            "schedule.toml:6: missing-asset: no calendar file `holiday.ics` (did you mean `holidays.ics`?)",
            "schedule.toml:7: bad-value: schedule `b` does not say for which account (account = one of main, shop, or a list)",
            "schedule.toml:8: refused-path: `../menu.toml` is outside the project folder (name its folder in `[project] allow`)",
            "schedule.toml:14: unknown-key: a calendar has no section `acounts` (each rule is a `[schedule.NAME]`)",
            "schedule.toml:15: unknown-key: a calendar has no section `upload` (`upload` is a section of storypress.toml)",
        ]
    );
}

#[test]
fn a_folder_in_place_of_a_file_is_called_one() {
    let (dir, project) = folder(
        "",
        "[schedule.a]\ntemplate = \"templates\"\naccount = \"main\"\ntimes = [\"09:00\"]\n",
    );
    std::fs::create_dir(dir.path().join("templates")).expect("a folder");
    assert_eq!(
        told(&project.schedules(Accounts::Own)),
        [
            "schedule.toml:2: missing-asset: the template `templates` is a folder (name one template in it)"
        ]
    );
}

#[test]
fn accounts_of_a_sandbox_are_not_the_projects() {
    let (_dir, project) = folder(
        "",
        "[schedule.a]\ntemplate = \"menu.toml\"\naccount = \"anna\"\ntimes = [\"09:00\"]\n",
    );
    assert_eq!(project.schedules(Accounts::Own).rules.len(), 0);
    assert_eq!(told(&project.schedules(Accounts::OfSandbox)), [""; 0]);
}

#[test]
fn broken_toml_is_told_and_another_calendar_has_to_be_there() {
    let (dir, project) = folder("", "[schedule.a\n");
    let calendar = project.schedules(Accounts::Own);
    assert!(
        calendar.told.iter().any(|d| d.code == Code::Syntax),
        "{:?}",
        calendar.told
    );
    let missing = project.schedules_of(&dir.path().join("schedul.toml"), Accounts::Own);
    assert_eq!(
        told(&missing),
        ["schedul.toml:1: missing-asset: no such calendar (did you mean `schedule.toml`?)"]
    );
}

#[test]
fn a_rule_with_a_fault_is_known_by_its_name() {
    let (_dir, project) = folder(
        &format!("[schedule.twin]\n{RULE}"),
        &format!(
            "[schedule.good]\n{RULE}[schedule.typo]\n{RULE}freze = \"2h\"\n[schedule.away]\n{}[schedule.twin]\n{RULE}",
            RULE.replace("menu.toml", "away.toml")
        ),
    );
    let calendar = project.schedules(Accounts::Own);
    assert_eq!(names(&calendar), ["good"]);
    let faulty = calendar.faulty.iter();
    let faulty: Vec<_> = faulty
        .map(|faulty| (faulty.name.as_str(), faulty.rule.is_some()))
        .collect();
    // what only lacks a file is understood
    assert_eq!(
        faulty,
        [
            ("twin", false),
            ("typo", false),
            ("away", true),
            ("twin", false)
        ]
    );
    assert!(!calendar.is_unread);
    let (_dir, project) = folder("", &format!("[schedule.menu]\n{RULE}days = \n"));
    assert!(project.schedules(Accounts::Own).is_unread);
}
