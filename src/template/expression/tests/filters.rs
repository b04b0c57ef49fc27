//! Each filter, in each language where it differs.

use super::*;

#[test]
fn dates_are_read_as_data_has_them() {
    let day = |value: &str| text(&format!("{{{{ '{value}' | date('%Y-%m-%d') }}}}"));
    for same in [
        "2026-11-28",
        " 2026-11-28 ",
        "2026-11-28T19:30",
        "2026-11-28 19:30:00",
        "2026-11-28T19:30:00+01:00",
        "2026-11-27T23:30:00Z",
        "2026-11-28T19:30[Europe/Madrid]",
        "28.11.2026",
        "Sat, 28 Nov 2026 19:30:00 +0100",
    ] {
        assert_eq!(day(same), "2026-11-28", "{same}");
    }
    assert_eq!(
        text("{{ '28/11/2026' | date('%-d.%-m.', from='%d/%m/%Y') }}"),
        "28.11."
    );
    assert_eq!(
        text("{{ '11/28/2026 7:30 pm' | date('%H:%M', from='%m/%d/%Y %I:%M %p') }}"),
        "19:30"
    );
    assert_eq!(
        text("{{ '9:05' | date('%H.%M') }} {{ '19:30' | date('%-I:%M %p') }}"),
        "09.05 7:30 PM"
    );
}

#[test]
fn times_are_shown_in_the_projects_zone() {
    let shown = |value: &str| text(&format!("{{{{ '{value}' | date('%d %H:%M') }}}}"));
    assert_eq!(shown("2026-11-28T19:30:00Z"), "28 20:30");
    assert_eq!(shown("2026-07-28T19:30:00Z"), "28 21:30", "summer time");
    assert_eq!(shown("2026-11-28T19:30:00-05:00"), "29 01:30");
    assert_eq!(shown("2026-11-28T19:30"), "28 19:30");
    assert_eq!(
        shown("2026-03-29T02:30"),
        "29 03:30",
        "an hour that the spring leaves out"
    );
    assert_eq!(
        shown("2026-10-25T02:30"),
        "25 02:30",
        "an hour that comes twice"
    );
}

#[test]
fn days_and_months_have_names_in_each_language() {
    let shown = |lang: &str| {
        text(&format!(
            "{{{{ '2026-03-07' | date('%A %a %B %b', lang='{lang}') }}}}"
        ))
    };
    assert_eq!(shown("en"), "Saturday Sat March Mar");
    assert_eq!(shown("es"), "sábado sáb marzo mar");
    assert_eq!(shown("de"), "Samstag Sa März Mär");
    assert_eq!(shown("fr"), "samedi sam. mars mars");
    assert_eq!(shown("it"), "sabato sab marzo mar");
    assert_eq!(shown("pt"), "sábado sáb março mar");
    assert_eq!(shown("nl"), "zaterdag za maart mrt");
    assert_eq!(shown("ca"), "dissabte ds. març març");
    assert_eq!(shown("pt_BR"), "sábado sáb março mar");
    assert_eq!(
        text("{{ '2026-03-07' | date('%^A 100%%', lang='es') }}"),
        "SÁBADO 100%"
    );
}

#[test]
fn without_a_format_a_date_is_written_out() {
    let shown = |day: &str, lang: &str| text(&format!("{{{{ '{day}' | date(lang='{lang}') }}}}"));
    assert_eq!(text("{{ '2026-11-28T19:30' | date }}"), "28 November 2026");
    assert_eq!(shown("2026-11-28", "en-US"), "November 28, 2026");
    assert_eq!(shown("2026-11-28", "es"), "28 de noviembre de 2026");
    assert_eq!(shown("2026-11-28", "de"), "28. November 2026");
    assert_eq!(shown("2026-11-01", "fr"), "1er novembre 2026");
    assert_eq!(shown("2026-04-02", "ca"), "2 d’abril del 2026");
}

#[test]
fn days_and_hours_are_counted_to_a_date() {
    let days = |value: &str| text(&format!("{{{{ '{value}' | days_until }}}}"));
    assert_eq!(days("2026-11-21"), "0");
    assert_eq!(days("2026-11-22T00:10"), "1");
    assert_eq!(days("2026-11-20"), "-1");
    assert_eq!(days("2028-03-01"), "466", "over a leap day");
    assert_eq!(days("2026-11-21T23:30:00Z"), "1", "tomorrow in Madrid");
    let hours = |value: &str| text(&format!("{{{{ '{value}' | hours_until }}}}"));
    assert_eq!(hours("2026-11-21T22:00"), "2");
    assert_eq!(hours("2026-11-21T18:00"), "-2");
    assert_eq!(hours("2026-11-21T19:29:59"), "-1");
    assert_eq!(hours("2026-11-21T19:30"), "0");
    assert_eq!(hours("2026-11-21T20:29"), "0");
    assert_eq!(hours("2026-11-22"), "4");
    let before = at("2026-03-28T12:00[Europe/Madrid]");
    let count = |text: &str| before.text(text, &values()).expect("it works");
    assert_eq!(
        count("{{ '2026-03-29T12:00' | hours_until }}"),
        "23",
        "summer time begins"
    );
    assert_eq!(count("{{ '2026-03-29T12:00' | days_until }}"), "1");
    let whole = expressions().render("{{ '2026-11-28' | days_until }}", &values());
    assert_eq!(whole, Ok(Value::from(7)));
}

#[test]
fn numbers_are_grouped_as_the_language_has_it() {
    let shown = |lang: &str| {
        text(&format!(
            "{{{{ 1234567.891 | number(decimals=2, lang='{lang}') }}}}"
        ))
    };
    assert_eq!(shown("en"), "1,234,567.89");
    assert_eq!(shown("es"), "1.234.567,89");
    assert_eq!(shown("de-CH"), "1’234’567.89");
    assert_eq!(shown("fr"), "1\u{202f}234\u{202f}567,89");
    assert_eq!(
        text("{{ 1e15 | number }} {{ 2.0 | number }} {{ -1e20 | number }}"),
        "1,000,000,000,000,000 2 -100,000,000,000,000,000,000"
    );
    assert_eq!(
        text("{{ 1234 | number(lang='es') }} {{ 12345 | number(lang='es') }}"),
        "1234 12.345"
    );
    assert_eq!(
        text("{{ '€9,50' | number(2, lang='de') }} {{ 'EUR 1.299' | number(lang='de') }}"),
        "9,50 1.299"
    );
    assert_eq!(
        text("{{ 1234 | number }} {{ -0.4 | number(0) }}"),
        "1,234 0"
    );
    assert_eq!(
        text("{{ 2.675 | number(2) }} {{ 0.125 | number(2) }} {{ 99.995 | number(2) }}"),
        "2.68 0.13 100.00"
    );
    assert_eq!(
        text("{{ (0.1 + 0.2) | number }} {{ price | number }}"),
        "0.3 4.50"
    );
    assert_eq!(
        text("{{ '3.14159265358979' | number }} {{ 0.00000012 | number }} {{ (1 / 3) | number }}"),
        "3.14159265358979 0.00000012 0.333333"
    );
    assert_eq!(
        text(
            "{{ ('12,50' | float) + ('€3' | float) }} {{ '4' | float }} {{ 7 | float }} {{ '50%' | float }}"
        ),
        "15.5 4 7 0.5"
    );
}

#[test]
fn numbers_in_text_are_understood_by_their_separators() {
    let read = |value: &str, lang: &str| {
        text(&format!(
            "{{{{ '{value}' | number(decimals=2, lang='{lang}') }}}}"
        ))
    };
    assert_eq!(read("12,50", "en"), "12.50");
    assert_eq!(read("1,234", "en"), "1,234.00");
    assert_eq!(read("1,234", "es"), "1,23");
    assert_eq!(read("1.234,5", "en"), "1,234.50");
    assert_eq!(read("1,234.5", "es"), "1234,50");
    assert_eq!(read("1.234.567", "en"), "1,234,567.00");
    assert_eq!(read("1 234,5", "fr"), "1\u{202f}234,50");
    assert_eq!(read("−3", "en"), "-3.00");
    assert_eq!(read(".5", "en"), "0.50");
}

#[test]
fn prices_stand_as_the_language_writes_them() {
    let shown = |code: &str, lang: &str| {
        text(&format!(
            "{{{{ 1234.5 | money('{code}', lang='{lang}') }}}}"
        ))
    };
    assert_eq!(shown("EUR", "en"), "€1,234.50");
    assert_eq!(shown("EUR", "es"), "1234,50\u{a0}€");
    assert_eq!(shown("EUR", "de"), "1.234,50\u{a0}€");
    assert_eq!(shown("EUR", "nl"), "€\u{a0}1.234,50");
    assert_eq!(shown("USD", "en-US"), "$1,234.50");
    assert_eq!(shown("gbp", "en"), "£1,234.50");
    assert_eq!(shown("JPY", "en"), "¥1,235");
    assert_eq!(shown("CHF", "de-CH"), "CHF\u{a0}1’234.50");
    assert_eq!(shown("CHF", "en"), "CHF\u{a0}1,234.50");
    assert_eq!(shown("BRL", "pt-BR"), "R$\u{a0}1.234,50");
    assert_eq!(
        text("{{ 12 | money('EUR', short=true) }} {{ 12.5 | money('EUR', short=true) }}"),
        "€12 €12.50"
    );
    assert_eq!(
        text("{{ '€12,5' | money('EUR') }} {{ '12 EUR' | money('EUR', 'es') }}"),
        "€12.50 12,00\u{a0}€"
    );
    assert_eq!(
        text("{{ -3 | money('EUR') }} {{ -0.001 | money('EUR') }}"),
        "-€3.00 €0.00"
    );
}

#[test]
fn parts_become_percents() {
    assert_eq!(
        text("{{ 0.25 | percent }} {{ '25%' | percent }}"),
        "25% 25%"
    );
    assert_eq!(
        text("{{ 0.125 | percent }} {{ 0.125 | percent(1, lang='de') }}"),
        "13% 12,5\u{a0}%"
    );
    assert_eq!(text("{{ 1 | percent }} {{ 0.07 | percent }}"), "100% 7%");
}

#[test]
fn long_text_is_cut_by_what_people_see_as_characters() {
    assert_eq!(text("{{ 'Tomato soup' | truncate(11) }}"), "Tomato soup");
    assert_eq!(text("{{ 'Tomato soup' | truncate(8) }}"), "Tomato…");
    assert_eq!(
        text("{{ 'Tomato soup' | truncate(10, words=true) }}"),
        "Tomato…"
    );
    assert_eq!(
        text("{{ 'Tomatosoup' | truncate(5, words=true) }}"),
        "Toma…"
    );
    assert_eq!(text("{{ '👩‍👩‍👧‍👦👍🏽e\u{301}x' | truncate(3) }}"), "👩‍👩‍👧‍👦👍🏽…");
    assert_eq!(text("{{ 'abc' | truncate(1) }}"), "…");
}

#[test]
fn words_that_are_also_codes_of_money_are_no_money() {
    for headline in ["TOP 5", "5 TOP", "ALL 3", "SOS 2", "MOP 1", "CUP 7"] {
        assert!(super::super::number(headline).is_err(), "{headline}");
        problem(&format!("{{{{ '{headline}' | number }}}}"));
    }
    assert_eq!(text("{{ 'TOP 5' | money('TOP') }}"), "T$5.00");
    assert_eq!(text("{{ 'PEN 5' | number }}"), "5");
}

#[test]
fn marks_that_steer_the_direction_are_not_read() {
    // as pages and sheets in Arabic and Hebrew isolate what stands in them, and as a byte order mark is left behind
    for (open, close) in [
        ("\u{2066}", "\u{2069}"),
        ("\u{202a}", "\u{202c}"),
        ("\u{feff}", ""),
        ("\u{200e}", "\u{200f}"),
    ] {
        assert_eq!(
            text(&format!("{{{{ '{open}12.5{close}' | number }}}}")),
            "12.5"
        );
        assert_eq!(
            text(&format!(
                "{{{{ '{open}€{close}{open}12.5{close}' | money('EUR') }}}}"
            )),
            "€12.50"
        );
        assert_eq!(
            text(&format!(
                "{{{{ '{open}28.11.2026{close}' | date('%Y-%m-%d') }}}}"
            )),
            "2026-11-28"
        );
        assert_eq!(
            text(&format!(
                "{{{{ '{open}28 November 2026{close}' | date('%Y-%m-%d') }}}}"
            )),
            "2026-11-28"
        );
    }
}
