//! The whole way, as a user goes it: the program, a folder, what is in OUT afterwards.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

const TEMPLATE: &str = r##"
[vars]
title = { default = "Hello", max_chars = 40 }
price = { type = "number", default = 12 }

[output]
size = [270, 480]

[canvas]
background = "#264653"

[[layer]]
id = "title"
type = "text"
text = "{{ title }}"
left = 64
right = 64
top = 400
size = 120
weight = 800
color = "#fff"

[[layer]]
type = "text"
text = "{{ price | money('EUR') }}"
left = 64
top = 1200
size = 90
color = "#fff"
"##;

fn rows(count: usize) -> String {
    let rows: Vec<String> = (1..=count)
        .map(|i| format!("r{i},Row number {i},{i}"))
        .collect();
    format!("id,title,price\n{}\n", rows.join("\n"))
}

/// A folder with `menu.toml` and `rows.csv`.
fn project(count: usize) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("menu.toml"), TEMPLATE).unwrap();
    std::fs::write(dir.path().join("rows.csv"), rows(count)).unwrap();
    dir
}

fn storypress(dir: &Path, call: &str) -> (i32, Value, String) {
    let output = Command::new(crate::program())
        .args(call.split_whitespace())
        .arg("--json")
        .current_dir(dir)
        .output()
        .unwrap();
    let report = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    (
        output.status.code().unwrap_or(-1),
        report,
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

/// Every file of a folder that people see, with its bytes.
fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    std::fs::read_dir(dir)
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.is_file())
        .map(|p| {
            (
                p.file_name().unwrap().to_string_lossy().into_owned(),
                std::fs::read(&p).unwrap(),
            )
        })
        .collect()
}

fn totals(report: &Value) -> (u64, u64, u64) {
    let of = |name: &str| report["totals"][name].as_u64().unwrap_or(99);
    (of("done"), of("unchanged"), of("failed"))
}

#[test]
fn one_changed_row_renders_one_story() {
    let dir = project(12);
    let call = "render menu.toml --data rows.csv -o out";
    let (code, report, said) = storypress(dir.path(), call);
    assert_eq!((code, totals(&report)), (0, (12, 0, 0)), "{said}");
    let first = files(&dir.path().join("out"));
    assert_eq!(first.len(), 12);
    assert!(first.contains_key("menu-r7.jpg"));

    let (_, report, _) = storypress(dir.path(), call);
    assert_eq!(totals(&report), (0, 12, 0));
    assert_eq!(
        report["items"][0]["outputs"][0]["sha256"]
            .as_str()
            .unwrap()
            .len(),
        64
    );

    let changed = rows(12).replace("Row number 7", "Seventh row");
    std::fs::write(dir.path().join("rows.csv"), changed).unwrap();
    let (_, report, _) = storypress(dir.path(), call);
    assert_eq!(totals(&report), (1, 11, 0));
    let second = files(&dir.path().join("out"));
    let differ: Vec<_> = first.keys().filter(|k| first[*k] != second[*k]).collect();
    assert_eq!(differ, ["menu-r7.jpg"]);
}

#[test]
fn a_spoilt_output_is_made_anew_and_a_touched_file_is_not() {
    let dir = project(3);
    let call = "render menu.toml --data rows.csv -o out";
    storypress(dir.path(), call);
    let bytes = std::fs::read(dir.path().join("menu.toml")).unwrap();
    std::fs::write(dir.path().join("menu.toml"), bytes).unwrap();
    let (_, report, _) = storypress(dir.path(), call);
    assert_eq!(totals(&report), (0, 3, 0));

    let out = dir.path().join("out/menu-r2.jpg");
    let whole = std::fs::read(&out).unwrap();
    std::fs::write(&out, &whole[..whole.len() / 2]).unwrap();
    let (_, report, _) = storypress(dir.path(), call);
    assert_eq!(totals(&report), (1, 2, 0));
    assert_eq!(std::fs::read(&out).unwrap(), whole);
}

#[test]
fn two_runs_and_one_or_many_threads_give_the_same_bytes() {
    let dir = project(9);
    let call = "render menu.toml --data rows.csv --format jpg,png --sheet --guides";
    let mut seen = Vec::new();
    for (out, jobs) in [("a", 1), ("b", 1), ("c", 4)] {
        let (code, _, said) = storypress(dir.path(), &format!("{call} -o {out} --jobs {jobs}"));
        assert_eq!(code, 0, "{said}");
        seen.push(files(&dir.path().join(out)));
    }
    assert_eq!(seen[0].len(), 9 * 3 + 1);
    assert!(seen[0] == seen[1], "two runs differ");
    assert!(seen[0] == seen[2], "one thread and four differ");
}

#[test]
fn a_bad_row_fails_alone() {
    let dir = project(3);
    std::fs::write(
        dir.path().join("rows.csv"),
        "id,title,price\na,Good,1\nb,Bad,one\nc,Good,3\nd,Too,many,cells\n",
    )
    .unwrap();
    let (code, report, _) = storypress(dir.path(), "render menu.toml --data rows.csv -o out");
    assert_eq!((code, totals(&report)), (1, (2, 0, 2)));
    assert_eq!(report["ok"], false);
    let failed: Vec<&Value> = report["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|i| i["status"] == "failed")
        .collect();
    let facts: Vec<_> = failed
        .iter()
        .map(|i| {
            (
                i["row"].as_u64(),
                i["diagnostics"][0]["code"].as_str(),
                i["diagnostics"][0]["line"].as_u64(),
            )
        })
        .collect();
    assert!(
        facts.contains(&(Some(2), Some("bad-row"), Some(3))),
        "{facts:?}"
    );
    assert!(
        facts.contains(&(Some(4), Some("bad-row"), Some(5))),
        "{facts:?}"
    );
    assert_eq!(files(&dir.path().join("out")).len(), 2);
}

#[test]
fn the_clock_matters_only_to_templates_that_ask_it() {
    let dir = project(0);
    let counting = TEMPLATE.replace("{{ title }}", "{{ '2026-12-24' | days_until }} days");
    std::fs::write(
        dir.path().join("count.toml"),
        counting.replace("title = { default = \"Hello\", max_chars = 40 }\n", ""),
    )
    .unwrap();
    for (now, unchanged) in [
        ("2026-11-21", 0),
        ("2026-11-21T20:00", 2),
        ("2026-11-22", 1),
    ] {
        let (code, report, said) = storypress(
            dir.path(),
            &format!("render menu.toml count.toml -o out --now {now}"),
        );
        assert_eq!(code, 0, "{said}");
        assert_eq!(totals(&report).1, unchanged, "{now}");
    }
}

#[test]
fn the_zone_of_the_machine_matters_only_to_templates_with_dates() {
    let dir = project(0);
    let dated = TEMPLATE.replace(
        "{{ title }}",
        "{{ '2026-11-28T23:30Z' | date('%d %H:%M') }}",
    );
    let dated = dated.replace("title = { default = \"Hello\", max_chars = 40 }\n", "");
    std::fs::write(dir.path().join("dated.toml"), dated).unwrap();
    for (zone, done) in [
        ("Europe/Madrid", 2),
        ("Europe/Madrid", 0),
        ("America/New_York", 1),
    ] {
        let output = Command::new(crate::program())
            .args(["render", "menu.toml", "dated.toml", "-o", "out", "--json"])
            .current_dir(dir.path())
            .env("TZ", zone)
            .output()
            .unwrap();
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(totals(&report), (done, 2 - done, 0), "{zone}");
    }
}

#[test]
fn calls_that_are_wrong_end_with_two() {
    let dir = project(1);
    for call in [
        "render",
        "render menu.toml",
        "render menu.toml -o out --set title",
        "nonsense",
        "render menu.toml -o out --only nothing",
    ] {
        let (code, _, said) = storypress(dir.path(), call);
        assert_eq!(code, 2, "{call}: {said}");
        assert!(!said.is_empty());
    }
}

#[test]
fn a_new_project_renders_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let (code, _, said) = storypress(dir.path(), "new cafe");
    assert_eq!(code, 0, "{said}");
    let cafe = dir.path().join("cafe");
    let (code, report, said) = storypress(&cafe, "check templates --strict");
    assert_eq!(code, 0, "{said} {report}");
    let (code, report, said) = storypress(&cafe, "render templates -o out");
    assert_eq!((code, totals(&report).0), (0, 2), "{said}");
    let (code, _, said) = storypress(dir.path(), "new cafe");
    assert_eq!(code, 2, "{said}");
}

#[test]
fn finished_files_keep_the_rules() {
    let dir = project(1);
    storypress(dir.path(), "render menu.toml -o out --set title=Verified");
    let (code, report, said) = storypress(dir.path(), "probe out/menu.jpg");
    assert_eq!(code, 0, "{said}");
    assert_eq!(
        (report["coding"].as_str(), report["subsampling"].as_str()),
        (Some("baseline"), Some("4:2:0"))
    );
    assert_eq!(report["has_exif"], false);
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_leaves_only_whole_files() {
    let dir = project(400);
    let mut child = Command::new(crate::program())
        .args([
            "render",
            "menu.toml",
            "--data",
            "rows.csv",
            "-o",
            "out",
            "--format",
            "png,jpg",
            "--json",
        ])
        .current_dir(dir.path())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let out = dir.path().join("out");
    // the signal comes once the run is under way
    while std::fs::read_dir(&out).map_or(0, |entries| entries.count()) < 4 {
        assert!(
            child.try_wait().unwrap().is_none(),
            "it ended before it could be stopped"
        );
        std::thread::yield_now();
    }
    let stopped = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(stopped.success());
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(130));
    let report: Value = serde_json::from_slice(&ended.stdout).unwrap();
    assert_eq!(
        (&report["ok"], &report["error"]),
        (&false.into(), &"interrupted".into())
    );
    let made = files(&out);
    assert!(made.len() < 800, "all were made");
    for (name, bytes) in &made {
        assert!(
            image::load_from_memory(bytes).is_ok(),
            "{name} is not whole"
        );
    }
    let left: Vec<_> = std::fs::read_dir(out.join(".storypress"))
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "renders.jsonl")
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn completions_schema_and_man_page_are_printed() {
    for (call, holds) in [
        (vec!["completions", "bash"], "--guides"),
        (vec!["schema"], "soft-light"),
        (vec!["man"], "SYNOPSIS"),
        (vec!["--help"], "Examples:"),
        (vec!["render", "--help"], "--sheet"),
    ] {
        let output = Command::new(crate::program()).args(&call).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{call:?}");
        assert!(
            String::from_utf8_lossy(&output.stdout).contains(holds),
            "{call:?}"
        );
    }
}

#[test]
fn the_report_keeps_the_order_of_the_rows() {
    let dir = project(0);
    std::fs::write(
        dir.path().join("rows.csv"),
        "id,title,photo\na,One,z.jpg\nb,Two,a.jpg\nc,Three,z.jpg\n",
    )
    .unwrap();
    let (_, report, said) = storypress(dir.path(), "render menu.toml --data rows.csv -o out");
    let rows: Vec<_> = report["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|i| i["row"].as_u64())
        .collect();
    assert_eq!(rows, [Some(1), Some(2), Some(3)], "{said}");
}

/// A film without a clip, over a sound.
const FILM: &str = r##"
[output]
size = [270, 480]
seconds = 4

[canvas]
background = "#264653"

[audio]
src = "song.flac"
"##;

/// Half a second of sound as a WAV, of 8 bits at 8 kHz.
fn tone(level: u8) -> Vec<u8> {
    let mut wav = b"RIFF\xc4\x0f\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x40\x1f\0\0\x01\0\x08\0data\xa0\x0f\0\0".to_vec();
    wav.extend((0..4000).map(|n| if n / 10 % 2 == 0 { level } else { 0x90 }));
    wav
}

#[test]
fn a_film_gives_its_cover_and_a_new_sound_makes_it_anew() {
    let dir = project(0);
    std::fs::write(dir.path().join("film.toml"), FILM).unwrap();
    std::fs::write(dir.path().join("song.flac"), tone(0x70)).unwrap();
    let call = "render film.toml menu.toml -o out --format jpg";
    for (done, unchanged) in [(2, 0), (0, 2)] {
        let (code, report, said) = storypress(dir.path(), call);
        assert_eq!((code, totals(&report)), (0, (done, unchanged, 0)), "{said}");
        let output = &report["items"][0]["outputs"][0];
        assert_eq!(output["kind"], "image");
        assert!(output["path"].as_str().unwrap().ends_with("film.jpg"));
    }
    std::fs::write(dir.path().join("song.flac"), tone(0x71)).unwrap();
    let (_, report, said) = storypress(dir.path(), call);
    assert_eq!(totals(&report), (1, 1, 0), "{said}");
}

#[test]
fn what_a_template_reads_is_never_written_over() {
    let dir = project(0);
    let at = dir.path();
    let picture = |name: &str| {
        format!(
            "[output]\nsize = [270, 480]\n[[layer]]\ntype = \"image\"\nsrc = \"assets/{name}\"\nleft = 0\ntop = 0\nwidth = 500\n"
        )
    };
    std::fs::create_dir(at.join("assets")).unwrap();
    let (code, _, said) = storypress(at, "render menu.toml -o assets --format png");
    assert_eq!(code, 0, "{said}");
    std::fs::rename(at.join("assets/menu.png"), at.join("assets/own.png")).unwrap();
    std::fs::copy(at.join("assets/own.png"), at.join("assets/menu.png")).unwrap();
    std::fs::remove_dir_all(at.join("assets/.storypress")).unwrap();
    // one reads what it would be written over, one what another would be written over
    std::fs::write(at.join("own.toml"), picture("own.png")).unwrap();
    std::fs::write(at.join("other.toml"), picture("menu.png")).unwrap();
    let before = files(&at.join("assets"));
    let call = "render own.toml other.toml menu.toml -o assets --format png";
    let (code, report, said) = storypress(at, call);
    assert_eq!((code, totals(&report)), (1, (1, 0, 2)), "{said}");
    for (item, name) in [(0, "own"), (2, "menu")] {
        let told = &report["items"][item]["diagnostics"][0];
        assert_eq!(told["code"], "name-clash");
        assert_eq!(
            told["message"],
            format!("`assets/{name}.png` would be written over, and a template reads it")
        );
    }
    let mut after = files(&at.join("assets"));
    assert!(after.remove("other.png").is_some());
    assert!(after == before, "nothing else was written");
    let (code, _, said) = storypress(at, &call.replace("-o assets", "-o out"));
    assert_eq!(code, 0, "{said}");
    // the same again is no clash: what is there is ours
    let (code, report, said) = storypress(at, &call.replace("-o assets", "-o out"));
    assert_eq!((code, totals(&report)), (0, (0, 3, 0)), "{said}");
}

/// A template that draws a picture.
fn frame_of(picture: &str) -> String {
    format!(
        "[output]\nsize = [270, 480]\n[[layer]]\ntype = \"image\"\nsrc = \"{picture}\"\nleft = 0\ntop = 0\nwidth = 1080\n"
    )
}

#[test]
fn a_story_that_draws_another_ends_with_its_newest_picture() {
    let dir = project(0);
    let at = dir.path();
    std::fs::write(at.join("frame.toml"), frame_of("out/menu.jpg")).unwrap();
    let (code, _, said) = storypress(at, "render menu.toml -o out");
    assert_eq!(code, 0, "{said}");
    for title in ["One", "Two", "Three"] {
        let template = TEMPLATE.replace("Hello", title);
        std::fs::write(at.join("menu.toml"), template).unwrap();
        let render = || totals(&storypress(at, "render menu.toml frame.toml -o out").1);
        // the picture may change while it is drawn: then one more call draws it again
        let ends = (0..5).any(|_| render() == (0, 2, 0));
        assert!(ends, "it comes to an end");
        let kept = std::fs::read(at.join("out/frame.jpg")).unwrap();
        storypress(at, "render frame.toml -o out --force");
        let anew = std::fs::read(at.join("out/frame.jpg")).unwrap();
        assert!(kept == anew, "{title}");
    }
}

#[test]
fn a_file_that_somebody_put_in_the_place_of_ours_is_never_written_over() {
    let dir = project(0);
    let at = dir.path();
    let defaults = "[vars]\npicture = { type = \"image\", default = \"menu.jpg\" }\n";
    let by_default = format!("{defaults}{}", frame_of("{{ picture }}"));
    std::fs::write(at.join("other.toml"), TEMPLATE.replace("Hello", "Photo")).unwrap();
    let (code, _, said) = storypress(at, "render other.toml -o photo");
    assert_eq!(code, 0, "{said}");
    let photo = std::fs::read(at.join("photo/other.jpg")).unwrap();
    for (name, text, set) in [
        ("frame", frame_of("menu.jpg"), ""),
        ("default", by_default, "--set picture=own.jpg"),
    ] {
        std::fs::write(at.join(format!("{name}.toml")), text).unwrap();
        let call = format!("render menu.toml {name}.toml -o . {set}");
        let (code, _, said) = storypress(at, "render menu.toml -o . --force");
        assert_eq!(code, 0, "{said}");
        std::fs::copy(at.join("menu.jpg"), at.join("own.jpg")).unwrap();
        // what is still ours may be made anew
        let (code, _, said) = storypress(at, &format!("{call} --force"));
        assert_eq!(code, 0, "{said}");
        std::fs::write(at.join("menu.jpg"), &photo).unwrap();
        let (code, report, said) = storypress(at, &call);
        assert_eq!((code, totals(&report).2), (1, 1), "{name}: {said}");
        assert_eq!(report["items"][0]["diagnostics"][0]["code"], "name-clash");
        assert!(photo == std::fs::read(at.join("menu.jpg")).unwrap());
        std::fs::remove_file(at.join("menu.jpg")).unwrap();
    }
}

#[test]
fn what_is_made_beside_the_stories_is_never_written_over_one() {
    let dir = project(0);
    let at = dir.path();
    for name in ["sheet", "a", "a.guides", "b"] {
        std::fs::write(at.join(format!("{name}.toml")), TEMPLATE).unwrap();
    }
    let call = "render sheet.toml a.toml a.guides.toml b.toml -o out --format png";
    let (code, report, said) = storypress(at, call);
    assert_eq!((code, totals(&report)), (0, (4, 0, 0)), "{said}");
    let before = files(&at.join("out"));
    let (code, report, said) = storypress(at, &format!("{call} --sheet --guides --force"));
    assert_eq!((code, totals(&report)), (1, (1, 0, 3)), "{said}");
    for item in report["items"].as_array().unwrap() {
        if item["status"] == "failed" {
            assert_eq!(item["diagnostics"][0]["code"], "name-clash");
        }
    }
    let mut after = files(&at.join("out"));
    assert!(after.remove("b.guides.png").is_some());
    assert!(after == before, "nothing else was written");
    // other files are in nobody's way
    let call = call.replace("png", "jpg") + " --sheet --guides";
    let (code, report, said) = storypress(at, &call.replace("-o out", "-o other"));
    assert_eq!((code, totals(&report)), (0, (4, 0, 0)), "{said}");
}

#[test]
fn a_broken_row_of_another_name_fails_no_choice_of_stories() {
    let dir = project(0);
    let rows = "id,title,price\nr1,Soup,1\nr2,Tart\nr3,#REF!,3\nr4,Rice,4\n";
    std::fs::write(dir.path().join("rows.csv"), rows).unwrap();
    let call = "render menu.toml --data rows.csv -o out --only";
    let (code, report, said) = storypress(dir.path(), &format!("{call} menu-r4"));
    assert_eq!((code, totals(&report)), (0, (1, 0, 0)), "{said}");
    for glob in ["menu-r2", "menu-r3"] {
        let (code, report, said) = storypress(dir.path(), &format!("{call} {glob}"));
        assert_eq!((code, totals(&report)), (1, (0, 0, 1)), "{said}");
        let row = report["items"][0]["diagnostics"][0]["row"]
            .as_str()
            .unwrap();
        let key = glob.trim_start_matches("menu-");
        assert!(row.ends_with(&format!("(id {key})")), "{row}");
    }
    let (code, _, said) = storypress(dir.path(), &format!("{call} nothing"));
    assert_eq!(code, 2, "{said}");
}

#[test]
fn a_file_that_is_probed_is_told_in_a_report() {
    let dir = project(0);
    let (code, _, said) = storypress(dir.path(), "render menu.toml -o out");
    assert_eq!(code, 0, "{said}");
    let (_, report, _) = storypress(dir.path(), "probe out/menu.jpg");
    assert_eq!(
        (&report["command"], &report["ok"]),
        (&"probe".into(), &true.into())
    );
    assert_eq!(totals(&report), (1, 0, 0));
    assert_eq!(report["items"][0]["input"], "out/menu.jpg");
    let path = dir.path().canonicalize().unwrap().join("out/menu.jpg");
    assert_eq!(report["path"], path.to_string_lossy().as_ref());
    assert_eq!(report["width"], 270);
}

#[test]
fn what_moves_only_in_film_is_told_of_a_still() {
    let dir = project(0);
    let still = FILM.replace("seconds = 4", "");
    std::fs::write(dir.path().join("still.toml"), still).unwrap();
    std::fs::write(dir.path().join("song.flac"), tone(0x70)).unwrap();
    let (code, report, said) = storypress(dir.path(), "render still.toml -o out");
    assert_eq!(code, 0, "{said}");
    let told = &report["items"][0]["diagnostics"][0];
    assert_eq!(
        (&told["severity"], &told["line"]),
        (&"warning".into(), &10.into())
    );
}
