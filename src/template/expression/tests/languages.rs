//! Languages, held against ICU itself, and what is said of those that are not there.

use super::*;

/// What ICU 78 (CLDR 48) writes for 90 locales, read off Node's `Intl` by `tools/icu.js`. The table was also held against the
/// other 548 that both have.
const ICU: &str = include_str!("icu.txt");

/// Where stories write otherwise than ICU, and why.
fn is_ours(locale: &str, column: usize) -> bool {
    let code = locale.split('-').next().unwrap_or(locale);
    let is_first = ["en", "es", "de", "fr", "it", "pt", "nl", "ca"].contains(&code);
    match column {
        // English of no country has the day first; Portuguese of no country is Portugal's
        _ if locale == "pt" => true,
        0 | 1 if locale == "en" => true,
        // `1er mai`, `1º maggio`
        1 => ["fr", "it"].contains(&code),
        // short names without points, and signs of money, are as they were before there was this table
        4 | 11 | 13 if is_first => true,
        // `€` is the euro's alone, so it says more than `EUR`
        9 | 10 if ["hu", "is", "ro", "uk"].contains(&code) || locale.starts_with("es-") => true,
        9 | 10 if locale == "en-AU" => true,
        // ICU has numbers there, which a template asks for with `%m`
        4 if ["bg", "el", "lt"].contains(&code) => true,
        3 if code == "el" => true,
        // the typographic apostrophe
        5.. => ["CH", "LI"].iter().any(|end| locale.ends_with(end)),
        _ => false,
    }
}

#[test]
fn languages_write_as_icu_does() {
    let expressions = [
        "{{ '2026-11-28T19:30' | date(lang=l) }}",
        "{{ '2026-05-01T07:05' | date(lang=l) }}",
        "{{ '2026-11-28' | date('%A', lang=l) }}",
        "{{ '2026-11-28' | date('%B', lang=l) }}",
        "{{ '2026-11-28' | date('%b', lang=l) }}",
        "{{ 1234567.891 | number(2, lang=l) }}",
        "{{ -1234.5 | number(lang=l) }}",
        "{{ 0.125 | percent(1, lang=l) }}",
        "{{ -0.5 | percent(lang=l) }}",
        "{{ 1234567.5 | money('EUR', lang=l) }}",
        "{{ -3 | money('EUR', lang=l) }}",
        "{{ 1500 | money('JPY', lang=l) }}",
        "{{ 1.2345 | money('KWD', lang=l) }}",
        "{{ 12 | money('USD', lang=l) }}",
    ];
    let evaluator = expressions_at_noon();
    let mut wrong = Vec::new();
    for line in ICU.lines().filter(|line| !line.starts_with('#')) {
        let mut columns = line.split('\t');
        let locale = columns.next().unwrap_or_default();
        let values = context! { l => locale };
        for (column, (expression, right)) in expressions.iter().zip(columns).enumerate() {
            let ours = evaluator.text(expression, &values);
            // V8 widens the narrow space of dates
            let wide = |text: String| match column {
                0 | 1 => text.replace('\u{202f}', " "),
                _ => text,
            };
            let ours = ours.map(wide);
            if ours.as_deref() != Ok(right) && !is_ours(locale, column) {
                wrong.push(format!(
                    "{locale} {expression}: {ours:?}, ICU has {right:?}"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn expressions_at_noon() -> Expressions {
    at("2026-11-21T12:00[UTC]")
}

#[test]
fn digits_and_calendars_can_be_chosen() {
    let date = |lang: &str| text(&format!("{{{{ '2026-11-28' | date(lang='{lang}') }}}}"));
    assert_eq!(date("ar-EG"), "٢٨ نوفمبر ٢٠٢٦");
    assert_eq!(date("ar-EG-u-nu-latn"), "28 نوفمبر 2026");
    assert_eq!(date("hi-u-nu-deva"), "२८ नवंबर २०२६");
    assert_eq!(date("th"), "28 พฤศจิกายน 2569");
    assert_eq!(date("th-u-ca-gregory"), "28 พฤศจิกายน 2026");
    assert_eq!(
        text("{{ '2026-11-28' | date('%-d/%-m/%y', lang='th-TH-u-nu-thai') }}"),
        "๒๘/๑๑/๖๙"
    );
    assert_eq!(
        text("{{ '2026-11-28T19:30' | date('%-d %B, %H:%M', lang='fa') }}"),
        "۲۸ نوامبر, ۱۹:۳۰"
    );
    assert_eq!(
        text("{{ 1234567 | number(lang='en-IN') }} {{ '12,34,567' | number(lang='en') }}"),
        "12,34,567 1,234,567"
    );
}

#[test]
fn a_month_beside_its_day_has_another_form_than_alone() {
    let shown = |pattern: &str, lang: &str| {
        text(&format!(
            "{{{{ '2026-11-28T19:30' | date('{pattern}', lang='{lang}') }}}}"
        ))
    };
    assert_eq!(shown("%-d %B", "pl"), "28 listopada");
    assert_eq!(shown("%B %Y", "pl"), "listopad 2026");
    assert_eq!(shown("%-d %B", "ru"), "28 ноября");
    assert_eq!(shown("%B", "ru"), "ноябрь");
    assert_eq!(shown("%-d de %B", "ca"), "28 de novembre");
    assert_eq!(shown("%^A", "tr"), "CUMARTESİ");
    assert_eq!(shown("%-I:%M %p", "es"), "7:30 p.\u{202f}m.");
    assert_eq!(shown("%-I:%M %p", "ar"), "7:30 م");
    assert_eq!(shown("%-I:%M %P", "en"), "7:30 pm");
}

#[test]
fn tags_are_found_as_people_write_them() {
    let tag = |lang: &str| super::super::languages::Language::find(Some(lang)).map(|l| l.tag());
    for (lang, right) in [
        ("PL", "pl"),
        ("pt_br", "pt-BR"),
        ("zh-TW", "zh-Hant"),
        ("zh-HK", "zh-Hant-HK"),
        ("zh-Hant-TW", "zh-Hant"),
        ("sr-Latn-RS", "sr-Latn"),
        ("iw", "he"),
        ("tl", "fil"),
        ("deu", "de"),
        ("fr-XX", "fr"),
        ("de-Latn-AT", "de-AT"),
        ("ca-ES-valencia", "ca-ES-valencia"),
    ] {
        assert_eq!(tag(lang), Ok(right), "{lang}");
    }
    // Russian in Latin letters would come out in Cyrillic ones
    assert!(tag("ru-Latn").is_err());
}

#[test]
fn an_unknown_language_is_told_with_the_one_that_is_meant() {
    let said = |lang: &str| {
        let text = format!("{{{{ today | date(lang='{lang}') }}}}");
        problem(&text).split(" | ").last().unwrap_or("").to_owned()
    };
    for (lang, right) in [
        (
            "polish",
            "no language `polish` (did you mean `pl` (Polish)?)",
        ),
        (
            "deutsch",
            "no language `deutsch` (did you mean `de` (German)?)",
        ),
        (
            "Portugese",
            "no language `Portugese` (did you mean `pt` (Portuguese)?)",
        ),
        ("cz", "no language `cz` (did you mean `cs` (Czech)?)"),
        ("jp", "no language `jp` (did you mean `ja` (Japanese)?)"),
        (
            "ar-u-nu-x9z",
            "no digits `x9z` (there are `latn`, `arab`, `deva`, `thai` and others of CLDR)",
        ),
        (
            "fa-u-ca-persian",
            "no calendar `persian` (there are `gregory` and `buddhist`)",
        ),
    ] {
        assert_eq!(said(lang), right);
    }
    assert!(said("").contains("such as `pl` (Polish)"));
}

#[test]
fn dates_are_read_in_the_languages_of_the_world() {
    let day = |value: &str| text(&format!("{{{{ '{value}' | date('%Y-%m-%d') }}}}"));
    for same in [
        "28 listopada 2026, sobota",
        "28. listopadu 2026, sobota",
        "subota, 28. studenoga 2026.",
        "суббота, 28 ноября 2026 г.",
        "28 листопада 2026 р.",
        "28 Kasım 2026 Cumartesi",
        "2026. november 28., szombat",
        "2026 m. lapkričio 28 d.",
        "2026. gada 28. novembris",
        "28 Νοεμβρίου 2026",
        "28 नवंबर 2026",
        "28 พฤศจิกายน 2569",
        "28 พ.ย. 2569",
        "28 tháng 11, 2026",
        "2026年11月28日星期六",
        "2026年11月28日(土)",
        "2026년 11월 28일 토요일",
        "٢٨ نوفمبر ٢٠٢٦",
        "28 בנובמבר 2026",
        "28 nov. 2026",
        "lördag 28 november 2026",
        "lauantai 28. marraskuuta 2026",
        "sâmbătă, 28 noiembrie 2026",
    ] {
        assert_eq!(day(same), "2026-11-28", "{same}");
    }
}

#[test]
fn a_month_of_two_languages_needs_a_language_or_a_weekday() {
    let two = "28. listopada 2026";
    assert!(
        problem(&format!("{{{{ '{two}' | date }}}}")).ends_with(
            "can be 28 October 2026 (in `hr`) or 28 November 2026 (in `pl`) (name the language, with `lang=\"hr\"` or `lang=\"pl\"`, or write it as `2026-10-28`)"
        ),
        "{}",
        problem(&format!("{{{{ '{two}' | date }}}}"))
    );
    let read = |value: &str, lang: &str| {
        let text_ = format!("{{{{ '{value}' | date('%m', lang='{lang}') }}}}");
        text(&text_)
    };
    assert_eq!(read(two, "pl"), "11");
    assert_eq!(read(two, "hr"), "10");
    assert_eq!(read("sobota, 28 listopada 2026", "de"), "11");
    assert_eq!(
        text(
            "{{ '28/11/2569' | date('%-d.%-m.%Y', lang='th') }} {{ '28/11/2569' | days_until(lang='th') }}"
        ),
        "28.11.2569 7"
    );
    assert_eq!(
        text(&format!("{{{{ '{two}' | days_until(lang='pl') }}}}")),
        "7"
    );
}

proptest::proptest! {
    #[test]
    fn prices_print_every_digit_of_their_cell(whole in "[1-9][0-9]{0,21}", fraction in "[0-9]{0,6}", lang in 0_usize..4) {
        let lang = ["de", "en", "hi", "pt"][lang];
        let decimals = fraction.len();
        let shown = |from: &str, cell: String| {
            let values = context! { cell, lang, from, decimals };
            let text = "{{ cell | money('EUR', decimals=decimals, lang=lang, from=from) }}";
            expressions().text(text, &values)
        };
        let point = |c: &str| if fraction.is_empty() { String::new() } else { format!("{c}{fraction}") };
        let printed = shown("de", format!("{whole}{}", point(",")));
        let digits: String = printed.iter().flat_map(|t| t.chars()).filter(char::is_ascii_digit).collect();
        proptest::prop_assert_eq!(digits, format!("{whole}{fraction}"));
        proptest::prop_assert_eq!(printed, shown("en", format!("{whole}{}", point("."))));
    }

    #[test]
    fn a_half_goes_away_from_zero(whole in 0_u64..1_000_000_000_000_000, cents in 0_u32..100, more in 0_u32..1000, is_negative: bool) {
        let sign = if is_negative { "-" } else { "" };
        let values = context! { cell => format!("{sign}{whole}.{cents:02}{more:03}") };
        let text = "{{ cell | money('EUR', lang='en') | replace(',', '') }}";
        let up = u64::from(more >= 500);
        let all = u128::from(whole) * 100 + u128::from(cents) + u128::from(up);
        let minus = if is_negative && all > 0 { "-" } else { "" };
        let right = format!("{minus}€{}.{:02}", all / 100, all % 100);
        proptest::prop_assert_eq!(expressions().text(text, &values), Ok(right));
    }
}

#[test]
fn a_number_that_would_lose_digits_is_an_error() {
    assert!(
        number("12345678901234567.89")
            .is_err_and(|why| why.is_some_and(|why| why.contains("leave it a text")))
    );
    assert_eq!(number("0.1"), Ok(Value::from(0.1)));
    assert_eq!(number("1299.50"), Ok(Value::from(1299.5)));
    assert!(
        problem("{{ '12345678901234567890123456789' | number }}").contains("more than 28 digits")
    );
    assert_eq!(
        text("{{ '1234567890123456789012345678' | number(lang='en') }}"),
        "1,234,567,890,123,456,789,012,345,678"
    );
    assert_eq!(
        text("{{ '12345678901234.5678' | money('USD', decimals=4) }}"),
        "$12,345,678,901,234.5678"
    );
}

#[test]
fn a_unit_is_no_currency() {
    for text in ["5 km", "Top 5", "12 L", "3 K"] {
        assert!(
            problem(&format!("{{{{ '{text}' | number }}}}")).contains("is not a number"),
            "{text}"
        );
    }
    for same in ["5 zł", "5 PLN", "₴5", "US$5", "5 €", "(5 €)"] {
        let shown = text(&format!("{{{{ '{same}' | number }}}}"));
        assert_eq!(shown.trim_start_matches('-'), "5", "{same}");
    }
}

/// The languages whose names are read, by the table.
fn read_languages() -> Vec<&'static str> {
    let table = &super::super::cldr::TABLE;
    (0..table.len())
        .filter(|at| table.own(*at, "w").is_some_and(|w| w.ends_with('+')))
        .map(|at| table.tag(at))
        .collect()
}

#[test]
fn what_a_language_writes_is_read_again() {
    let evaluator = expressions_at_noon();
    let filtered = |value: &str, filter: &str| {
        let values = context! { value };
        let text = evaluator.text(&format!("{{{{ value | {filter} }}}}"), &values);
        text.unwrap_or_else(|problem| problem.message)
    };
    let mut wrong = Vec::new();
    for lang in read_languages() {
        for month in 1..=12 {
            let right = format!("2026-{month:02}-17");
            let others = ["", "'%-d %B %Y', ", "'%B %-d, %Y', "];
            let short = ["'%a %-d %b %Y', ", "'%-d %b %Y %a', "];
            for pattern in ["'%A, %-d %b %Y', ", short[month % 2], others[month % 3]] {
                let shown = filtered(&right, &format!("date({pattern}lang='{lang}')"));
                let back = filtered(&shown, "date('%Y-%m-%d')");
                if back != right && !back.contains(" can be ") {
                    wrong.push(format!("{lang} {pattern}: {shown} was {back}"));
                }
                let iso = format!("date('%Y-%m-%d', lang='{lang}-u-nu-latn-ca-gregory')");
                if month % 4 == 0 && filtered(&shown, &iso) != right {
                    wrong.push(format!(
                        "{lang} {pattern}: {shown} is not read with its language"
                    ));
                }
            }
        }
        for (number, plain) in [
            ("1234567.5", "1234567.50"),
            ("-12345.25", "-12345.25"),
            ("0.5", "0.50"),
        ] {
            for filter in [
                format!("number(2, lang='{lang}')"),
                format!("money('EUR', lang='{lang}')"),
            ] {
                let shown = filtered(number, &filter);
                let again = filter.replace("lang=", "lang='en', from=");
                let back = filtered(&shown, &again).replace([',', '€'], "");
                if back != plain {
                    wrong.push(format!("{lang} {filter}: {shown} was {back}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} {}", wrong.len(), wrong.join("\n"));
}
