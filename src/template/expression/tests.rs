//! Strings in, text or problems out.

mod filters;
mod languages;
mod problems;

use minijinja::context;

use super::*;

/// Saturday evening in Madrid; in Tokyo it is Sunday already.
fn at(now: &str) -> Expressions {
    Expressions::new(Clock {
        now: now.parse().expect("a time with its zone"),
    })
}

fn expressions() -> Expressions {
    at("2026-11-21T19:30[Europe/Madrid]")
}

fn values() -> Value {
    context! {
        title => "Soup",
        price => "4.50",
        count => 3,
        open => true,
        nothing => (),
        row => context! { index => 2, id => "mon" },
        brand => context! { colors => context! { accent => "#ff5a36", ink => "#101418" } },
    }
}

/// The text of an expression that works.
fn text(text: &str) -> String {
    expressions()
        .text(text, &values())
        .unwrap_or_else(|p| panic!("{text}: {p:?}"))
}

/// What is wrong with an expression: `what stands there: message (hint)`.
fn problem(text: &str) -> String {
    let problem = expressions()
        .render(text, &values())
        .expect_err("it must not work");
    let place = &text[problem.range.clone()];
    match problem.hint {
        Some(hint) => format!("{place} | {} ({hint})", problem.message),
        None => format!("{place} | {}", problem.message),
    }
}

#[test]
fn a_whole_expression_keeps_its_type_and_text_is_text() {
    let render = |text: &str| expressions().render(text, &values()).expect("it works");
    assert_eq!(render("{{ count }}"), Value::from(3));
    assert_eq!(render("{{ open }}"), Value::from(true));
    assert_eq!(render("{{ count }} ").as_str(), Some("3 "));
    assert_eq!(render("{{ count }}{{ count }}").as_str(), Some("33"));
    assert_eq!(
        render("no braces, 5 {#fff} \n").as_str(),
        Some("no braces, 5 {#fff} \n")
    );
    assert_eq!(
        render("[x]{#f00} {{ title }}\n").as_str(),
        Some("[x]{#f00} Soup\n")
    );
    assert_eq!(render("{{ '}}' }}").as_str(), Some("}}"));
}

#[test]
fn values_are_shown_as_people_write_them() {
    assert_eq!(
        text("{{ nothing }}|{{ open }}|{{ 1.5 * 2 }}|{{ 0.25 }}"),
        "|true|3|0.25"
    );
    assert_eq!(text("{{ nothing }}"), "");
    assert_eq!(text("{{ 1.5 * 2 }}"), "3");
    assert_eq!(text("<b>{{ '<&>' }}"), "<b><&>");
}

#[test]
fn attributes_defaults_and_conditions_work() {
    assert_eq!(
        text("{{ brand.colors.accent }} {{ row.id }}"),
        "#ff5a36 mon"
    );
    assert_eq!(text("{{ subtitle | default('of the day') }}"), "of the day");
    assert_eq!(
        text("{% if subtitle is defined %}x{% else %}-{% endif %}"),
        "-"
    );
    assert_eq!(text("{{ 'x' if false }}"), "");
    assert_eq!(
        text("{{ title | upper }} {{ 'the end' | title }}"),
        "SOUP The End"
    );
    assert_eq!(text("{% for n in range(3) %}{{ n }}{% endfor %}"), "012");
}

#[test]
fn today_and_now_come_from_the_clock() {
    assert_eq!(text("{{ today }}"), "2026-11-21");
    assert_eq!(text("{{ now }}"), "2026-11-21T19:30:00+01:00");
    let tokyo = at("2026-11-22T03:30[Asia/Tokyo]");
    let text = "{{ today | date('%A') }} {{ now | date('%H:%M') }}";
    assert_eq!(
        tokyo.text(text, &values()).expect("it works"),
        "Sunday 03:30"
    );
}

#[test]
fn the_names_a_string_uses_are_known_before() {
    let names = |text: &str| {
        let names = expressions().variables(text).expect("it can be read");
        names.into_iter().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(names("plain"), "");
    assert_eq!(names("{{ title }} {{ brand.colors.ink }}"), "brand title");
    assert_eq!(names("{% for d in range(n) %}{{ d }}{% endfor %}"), "n");
    assert_eq!(names("{{ today | date('%A') }}"), "today");
    assert_eq!(names("{{ day | days_until }}"), "day today");
    assert_eq!(names("{{ day | hours_until }}"), "day now");
    assert_eq!(names("{{ sub | default(title) }}"), "sub title");
}

#[test]
fn something_is_what_is_not_empty_false_or_0() {
    for something in ["x", "0.5", "no", " 1 "] {
        assert!(holds(&Value::from(something)), "{something}");
    }
    for nothing in [
        "", "  ", "0", "0.00", "false", "FALSE", "0,00", "0 €", "€0", "0%", "-0",
    ] {
        assert!(!holds(&Value::from(nothing)), "{nothing:?}");
    }
    for something in ["0 to 5", "1.000", "0,001", "000a", "€"] {
        assert!(holds(&Value::from(something)), "{something}");
    }
    assert!(!holds(&Value::from(Vec::<Value>::new())) && !holds(&context! {}));
    assert!(holds(&Value::from(vec![0])));
    assert!(holds(&Value::from(2)) && holds(&Value::from(true)));
    assert!(!holds(&Value::from(0)) && !holds(&Value::from(false)) && !holds(&Value::from(())));
}

#[test]
fn numbers_in_text_are_compared_as_numbers() {
    let values = context! {
        stock => "0", one => "1", price => "4,50", old => "€10.00", unclear => "1.299", part => "7.5%",
        word => "sold out", rows => vec![context! { n => "9" }, context! { n => "10" }], yes => "TRUE", none => (),
    };
    let holds = |inside: &str| {
        let text = format!("{{{{ {inside} }}}}");
        let value = expressions().render(&text, &values);
        value
            .unwrap_or_else(|p| panic!("{inside}: {p:?}"))
            .is_true()
    };
    for inside in [
        "not stock > 0",
        "one == 1",
        "1 == one",
        "one != 2",
        "price < old",
        "price == 4.5",
        "old >= 10",
        "part < 0.1",
        "unclear > 0 and unclear != 5",
        "0 <= stock < one",
        "one in [1, 2]",
        "3 not in [one]",
        "stock is lt 1",
        "word != 0",
        "not word == 0",
        "yes == true",
        "'a' < 'b' and 'b' == 'b' and '07' != '7'",
        "'2026-11-28' > '2026-11-27'",
        "(rows | selectattr('n', '>', 9) | list | length) == 1",
        "none == none and none is none",
        "([one, '10', 9] | max) == 10 and (['9', '10'] | min) == 9",
        "(['b', 'A'] | min) == 'A'",
        "'x' in word ~ 'x'",
    ] {
        assert!(holds(inside), "{inside}");
    }
    let text = |text: &str| expressions().text(text, &values).expect("it works");
    assert_eq!(
        text("{% for row in rows if row.n > 9 %}{{ row.n }}{{- '*' * 3 }}{% endfor %}"),
        "10***"
    );
    assert_eq!(text("{{- one }}"), "1");
    assert_eq!(text("{{- 3 -}}"), "3");
}

#[test]
fn dates_in_text_are_compared_as_dates() {
    let values = context! {
        german => "03.12.2026", iso => "2026-12-03", feed => "Thu, 03 Dec 2026 09:00:00 +0100", early => "9:30",
        late => "10:00", days => vec!["28.11.2026", "2026-12-01", "27 November 2026"],
        events => vec![context! { day => "1.12.2026", n => 2 }, context! { day => "30.11.2026", n => 1 }],
    };
    let text = |inside: &str| {
        let text = format!("{{{{ {inside} }}}}");
        let shown = expressions().text(&text, &values);
        shown.unwrap_or_else(|p| panic!("{inside}: {p:?}"))
    };
    for inside in [
        "german >= today and today < german",
        "german >= iso and german <= iso",
        "feed > now and feed > iso and feed < '2026-12-03T08:00:01Z'",
        "early < late",
        "'2 Dec 2026' is lt(german)",
        "(['x', 'b'] | sort | first) == 'b'",
    ] {
        assert_eq!(text(inside), "true", "{inside}");
    }
    assert_eq!(text("days | max"), "2026-12-01");
    assert_eq!(
        text("days | sort(reverse=true) | join('; ')"),
        "2026-12-01; 28.11.2026; 27 November 2026"
    );
    assert_eq!(
        text("events | sort(attribute='day') | map(attribute='n') | join"),
        "12"
    );
    let problem = |inside: &str| {
        let text = format!("{{{{ {inside} }}}}");
        let problem = expressions().render(&text, &values);
        problem.expect_err("it must not work").message
    };
    assert_eq!(
        problem("'soon' < german"),
        "`<` does not work on a date and `soon`"
    );
    assert_eq!(
        problem("today <= ''"),
        "`<=` does not work on a date and an empty text"
    );
    assert_eq!(
        problem("'3/12/2026' >= today"),
        "`3/12/2026` can be 3 December 2026 or 12 March 2026"
    );
    assert_eq!(
        problem("[early, iso] | sort"),
        "days and times of any day have no order"
    );
}

#[test]
fn lists_of_numbers_in_text_are_sorted_as_numbers() {
    let text = |inside: &str| {
        let text = format!("{{{{ {inside} }}}}");
        expressions().text(&text, &values()).map_err(|p| p.message)
    };
    let sorted = |inside: &str| text(inside).expect("it works");
    assert_eq!(
        sorted("['9', '10', '8,5', 9.5] | sort | join(' ')"),
        "8,5 9 9.5 10"
    );
    assert_eq!(
        sorted("['€9', '€10'] | sort(reverse=true) | join(' ')"),
        "€10 €9"
    );
    assert_eq!(
        text("['1.299', '5'] | sort | join").expect_err("it must not work"),
        "`1.299` can be 1299 or 1.299"
    );
    assert_eq!(sorted("['1.299', '0'] | sort | join(' ')"), "0 1.299");
    assert_eq!(sorted("['b', 'A', '1'] | sort | join"), "1Ab");
}

#[test]
fn nothing_is_no_text() {
    assert_eq!(text("<{{ nothing }}{{ nothing ~ nothing }}>"), "<>");
    assert_eq!(
        text("{{ ['a', nothing, open, 2.0] | join('-') }} {{ nothing | upper }}{{ open ~ 2.0 }}"),
        "a--true-2 true2"
    );
    assert_eq!(
        text("{{ nothing | string | length }} {{ [{'a': nothing}] | join(attribute='a') }}|"),
        "0 |"
    );
    assert_eq!(
        text(
            "{{ [[1, 'a'], [nothing, 'b']] | join('-', '0') }} {{ [[2], [1]] | sort(attribute='0') | join(attribute='0') }}"
        ),
        "1- 12"
    );
    assert!(
        !expressions()
            .holds("{{ nothing ~ '' }}", &values())
            .expect("it works")
    );
    assert_eq!(
        problem("{{ [1] ~ 'a' }}"),
        "[1] | this is a list, and no text (take one of it, `{{ tags[0] }}`, or all: `{{ tags | join(\", \") }}`)"
    );
    assert_eq!(
        problem("{{ titel ~ 'a' }}"),
        "titel | no variable `titel` (did you mean `title`?)"
    );
}

#[test]
fn threads_may_share_it() {
    fn shared<T: Send + Sync>() {}
    shared::<Expressions>();
}

/// Spaces that do not break are shown as spaces there.
#[test]
fn the_examples_of_the_documentation_are_true() {
    let values = context! {
        title => "Tomato soup", price => 12.5, old_price => "1.299,00", party => "2026-11-28T21:00",
        members => 12345, discount => 0.2, subtitle => "", spots => 1,
    };
    let page = include_str!("../../../docs/expressions.md");
    let examples: Vec<_> = page.lines().filter_map(|l| l.split_once("  →  ")).collect();
    assert!(examples.len() > 25);
    for (example, shown) in examples {
        let text = expressions().text(example.trim(), &values);
        assert_eq!(
            text.map(|t| t.replace(['\u{a0}', '\u{202f}'], " "))
                .as_deref(),
            Ok(shown),
            "{example}"
        );
    }
}
