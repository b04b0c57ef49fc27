use super::super::tests::reported;
use super::*;

fn table(text: &str) -> Table {
    read(&Source::new("rows.csv", text), &Damage::NONE, None).expect("readable")
}

fn shown(rows: &[Result<Row, Diagnostic>]) -> Vec<String> {
    rows.iter()
        .filter_map(|r| r.as_ref().err().map(reported))
        .collect()
}

fn numbers(table: &Table) -> Vec<usize> {
    table.rows.iter().flatten().map(|r| r.number).collect()
}

fn refused(text: &str) -> Vec<String> {
    let errors = read(&Source::new("rows.csv", text), &Damage::NONE, None).expect_err("unreadable");
    errors.iter().map(reported).collect()
}

fn cells(table: &Table, row: usize) -> Vec<&str> {
    let row = table.rows[row].as_ref().expect("good");
    row.values
        .values()
        .map(|v| v.as_str().expect("text"))
        .collect()
}

#[test]
fn cells_stay_text_and_know_their_place() {
    let table = table("id,title,price\r\n01,\"Soup, \"\"red\"\"\r\nof the day\",4.50\r\n");
    assert_eq!(
        cells(&table, 0),
        ["01", "Soup, \"red\"\nof the day", "4.50"]
    );
    let row = table.rows[0].as_ref().expect("good");
    assert_eq!(row.label().to_string(), "row 1 (id 01)");
    assert_eq!(row.place_of("price").text(), "4.50");
    assert_eq!(
        row.place.text(),
        "01,\"Soup, \"\"red\"\"\r\nof the day\",4.50"
    );
}

#[test]
fn the_delimiter_is_found_in_the_heading() {
    assert_eq!(cells(&table("a;b\n1,50;x\n"), 0), ["1,50", "x"]);
    assert_eq!(cells(&table("a\tb\n1,50\tx;y\n"), 0), ["1,50", "x;y"]);
    assert_eq!(cells(&table("\"a,b,c\";d\n1;2\n"), 0), ["1", "2"]);
    assert_eq!(cells(&table("sep=;\r\na;b\r\n1;2\r\n"), 0), ["1", "2"]);
    assert_eq!(cells(&table("title\nSoup; red\n"), 0), ["Soup; red"]);
}

#[test]
fn empty_rows_are_left_out_and_still_counted() {
    let table = table("\n\nid,title\n1,a\n,\n\n4,d\n , \n");
    assert_eq!(numbers(&table), [1, 4]);
    assert_eq!(table.rows.len(), 2);
}

#[test]
fn empty_columns_at_the_right_harm_nobody() {
    let table = table("id,title,,\n1,a,,\n");
    assert_eq!(table.columns, ["id", "title"]);
    assert_eq!(cells(&table, 0), ["1", "a"]);
}

#[test]
fn a_wrong_count_names_row_and_column() {
    let table = table("id,title,price\n1,Soup,4\n2,Tart, with honey,5\n3,Cake\n4,Bun,2\n");
    assert_eq!(numbers(&table), [1, 4]);
    assert_eq!(
        shown(&table.rows),
        [
            "3:20 bad-row: row 2: 4 cells where the heading has 3: too many from after column `price` on (put a cell with `,` in it in double quotes)",
            "4:7 bad-row: row 3: 2 cells where the heading has 3: nothing for column `price` (an empty cell needs its delimiter too)",
        ]
    );
}

#[test]
fn an_unclosed_quote_fails_its_row_and_the_others_are_read() {
    let table = table("id,title\n1,Soup\n2,\"Tart\n3,Cake\n4,Bun\n");
    assert_eq!(numbers(&table), [1, 3, 4]);
    assert_eq!(
        shown(&table.rows),
        [
            "3:3 bad-row: row 2: column `title`: the quote that opens here is never closed (inside a quoted cell a quote is written twice, `\"\"`)"
        ]
    );
}

#[test]
fn an_unclosed_quote_that_meets_a_later_one_swallows_nothing() {
    let table = table("id,title,n\n1,\"Soup,5\n2,Pie,6\n3,\"Tart\",7\n");
    assert_eq!(numbers(&table), [2, 3]);
    let by_luck = self::table("id,title,n\n1,\"Soup,5\n2,Pie,6\n3,Tart,\"\n4,Bun,8\n");
    assert_eq!(numbers(&by_luck), [2, 4]);
    assert!(by_luck.rows[0].is_err() && by_luck.rows[2].is_err());
}

#[test]
fn a_long_cell_with_a_wrong_count_stays_one_row() {
    let table = table("id,title\n1,\"one\ntwo\",x\n2,b\n");
    assert_eq!(table.rows.len(), 2);
    assert_eq!(numbers(&table), [2]);
}

#[test]
fn text_after_a_closing_quote_is_reported() {
    let table = table("id,title\n1,\"Best\" pizza\n2,5\" plate\n3, \"a, b\"\n");
    assert_eq!(
        shown(&table.rows),
        [
            "2:10 bad-row: row 1: column `title`: text follows the closing quote (inside a quoted cell a quote is written twice, `\"\"`)"
        ]
    );
    assert_eq!(cells(&table, 1), ["2", "5\" plate"]);
    assert_eq!(cells(&table, 2), ["3", "a, b"]);
}

#[test]
fn bare_quotes_are_text_in_tsv() {
    let source = Source::new("rows.tsv", "id\ttitle\n1\t\"Best\" pizza\n2\t\"a\tb\"\n");
    let table = read(&source, &Damage::NONE, Some(b'\t')).expect("readable");
    assert_eq!(cells(&table, 0), ["1", "\"Best\" pizza"]);
    assert_eq!(cells(&table, 1), ["2", "a\tb"]);
}

#[test]
fn the_heading_names_each_column_once() {
    assert_eq!(
        refused("id,,title,title\n1,x,a,b\n"),
        [
            "1:4 bad-row: column 2 has no name in the heading (name it, or empty the column)",
            "1:11 bad-row: column 4 is called `title`, as column 3 is already (give each column a name of its own)",
        ]
    );
    assert_eq!(
        refused("id,\"title\n1,x\n"),
        [
            "1:4 bad-row: heading: column 2: the quote that opens here is never closed (inside a quoted cell a quote is written twice, `\"\"`)"
        ]
    );
}

#[test]
fn broken_bytes_fail_their_row_alone() {
    let text = "id,title\n1,caf\u{fffd}\n2,b\n";
    let at = text.find('\u{fffd}').expect("there");
    let table = read(
        &Source::new("rows.csv", text),
        &Damage {
            at: &[at],
            encoding: None,
        },
        None,
    )
    .expect("readable");
    assert_eq!(numbers(&table), [2]);
    assert_eq!(
        shown(&table.rows),
        ["2:6 bad-row: row 1: bytes that are not UTF-8 in column `title` (save the file as UTF-8)"]
    );
}

#[test]
fn an_error_of_a_sheet_is_no_text() {
    let table = table("id,title,price\n1,Soup,#REF!\n2,Tart, #N/A \n3,#1 in town,4.50\n");
    assert_eq!(
        shown(&table.rows)[..2],
        [
            "2:8 bad-row: row 1: column `price` holds the error `#REF!` (mend it in the spreadsheet)",
            "3:8 bad-row: row 2: column `price` holds the error `#N/A` (mend it in the spreadsheet)",
        ]
    );
    assert_eq!(cells(&table, 2), ["3", "#1 in town", "4.50"]);
}

proptest::proptest! {
    #[test]
    fn what_the_csv_crate_writes_is_read_back(
        rows in proptest::collection::vec(
            proptest::collection::vec("[a-z\",;\n é☕]{0,6}", 3..4),
            1..6,
        ),
    ) {
        let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
        writer.write_record(["a", "b", "c"]).expect("written");
        for row in &rows {
            writer.write_record(row).expect("written");
        }
        let text = String::from_utf8(writer.into_inner().expect("whole")).expect("UTF-8");
        let table = table(&text);
        let read: Vec<Vec<&str>> = (0..table.rows.len()).map(|i| cells(&table, i)).collect();
        let written: Vec<Vec<String>> = rows
            .iter()
            .filter(|r| r.iter().any(|c| !c.trim().is_empty()))
            .cloned()
            .collect();
        proptest::prop_assert_eq!(read, written);
    }

    #[test]
    fn any_text_is_read_to_its_end(text in "[a,;\"\r\n\té ]{0,60}") {
        let source = Source::new("rows.csv", text.as_str());
        if let Ok(table) = read(&source, &Damage::NONE, None) {
            for row in table.rows.iter().flatten() {
                proptest::prop_assert!(row.place.end <= text.len());
            }
        }
    }
}
