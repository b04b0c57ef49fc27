use std::path::PathBuf;

use super::*;

/// A diagnostic in one line: `2:4 bad-row: what is wrong (what to do)`.
pub(super) fn reported(diagnostic: &Diagnostic) -> String {
    let (line, column) = diagnostic.line_column();
    let (code, message) = (diagnostic.code.as_str(), &diagnostic.message);
    match &diagnostic.hint {
        Some(hint) => format!("{line}:{column} {code}: {message} ({hint})"),
        None => format!("{line}:{column} {code}: {message}"),
    }
}

fn file(name: &str, bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).expect("written");
    (folder, path)
}

fn titles(name: &str, bytes: &[u8]) -> Vec<String> {
    let (_folder, path) = file(name, bytes);
    let table = read(&path).expect("readable");
    let rows = table.rows.iter().flatten();
    rows.map(|r| r.values["title"].as_str().expect("text").to_owned())
        .collect()
}

fn refusal(name: &str, bytes: &[u8]) -> (Code, String, Option<String>) {
    let (_folder, path) = file(name, bytes);
    let error = read(&path).expect_err("unreadable").remove(0);
    (error.code, error.message, error.hint)
}

#[test]
fn what_excel_and_sheets_write_is_read() {
    let utf_16: Vec<u8> = "\u{feff}id\ttitle\r\n1\tCafé ☕\r\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    assert_eq!(titles("unicode.txt", &utf_16), ["Café ☕"]);
    assert_eq!(
        titles("excel.csv", b"id;title\r\n1;Caf\xe9 \x80 2\r\n"),
        ["Café € 2"]
    );
    assert_eq!(
        titles("utf8.csv", "\u{feff}title;id\r\nCafé;1\r\n".as_bytes()),
        ["Café"]
    );
    assert_eq!(titles("mac.csv", b"id,title\r1,a\r2,b\r"), ["a", "b"]);
    assert_eq!(
        titles("sheets.csv", b"id,title\r\n1,\"Two\nlines\"\r\n,"),
        ["Two\nlines"]
    );
}

#[test]
fn without_an_extension_the_content_tells() {
    assert_eq!(titles("a", b"title,b\nx,y\n"), ["x"]);
    assert_eq!(titles("b", b" [{\"title\": \"x\"}]"), ["x"]);
    assert_eq!(
        titles("c", b"{\"title\": \"x\"}\n{\"title\": \"y\"}\n"),
        ["x", "y"]
    );
    assert_eq!(titles("d", b"{\n \"title\": \"x\"\n}\n"), ["x"]);
    assert_eq!(titles("e", b"[[row]]\ntitle = \"x\"\n"), ["x"]);
    assert_eq!(titles("f", b"title = \"x\"\n"), ["x"]);
    assert_eq!(
        titles(
            "g",
            b"<?xml version='1.0'?><rss version='2.0'><channel><item><title>x</title></item></channel></rss>"
        ),
        ["x"]
    );
}

#[test]
fn what_cannot_be_read_says_why() {
    assert_eq!(
        refusal("a.csv", b""),
        (Code::Syntax, "the file is empty".into(), None)
    );
    assert_eq!(refusal("a.json", b" \r\n ").1, "the file is empty");
    assert_eq!(
        refusal("a.csv", b"\x00\x01\x02").1,
        "this is not a text file"
    );
    assert_eq!(
        refusal("a.xlsx", b"id,title\n").1,
        "this is not a spreadsheet: the file is damaged or has another format"
    );
    assert_eq!(
        refusal("a.xls", b"\xd0\xcf\x11\xe0"),
        (
            Code::Syntax,
            "`.xls` files are not read".into(),
            Some("save it as .xlsx or .csv".into())
        )
    );
    assert_eq!(
        refusal("a.csv", b"<!DOCTYPE html><html>Sign in").1,
        "this is a web page, not data"
    );
    assert_eq!(
        refusal("a.json", b"[{\"t\": \"\xc3\xa9 \xff\"}]").1,
        "these bytes are not UTF-8"
    );
}

#[test]
fn a_missing_file_is_reported_with_its_neighbour() {
    let (folder, _path) = file("menu.csv", b"id\n1\n");
    let path = folder.path().join("menus.csv");
    let error = read(&path).expect_err("missing").remove(0);
    assert_eq!(error.code, Code::MissingAsset);
    assert_eq!(error.message, format!("no data file `{}`", path.display()));
    assert_eq!(error.hint.as_deref(), Some("did you mean `menu.csv`?"));
    let error = read(folder.path()).expect_err("a folder").remove(0);
    assert!(error.message.ends_with("is a folder, not a data file"));
}

#[test]
fn a_file_over_the_limit_is_refused() {
    let (_folder, path) = file("big.csv", b"id\n");
    let grown = std::fs::OpenOptions::new().write(true).open(&path);
    grown.and_then(|f| f.set_len(MAX_BYTES + 1)).expect("grown");
    let error = read(&path).expect_err("too large").remove(0);
    assert_eq!(error.message, "the data file is over 64 MiB");
}
