//! Numbers and dates in texts: cells of a CSV file are texts, and `stock > 0` means the number in them.
//!
//! In: values and an operator. Out: what they come to, or why that means nothing. Never: the order of kinds, by which every
//! text would be more than any number, or two numbers in text side by side for their sum.

use std::cmp::Ordering;
use std::sync::LazyLock;

use jiff::tz::TimeZone;
use minijinja::value::{Kwargs, Rest, ValueKind};
use minijinja::{Environment, Error, State, Value};

use super::arguments::{Fault, items, said};
use super::dates;
use super::languages::Language;
use super::moment::Moment;
use super::money::Currency;
use super::numbers::Decimal;
use super::numerals;

/// The function behind `==`, `!=`, `<`, `<=`, `>` and `>=`: sides and operators by turns.
pub(super) const COMPARE: &str = "__compare";
/// The function around what is multiplied.
pub(super) const FACTOR: &str = "__factor";
/// The function behind `in`.
pub(super) const MEMBER: &str = "__member";
/// The function behind `+`.
pub(super) const SUM: &str = "__sum";

/// The tests and operators of each comparison.
const NAMES: [(&str, &[&str]); 6] = [
    ("==", &["eq", "equalto", "=="]),
    ("!=", &["ne", "!="]),
    ("<", &["lt", "lessthan", "<"]),
    ("<=", &["le", "<="]),
    (">", &["gt", "greaterthan", ">"]),
    (">=", &["ge", ">="]),
];

/// Adds the functions, and the tests of the same meaning: `selectattr("stock", ">", 0)`. Times of day in text are those of
/// `zone`.
pub(super) fn add_to(environment: &mut Environment<'static>, zone: &TimeZone) {
    let of = || Compare { zone: zone.clone() };
    let by = of();
    environment.add_function(COMPARE, move |sides: Rest<Value>| by.chain(&sides));
    environment.add_function(FACTOR, |value: Value| factor(value));
    environment.add_function(MEMBER, member);
    environment.add_function(SUM, |parts: Rest<Value>| sum(&parts));
    let by = of();
    environment.add_filter(
        "max",
        move |state: &State, list: Value, options: Kwargs| match by.most(&list, ">", &options)? {
            Some(most) => Ok(most),
            None => minijinja::filters::max(state, list, options),
        },
    );
    let by = of();
    environment.add_filter(
        "min",
        move |state: &State, list: Value, options: Kwargs| match by.most(&list, "<", &options)? {
            Some(least) => Ok(least),
            None => minijinja::filters::min(state, list, options),
        },
    );
    let by = of();
    environment.add_filter(
        "sort",
        move |state: &mut State, list: Value, options: Kwargs| match by
            .sorted(state, &list, &options)?
        {
            Some(sorted) => {
                options.assert_all_used()?;
                Ok(sorted)
            }
            None => minijinja::filters::sort(state, list, options),
        },
    );
    environment.add_test("in", |state: &State, value: Value, list: Value| {
        member(state, value, list).map(|is_in| is_in.is_true())
    });
    for (operator, names) in NAMES {
        for name in names {
            let by = of();
            environment.add_test(
                *name,
                move |left: Value, right: Value| -> Result<bool, Error> {
                    Ok(by.compare(&left, operator, &right)?)
                },
            );
        }
    }
}

/// A sum, from left to right. Texts are joined as in Jinja, but for those that are all numbers: `12,50` and `3,00` would be
/// `12,503,00`.
fn sum(parts: &[Value]) -> Result<Value, Error> {
    for value in parts.iter().filter(|value| value.is_undefined()) {
        // this is the error that knows the value's name
        value.get_attr("sum")?;
    }
    let is_number_in_text = |part: &Value| part.kind() == ValueKind::String && is_number(part);
    if parts.iter().all(is_number_in_text) {
        let text = said(&parts[0]);
        return Err(
            Fault::new(format!("`+` does not work on text, here {text}"))
                .hint("a number in text becomes one by `| float`; texts are joined by `~`")
                .into(),
        );
    }
    let mut out = parts[0].clone();
    for part in &parts[1..] {
        out = added(out, part)?;
    }
    Ok(out)
}

/// What the engine's own `+` comes to.
fn added(left: Value, right: &Value) -> Result<Value, Error> {
    static ENGINE: LazyLock<Environment<'static>> = LazyLock::new(Environment::empty);
    let both = Value::from_pairs([("left", left), ("right", right.clone())]);
    let sum = ENGINE.compile_expression("left + right");
    sum.and_then(|sum| sum.eval(both)).map_err(|error| {
        // without its place in these three words
        Error::new(error.kind(), error.detail().unwrap_or_default().to_owned())
    })
}

/// Compares values, numbers and dates in text among them.
struct Compare {
    zone: TimeZone,
}

/// What all items of a list are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Alike {
    Numbers,
    Dates,
}

impl Compare {
    /// What every one of the items is; none where they are several things, or neither.
    fn alike(&self, items: &[Value]) -> Option<Alike> {
        let is_date = |item: &Value| matches!(self.when(item), When::At(_));
        if items.iter().all(is_number) {
            return Some(Alike::Numbers);
        }
        items.iter().all(is_date).then_some(Alike::Dates)
    }

    /// The item of a list that comes before all others; none where not every one is a number, or every one a date.
    fn most(&self, list: &Value, operator: &str, options: &Kwargs) -> Result<Option<Value>, Error> {
        if !matches!(list.kind(), ValueKind::Seq | ValueKind::Iterable)
            || options.args().next().is_some()
        {
            return Ok(None);
        }
        let items: Vec<Value> = list.try_iter()?.collect();
        if self.alike(&items).is_none() {
            return Ok(None);
        }
        let mut best: Option<Value> = None;
        for item in items {
            let is_better = match &best {
                Some(best) => self.compare(&item, operator, best)?,
                None => true,
            };
            if is_better {
                best = Some(item);
            }
        }
        Ok(best)
    }

    /// The items in order, `reverse` and by one `attribute` as the engine's own; none where what they are sorted by is neither
    /// numbers nor dates.
    fn sorted(
        &self,
        state: &mut State,
        list: &Value,
        options: &Kwargs,
    ) -> Result<Option<Value>, Error> {
        if !matches!(list.kind(), ValueKind::Seq | ValueKind::Iterable) {
            return Ok(None);
        }
        let attribute = options.get::<Option<String>>("attribute")?;
        let is_reversed = options.get::<Option<bool>>("reverse")?.unwrap_or(false);
        options.get::<Option<bool>>("case_sensitive")?;
        let all = items(state, list, None)?;
        // where it is no part of each, the engine has its own order
        let Ok(keys) = items(state, list, attribute.as_deref()) else {
            return Ok(None);
        };
        let order = match self.alike(&keys) {
            Some(Alike::Numbers) => in_order_of_numbers(&keys, is_reversed)?,
            Some(Alike::Dates) => self.in_order_of_time(&keys, is_reversed)?,
            None => return Ok(None),
        };
        Ok(Some(order.into_iter().map(|at| all[at].clone()).collect()))
    }

    /// The places of dates, the earliest first.
    fn in_order_of_time(&self, keys: &[Value], is_reversed: bool) -> Result<Vec<usize>, Fault> {
        let when = |key: &Value| match self.when(key) {
            When::At(moment) => Some(moment),
            _ => None,
        };
        let moments: Vec<Moment> = keys.iter().filter_map(when).collect();
        let clocks = moments
            .iter()
            .filter(|m| matches!(m, Moment::Clock(_)))
            .count();
        if clocks > 0 && clocks < moments.len() {
            return Err(Fault::new("days and times of any day have no order"));
        }
        let nanoseconds = moments.iter().map(|moment| match moment {
            Moment::Clock(time) => time.duration_since(jiff::civil::Time::MIN).as_nanos(),
            moment => {
                (moment.instant(&self.zone)).map_or(i128::MIN, |at| at.timestamp().as_nanosecond())
            }
        });
        let nanoseconds: Vec<i128> = nanoseconds.collect();
        Ok(in_order(keys.len(), is_reversed, |one, other| {
            nanoseconds[one].cmp(&nanoseconds[other])
        }))
    }

    fn chain(&self, sides: &[Value]) -> Result<Value, Error> {
        for value in sides.iter().filter(|value| value.is_undefined()) {
            // this is the error that knows the value's name
            value.get_attr("comparison")?;
        }
        for three in sides.windows(3).step_by(2) {
            let operator = three[1].as_str().unwrap_or_default();
            if !self.compare(&three[0], operator, &three[2])? {
                return Ok(Value::from(false));
            }
        }
        Ok(Value::from(true))
    }

    /// Whether `left operator right` holds.
    fn compare(&self, left: &Value, operator: &str, right: &Value) -> Result<bool, Fault> {
        let is_text = |value: &Value| value.kind() == ValueKind::String;
        let is_order = !matches!(operator, "==" | "!=");
        if is_order
            && is_text(left)
            && is_text(right)
            && matches!(orders(left, right), Orders::NoNumber)
        {
            return self.in_time(left, operator, right);
        }
        compare(left, operator, right)
    }

    /// Which of two texts is earlier, where they are dates: `03.12.2026` is before `2026-12-04`.
    fn in_time(&self, left: &Value, operator: &str, right: &Value) -> Result<bool, Fault> {
        let order = match (self.when(left), self.when(right)) {
            (When::At(left), When::At(right)) => match (&left, &right) {
                (Moment::Clock(left), Moment::Clock(right)) => Some(left.cmp(right)),
                _ => (left.instant(&self.zone))
                    .zip(right.instant(&self.zone))
                    .map(|(left, right)| left.cmp(&right)),
            },
            (When::Never, When::Never) => Some(left.cmp(right)),
            (When::Unclear(fault), _) | (_, When::Unclear(fault)) => return Err(fault),
            _ => None,
        };
        let Some(order) = order else {
            let no_date = match self.when(left) {
                When::At(_) => right,
                _ => left,
            };
            let fault = Fault::new(format!(
                "`{operator}` does not work on a date and {}",
                said(no_date)
            ));
            return Err(
                match no_date.as_str().is_some_and(|text| text.trim().is_empty()) {
                    true => fault.hint(
                        "ask first whether there is one: `{{ not until or until >= today }}`",
                    ),
                    false => fault.hint("write it as `2026-11-28` or `2026-11-28T19:30`"),
                },
            );
        };
        Ok(holds(operator, order))
    }

    fn when(&self, value: &Value) -> When {
        if value.kind() != ValueKind::String {
            return When::Never;
        }
        match dates::read(value, None, None, &self.zone) {
            Ok(moment) => When::At(moment),
            Err(fault) if fault.message.ends_with("is not a date") => When::Never,
            Err(fault) => When::Unclear(fault),
        }
    }
}

/// The places of numbers, the least first.
fn in_order_of_numbers(keys: &[Value], is_reversed: bool) -> Result<Vec<usize>, Fault> {
    let [english, german] = languages().map(|language| {
        let numbers = keys.iter().filter_map(|key| read(key, language));
        numbers.collect::<Vec<Decimal>>()
    });
    let order = in_order(keys.len(), is_reversed, |one, other| {
        english[one].order(&english[other])
    });
    let is_clear = order.windows(2).all(|two| {
        let (one, other) = (two[0], two[1]);
        english[one].order(&english[other]) == german[one].order(&german[other])
    });
    let unclear = keys.iter().find_map(|key| Decimal::read(key, None).err());
    match unclear.filter(|_| !is_clear) {
        Some(fault) => Err(fault),
        None => Ok(order),
    }
}

/// Places from 0 in order; what is equal stays as it stood.
fn in_order(
    length: usize,
    is_reversed: bool,
    compare: impl Fn(usize, usize) -> Ordering,
) -> Vec<usize> {
    let mut places: Vec<usize> = (0..length).collect();
    places.sort_by(|one, other| {
        let order = compare(*one, *other);
        if is_reversed { order.reverse() } else { order }
    });
    places
}

/// When a text is.
enum When {
    At(Moment),
    /// It is a date, and which one is not clear.
    Unclear(Fault),
    /// It is no date.
    Never,
}

fn holds(operator: &str, order: Ordering) -> bool {
    match operator {
        "==" => order.is_eq(),
        "!=" => order.is_ne(),
        "<" => order.is_lt(),
        "<=" => order.is_le(),
        ">" => order.is_gt(),
        _ => order.is_ge(),
    }
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

/// Values by what they are, but for dates in text.
fn compare(left: &Value, operator: &str, right: &Value) -> Result<bool, Fault> {
    let is_order = !matches!(operator, "==" | "!=");
    let holds = |order: Ordering| holds(operator, order);
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

/// `1.299` is one number in English and another in German.
fn languages() -> [Option<&'static Language>; 2] {
    ["en", "de"].map(|tag| Language::find(Some(tag)).ok())
}

fn orders(left: &Value, right: &Value) -> Orders {
    let mut all = Vec::new();
    for language in languages() {
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

/// Whether a value is a number, or a text that is one in each way that it can be read.
fn is_number(value: &Value) -> bool {
    matches!(orders(value, &Value::from(0)), Orders::All(_))
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
