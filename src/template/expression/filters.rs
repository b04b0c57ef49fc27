//! The filters beside MiniJinja's own.

use std::sync::Arc;

use jiff::tz::TimeZone;
use minijinja::value::{Kwargs, Rest, ValueOrKwargs};
use minijinja::{Environment, Error, State, Value};
use unicode_segmentation::UnicodeSegmentation;

use super::Clock;
use super::arguments::{Arguments, Fault};
use super::dates;
use super::languages::Language;
use super::moment::Moment;
use super::money::Currency;
use super::numbers::{self, Decimal};
use super::{numerals, patterns};

/// MiniJinja's own that are of use in a story; for "did you mean".
const BUILT_IN: [&str; 34] = [
    "abs",
    "batch",
    "bool",
    "capitalize",
    "count",
    "default",
    "dictsort",
    "first",
    "float",
    "format",
    "int",
    "items",
    "join",
    "last",
    "length",
    "lines",
    "list",
    "lower",
    "map",
    "max",
    "min",
    "reject",
    "replace",
    "reverse",
    "round",
    "select",
    "slice",
    "sort",
    "split",
    "string",
    "sum",
    "title",
    "trim",
    "unique",
];

/// More decimals than anybody writes.
const MAX_DECIMALS: usize = 20;

/// Adds the filters and gives the names of all there are.
pub(super) fn add_to(environment: &mut Environment<'static>, clock: &Clock) -> Vec<String> {
    let mut names: Vec<String> = BUILT_IN.map(str::to_owned).to_vec();
    names.push("upper".into());
    let clock = Arc::new(clock.clone());
    let mut add = |name: &'static str, filter: fn(&Clock, &Value, &[Value]) -> Filtered| {
        let clock = clock.clone();
        let apply = move |value: &Value, args: Rest<ValueOrKwargs>| -> Result<Value, Error> {
            if value.is_undefined() {
                // this is the error that knows the value's name
                return value.get_attr(name);
            }
            Ok(filter(&clock, value, &args.into_values())?)
        };
        environment.add_filter(name, apply);
        names.push(name.to_owned());
    };
    add("date", date);
    add("days_until", days_until);
    add("hours_until", hours_until);
    add("number", number);
    add("money", money);
    add("percent", percent);
    add("truncate", truncate);
    environment.add_filter("float", float);
    names
}

type Filtered = Result<Value, Fault>;

impl Clock {
    fn zone(&self) -> &TimeZone {
        self.now.time_zone()
    }
}

/// `float(0)`: a number to calculate with, also of a text as people write it.
fn float(
    state: &State,
    value: Value,
    default: Option<Value>,
    options: Kwargs,
) -> Result<Value, Error> {
    let number = match value.as_str().map(super::number) {
        Some(Ok(number)) => number,
        Some(Err(Some(why))) => return Err(Fault::new(why).into()),
        // the engine's own says that it is none
        Some(Err(None)) | None => value,
    };
    minijinja::filters::float(state, &number, default, options)
}

/// `date("%A %-d", lang="es")`; without a format the whole date in words.
fn date(clock: &Clock, value: &Value, args: &[Value]) -> Filtered {
    let args = Arguments::new("date", &["format", "lang", "from"], args)?;
    let language = Language::find(args.text("lang")?.as_deref())?;
    let from = args.text("from")?;
    let moment = dates::read(value, from.as_deref(), named(&args)?, clock.zone())?;
    let text = match args.text("format")? {
        Some(pattern) => moment.format(&pattern, language)?,
        None => moment.long(language)?,
    };
    Ok(Value::from(text))
}

fn moment(
    filter: &'static str,
    clock: &Clock,
    value: &Value,
    args: &[Value],
) -> Result<Moment, Fault> {
    let args = Arguments::new(filter, &["from", "lang"], args)?;
    let from = args.text("from")?;
    let moment = dates::read(value, from.as_deref(), named(&args)?, clock.zone())?;
    match moment {
        Moment::Clock(_) => Err(Fault::new("a time without a day cannot be counted down to")),
        other => Ok(other),
    }
}

/// Whole days from today; 0 today, negative in the past.
fn days_until(clock: &Clock, value: &Value, args: &[Value]) -> Filtered {
    let moment = moment("days_until", clock, value, args)?;
    let day = moment.day().unwrap_or_else(|| clock.now.date());
    Ok(Value::from(dates::days_between(clock.now.date(), day)))
}

/// So many nanoseconds are an hour.
const NANOSECONDS_OF_AN_HOUR: i128 = 3_600_000_000_000;

/// Whole hours from now, rounded down; negative as soon as it is past.
fn hours_until(clock: &Clock, value: &Value, args: &[Value]) -> Filtered {
    let moment = moment("hours_until", clock, value, args)?;
    let then = moment
        .instant(clock.zone())
        .unwrap_or_else(|| clock.now.clone());
    let until = clock.now.duration_until(&then).as_nanos();
    let hours = until.div_euclid(NANOSECONDS_OF_AN_HOUR);
    Ok(Value::from(i64::try_from(hours).unwrap_or(i64::MAX)))
}

/// The language that `lang` names; none without it.
fn named(args: &Arguments) -> Result<Option<&'static Language>, Fault> {
    let tag = args.text("lang")?;
    tag.map(|tag| Language::find(Some(&tag))).transpose()
}

/// The language in which a text is written: `from`, else `lang`, else none is known.
fn written(args: &Arguments) -> Result<Option<&'static Language>, Fault> {
    let tag = match args.text("from")? {
        Some(tag) => Some(tag),
        None => args.text("lang")?,
    };
    tag.map(|tag| Language::find(Some(&tag))).transpose()
}

/// `number(decimals=1, lang="de")`.
fn number(_: &Clock, value: &Value, args: &[Value]) -> Filtered {
    let args = Arguments::new("number", &["decimals", "lang", "from"], args)?;
    let language = Language::find(args.text("lang")?.as_deref())?;
    let bare = value
        .as_str()
        .map(|text| Value::from(Currency::stripped_of_any(text)));
    let number = Decimal::read(bare.as_ref().unwrap_or(value), written(&args)?)?;
    let number = match args.whole("decimals", MAX_DECIMALS)? {
        Some(decimals) => number.rounded(decimals),
        // what a text says is no noise of counting
        None if bare.is_some() => number,
        None => number.tidied(),
    };
    Ok(Value::from(patterns::number(&number, language)))
}

/// `money("EUR", lang="es")`.
fn money(_: &Clock, value: &Value, args: &[Value]) -> Filtered {
    let names = ["currency", "lang", "decimals", "short", "from"];
    let args = Arguments::new("money", &names, args)?;
    let Some(code) = args.text("currency")? else {
        return Err(Fault::new("`money` needs a currency").hint("write `money(\"EUR\")`"));
    };
    let currency = Currency::find(&code)?;
    let language = Language::find(args.text("lang")?.as_deref())?;
    let amount = amount(value, currency, written(&args)?)?;
    let decimals = args.whole("decimals", MAX_DECIMALS)?;
    let text = currency.format(amount, decimals, args.flag("short")?, language);
    Ok(Value::from(text))
}

/// A number, or a text with at most this currency's mark.
fn amount(value: &Value, currency: Currency, written: Option<&Language>) -> Result<Decimal, Fault> {
    let Some(text) = value.as_str() else {
        return Decimal::read(value, written);
    };
    let bare = currency.stripped(text);
    Decimal::read(&Value::from(bare.as_str()), written).map_err(|fault| {
        let other = Currency::stripped_of_any(text);
        let is_foreign = other.len() < bare.len() && numerals::read(&other, written).is_ok();
        match is_foreign {
            true => Fault::new(format!("`{}` is not in {}", text.trim(), currency.code())),
            false if bare == text => fault,
            // the whole text is what stands in the data
            false => Fault {
                message: fault.message.replacen(
                    &format!("`{bare}`"),
                    &format!("`{}`", text.trim()),
                    1,
                ),
                ..fault
            },
        }
    })
}

/// A part of one in hundredths: 0.25 is 25%; a text that says `25%` already stays that.
fn percent(_: &Clock, value: &Value, args: &[Value]) -> Filtered {
    let args = Arguments::new("percent", &["decimals", "lang", "from"], args)?;
    let language = Language::find(args.text("lang")?.as_deref())?;
    let written = written(&args)?;
    let decimals = args.whole("decimals", MAX_DECIMALS)?;
    let hundredths = value.as_str().and_then(numerals::hundredths);
    let number = match (&hundredths, decimals) {
        (Some(text), None) => Decimal::read(&Value::from(text.as_str()), written)?.tidied(),
        (Some(text), Some(decimals)) => {
            Decimal::read(&Value::from(text.as_str()), written)?.rounded(decimals)
        }
        (None, decimals) => Decimal::read(value, written)?
            .times_100()
            .ok_or_else(|| numbers::too_long(&super::shown(value)))?
            .rounded(decimals.unwrap_or(0)),
    };
    Ok(Value::from(patterns::percent(&number, language)))
}

/// At most so many characters as people count them, `…` among them.
fn truncate(_: &Clock, value: &Value, args: &[Value]) -> Filtered {
    let args = Arguments::new("truncate", &["length", "words"], args)?;
    let Some(length) = args.whole("length", 100_000)?.filter(|n| *n > 0) else {
        return Err(Fault::new("`truncate` needs a length").hint("write `truncate(80)`"));
    };
    let text = super::shown(value);
    let is_by_words = args.flag("words")?;
    let Some((end, _)) = text.grapheme_indices(true).nth(length) else {
        return Ok(Value::from(text));
    };
    let room = text[..end].grapheme_indices(true).next_back();
    let mut kept = &text[..room.map_or(0, |(at, _)| at)];
    if is_by_words && !text[kept.len()..].starts_with(char::is_whitespace) {
        // a first word that is too long is cut all the same
        kept = kept
            .rfind(char::is_whitespace)
            .map_or(kept, |at| &kept[..at]);
    }
    let kept = kept.trim_end().trim_end_matches([',', ';', ':', '.', '…']);
    Ok(Value::from(format!("{kept}…")))
}
