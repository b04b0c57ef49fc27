use std::io::Write;

use serde_json::json;
use zip::write::SimpleFileOptions;

use super::super::tests::reported;
use super::*;

fn archive(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        zip.start_file(*name, SimpleFileOptions::default())
            .expect("started");
        zip.write_all(text.as_bytes()).expect("written");
    }
    zip.finish().expect("whole").into_inner()
}

/// A workbook whose first sheet is empty and whose second has these rows.
fn workbook(rows: &str) -> Vec<u8> {
    let sheet = |rows: &str| {
        format!(
            "<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetData>{rows}</sheetData></worksheet>"
        )
    };
    archive(&[
        (
            "[Content_Types].xml",
            "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"/>",
        ),
        (
            "_rels/.rels",
            "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"r0\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>",
        ),
        (
            "xl/workbook.xml",
            "<workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"><sheets><sheet name=\"Cover\" sheetId=\"1\" r:id=\"r1\"/><sheet name=\"Menu\" sheetId=\"2\" r:id=\"r2\"/></sheets></workbook>",
        ),
        (
            "xl/_rels/workbook.xml.rels",
            "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"r1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet\" Target=\"worksheets/sheet1.xml\"/><Relationship Id=\"r2\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet\" Target=\"worksheets/sheet2.xml\"/></Relationships>",
        ),
        (
            "xl/styles.xml",
            "<styleSheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/><xf numFmtId=\"22\"/><xf numFmtId=\"20\"/></cellXfs></styleSheet>",
        ),
        ("xl/worksheets/sheet1.xml", &sheet("")),
        ("xl/worksheets/sheet2.xml", &sheet(rows)),
    ])
}

const HEADING: &str = "<row r=\"2\"><c r=\"B2\" t=\"inlineStr\"><is><t>id</t></is></c><c r=\"C2\" t=\"inlineStr\"><is><t> title </t></is></c><c r=\"D2\" t=\"inlineStr\"><is><t>day</t></is></c></row>";

fn sheet(rows: &str) -> Result<Table, Vec<Diagnostic>> {
    let rows = format!("{HEADING}{rows}");
    read(&Source::new("menu.xlsx", ""), workbook(&rows))
}

#[test]
fn an_error_that_is_a_text_fails_its_row_and_a_hashtag_does_not() {
    let cell = |row: u32, text: &str| {
        format!(
            "<row r=\"{row}\"><c r=\"B{row}\"><v>1</v></c><c r=\"C{row}\" t=\"inlineStr\"><is><t>{text}</t></is></c></row>"
        )
    };
    let rows: String = [(3, "#WERT!"), (4, "#summer"), (5, "#1")]
        .map(|(row, text)| cell(row, text))
        .concat();
    let table = sheet(&rows).expect("readable");
    let [Err(why), Ok(_), Ok(_)] = &table.rows[..] else {
        panic!("{:?}", table.rows);
    };
    assert_eq!(
        reported(why),
        "1:1 bad-row: row 1: column `title`: cell C3 holds the error `#WERT!` (mend it in the spreadsheet)"
    );
}

#[test]
fn numbers_dates_times_and_flags_are_as_people_see_them() {
    let table = sheet(
        "<row r=\"3\"><c r=\"B3\"><v>7</v></c><c r=\"C3\" t=\"inlineStr\"><is><t>Soup</t></is></c><c r=\"D3\" s=\"1\"><v>46347</v></c></row>\
         <row r=\"4\"><c r=\"B4\"><v>0.30000000000000004</v></c><c r=\"C4\" t=\"b\"><v>1</v></c><c r=\"D4\" s=\"2\"><v>46347.8125</v></c></row>\
         <row r=\"6\"><c r=\"B6\"><v>9</v></c><c r=\"D6\" s=\"3\"><v>0.8125</v></c></row>",
    )
    .expect("readable");
    let rows: Vec<&Row> = table.rows.iter().flatten().collect();
    let values = |n: usize| Value::Object(rows[n].values.clone());
    assert_eq!(
        values(0),
        json!({"id": 7, "title": "Soup", "day": "2026-11-21"})
    );
    assert_eq!(
        values(1),
        json!({"id": 0.3, "title": true, "day": "2026-11-21T19:30:00"})
    );
    assert_eq!(values(2), json!({"id": 9, "title": "", "day": "19:30"}));
    assert_eq!(rows[2].number, 4, "the empty row is counted");
    assert_eq!(rows[0].key.as_deref(), Some("7"));
}

#[test]
fn an_error_cell_fails_its_row_and_is_named_as_spreadsheets_do() {
    let table = sheet(
        "<row r=\"3\"><c r=\"B3\"><v>1</v></c><c r=\"C3\" t=\"e\"><v>#DIV/0!</v></c></row><row r=\"4\"><c r=\"B4\"><v>2</v></c></row>",
    )
    .expect("readable");
    let error = table.rows[0].as_ref().expect_err("bad");
    assert_eq!(
        reported(error),
        "1:1 bad-row: row 1: column `title`: cell C3 holds the error `#DIV/0!` (mend it in the spreadsheet)"
    );
    assert!(table.rows[1].is_ok());
}

#[test]
fn a_column_without_a_name_is_reported_by_its_letter() {
    let errors = sheet("<row r=\"3\"><c r=\"B3\"><v>1</v></c><c r=\"AB3\"><v>2</v></c></row>")
        .expect_err("no name");
    assert_eq!(errors[0].message, "column AB has no name in the heading");
}

#[test]
fn a_far_cell_costs_nothing() {
    let far = "<row r=\"1048576\"><c r=\"XFD1048576\"><v>1</v></c></row>";
    assert!(sheet(far).is_err());
}

#[test]
fn open_document_sheets_are_read() {
    let content = r#"<?xml version="1.0"?><office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet><table:table table:name="A">
<table:table-row><table:table-cell office:value-type="string"><text:p>id</text:p></table:table-cell><table:table-cell office:value-type="string"><text:p>day</text:p></table:table-cell><table:table-cell office:value-type="string"><text:p>at</text:p></table:table-cell></table:table-row>
<table:table-row><table:table-cell office:value-type="float" office:value="3"><text:p>3</text:p></table:table-cell><table:table-cell office:value-type="date" office:date-value="2026-11-21"><text:p>21.11.26</text:p></table:table-cell><table:table-cell office:value-type="time" office:time-value="PT19H30M00S"><text:p>19:30</text:p></table:table-cell></table:table-row>
<table:table-row table:number-rows-repeated="1048573"><table:table-cell table:number-columns-repeated="16384"/></table:table-row>
</table:table></office:spreadsheet></office:body></office:document-content>"#;
    let bytes = archive(&[
        ("mimetype", "application/vnd.oasis.opendocument.spreadsheet"),
        (
            "META-INF/manifest.xml",
            "<manifest:manifest xmlns:manifest=\"urn:oasis:names:tc:opendocument:xmlns:manifest:1.0\"/>",
        ),
        ("content.xml", content),
    ]);
    let table = read(&Source::new("menu.ods", ""), bytes).expect("readable");
    let row = table.rows[0].as_ref().expect("good");
    assert_eq!(
        Value::Object(row.values.clone()),
        json!({"id": 3, "day": "2026-11-21", "at": "19:30"})
    );
}

#[test]
fn damaged_and_foreign_archives_are_refused() {
    let source = Source::new("menu.xlsx", "");
    let mut cut = workbook(HEADING);
    cut.truncate(200);
    assert!(read(&source, cut).is_err());
    let error = read(&source, archive(&[("word/document.xml", "<x/>")])).expect_err("foreign");
    assert_eq!(error[0].message, "this archive is not a spreadsheet");
}

#[test]
fn columns_are_lettered_as_in_a_spreadsheet() {
    assert_eq!(letters(0), "A");
    assert_eq!(letters(25), "Z");
    assert_eq!(letters(26), "AA");
    assert_eq!(letters(16_383), "XFD");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    #[test]
    fn odd_cells_never_panic(
        place in "[A-Z]{0,4}[0-9]{0,8}",
        kind in "b|e|s|d|n|str|inlineStr|x",
        style in 0_u32..6,
        value in "[0-9.eE+-]{0,12}|\\PC{0,6}",
    ) {
        let value = value.replace(['<', '&'], "");
        let _ = sheet(&format!(
            "<row r=\"3\"><c r=\"{place}\" t=\"{kind}\" s=\"{style}\"><v>{value}</v></c><c s=\"{style}\"><v>{value}</v></c></row>"
        ));
    }

    #[test]
    fn a_damaged_workbook_never_panics(at in 0_usize..2000, byte: u8) {
        let mut bytes = workbook(HEADING);
        let at = at % bytes.len();
        bytes[at] = byte;
        let _ = read(&Source::new("menu.xlsx", ""), bytes);
    }
}

#[test]
fn the_largest_number_there_is_fails_nothing() {
    let table = sheet(
        "<row r=\"3\"><c r=\"B3\"><v>1</v></c><c r=\"C3\"><v>1.7976931348623157E+308</v></c></row>",
    )
    .expect("a table");
    assert!(table.rows[0].is_ok());
}

#[test]
fn midnight_is_a_time_among_moments_and_a_day_among_days() {
    let day = |row: u32, value: &str| {
        format!(
            "<row r=\"{row}\"><c r=\"B{row}\"><v>{row}</v></c><c r=\"D{row}\" s=\"2\"><v>{value}</v></c></row>"
        )
    };
    let days = |rows: &[String]| {
        let table = sheet(&rows.concat()).expect("readable");
        let rows: Vec<Row> = table.rows.into_iter().flatten().collect();
        rows.iter()
            .map(|row| row.values["day"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        days(&[day(3, "46347"), day(4, "46347.8125")]),
        ["2026-11-21T00:00:00", "2026-11-21T19:30:00"]
    );
    // programs write every day with a format that shows a time
    assert_eq!(
        days(&[day(3, "46347"), day(4, "46348")]),
        ["2026-11-21", "2026-11-22"]
    );
}
