//! Numbers held against texts: cells of a CSV file are texts, and `stock > 0` means the number in them.
//!
//! In: two values and an operator. Out: what it comes to, or why it means nothing. Never: the order of kinds, by which every
//! text would be more than any number.

use std::cmp::Ordering;

use minijinja::value::{Kwargs, Rest, ValueKind};
use minijinja::{Environment, Error, State, Value};

use super::arguments::{Fault, said};
use super::languages::Language;
use super::money::Currency;
use super::numbers::Decimal;
use super::numerals;

/// The function behind `==`, `!=`, `<`, `<=`, `>` and `>=`: sides and operators by turns.
pub(super) const COMPARE: &str = "__compare";
/// The function around what is multiplied.
pub(super) const FACTOR: &str = "__factor";
/// The function behind `in`.
pub(super) const MEMBER: &str = "__member";

/// The tests and operators of each comparison.
const NAMES: [(&str, &[&str]); 6] = [
    ("==", &["eq", "equalto", "=="]),
    ("!=", &["ne", "!="]),
    ("<", &["lt", "lessthan", "<"]),
    ("<=", &["le", "<="]),
    (">", &["gt", "greaterthan", ">"]),
    (">=", &["ge", ">="]),
];

/// Adds the functions, and the tests of the same meaning: `selectattr("stock", ">", 0)`.
pub(super) fn add_to(environment: &mut Environment<'static>) {
    environment.add_function(COMPARE, |sides: Rest<Value>| chain(&sides));
    environment.add_function(FACTOR, |value: Value| factor(value));
    environment.add_function(MEMBER, member);
    environment.add_filter(
        "max",
        |state: &State, list: Value, options: Kwargs| match most(&list, ">", &options)? {
            Some(most) => Ok(most),
            None => minijinja::filters::max(state, list, options),
        },
    );
    environment.add_filter(
        "min",
        |state: &State, list: Value, options: Kwargs| match most(&list, "<", &options)? {
            Some(least) => Ok(least),
            None => minijinja::filters::min(state, list, options),
        },
    );
    environment.add_test("in", |state: &State, value: Value, list: Value| {
        member(state, value, list).map(|is_in| is_in.is_true())
    });
    for (operator, names) in NAMES {
        for name in names {
            environment.add_test(
                *name,
                move |left: Value, right: Value| -> Result<bool, Error> {
                    Ok(compare(&left, operator, &right)?)
                },
            );
        }
    }
}

/// The item of a list that comes before all others; none where not every one is a number.
fn most(list: &Value, operator: &str, options: &Kwargs) -> Result<Option<Value>, Error> {
    if !matches!(list.kind(), ValueKind::Seq | ValueKind::Iterable)
        || options.args().next().is_some()
    {
        return Ok(None);
    }
    let items: Vec<Value> = list.try_iter()?.collect();
    let zero = Value::from(0);
    if !items
        .iter()
        .all(|item| matches!(orders(item, &zero), Orders::All(_)))
    {
        return Ok(None);
    }
    let mut best: Option<Value> = None;
    for item in items {
        let is_better = match &best {
            Some(best) => compare(&item, operator, best)?,
            None => true,
        };
        if is_better {
            best = Some(item);
        }
    }
    Ok(best)
}

fn chain(sides: &[Value]) -> Result<Value, Error> {
    for value in sides.iter().filter(|value| value.is_undefined()) {
        // this is the error that knows the value's name
        value.get_attr("comparison")?;
    }
    for three in sides.windows(3).step_by(2) {
        let operator = three[1].as_str().unwrap_or_default();
        if !compare(&three[0], operator, &three[2])? {
            return Ok(Value::from(false));
        }
    }
    Ok(Value::from(true))
}

/// A value that may be multiplied: no text but signs, as in `star * 5`.
fn factor(value: Value) -> Result<Value, Error> {
    if value.is_undefined() {
        return value.get_attr("product");
    }
    match value.as_str() {
        Some(text) if text.trim().is_empty() || text.contains(char::is_alphanumeric) => Err(
            Fault::new(format!("`*` does not work on text, here {}", said(&value)))
                .hint("a number in text becomes one by `| float`")
                .into(),
        ),
        _ => Ok(value),
    }
}

fn member(state: &State, value: Value, list: Value) -> Result<Value, Error> {
    for side in [&value, &list] {
        if side.is_undefined() {
            side.get_attr("list")?;
        }
    }
    if matches!(list.kind(), ValueKind::Seq | ValueKind::Iterable) && !value.is_none() {
        for item in list.try_iter()? {
            if compare(&value, "==", &item)? {
                return Ok(Value::from(true));
            }
        }
        return Ok(Value::from(false));
    }
    minijinja::tests::is_in(state, &value, &list).map(Value::from)
}

fn compare(left: &Value, operator: &str, right: &Value) -> Result<bool, Fault> {
    let is_order = !matches!(operator, "==" | "!=");
    let holds = |order: Ordering| match operator {
        "==" => order.is_eq(),
        "!=" => order.is_ne(),
        "<" => order.is_lt(),
        "<=" => order.is_le(),
        ">" => order.is_gt(),
        _ => order.is_ge(),
    };
    match (left.kind(), right.kind()) {
        (ValueKind::Number, ValueKind::String) | (ValueKind::String, ValueKind::Number) => {
            match orders(left, right) {
                Orders::All(all) => {
                    let first = holds(all[0]);
                    if all.iter().all(|order| holds(*order) == first) {
                        return Ok(first);
                    }
                    let text = if left.is_number() { right } else { left };
                    match Decimal::read(text, None) {
                        Err(fault) => Err(fault),
                        Ok(_) => Err(kinds(left, operator, right)),
                    }
                }
                Orders::NoNumber if is_order => Err(no_number(left, operator, right)),
                Orders::NoNumber => Ok(operator == "!="),
            }
        }
        // `9` is less than `10`, but `007` is not `7`
        (ValueKind::String, ValueKind::String) if is_order => match orders(left, right) {
            Orders::All(all) if all.iter().all(|order| holds(*order) == holds(all[0])) => {
                Ok(holds(all[0]))
            }
            Orders::All(_) => match (Decimal::read(left, None), Decimal::read(right, None)) {
                (Err(fault), _) | (_, Err(fault)) => Err(fault),
                _ => Err(kinds(left, operator, right)),
            },
            Orders::NoNumber => Ok(holds(left.cmp(right))),
        },
        (ValueKind::Bool, ValueKind::String) | (ValueKind::String, ValueKind::Bool)
            if !is_order =>
        {
            let flag = |value: &Value| match value.as_str() {
                Some(text) => text.trim().to_ascii_lowercase(),
                None => value.is_true().to_string(),
            };
            Ok(holds(flag(left).cmp(&flag(right))))
        }
        (one, other) if is_order && one != other => Err(kinds(left, operator, right)),
        _ => Ok(holds(left.cmp(right))),
    }
}

enum Orders {
    /// How they stand to one another, in each way that they can be read.
    All(Vec<Ordering>),
    /// One of them is no number.
    NoNumber,
}

fn orders(left: &Value, right: &Value) -> Orders {
    // `1.299` is one number in English and another in German
    let languages = ["en", "de"].map(|tag| Language::find(Some(tag)).ok());
    let mut all = Vec::new();
    for language in languages {
        let (Some(left), Some(right)) = (read(left, language), read(right, language)) else {
            return Orders::NoNumber;
        };
        all.push(left.order(&right));
    }
    Orders::All(all)
}

/// A number, with a currency's mark or a percent sign too.
fn read(value: &Value, language: Option<&Language>) -> Option<Decimal> {
    let Some(text) = value.as_str() else {
        return Decimal::read(value, None).ok();
    };
    match numerals::hundredths(text) {
        Some(bare) => {
            let number = Decimal::read(&Value::from(bare), language).ok()?;
            number.hundredth()
        }
        None => {
            let bare = Currency::stripped_of_any(text);
            Decimal::read(&Value::from(bare), language).ok()
        }
    }
}

/// Whether a text is a number that is 0, in each way that it can be read.
pub(super) fn is_zero(text: &str) -> bool {
    let zero = Value::from(0);
    match orders(&Value::from(text), &zero) {
        Orders::All(all) => all.iter().all(|order| order.is_eq()),
        Orders::NoNumber => false,
    }
}

fn no_number(left: &Value, operator: &str, right: &Value) -> Fault {
    let text = if left.is_number() { right } else { left };
    let fault = kinds(left, operator, right);
    match text.as_str().is_some_and(|text| text.trim().is_empty()) {
        true => fault.hint("the text is empty: say what stands in for it by `| default(0, true)`"),
        false => fault.hint(format!("{} is not a number", said(text))),
    }
}

fn kinds(left: &Value, operator: &str, right: &Value) -> Fault {
    let name = |value: &Value| match value.kind() {
        ValueKind::String => "text",
        ValueKind::None | ValueKind::Undefined => "nothing",
        ValueKind::Bool => "true or false",
        ValueKind::Number => "number",
        ValueKind::Map => "a table",
        _ => "a list",
    };
    let (left, right) = (name(left), name(right));
    Fault::new(format!("`{operator}` does not work on {left} and {right}"))
}
