//! Values where a text is wanted: joined by `~` or `join`, and given to filters of text.
//!
//! In: a value. Out: the text that stands for it where it is printed alone. Never: a program's words for it, such as `None`.

use minijinja::value::{Kwargs, Rest, ValueKind, ValueOrKwargs};
use minijinja::{Environment, Error, State, Value, filters};

use super::arguments::items;
use super::columns::{self, SHOWN};
use super::{no_text, shown};

/// The function around what is joined by `~`; with the path that it is, where it is one.
pub(super) const TEXT: &str = "__text";

/// The engine's filters that take a text, each with the name under which it goes on.
const OF_TEXT: [(&str, &str); 7] = [
    ("capitalize", "__capitalize"),
    ("lower", "__lower"),
    ("replace", "__replace"),
    ("string", "__string"),
    ("title", "__title"),
    ("trim", "__trim"),
    ("upper", "__upper"),
];

/// Adds the functions, and the filters of text.
pub(super) fn add_to(environment: &mut Environment<'static>) {
    environment.add_function(
        TEXT,
        |state: &State, value: Value, path: Option<String>| -> Result<Value, Error> {
            match path.and_then(|path| columns::shown(state, &value, &path)) {
                Some(shown) => Ok(Value::from(shown)),
                None => text(&value, "text"),
            }
        },
    );
    environment.add_function(SHOWN, |state: &State, value: Value, path: String| {
        columns::shown(state, &value, &path).map_or(value, Value::from)
    });
    environment.add_filter("__capitalize", filters::capitalize);
    environment.add_filter("__lower", filters::lower);
    environment.add_filter("__replace", filters::replace);
    environment.add_filter("__string", filters::string);
    environment.add_filter("__title", filters::title);
    environment.add_filter("__trim", filters::trim);
    environment.add_filter("__upper", filters::upper);
    for (name, inner) in OF_TEXT {
        environment.add_filter(
            name,
            move |state: &mut State, value: Value, args: Rest<ValueOrKwargs>| {
                let mut all = vec![text(&value, name)?];
                all.extend(args.into_values());
                state.apply_filter(inner, &all)
            },
        );
    }
    environment.add_filter("__join", filters::join);
    environment.add_filter("join", join);
}

/// A value as a text; `asked` is what needs it.
fn text(value: &Value, asked: &str) -> Result<Value, Error> {
    if value.is_undefined() {
        // this is the error that knows the value's name
        return value.get_attr(asked);
    }
    match no_text(value.kind()) {
        _ if value.as_str().is_some() => Ok(value.clone()),
        Some(fault) => Err(fault.into()),
        None => Ok(Value::from(shown(value))),
    }
}

/// `join(", ", attribute="name")`, each item as a text.
fn join(
    state: &mut State,
    list: Value,
    joiner: Option<String>,
    attribute: Option<String>,
    options: Kwargs,
) -> Result<Value, Error> {
    let joiner = match joiner {
        Some(joiner) => Some(joiner),
        None => options.get::<Option<String>>("d")?,
    };
    let attribute = match attribute {
        Some(attribute) => Some(attribute),
        None => options.get::<Option<String>>("attribute")?,
    };
    options.assert_all_used()?;
    let joiner = Value::from(joiner.unwrap_or_default());
    if !matches!(list.kind(), ValueKind::Seq | ValueKind::Iterable) {
        return state.apply_filter("__join", &[list, joiner]);
    }
    let items = items(state, &list, attribute.as_deref())?;
    let texts: Vec<Value> = (items.iter())
        .map(|item| text(item, "join"))
        .collect::<Result<_, _>>()?;
    state.apply_filter("__join", &[Value::from(texts), joiner])
}
