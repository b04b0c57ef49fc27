//! `{{ … }}` in strings: MiniJinja expressions over a row, the variables and the brand.
//!
//! In: a string, the values it may use, and the time it is. Out: a value or text, or a [`Problem`] with its place
//! in the string. Never: reading the clock, files or the network.
//!
//! ```
//! use storypress::template::expression::{Clock, Expressions};
//!
//! let now = "2026-11-21T10:00[Europe/Madrid]".parse()?;
//! let expressions = Expressions::new(Clock { now });
//! let values = minijinja::context! { day => "2026-11-28", price => "12.5" };
//! let text = "{{ day | date('%A', lang='es') }}: {{ price | money('EUR', lang='es') }}";
//! assert_eq!(expressions.text(text, &values)?, "sábado: 12,50\u{a0}€");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod arguments;
mod cldr;
mod columns;
mod compare;
mod date_text;
mod date_words;
mod dates;
mod filters;
mod languages;
mod moment;
mod money;
mod names;
mod numbers;
mod numerals;
mod operators;
mod patterns;
mod problem;
mod statements;
mod texts;

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::LazyLock;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::ValueKind;
use minijinja::{Environment, UndefinedBehavior, Value};

use arguments::Fault;
pub use columns::{Columns, column_of, folded};
pub use dates::Written as WrittenDate;
use money::Currency;
use numbers::Decimal;
pub use problem::{Kind, Problem};

/// Steps that one string may take; a loop over a month of days needs a few hundred.
const FUEL: u64 = 100_000;

/// The time it is, and where.
#[derive(Debug, Clone)]
pub struct Clock {
    /// What `now` and `today` come to; its time zone is the one in which dates are read and written.
    pub now: jiff::Zoned,
}

impl Clock {
    /// What `today` comes to: `2026-11-21`.
    pub fn today(&self) -> String {
        self.now.date().to_string()
    }

    /// What `now` comes to: `2026-11-21T10:00:00+01:00`.
    pub fn now(&self) -> String {
        self.now.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
    }
}

/// Evaluates strings; built once for a batch and shared by its threads.
pub struct Expressions {
    clock: Clock,
    environment: Environment<'static>,
    filters: Vec<String>,
}

impl std::fmt::Debug for Expressions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Expressions").finish_non_exhaustive()
    }
}

/// Whether a string has anything to evaluate.
pub fn has_expression(text: &str) -> bool {
    text.contains("{{") || text.contains("{%")
}

/// The names that a string takes from outside, as [`Expressions::variables`] gives them; no clock is asked.
///
/// # Errors
/// The string cannot be read.
pub fn variables(text: &str) -> Result<BTreeSet<String>, Problem> {
    static READER: LazyLock<Expressions> = LazyLock::new(|| {
        let now = jiff::Timestamp::UNIX_EPOCH.to_zoned(jiff::tz::TimeZone::UTC);
        Expressions::new(Clock { now })
    });
    READER.variables(text)
}

/// What is wrong with a text as a date, or as a date and time, as the filters read it.
///
/// # Errors
/// Why it is none; nothing where it is simply no date.
pub fn date_fault(text: &str) -> Option<Option<String>> {
    let fault = dates::read(&Value::from(text), None, None, &jiff::tz::TimeZone::UTC).err()?;
    Some((!fault.message.ends_with("is not a date")).then_some(fault.message))
}

/// Reads a date as feeds write it.
///
/// # Errors
/// Why it is no date, in a sentence.
pub fn written_date(text: &str) -> Result<WrittenDate, String> {
    dates::written(text).map_err(|fault| fault.message)
}

/// The number that a cell of data says, for a variable that holds a number: with a currency's mark or a percent sign
/// too, `7.5%` being 0.075.
///
/// # Errors
/// Nothing where it is simply no number; a sentence where it is one number in one language and another in another.
pub fn number(text: &str) -> Result<Value, Option<String>> {
    let hundredths = numerals::hundredths(text);
    let bare = hundredths
        .clone()
        .unwrap_or_else(|| Currency::stripped_of_any(text));
    let number = Decimal::read(&Value::from(bare), None).map_err(|fault| {
        let is_plain = fault.message.ends_with("is not a number");
        (!is_plain).then_some(fault.message)
    })?;
    let number = match hundredths {
        Some(_) => number.hundredth(),
        None => Some(number),
    };
    // a text with all its digits is better than a number without the last ones
    number.and_then(|n| n.value()).ok_or_else(|| {
        let digits = text.trim();
        Some(format!(
            "`{digits}` has more digits than a number can be calculated with: leave it a text and use `money` or `number`"
        ))
    })
}

/// A value as it stands in text: nothing for none, `true` and `false`, 3 rather than 3.0.
pub fn shown(value: &Value) -> String {
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => String::new(),
        ValueKind::Bool => value.is_true().to_string(),
        ValueKind::Number if !value.is_integer() => match f64::try_from(value.clone()) {
            Ok(x) if x.fract() == 0.0 => format!("{x:.0}"),
            _ => value.to_string(),
        },
        _ => value.to_string(),
    }
}

/// Whether a value is something, as `when` asks: not empty, false or 0, be it a value or its text.
pub fn holds(value: &Value) -> bool {
    match value.as_str().map(str::trim) {
        Some(text) => {
            !text.is_empty() && !text.eq_ignore_ascii_case("false") && !compare::is_zero(text)
        }
        None => value.is_true(),
    }
}

impl Expressions {
    /// An evaluator for which it is `clock`.
    pub fn new(clock: Clock) -> Self {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_debug(true); // or errors have no place
        environment.set_fuel(Some(FUEL));
        environment.set_syntax(syntax());
        environment.remove_global("debug");
        // by which a short loop could build a text without end
        environment.remove_global("namespace");
        environment.set_formatter(|out, _, value| match (value.as_str(), value.kind()) {
            (Some(text), _) => Ok(out.write_str(text)?),
            (None, kind) => match no_text(kind) {
                Some(fault) => Err(fault.into()),
                None => Ok(out.write_str(&shown(value))?),
            },
        });
        environment.add_global("today", clock.today());
        environment.add_global("now", clock.now());
        let filters = filters::add_to(&mut environment, &clock);
        compare::add_to(&mut environment, clock.now.time_zone());
        texts::add_to(&mut environment);
        Self {
            clock,
            environment,
            filters,
        }
    }

    /// The time it is.
    pub fn now(&self) -> &jiff::Zoned {
        &self.clock.now
    }

    /// The instant that a text says, as the filters read dates: a day is its first moment, a time without a zone is one
    /// of [`Self::now`]'s.
    ///
    /// # Errors
    /// Why it says none, in a sentence.
    pub fn instant(&self, text: &str) -> Result<jiff::Zoned, String> {
        let zone = self.clock.now.time_zone();
        let moment = dates::read(&Value::from(text), None, None, zone);
        let moment = moment.map_err(|fault| fault.message)?;
        moment
            .instant(zone)
            .ok_or_else(|| format!("`{text}` is a time of any day"))
    }

    /// The names that a string takes from outside, `today` and `now` among them: also where only a filter such
    /// as `days_until` looks at the clock, since what a story shows then changes with it. With `row`, the columns it is
    /// asked for: `row.price`, or `row.*` where that is decided later.
    ///
    /// # Errors
    /// The string cannot be read.
    pub fn variables(&self, text: &str) -> Result<BTreeSet<String>, Problem> {
        if !has_expression(text) {
            return Ok(BTreeSet::new());
        }
        let template = self.parsed(text, &Value::UNDEFINED)?;
        let mut names: BTreeSet<String> = template
            .undeclared_variables(false)
            .into_iter()
            .filter(|name| !matches!(name.as_str(), "range" | "dict"))
            .collect();
        if names.contains("row") {
            let paths = template.undeclared_variables(true);
            names.extend(columns::named(text, paths.iter().map(String::as_str)));
        }
        for (filter, name) in [("days_until", "today"), ("hours_until", "now")] {
            if text.contains(filter) {
                names.insert(name.to_owned());
            }
        }
        Ok(names)
    }

    /// Evaluates a string: to the value of its expression where it is one whole `{{ … }}`, else to text.
    ///
    /// # Errors
    /// It cannot be read, names what is not there, or cannot be evaluated.
    pub fn render(&self, text: &str, context: &Value) -> Result<Value, Problem> {
        if !has_expression(text) {
            return Ok(Value::from(text));
        }
        let guarded = operators::guarded(text);
        let calls = guarded.as_ref().map_or(text, |guarded| &guarded.text);
        if let Some(inside) = single(calls) {
            let whole = self.environment.compile_expression(inside);
            // what fails here fails below too, and there its place is told within the whole text
            if let Some(value) = whole.ok().and_then(|e| e.eval(context.clone()).ok())
                && !value.is_undefined()
            {
                return Ok(value);
            }
        }
        let template = self.parsed(text, context)?;
        let rendered = match &guarded {
            None => template.render(context.clone()),
            Some(guarded) => self.environment.render_str(&guarded.text, context.clone()),
        };
        rendered.map(Value::from).map_err(|error| {
            let range = error.range().map(|range| match &guarded {
                Some(guarded) => guarded.place(range),
                None => range,
            });
            self.problem(&error, text, range, context)
        })
    }

    /// Evaluates a string to text. A number of a spreadsheet that is named and nothing else is as the sheet shows it.
    ///
    /// # Errors
    /// As [`render`](Self::render).
    pub fn text(&self, text: &str, context: &Value) -> Result<String, Problem> {
        if let Some(formatted) = columns::as_shown(text, context)
            && let Ok(value) = self.render(&formatted, context)
        {
            return Ok(shown(&value));
        }
        // what fails with formatted numbers fails without, and there at its place
        let value = self.render(text, context)?;
        match no_text(value.kind()) {
            None => Ok(shown(&value)),
            Some(fault) => Err(Problem {
                kind: Kind::Failed,
                message: fault.message,
                range: 0..text.len(),
                hint: fault.hint,
            }),
        }
    }

    /// Whether a string comes to something, as `when` asks: a number of a spreadsheet by what it is, and not by the text that
    /// shows it.
    ///
    /// # Errors
    /// As [`render`](Self::render).
    pub fn holds(&self, text: &str, context: &Value) -> Result<bool, Problem> {
        match columns::number_named(text, context) {
            Some(number) => Ok(holds(&number)),
            None => self.render(text, context).map(|value| holds(&value)),
        }
    }

    fn parsed<'t>(
        &'t self,
        text: &'t str,
        context: &Value,
    ) -> Result<minijinja::Template<'t, 't>, Problem> {
        if let Some((word, range)) = statements::foreign(text) {
            return Err(problem::no_statement(word, range));
        }
        let parsed = self.environment.template_from_str(text);
        parsed.map_err(|error| self.problem(&error, text, error.range(), context))
    }

    fn problem(
        &self,
        error: &minijinja::Error,
        text: &str,
        range: Option<Range<usize>>,
        context: &Value,
    ) -> Problem {
        let filters = self.filters.iter().map(String::as_str);
        problem::from_error(error, text, range, context, filters)
    }
}

/// What stands between the braces of a text that begins and ends with some, without the `-` that takes the space away.
fn single(text: &str) -> Option<&str> {
    let inside = text.strip_prefix("{{")?.strip_suffix("}}")?;
    let inside = inside.strip_prefix(['-', '+']).unwrap_or(inside);
    Some(inside.strip_suffix(['-', '+']).unwrap_or(inside))
}

/// Why a value of that kind is not printed: what came out would be a program's source.
fn no_text(kind: ValueKind) -> Option<Fault> {
    match kind {
        ValueKind::Map => Some(
            Fault::new("this is a table of values, and no text")
                .hint("take one of them: `{{ title.en }}`"),
        ),
        ValueKind::Seq | ValueKind::Iterable => Some(
            Fault::new("this is a list, and no text")
                .hint("take one of it, `{{ tags[0] }}`, or all: `{{ tags | join(\", \") }}`"),
        ),
        _ => None,
    }
}

/// Jinja's syntax without its comments: `{#` opens a colour in markup, and TOML has comments of its own.
fn syntax() -> SyntaxConfig {
    SyntaxConfig::builder()
        .comment_delimiters("<#--", "--#>")
        .keep_trailing_newline(true)
        .build()
        .expect("the delimiters differ")
}

#[cfg(test)]
mod tests;
