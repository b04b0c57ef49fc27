//! Holds the house in order: which room may name which, where `unsafe` may stand, what no file may say.

use std::fs;
use std::path::{Path, PathBuf};

#[path = "house/circles.rs"]
mod circles;
#[path = "house/source.rs"]
mod source;

use source::{Token, named_at_root, tokens};

/// Files that need a C interface; every block in them carries its reason.
const UNSAFE_FILES: &[&str] = &[
    "src/cli/heap.rs",
    "src/media/film/av.rs",
    "src/media/film/lazy_load.rs",
];

/// Folders without anything of ours to read.
const SKIPPED: &[&str] = &[
    "target",
    "out",
    "assets",
    "corpus",
    "artifacts",
    "node_modules",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file under `folder`, in a stable order; hidden ones are left out but for `.ci`.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = entries
        .map(|e| e.expect("a readable folder").path())
        .collect();
    paths.sort();
    paths
        .into_iter()
        .flat_map(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let hidden = name.starts_with('.') && name != ".ci";
            if hidden || SKIPPED.contains(&&*name) {
                Vec::new()
            } else if path.is_dir() {
                files(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

fn rust_files(folder: &str) -> Vec<(String, String)> {
    files(&root().join(folder))
        .into_iter()
        .filter(|path| path.extension().is_some_and(|e| e == "rs"))
        .map(|path| {
            let text = fs::read_to_string(&path).expect("a source file is UTF-8");
            (shown(&path), text)
        })
        .collect()
}

/// The path as a person would name it, from the project's top.
fn shown(path: &Path) -> String {
    let path = path.strip_prefix(root()).unwrap_or(path);
    path.to_string_lossy().replace('\\', "/")
}

/// The rooms in the order of `lib.rs`.
fn rooms() -> Vec<String> {
    let text = fs::read_to_string(root().join("src/lib.rs")).expect("the library's root");
    tokens(&text)
        .windows(2)
        .filter(|pair| pair[0].text == "mod")
        .map(|pair| pair[1].text.to_owned())
        .collect()
}

/// The module that a file under `src` holds: `src/scene/text/mod.rs` is `scene::text`.
fn module_of(file: &str) -> Vec<String> {
    let path = file
        .trim_start_matches("src/")
        .trim_end_matches(".rs")
        .trim_end_matches("/mod");
    path.split('/').map(str::to_owned).collect()
}

/// What a file says about rooms that stand below its own: `src/frame/mod.rs:3: frame names media`.
fn looks_down(file: &str, text: &str, rooms: &[String]) -> Vec<String> {
    let place = |room: &str| rooms.iter().position(|r| r == room);
    let module = module_of(file);
    let Some(own) = place(&module[0]) else {
        return Vec::new();
    };
    named_at_root(&tokens(text), &module)
        .into_iter()
        .filter(|(name, _)| name == "*" || place(name).is_some_and(|other| other > own))
        .map(|(name, line)| format!("{file}:{line}: {} names {name}", rooms[own]))
        .collect()
}

#[test]
fn a_room_names_only_rooms_above_it() {
    let rooms = rooms();
    let faults: Vec<String> = rust_files("src")
        .iter()
        .flat_map(|(file, text)| looks_down(file, text, &rooms))
        .collect();
    assert!(
        faults.is_empty(),
        "src/lib.rs lists the rooms from the ground up, and a room names only rooms above it:\n{}",
        faults.join("\n")
    );
}

/// Whether a file holds tests only.
fn is_of_tests(file: &str) -> bool {
    file.ends_with("/tests.rs") || file.contains("/tests/")
}

/// The circles between the files of `sources`, each as the names of its files.
fn circles_of(sources: &[(String, String)]) -> Vec<String> {
    let files: Vec<circles::File<'_>> = sources
        .iter()
        .filter(|(file, _)| !is_of_tests(file))
        .map(|(file, text)| circles::File {
            module: module_of(file),
            tokens: tokens(text),
        })
        .collect();
    let found = circles::circles(&circles::graph(&files));
    let named = |circle: &Vec<Vec<String>>| {
        let names: Vec<String> = circle.iter().map(|module| module.join("::")).collect();
        names.join(" ↔ ")
    };
    found.iter().map(named).collect()
}

/// Modules in which files still need each other. A name leaves this list when its circles are opened; none comes in.
const CLOSED: &[&str] = &[
    "frame::glyph",
    "media::film",
    "scene::clips",
    "scene::picture::color",
    "scene::text::place",
];

#[test]
fn no_two_files_of_a_room_need_each_other() {
    let mut found = circles_of(&rust_files("src"));
    let is_closed = |circle: &String, name: &str| circle.starts_with(&format!("{name} "));
    let opened: Vec<&&str> = CLOSED
        .iter()
        .filter(|name| !found.iter().any(|circle| is_closed(circle, name)))
        .collect();
    assert!(opened.is_empty(), "take them off the list: {opened:?}");
    found.retain(|circle| !CLOSED.iter().any(|name| is_closed(circle, name)));
    assert!(
        found.is_empty(),
        "a type that two files need lives below both:\n{}",
        found.join("\n")
    );
}

#[test]
fn a_circle_is_found_however_it_is_closed() {
    let circles = |files: &[(&str, &str)]| {
        let own = |(file, text): &(&str, &str)| (file.to_string(), text.to_string());
        circles_of(&files.iter().map(own).collect::<Vec<_>>())
    };
    let face = (
        "src/room/mod.rs",
        "mod a; mod b; pub use a::A; pub use b::{B, C as D}; pub struct Own;",
    );
    // by name, through the face, in a body, under another name
    for b in [
        "use super::a::A;",
        "use super::A;",
        "fn f() { super::a::g() }",
        "use crate::room::{Own, A};",
    ] {
        let a = ("src/room/a.rs", "use super::D;");
        let found = circles(&[face, a, ("src/room/b.rs", b)]);
        assert_eq!(found, ["room::a ↔ room::b"], "{b}");
    }
    // what the face defines itself, tests, and one direction alone
    for b in ["use super::Own;", "mod tests { use super::super::a; }", ""] {
        let a = ("src/room/a.rs", "use super::b::B;");
        let found = circles(&[face, a, ("src/room/b.rs", b)]);
        assert_eq!(found, [""; 0], "{b}");
    }
    // through a folder
    let found = circles(&[
        ("src/room/mod.rs", "mod a; mod in_it;"),
        ("src/room/a.rs", "fn f() { super::in_it::g() }"),
        (
            "src/room/in_it/mod.rs",
            "mod deep; pub fn g() { deep::h() }",
        ),
        ("src/room/in_it/deep.rs", "use super::super::a::f;"),
    ]);
    assert_eq!(found, ["room::a ↔ room::in_it ↔ room::in_it::deep"]);
}

/// A key that is looked up by a text in the source may be misspelt, and is then one that nobody has written.
#[test]
fn the_scene_names_keys_as_the_tables_do() {
    let by_text = [".get(\"", ".entry(\"", ".remove(\""];
    let faults: Vec<String> = rust_files("src/scene")
        .into_iter()
        // attributes of a drawing are no keys of a template
        .filter(|(file, _)| !file.starts_with("src/scene/picture/"))
        .flat_map(|(file, text)| {
            let lines = text.lines().enumerate();
            let lines = lines.filter(|(_, line)| by_text.iter().any(|call| line.contains(call)));
            let places = lines.map(|(at, _)| format!("{file}:{}", at + 1));
            places.collect::<Vec<_>>()
        })
        .collect();
    assert!(
        faults.is_empty(),
        "`keys.read(key!(TEXT.size as number))` does not compile when it is misspelt: {faults:?}"
    );
}

#[test]
fn every_source_file_stands_in_a_room() {
    let rooms = rooms();
    let strays: Vec<String> = rust_files("src")
        .into_iter()
        .map(|(file, _)| file)
        .filter(|file| !["src/lib.rs", "src/main.rs"].contains(&file.as_str()))
        .filter(|file| !rooms.contains(&module_of(file)[0]))
        .collect();
    assert!(strays.is_empty(), "in no room of src/lib.rs: {strays:?}");
}

#[test]
fn unsafe_stands_only_where_a_c_interface_needs_it() {
    let faults: Vec<String> = ["src", "tests", "benches"]
        .into_iter()
        .flat_map(rust_files)
        .filter(|(file, _)| !UNSAFE_FILES.contains(&file.as_str()))
        .flat_map(|(file, text)| lines_with(&file, &tokens(&text), "unsafe"))
        .collect();
    assert!(faults.is_empty(), "unsafe at {faults:?}");
}

/// What the system would load at a start, by its own answer.
#[test]
#[cfg(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu"))]
fn a_start_does_not_load_ffmpeg() {
    let asked = std::process::Command::new(env!("CARGO_BIN_EXE_storypress"))
        .env("LD_TRACE_LOADED_OBJECTS", "1")
        .output()
        .expect("an answer");
    let all = String::from_utf8_lossy(&asked.stdout);
    assert!(all.contains("libc.so"), "{all}");
    let is_ffmpeg = |line: &&str| line.contains("libav") || line.contains("libsw");
    let loaded: Vec<&str> = all.lines().map(str::trim).filter(is_ffmpeg).collect();
    assert!(
        loaded.is_empty(),
        "src/media/film/lazy_load.rs lacks what is called of {loaded:?}"
    );
}

/// libheif reads as much of a struct as its release has, and the crate's features say how much there is.
#[test]
fn libheif_is_told_of_its_own_release() {
    let read = |name| fs::read_to_string(root().join(name)).expect(name);
    let lock = read("Cargo.lock");
    let package = lock
        .split("[[package]]")
        .find(|package| package.contains("name = \"libheif-sys\""));
    let built_in = package
        .and_then(|package| package.split_once('+'))
        .and_then(|(_, release)| release.split('.').nth(1))
        .expect("a release, as in `5.3.1+1.23.1`");
    let feature = format!("\"embedded-libheif\", \"v1_{built_in}\"");
    assert!(read("Cargo.toml").contains(&feature), "{feature}");
}

fn lines_with(file: &str, tokens: &[Token<'_>], word: &str) -> Vec<String> {
    let hits = tokens.iter().filter(|token| token.text == word);
    hits.map(|token| format!("{file}:{}", token.line)).collect()
}

/// `needle` in `line`, where no part of a longer word or path stands around it.
fn stands_alone(line: &str, needle: &str, may_go_on: bool) -> bool {
    let joins = |c: char| c.is_alphanumeric() || "_-.~*}".contains(c);
    line.match_indices(needle).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + needle.len()..].chars().next();
        !before.is_some_and(joins) && (may_go_on || !after.is_some_and(joins))
    })
}

#[test]
fn no_file_says_what_is_left_to_do_or_whose_machine_it_was() {
    // put together here, so that this file does not find itself
    let words = [["TO", "DO"], ["FIX", "ME"], ["X", "XX"]].map(|w| w.concat());
    let paths = ["home", "root", "work", "Users"].map(|folder| format!("/{folder}/"));
    let mut faults = Vec::new();
    for path in files(root()) {
        // pictures and fonts are no text
        let Ok(text) = fs::read_to_string(&path) else {
            continue;
        };
        for (number, line) in text.lines().enumerate() {
            let left = words.iter().any(|word| stands_alone(line, word, false));
            let machine = paths.iter().any(|path| stands_alone(line, path, true));
            if left || machine {
                faults.push(format!("{}:{}: {}", shown(&path), number + 1, line.trim()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_look_down_is_found_however_it_is_written() {
    let rooms = ["low", "mid", "high"].map(str::to_owned);
    let found = |file: &str, text: &str| looks_down(file, text, &rooms);
    assert_eq!(
        found("src/low/mod.rs", "use std::fmt;\n\nuse crate::high::X;"),
        ["src/low/mod.rs:3: low names high"]
    );
    assert_eq!(
        found("src/low/mod.rs", "use crate::{low::A, high::{B, C}, mid};").len(),
        2
    );
    assert_eq!(
        found(
            "src/low/mod.rs",
            "fn f() -> super::mid::T { crate :: high :: g() }"
        )
        .len(),
        2
    );
    assert_eq!(
        found("src/mid/a/b.rs", "use super::super::super::high;").len(),
        1
    );
    assert_eq!(
        found(
            "src/mid/a.rs",
            "mod tests { use super::super::super::high; }"
        )
        .len(),
        1
    );
    assert_eq!(
        found("src/mid/a.rs", "use super::super::{high, low};").len(),
        1
    );
    assert_eq!(
        found("src/mid.rs", "use {crate::low, crate::high};").len(),
        1
    );
    assert_eq!(found("src/low/mod.rs", "use crate::*;").len(), 1);
}

#[test]
fn a_look_up_and_words_in_comments_are_fine() {
    let rooms = ["low", "mid", "high"].map(str::to_owned);
    let fine = r####"
        //! See [`crate::high`].
        /* use crate::high; /* nested */ use crate::high; */
        use crate::low::{high, mid};
        use super::super::low;
        pub(crate) fn f<'a>(c: char, s: &'a str) -> bool {
            c == '"' || s == "crate::high" || s == r#"" crate::high"# || s == b"\"crate::high".as_str()
        }
        mod tests { use super::*; use super::high; }
        use crate::mid::super_high::high;
    "####;
    assert_eq!(
        looks_down("src/mid/a.rs", fine, &rooms),
        Vec::<String>::new()
    );
}
