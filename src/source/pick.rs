//! Takes the rows out of JSON answers, page by page.
//!
//! In: the text of a page. Out: the text of each row, and what the next page is asked for with. Never: a number that is
//! written anew, and looks another then.

use std::collections::HashSet;

use serde_json::value::RawValue;
use url::Url;

use super::{Fault, Next, Options};
use crate::diag::did_you_mean;
use crate::template::expression::folded;

type Members<'a> = Vec<(String, &'a RawValue)>;

/// The rows of a page, each as an object's text.
pub(super) fn rows(options: &Options, text: &str) -> Result<Vec<String>, Fault> {
    let whole: &RawValue =
        serde_json::from_str(text).map_err(|e| Fault::Data(format!("not JSON: {e}")))?;
    let list = match &options.rows {
        Some(path) => {
            let found = at(whole, path);
            found.ok_or_else(|| Fault::Data(nothing_at("rows", path, whole)))?
        }
        None => only_list(whole)?,
    };
    let elements = match elements(list) {
        Some(elements) => elements,
        None if list.get().starts_with('{') => vec![list],
        None => {
            let path = options.rows.as_deref().unwrap_or_default();
            return Err(Fault::Data(format!("`{path}` is no list in the answer")));
        }
    };
    let cells = |element: &&RawValue| match &options.fields {
        None => element.get().to_owned(),
        Some(path) => with_id(element, at(element, path)),
    };
    Ok(elements.iter().map(cells).collect())
}

/// All rows as a file of their own.
pub(super) fn joined(rows: &[String]) -> String {
    format!("[{}]\n", rows.join(",\n"))
}

/// The address of the page after this one; none after the last.
///
/// `asked` is the address that this page came from, `first` the source's own.
pub(super) fn next(
    next: &Next,
    text: &str,
    asked: &Url,
    first: &Url,
) -> Result<Option<Url>, Fault> {
    let whole: &RawValue =
        serde_json::from_str(text).map_err(|e| Fault::Data(format!("not JSON: {e}")))?;
    let value = at(whole, &next.from).and_then(|raw| serde_json::from_str(raw.get()).ok());
    let text = match value {
        None | Some(serde_json::Value::Null | serde_json::Value::Bool(false)) => return Ok(None),
        Some(serde_json::Value::String(text)) if text.trim().is_empty() => return Ok(None),
        Some(serde_json::Value::String(text)) => text,
        Some(serde_json::Value::Number(number)) => number.to_string(),
        Some(_) => {
            let said = format!("`{}` does not say what the next page is", next.from);
            return Err(Fault::Data(said));
        }
    };
    let is_address = text.starts_with("https://") || text.starts_with("http://");
    match &next.param {
        Some(param) if !is_address => Ok(Some(with_param(first, param, &text))),
        _ => match asked.join(&text) {
            Ok(url) => Ok(Some(url)),
            Err(_) => Err(Fault::NotHttp(text.chars().take(100).collect())),
        },
    }
}

fn with_param(url: &Url, param: &str, value: &str) -> Url {
    let others: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(name, _)| name != param)
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    let mut url = url.clone();
    url.query_pairs_mut()
        .clear()
        .extend_pairs(others)
        .append_pair(param, value);
    url
}

/// What a path of keys leads to; a key that has dots itself goes first, a number counts in a list from 0.
fn at<'a>(whole: &'a RawValue, path: &str) -> Option<&'a RawValue> {
    if path.is_empty() {
        return Some(whole);
    }
    if let Some(index) = path
        .split('.')
        .next()
        .and_then(|key| key.parse::<usize>().ok())
        && let Some(list) = elements(whole)
    {
        let rest = path.split_once('.').map_or("", |(_, rest)| rest);
        return at(list.get(index)?, rest);
    }
    let members = members(whole)?;
    let of = |key: &str| members.iter().find(|(name, _)| name == key);
    if let Some((_, found)) = of(path) {
        return Some(found);
    }
    // the longest beginning that is a key
    path.rmatch_indices('.')
        .find_map(|(dot, _)| at(of(&path[..dot])?.1, &path[dot + 1..]))
}

fn members(raw: &RawValue) -> Option<Members<'_>> {
    if !raw.get().starts_with('{') {
        return None;
    }
    // a map that keeps its order would read numbers anew
    struct Collect;
    impl<'de> serde::de::Visitor<'de> for Collect {
        type Value = Members<'de>;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an object")
        }
        fn visit_map<A: serde::de::MapAccess<'de>>(
            self,
            mut map: A,
        ) -> Result<Self::Value, A::Error> {
            let mut members = Vec::new();
            while let Some(member) = map.next_entry()? {
                members.push(member);
            }
            Ok(members)
        }
    }
    let mut reader = serde_json::Deserializer::from_str(raw.get());
    serde::de::Deserializer::deserialize_map(&mut reader, Collect).ok()
}

fn elements(raw: &RawValue) -> Option<Vec<&RawValue>> {
    match raw.get().starts_with('[') {
        true => serde_json::from_str(raw.get()).ok(),
        false => None,
    }
}

/// As in a file: a list, or the only list of objects in an object, or the object itself.
fn only_list(whole: &RawValue) -> Result<&RawValue, Fault> {
    let Some(members) = members(whole) else {
        return match elements(whole) {
            Some(_) => Ok(whole),
            None => Err(Fault::Data(
                "the answer is neither a list nor an object".into(),
            )),
        };
    };
    let has_objects = |raw: &RawValue| {
        elements(raw).is_some_and(|list| list.iter().any(|item| item.get().starts_with('{')))
    };
    let lists: Vec<_> = members.iter().filter(|(_, raw)| has_objects(raw)).collect();
    match lists[..] {
        [] => {
            // the last page may have an empty one
            let empty = |raw: &RawValue| elements(raw).is_some_and(|list| list.is_empty());
            let found: Vec<_> = members.iter().filter(|(_, raw)| empty(raw)).collect();
            Ok(match found[..] {
                [(_, list)] => list,
                _ => whole,
            })
        }
        [(_, list)] => Ok(list),
        [(first, _), (second, _), ..] => Err(Fault::Data(format!(
            "both `{first}` and `{second}` are lists of rows; `rows` in the source says which"
        ))),
    }
}

fn nothing_at(key: &str, path: &str, whole: &RawValue) -> String {
    let names: Vec<String> = members(whole)
        .unwrap_or_default()
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    let first = path.split('.').next().unwrap_or(path);
    let near = did_you_mean(first, names.iter().map(String::as_str));
    let has = match names.len() {
        0 => String::new(),
        _ => {
            let some: Vec<String> = names.iter().take(6).map(|n| format!("`{n}`")).collect();
            format!(": it has {}", some.join(", "))
        }
    };
    let near = near.map(|near| format!("; {near}")).unwrap_or_default();
    let said = format!("the answer has no `{path}`, where `{key}` looks{has}{near}");
    said.chars().take(400).collect()
}

/// The cells of an element, with the element's own `id` where they have none: it names the row for good.
fn with_id(element: &RawValue, cells: Option<&RawValue>) -> String {
    let Some(cells) = cells else {
        return "null".into();
    };
    let own = members(element).unwrap_or_default();
    let id = own
        .iter()
        .find(|(name, _)| name == "id")
        .map(|(_, id)| id.get());
    let is_name = |id: &&str| id.starts_with('"') || id.starts_with(|c: char| c.is_ascii_digit());
    let names: HashSet<String> = members(cells)
        .unwrap_or_default()
        .iter()
        .map(|(name, _)| folded(name))
        .collect();
    match id.filter(is_name) {
        Some(id)
            if cells.get().starts_with('{') && !names.contains("id") && !names.contains("key") =>
        {
            let rest = cells.get()[1..].trim_start();
            let between = if rest == "}" { "" } else { ", " };
            format!("{{\"id\": {id}{between}{rest}")
        }
        _ => cells.get().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::{Place, Source};

    fn options(rows: &str, fields: &str) -> Options {
        let url = "https://api.example.com/v0/menu"
            .parse()
            .expect("an address");
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Options {
            rows: some(rows),
            fields: some(fields),
            ..Options::new("menu", url, Place::whole(&Source::new("p", "")))
        }
    }

    fn of(path: &str, fields: &str, text: &str) -> Result<String, String> {
        rows(&options(path, fields), text)
            .map(|rows| joined(&rows))
            .map_err(|fault| fault.to_string())
    }

    #[test]
    fn rows_are_where_the_keys_say() {
        assert_eq!(
            of(
                "records",
                "fields",
                r#"{"records": [{"id": "rec1", "fields": {"Title": "Soup", "Price": 4.50}}, {"id": "rec2", "fields": {}}]}"#
            ),
            Ok(
                "[{\"id\": \"rec1\", \"Title\": \"Soup\", \"Price\": 4.50},\n{\"id\": \"rec2\"}]\n"
                    .into()
            )
        );
        assert_eq!(
            of("data.items", "", r#"{"data": {"items": [{"a": 1.0}]}}"#),
            Ok("[{\"a\": 1.0}]\n".into())
        );
        assert_eq!(
            of("a.b", "", r#"{"a.b": [{"x": 1}]}"#),
            Ok("[{\"x\": 1}]\n".into())
        );
        assert_eq!(
            of("0.list", "", r#"[{"list": [{"x": 1}]}]"#),
            Ok("[{\"x\": 1}]\n".into())
        );
        // cells with a name of their own keep it
        assert_eq!(
            of(
                "r",
                "f",
                r#"{"r": [{"id": 7, "f": {"ID": "own"}}, {"f": {"a": 1}}, {"id": 8}]}"#
            ),
            Ok("[{\"ID\": \"own\"},\n{\"a\": 1},\nnull]\n".into())
        );
        // a weather answer is one row
        assert_eq!(
            of("current", "", r#"{"current": {"t": 7}}"#),
            Ok("[{\"t\": 7}]\n".into())
        );
    }

    #[test]
    fn without_a_key_rows_are_as_in_a_file() {
        assert_eq!(of("", "", r#"[{"x": 1}]"#), Ok("[{\"x\": 1}]\n".into()));
        assert_eq!(
            of("", "", r#"{"n": 2, "l": [{"x": 1}]}"#),
            Ok("[{\"x\": 1}]\n".into())
        );
        assert_eq!(of("", "", r#"{"l": [], "next": null}"#), Ok("[]\n".into()));
        assert!(of("", "", r#"{"a": [{}], "b": [{}]}"#).is_err());
    }

    #[test]
    fn what_is_not_there_is_told_with_what_is() {
        assert_eq!(
            of("recods", "", r#"{"records": [], "offset": 1}"#),
            Err("the answer has no `recods`, where `rows` looks: it has `records`, `offset`; did you mean `records`?".into())
        );
        assert_eq!(
            of("error", "", r#"{"error": "no"}"#),
            Err("`error` is no list in the answer".into())
        );
        assert!(of("records", "", "<html>").is_err());
    }

    #[test]
    fn the_next_page_is_a_parameter_or_an_address() {
        let first: Url = "https://a.org/v0/menu?view=day&offset=old"
            .parse()
            .expect("an address");
        let page = |param: Option<&str>, value: &str| {
            let how = Next {
                param: param.map(str::to_owned),
                from: "meta.next".into(),
            };
            let text = format!("{{\"meta\": {{\"next\": {value}}}}}");
            next(&how, &text, &first, &first)
                .map(|url| url.map_or("-".into(), |url| url.to_string()))
                .map_err(|fault| fault.to_string())
        };
        let some = |text: &str| Ok(text.to_owned());
        assert_eq!(
            page(Some("offset"), "\"itr/rec 1\""),
            some("https://a.org/v0/menu?view=day&offset=itr%2Frec+1")
        );
        assert_eq!(
            page(Some("page"), "2"),
            some("https://a.org/v0/menu?view=day&offset=old&page=2")
        );
        assert_eq!(
            page(Some("page"), "\"https://b.org/x\""),
            some("https://b.org/x")
        );
        assert_eq!(
            page(None, "\"/v0/menu?p=2\""),
            some("https://a.org/v0/menu?p=2")
        );
        assert_eq!(page(None, "\"?p=2\""), some("https://a.org/v0/menu?p=2"));
        for last in ["null", "\"\"", "false"] {
            assert_eq!(page(Some("offset"), last), some("-"), "{last}");
        }
        assert!(page(Some("offset"), "{}").is_err());
    }
}
