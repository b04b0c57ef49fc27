//! What people are told, word for word, and where.

use super::*;

#[test]
fn what_is_not_there_is_named_with_its_neighbour() {
    assert_eq!(
        problem("a {{ titel }}"),
        "titel | no variable `titel` (did you mean `title`?)"
    );
    assert_eq!(
        problem("{{ titel }}"),
        "titel | no variable `titel` (did you mean `title`?)"
    );
    assert_eq!(
        problem("{{ titel | upper }}"),
        "titel | no variable `titel` (did you mean `title`?)"
    );
    assert_eq!(problem("{{ dya | date('%A') }}"), "dya | no variable `dya`");
    assert_eq!(
        problem("{% if titel %}x{% endif %}"),
        "titel | no variable `titel` (did you mean `title`?)"
    );
    assert_eq!(
        problem("é {{ brand.colors.acent }}"),
        "brand.colors.acent | `brand.colors` has no `acent` (did you mean `accent`?)"
    );
    assert_eq!(
        problem("{{ brand.colurs.ink }}"),
        "brand.colurs | `brand` has no `colurs` (did you mean `colors`?)"
    );
    let kind = expressions()
        .render("{{ titel }}", &values())
        .map_err(|p| (p.code(), p.kind));
    assert_eq!(
        kind,
        Err((
            crate::diag::Code::UnknownVariable,
            Kind::Undefined("titel".into())
        ))
    );
}

#[test]
fn what_cannot_be_read_says_why() {
    assert_eq!(
        problem("Soup {{ title"),
        "title | `{{` is not closed (close it with `}}`)"
    );
    assert_eq!(
        problem("{{ }}"),
        "}} | there is nothing between `{{` and `}}`"
    );
    assert_eq!(problem("{{ title + }}"), "}} | unexpected `}}`");
    assert_eq!(problem("{{ title) }}"), ") | unexpected `)`, expected `}}`");
    assert_eq!(problem("{{ 'abc }}"), " | a text in quotes is not closed");
    assert_eq!(
        problem("{% if open %}x"),
        "x | `{% … %}` is not finished (close it with `%}`, and `if` with `{% endif %}`, `for` with `{% endfor %}`)"
    );
    assert_eq!(
        problem("{% include 'x' %}"),
        "include | no statement `include` (there are `if`, `for` and `set`)"
    );
    let deep = format!("{{{{ {}1 }}}}", "(".repeat(1000));
    assert!(problem(&deep).ends_with("| this is nested too deep"));
    let unread = expressions().variables("{{ title").expect_err("open");
    assert_eq!(unread.kind, Kind::Syntax);
}

#[test]
fn unknown_filters_functions_and_tests_are_named() {
    assert_eq!(
        problem("{{ title | datte }}"),
        "datte | no filter `datte` (did you mean `date`?)"
    );
    assert_eq!(
        problem("{{ title | uper }}"),
        "uper | no filter `uper` (did you mean `upper`?)"
    );
    assert_eq!(
        problem("{{ money(price) }}"),
        "money(price) | no function `money` (filters stand after a bar: `{{ price | money(\"EUR\") }}`)"
    );
    assert_eq!(
        problem("{{ title is oddd }}"),
        "oddd | no test `oddd` after `is`"
    );
    assert_eq!(
        problem("{{ title.upper() }}"),
        ".upper() | no method `upper` (filters stand after a bar: `| upper`)"
    );
}

#[test]
fn unusable_values_are_told_with_what_they_are() {
    assert_eq!(
        problem("{{ title | date('%A') }}"),
        "date('%A') | `Soup` is not a date (write it as `2026-11-28` or `2026-11-28T19:30`)"
    );
    assert_eq!(
        problem("{{ '3/4/2026' | date }}"),
        "date | `3/4/2026` can be 3 April 2026 or 4 March 2026 (say how it is written, with `from=\"%d/%m/%Y\"` or `from=\"%m/%d/%Y\"`)"
    );
    assert_eq!(
        problem("{{ 46354 | date }}"),
        "date | `46354` is not a date (dates are text such as `2026-11-28`)"
    );
    assert_eq!(
        problem("{{ '2027-02-29' | days_until }}"),
        "days_until | `2027-02-29` is not a date (write it as `2026-11-28` or `2026-11-28T19:30`)"
    );
    assert_eq!(
        problem("{{ today | date('%H') }}"),
        "date('%H') | a day without a time cannot fill `%H`"
    );
    assert_eq!(
        problem("{{ '19:30' | date('%A') }}"),
        "date('%A') | a time without a day cannot fill `%A`"
    );
    assert_eq!(
        problem("{{ today | date('%ö') }}"),
        "date('%ö') | `%ö` is no part of a date (there are `%A` weekday, `%-d` day, `%B` month, `%Y` year, `%H:%M` time)"
    );
    assert_eq!(
        problem("{{ today | date('%x') }}"),
        "date('%x') | `%x` is no part of a date (leave the format out for the date as the language writes it)"
    );
    assert_eq!(
        problem("{{ today | date(' ') }}"),
        "date(' ') | the format of `date` is empty (leave it out for the whole date: `date(lang=\"es\")`)"
    );
    assert_eq!(
        problem("{{ title | money('EUR') }}"),
        "money('EUR') | `Soup` is not a number"
    );
    assert_eq!(
        problem("{{ '' | number }}"),
        "number | an empty text is not a number"
    );
    assert_eq!(
        problem("{{ '1,23,4' | number }}"),
        "number | `1,23,4` is not a number"
    );
    assert_eq!(
        problem("{{ [1] | percent }}"),
        "percent | a list is not a number"
    );
}

#[test]
fn lists_and_tables_are_no_text() {
    let list = problem("of {{ ['rye', 'oat'] }}");
    assert!(
        list.contains("this is a list, and no text (take one of it"),
        "{list}"
    );
    assert!(problem("{{ {'en': 'A'} }}!").contains("a table of values, and no text"));
    let whole = expressions().text("{{ ['rye'] }}", &values());
    assert!(whole.is_err_and(|why| why.message.contains("a list")));
}

#[test]
fn options_are_checked() {
    assert_eq!(
        problem("{{ today | date('%A', lagn='es') }}"),
        "date('%A', lagn='es') | `date` has no option `lagn` (did you mean `lang`?)"
    );
    assert_eq!(
        problem("{{ today | date('%A', lang='xx') }}"),
        "date('%A', lang='xx') | no language `xx` (write its code, such as `pl` (Polish), `ar` (Arabic) or `pt-BR` (Portuguese of Brazil))"
    );
    assert_eq!(
        problem("{{ 3 | money }}"),
        "money | `money` needs a currency (write `money(\"EUR\")`)"
    );
    assert_eq!(
        problem("{{ 3 | money('€') }}"),
        "money('€') | no currency `€` (did you mean `EUR`?)"
    );
    assert_eq!(
        problem("{{ 3 | number(decimals='two') }}"),
        "number(decimals='two') | `decimals` of `number` is a whole number from 0 to 20, here it is `two`"
    );
    assert_eq!(
        problem("{{ 3 | number(decimals=99999999999) }}"),
        "number(decimals=99999999999) | `decimals` of `number` is a whole number from 0 to 20, here it is `99999999999`"
    );
    assert_eq!(
        problem("{{ today | days_until(1, 2, 3) }}"),
        "days_until(1, 2, 3) | `days_until` takes at most 2 values in brackets"
    );
    assert_eq!(
        problem("{{ title | truncate }}"),
        "truncate | `truncate` needs a length (write `truncate(80)`)"
    );
}

#[test]
fn sums_that_do_not_work_say_so() {
    assert_eq!(
        problem("{{ price + 2 }}"),
        "price + 2 | `+` does not work on text and number (a number in text becomes one by `| float`)"
    );
    for (text, said) in [
        (
            "{{ price * 2 }}",
            "price | `*` does not work on text, here `4.50`",
        ),
        (
            "{{ 2 * price }}",
            "price | `*` does not work on text, here `4.50`",
        ),
        (
            "{{ 1 + count * title }}",
            "title | `*` does not work on text, here `Soup`",
        ),
        (
            "{% set p = price %}{{ p * count }}",
            "p | `*` does not work on text, here `4.50`",
        ),
    ] {
        let hint = "a number in text becomes one by `| float`";
        assert_eq!(problem(text), format!("{said} ({hint})"), "{text}");
    }
    assert_eq!(
        problem("{{ price + '3,00' }}"),
        "price + '3,00' | `+` does not work on text, here `4.50` (a number in text becomes one by `| float`; texts are joined by `~`)"
    );
    assert_eq!(
        text("{{ title + ' ' + price }} {{ count + 1 + 1 }}"),
        "Soup 4.50 5"
    );
    assert_eq!(text("{{ ([1] + [2]) | join }}"), "12");
    assert_eq!(
        problem("{{ titel + 2 }}"),
        "titel | no variable `titel` (did you mean `title`?)"
    );
    assert_eq!(
        problem("{{ title.split(',') }}"),
        ".split(',') | no method `split` (filters stand after a bar: `| split`)"
    );
    assert_eq!(
        problem("{{ titel * 2 }}"),
        "titel | no variable `titel` (did you mean `title`?)"
    );
    assert_eq!(
        problem("{{ 1 }}{{ title > 2 }}"),
        "title > 2 | `>` does not work on text and number (`Soup` is not a number)"
    );
    assert_eq!(
        problem("{{ count < '' }}"),
        "count < '' | `<` does not work on number and text (the text is empty: say what stands in for it by `| default(0, true)`)"
    );
    assert_eq!(
        problem("{{ nothing < 1 }}"),
        "nothing < 1 | `<` does not work on nothing and number"
    );
    assert_eq!(
        problem("{{ '1.299' > 5 }}"),
        "'1.299' > 5 | `1.299` can be 1299 or 1.299 (name the language it is written in: `lang=\"de\"` for a decimal comma, `lang=\"en\"` for a decimal point)"
    );
    assert_eq!(
        problem("{{ prise == 2 }}"),
        "prise | no variable `prise` (did you mean `price`?)"
    );
    assert_eq!(
        problem("{{ count / 0 }}"),
        "count / 0 | `3 / 0` cannot be calculated"
    );
    assert_eq!(
        problem("{{ title | int }}"),
        "int | this text is not a number"
    );
}

#[test]
fn endless_work_ends_with_a_problem() {
    assert_eq!(
        problem("{% for i in range(10**9) %}x{% endfor %}"),
        "range(10**9) | the range has over 100000 numbers"
    );
    let nested = "{% for i in range(9999) %}{% for j in range(9999) %}x{% endfor %}{% endfor %}";
    assert_eq!(
        problem(nested),
        format!("{nested} | this takes too many steps (make the loop shorter)")
    );
}

proptest::proptest! {
    #[test]
    fn odd_values_never_panic(value in "\\PC{0,12}|[0-9.,:/ -]{0,14}", option in "\\PC{0,6}|%[-_^#0-9:.]{0,3}[A-Za-zé%]?") {
        let values = context! { value, option };
        let expressions = expressions();
        for text in [
            "{{ value | date(option) }}", "{{ value | date(from=option) }}", "{{ now | date(option) }}",
            "{{ today | date(option) }}", "{{ value | days_until }}", "{{ value | hours_until }}",
            "{{ value | number(lang='es') }}", "{{ value | money('CHF') }}", "{{ value | percent(2) }}",
            "{{ value | truncate(3, words=true) }}", "{{ value | money(option) }}",
        ] {
            let _ = expressions.render(text, &values);
        }
    }

    #[test]
    fn odd_expressions_never_panic(inside in "[a-z'\"|.()\\[\\]{}%~+*/ é0-9-]{0,24}") {
        for text in [format!("{{{{ {inside} }}}}"), format!("{{% {inside} %}}"), format!("{inside}{{{{")] {
            if let Err(problem) = expressions().render(&text, &values()) {
                proptest::prop_assert!(text.get(problem.range).is_some());
            }
        }
    }
}
