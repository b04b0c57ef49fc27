//! TOML: `[[row]]`, any single array of tables, or one plain table.

use std::sync::Arc;

use serde_json::{Map, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Row, Table, bad_row, columns, long_number};
use crate::diag::{Code, Diagnostic, Place, Source};

/// The array that is taken where there are several.
const ROW: &str = "row";

/// Reads all rows, or reports everything that is wrong with the syntax.
pub(super) fn read(source: &Arc<Source>) -> Result<Table, Vec<Diagnostic>> {
    let (document, errors) = DeTable::parse_recoverable(&source.text);
    if !errors.is_empty() {
        return Err(errors
            .into_iter()
            .map(|e| {
                let place = Place::new(source, e.span().unwrap_or(0..0));
                Diagnostic::at(Code::Syntax, &place, e.message().trim().to_owned())
            })
            .collect());
    }
    let items = items(source, &document)?;
    let rows: Vec<_> = items
        .into_iter()
        .enumerate()
        .map(|(index, (table, range))| row(source, index + 1, table, range))
        .filter(|row| !row.as_ref().is_ok_and(Row::is_empty))
        .collect();
    Ok(Table {
        columns: columns(&rows),
        rows,
        headings: Vec::new(),
        own_columns: true,
        warnings: Vec::new(),
        source: source.clone(),
    })
}

type Item<'a> = (&'a DeTable<'a>, std::ops::Range<usize>);

fn items<'a>(
    source: &Arc<Source>,
    document: &'a Spanned<DeTable<'a>>,
) -> Result<Vec<Item<'a>>, Vec<Diagnostic>> {
    let mut lists: Vec<(&Spanned<_>, Vec<Item>)> = document
        .get_ref()
        .iter()
        .filter_map(|(name, value)| Some((name, array_of_tables(value)?)))
        .collect();
    // the table sorts its keys; people see the file's order
    lists.sort_by_key(|(name, _)| name.span().start);
    let named = lists.iter().position(|(name, _)| name.get_ref() == ROW);
    match (named, lists.len()) {
        (Some(at), _) => Ok(lists.swap_remove(at).1),
        (None, 0) => Ok(vec![(document.get_ref(), document.span())]),
        (None, 1) => Ok(lists.swap_remove(0).1),
        _ => {
            let (first, second) = (lists[0].0, lists[1].0);
            let message = format!(
                "both `{}` and `{}` are lists of rows",
                first.get_ref(),
                second.get_ref()
            );
            let place = Place::new(source, second.span());
            Err(vec![
                Diagnostic::at(Code::BadRow, &place, message).hint("call the rows `[[row]]`"),
            ])
        }
    }
}

fn array_of_tables<'a>(value: &'a Spanned<DeValue<'a>>) -> Option<Vec<Item<'a>>> {
    let array = value.get_ref().as_array()?;
    let items: Option<Vec<Item>> = array
        .iter()
        .map(|item| Some((item.get_ref().as_table()?, item.span())))
        .collect();
    items.filter(|items| !items.is_empty())
}

fn row(
    source: &Arc<Source>,
    number: usize,
    table: &DeTable,
    range: std::ops::Range<usize>,
) -> Result<Row, Diagnostic> {
    let mut members: Vec<_> = table.iter().collect();
    members.sort_by_key(|(name, _)| name.span().start);
    let mut values = Map::new();
    let mut places = Vec::with_capacity(members.len());
    let mut end = range.end;
    for (name, value) in members {
        let place = Place::new(source, value.span());
        end = end.max(value.span().end);
        let json = json(value.get_ref()).map_err(|what| {
            bad_row(
                number,
                &place,
                format!("column `{}`: {what}", name.get_ref()),
            )
        })?;
        values.insert(name.get_ref().to_string(), json);
        places.push((name.get_ref().to_string(), place));
    }
    // a `[[row]]` spans its heading only: the row reaches to its last value
    let place = Place::new(source, range.start..end);
    Ok(Row::new(number, values, place, places))
}

fn json(value: &DeValue) -> Result<Value, String> {
    Ok(match value {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Boolean(flag) => Value::Bool(*flag),
        DeValue::Datetime(date) => Value::String(date.to_string()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map(Value::from)
            .map_err(|_| format!("the number `{}` is too large", number.as_str()))?,
        DeValue::Float(number) => long_number::exact(number.as_str())
            .ok_or_else(|| format!("`{}` is no number to show", number.as_str()))?,
        DeValue::Array(items) => Value::Array(
            items
                .iter()
                .map(|item| json(item.get_ref()))
                .collect::<Result<_, _>>()?,
        ),
        DeValue::Table(table) => {
            let mut members: Vec<_> = table.iter().collect();
            members.sort_by_key(|(name, _)| name.span().start);
            let mut object = Map::new();
            for (name, value) in members {
                object.insert(name.get_ref().to_string(), json(value.get_ref())?);
            }
            Value::Object(object)
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::reported;
    use super::*;

    fn table(text: &str) -> Table {
        read(&Source::new("rows.toml", text)).expect("readable")
    }

    #[test]
    fn each_row_table_is_a_row_with_its_types() {
        let table = table(
            "made = 2026-11-01\n[[row]]\nid = \"mon\"\nday = 2026-11-21\nopen = true\n[[row]]\nid = \"tue\"\nprice = 0x10\n",
        );
        let rows: Vec<_> = table.rows.iter().flatten().collect();
        assert_eq!(
            Value::Object(rows[0].values.clone()),
            json!({"id": "mon", "day": "2026-11-21", "open": true})
        );
        assert_eq!(rows[1].values["price"], 16);
        assert_eq!(rows[1].label().to_string(), "row 2 (id tue)");
        assert_eq!(rows[0].place_of("day").text(), "2026-11-21");
        assert_eq!(rows[1].place.source.line_column(rows[1].place.start).0, 6);
        assert_eq!(table.columns, ["id", "day", "open", "price"]);
    }

    #[test]
    fn any_single_array_or_a_plain_table_is_taken() {
        assert_eq!(table("[[dish]]\nt = 1\n[[dish]]\nt = 2\n").rows.len(), 2);
        assert_eq!(table("dish = [{t = 1}, {t = 2}]\n").rows.len(), 2);
        let plain = table("title = \"Soup\"\n[chef]\nname = \"Ana\"\nat = 1979-05-27T07:32:00Z\n");
        let row = plain.rows[0].as_ref().expect("good");
        assert_eq!(
            row.values["chef"],
            json!({"name": "Ana", "at": "1979-05-27T07:32:00Z"})
        );
    }

    #[test]
    fn what_cannot_be_read_is_reported_at_its_place() {
        let source = Source::new("rows.toml", "[[a]]\nx = 1\n[[b]]\nx = 1\n");
        let errors = read(&source).expect_err("ambiguous");
        assert_eq!(
            reported(&errors[0]),
            "3:3 bad-row: both `a` and `b` are lists of rows (call the rows `[[row]]`)"
        );
        let source = Source::new("rows.toml", "a = \nb = [1\n");
        let errors = read(&source).expect_err("broken");
        assert!(errors.len() > 1, "all at once: {errors:?}");
        assert!(errors.iter().all(|e| e.code == Code::Syntax));
    }

    #[test]
    fn a_number_that_cannot_be_shown_fails_its_row_alone() {
        let table =
            table("[[row]]\nx = inf\n[[row]]\nx = 1.5\n[[row]]\nx = 99999999999999999999\n");
        let message = |n: usize| table.rows[n].as_ref().expect_err("bad").message.clone();
        assert_eq!(message(0), "row 1: column `x`: `inf` is no number to show");
        assert!(table.rows[1].is_ok());
        assert_eq!(
            message(2),
            "row 3: column `x`: the number `99999999999999999999` is too large"
        );
    }
}
