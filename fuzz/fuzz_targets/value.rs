//! Any text is read as a number, as a date, and as an expression over a row that holds it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use minijinja::context;
use storypress::template::VarType;
use storypress::template::expression::{self, Clock, Expressions};

const TYPES: [VarType; 8] = [
    VarType::Text,
    VarType::Image,
    VarType::Video,
    VarType::Color,
    VarType::Number,
    VarType::Date,
    VarType::Url,
    VarType::Bool,
];

/// What templates make of a cell.
const USES: [&str; 6] = [
    "{{ x | number(lang='de') }}",
    "{{ x | money('EUR', 'fr') }}",
    "{{ x | percent(lang='en') }}",
    "{{ x | date('%-d. %B %Y', 'de') }}",
    "{{ x | date(lang='es') }}",
    "{{ x | days_until }}",
];

thread_local! {
    static EXPRESSIONS: Expressions = Expressions::new(Clock {
        now: jiff::Timestamp::UNIX_EPOCH.to_zoned(jiff::tz::TimeZone::UTC),
    });
}

fuzz_target!(|text: &str| {
    let _ = expression::number(text);
    let _ = expression::date_fault(text);
    let _ = expression::written_date(text);
    for kind in TYPES {
        let _ = kind.fault("it", text);
    }
    EXPRESSIONS.with(|expressions| {
        let context = context! { x => text };
        for using in USES {
            check(using, expressions.text(using, &context));
        }
        // the text itself as a template's
        let _ = expressions.variables(text);
        check(text, expressions.text(text, &context));
    });
});

/// A problem lies inside the text that has it.
fn check(text: &str, result: Result<String, expression::Problem>) {
    if let Err(problem) = result {
        let range = problem.range;
        assert!(
            range.start <= range.end && range.end <= text.len(),
            "{range:?}"
        );
    }
}
