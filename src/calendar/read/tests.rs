use jiff::civil::{Date, Time, Weekday, date, time};
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::*;
use crate::diag::Source;
use crate::template::tree;

/// The rules of a text, and what is told; every calendar file has 1 May.
fn read_text(text: &str) -> (Vec<Rule>, Vec<Diagnostic>) {
    let source = Source::new("schedule.toml", text);
    let (table, mut told) = tree::read(&source);
    let Some(Value::Table(schedules)) = table.get("schedule").map(|node| &node.value) else {
        panic!("no schedule in {text}");
    };
    let zone = TimeZone::get("Europe/Madrid").expect("a zone");
    let mut file = |_: &str, _: &Place, _: &TimeZone| Ok(vec![date(2026, 5, 1)]);
    let rules = schedules
        .entries
        .iter()
        .filter_map(|e| read(e, &zone, &mut file, &mut told))
        .collect();
    (rules, told)
}

/// The rule `menu` with these keys, and a template where they name none.
pub(in crate::calendar) fn rule(keys: &str) -> Rule {
    let template = match keys.contains("template") {
        true => "",
        false => "template = 'menu.toml'\n",
    };
    let (rules, told) = read_text(&format!("[schedule.menu]\n{template}{keys}"));
    assert_eq!(told, []);
    rules.into_iter().next().expect("a rule")
}

fn told(keys: &str) -> Vec<String> {
    let (_, told) = read_text(&format!("[schedule.menu]\n{keys}"));
    let line = |d: &Diagnostic| {
        let (line, column) = d.line_column();
        format!(
            "{line}:{column} {}: {} ({})",
            d.code.as_str(),
            d.message,
            d.hint.as_deref().unwrap_or_default()
        )
    };
    told.iter().map(line).collect()
}

#[test]
fn a_rule_with_every_key_is_read() {
    let rule = rule(
        "template = ['a.toml', 'b.toml']\naccount = ['main', 'shop']\ndays = 'mon-fri'\n\
         times = ['17:30', 09:00:00]\ntimezone = 'Asia/Kolkata'\nfrom = 2026-12-01\nuntil = '2026-12-24'\n\
         every = '2 weeks'\nexcept = ['2026-12-08', 'holidays.ics', 2026-12-07]\ndata = 'menu.csv'\n\
         pick = 'rotate'\ncooldown = '14d'\nset = { kicker = 'Today', n = 3, big = true }\nfreeze = '2h'\n\
         approve = true\nunapproved = 'hold'\nlate = '45min'\npaused = true\n",
    );
    assert_eq!(rule.templates, ["a.toml", "b.toml"]);
    assert_eq!(rule.accounts, ["main", "shop"]);
    assert_eq!(rule.times, [time(9, 0, 0, 0), time(17, 30, 0, 0)]);
    assert_eq!(rule.zone.iana_name(), Some("Asia/Kolkata"));
    assert_eq!(
        (rule.from, rule.until),
        (Some(date(2026, 12, 1)), Some(date(2026, 12, 24)))
    );
    assert_eq!(rule.every, Some(Every::Weeks(2)));
    assert_eq!(
        rule.except,
        [date(2026, 5, 1), date(2026, 12, 7), date(2026, 12, 8)]
    );
    assert_eq!(
        (rule.data.as_deref(), &rule.pick),
        (Some("menu.csv"), &Pick::Rotate)
    );
    assert_eq!(rule.cooldown.as_hours(), 14 * 24);
    let set: Vec<_> = rule
        .set
        .iter()
        .map(|(k, v)| (k.as_str(), v.as_str()))
        .collect();
    assert_eq!(set, [("kicker", "Today"), ("n", "3"), ("big", "true")]);
    assert_eq!(
        (rule.freeze.as_hours(), rule.late.map(|l| l.as_mins())),
        (2, Some(45))
    );
    assert!(rule.approve && rule.paused);
    assert_eq!(rule.unapproved, Unapproved::Hold);
    assert_eq!(
        rule.words(),
        "Monday to Friday at 09:00 and 17:30 (Asia/Kolkata), every 2 weeks, from 1 December 2026 until \
         24 December 2026, not on 1 May 2026, 7 December 2026 and 8 December 2026: a.toml and b.toml in turn for \
         main and shop, with the row of menu.csv that was used longest ago, the same row not within 14 d; the \
         picture is made 2 h before; waits until it is approved; missed when it is 45 min late; paused"
    );
}

#[test]
fn what_is_not_written_is_as_people_expect() {
    let rule = rule("times = '9:00'");
    assert_eq!(rule.days, Days::daily());
    assert_eq!(rule.zone.iana_name(), Some("Europe/Madrid"));
    assert!(rule.freeze.is_zero() && !rule.approve && !rule.paused && rule.late.is_none());
    assert_eq!(rule.unapproved, Unapproved::Skip);
    assert_eq!(
        rule.words(),
        "every day at 09:00 (Europe/Madrid): menu.toml"
    );
}

#[test]
fn everything_wrong_in_a_rule_is_told_at_once_with_its_place() {
    assert_eq!(
        told(
            "tempalte = 'a.toml'\ndays = 'mon,wendesday'\ntimes = ['09:00', '25:00', '9am', '9:00']\n\
             timezone = 'Europe/Madird'\nfrom = '2026-13-01'\nuntil = 'soon'\nevery = 'fortnight'\ncount = 0\n\
             except = ['xmas', 'holidays.ical']\npick = 'rotat'\nfreeze = '2'\nlate = '1 month'\n\
             set = { a = [1] }\napprove = 'true'\nunapproved = 'wait'\ntz = 'UTC'\n"
        ),
        [
            "2:1 unknown-key: schedule `menu` has no key `tempalte` (did you mean `template`?)",
            "17:1 unknown-key: schedule `menu` has no key `tz` (here it is called `timezone`)",
            "5:12 bad-value: no time zone `Europe/Madird` (did you mean `Europe/Madrid`?)",
            "3:13 bad-value: `wendesday` names no days (did you mean `wednesday`?)",
            "4:19 bad-value: `times` cannot be `25:00` (from 00:00 to 23:59, such as \"09:00\" or \"17:30\")",
            "4:28 bad-value: `times` cannot be `9am` (from 00:00 to 23:59, such as \"09:00\" or \"17:30\")",
            "4:35 bad-value: `9:00` is there twice (each time makes one slot)",
            "6:8 bad-value: `from` cannot be `2026-13-01` (a day such as \"2026-12-24\")",
            "7:9 bad-value: `until` cannot be `soon` (a day such as \"2026-12-24\")",
            "9:9 bad-value: `count` cannot be 0 (a whole number from 1)",
            "8:9 bad-value: `every` cannot be `fortnight` (days, weeks or months, such as \"2 weeks\")",
            "10:11 bad-value: `except` cannot be `xmas` (a day such as \"2026-12-25\", or a calendar file that ends in .ics)",
            "10:19 bad-value: `except` cannot be `holidays.ical` (a day such as \"2026-12-25\", or a calendar file that ends in .ics)",
            "11:8 bad-value: `pick` cannot be `rotat` (did you mean `rotate`?)",
            "14:13 bad-value: `a` cannot be a list (a text, a number, true or false)",
            "12:10 bad-value: `freeze` cannot be `2` (a number and its unit, such as \"30min\", \"2h\" or \"14d\")",
            "15:11 bad-value: `approve` cannot be `true` (true or false, without quotes)",
            "16:14 bad-value: `unapproved` cannot be `wait` (skip or hold)",
            "13:8 bad-value: `late` cannot be `1 month` (a number and its unit, such as \"30min\", \"2h\" or \"14d\")",
            "1:11 bad-value: schedule `menu` has no `template` (template = \"templates/menu.toml\")",
            "9:9 bad-value: `until` and `count` both end it (one of them)",
            "11:8 bad-value: `pick` needs `data` (data = \"menu.csv\", or source:NAME)",
        ]
    );
}

#[test]
fn what_does_not_fit_together_is_told() {
    let base = "template = 'a.toml'\ntimes = ['09:00']\n";
    for (keys, message) in [
        ("every = '2 weeks'\ndays = 'mon'\n", "`every` needs `from`"),
        ("count = 3\n", "`count` needs `from`"),
        (
            "every = '2 weeks'\nfrom = '2026-12-01'\n",
            "`every` does not say on which days of the week or month",
        ),
        (
            "from = '2026-12-02'\nuntil = '2026-12-01'\n",
            "`until` is before `from`",
        ),
        (
            "data = 'a.csv'\ncooldown = '1d'\n",
            "`cooldown` is for `pick = \"rotate\"`",
        ),
        (
            "data = 'a.csv'\npick = 'next:id'\n",
            "`pick` cannot be `next:id`",
        ),
        (
            "data = 'a.csv'\npick = 'date:'\n",
            "`pick` cannot be `date:`",
        ),
        ("account = ['a', 'b', 'a']\n", "account `a` is there twice"),
        (
            "account = ['a', 'b#c']\n",
            "`b#c` cannot be one of several accounts: `#` parts the id of a slot",
        ),
        ("days = []\n", "`days` is empty"),
        (
            "days = ['2026-12-24']\nexcept = ['2026-12-24']\n",
            "schedule `menu` has no slot on any day",
        ),
        (
            "days = '30'\nfrom = '2026-02-01'\nevery = '12 months'\n",
            "schedule `menu` has no slot on any day",
        ),
    ] {
        let told = told(&format!("{base}{keys}"));
        assert_eq!(told.len(), 1, "{keys} {told:?}");
        assert!(told[0].contains(message), "{told:?}");
    }
    for good in [
        "until = '2019-01-01'\n",
        "days = ['2019-01-01']\n",
        "every = '2 days'\nfrom = '2026-12-01'\n",
    ] {
        assert_eq!(told(&format!("{base}{good}")), [""; 0], "{good}");
    }
}

#[test]
fn a_name_that_no_id_can_hold_is_refused() {
    let (rules, told) = read_text("[schedule.'a@b']\ntemplate = 'a.toml'\ntimes = ['09:00']\n");
    assert!(rules.is_empty());
    assert_eq!(told[0].message, "`a@b` cannot be the name of a schedule");
    let (_, told) = read_text("schedule.menu = 3\n");
    assert_eq!(told[0].message, "schedule `menu` is a table");
}

#[test]
fn days_may_be_lists_of_anything_that_days_are() {
    let rule = rule("times = ['09:00']\ndays = ['2026-12-24', 2026-12-31, 'mon', 15]\n");
    for (day, held) in [(24, true), (31, true), (14, true), (15, true), (16, false)] {
        assert_eq!(rule.days.holds(date(2026, 12, day)), held, "{day}");
    }
}

/// A rule said in two ways: as keys, and as plain arithmetic.
#[derive(Debug, Clone)]
pub(in crate::calendar) struct Sample {
    pub days: String,
    pub times: Vec<Time>,
    pub from: Option<Date>,
    pub until: Option<Date>,
    pub every: Option<(u32, &'static str)>,
    pub except: Vec<Date>,
}

impl Default for Sample {
    fn default() -> Self {
        Self {
            days: "daily".to_owned(),
            times: vec![time(9, 0, 0, 0)],
            from: None,
            until: None,
            every: None,
            except: Vec::new(),
        }
    }
}

const NAMES: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

impl Sample {
    pub fn any() -> impl Strategy<Value = Self> {
        let day =
            (0_i64..60_000).prop_map(|n| date(1900, 1, 1).saturating_add(Span::new().days(n)));
        let part = prop_oneof![
            Just("daily".to_owned()),
            (0_usize..7, 0_usize..7).prop_map(|(a, b)| format!("{}-{}", NAMES[a], NAMES[b])),
            (0_usize..7).prop_map(|a| NAMES[a].to_owned()),
            (1_u8..=31).prop_map(|n| n.to_string()),
            Just("last".to_owned()),
            (0_usize..5, 0_usize..7).prop_map(|(n, d)| format!(
                "{} {}",
                ["1st", "2nd", "3rd", "4th", "5th"][n],
                NAMES[d]
            )),
            (0_usize..7).prop_map(|d| format!("last {}", NAMES[d])),
        ];
        let clock = (0_i8..24, prop_oneof![Just(0_i8), Just(30), 0_i8..60])
            .prop_map(|(h, m)| time(h, m, 0, 0));
        (
            prop::collection::vec(part, 1..4),
            prop::collection::btree_set(clock, 1..5),
            prop::option::of(day.clone()),
            prop::option::of(0_i64..4000),
            prop::option::of((
                1_u32..9,
                prop::sample::select(vec!["days", "weeks", "months"]),
            )),
            prop::collection::vec(day, 0..20),
        )
            .prop_map(|(days, times, from, length, every, except)| Self {
                days: days.join(","),
                times: times.into_iter().collect(),
                until: from
                    .zip(length)
                    .map(|(from, n)| from.saturating_add(Span::new().days(n))),
                every: every.filter(|_| from.is_some()),
                from,
                except,
            })
    }

    pub fn rule(&self, zone: &TimeZone) -> Rule {
        let mut keys = format!("template = 'a.toml'\ndays = '{}'\n", self.days);
        let quoted = |texts: Vec<String>| format!("['{}']", texts.join("', '"));
        keys += &format!(
            "times = {}\n",
            quoted(
                self.times
                    .iter()
                    .map(|t| t.strftime("%H:%M").to_string())
                    .collect()
            )
        );
        for (key, day) in [("from", self.from), ("until", self.until)] {
            keys += &day
                .map(|day| format!("{key} = '{day}'\n"))
                .unwrap_or_default();
        }
        if let Some((number, unit)) = self.every {
            keys += &format!("every = '{number} {unit}'\n");
        }
        if !self.except.is_empty() {
            keys += &format!(
                "except = {}\n",
                quoted(self.except.iter().map(Date::to_string).collect())
            );
        }
        let (rules, told) = read_text(&format!("[schedule.menu]\n{keys}"));
        assert!(told.iter().all(|d| !d.is_error()), "{told:?}");
        Rule {
            zone: zone.clone(),
            ..rules.into_iter().next().expect("a rule")
        }
    }

    pub fn holds(&self, day: Date) -> bool {
        self.from.is_none_or(|from| day >= from)
            && self.until.is_none_or(|until| day <= until)
            && !self.except.contains(&day)
            && self.days.split(',').any(|part| Self::is(part, day))
            && self.every.is_none_or(|every| self.is_turn(every, day))
    }

    fn is_turn(&self, (number, unit): (u32, &str), day: Date) -> bool {
        let from = self.from.expect("every needs it");
        let number = i64::from(number);
        let days = |a: Date, b: Date| a.until(b).expect("a span").get_days();
        match unit {
            "days" => i64::from(days(from, day)) % number == 0,
            "weeks" => {
                let start = from.yesterday().map_or(from, |d| {
                    d.nth_weekday(1, Weekday::Monday).expect("a Monday")
                });
                let start = if start > from {
                    start.saturating_sub(Span::new().days(7))
                } else {
                    start
                };
                i64::from(days(start, day)).div_euclid(7) % number == 0
            }
            _ => {
                let (a, b) = (
                    i64::from(from.year()) * 12 + i64::from(from.month()),
                    i64::from(day.year()) * 12 + i64::from(day.month()),
                );
                (b - a) % number == 0
            }
        }
    }

    fn is(part: &str, day: Date) -> bool {
        let at = |name: &str| NAMES.iter().position(|n| *n == name).expect("a weekday") as i8;
        let today = day.weekday().to_monday_zero_offset();
        let weekday = |n: i8| Weekday::from_monday_zero_offset(n).expect("a weekday");
        if part == "daily" {
            true
        } else if part == "last" {
            day == day.last_of_month()
        } else if let Ok(number) = part.parse::<i8>() {
            day.day() == number
        } else if let Some((which, name)) = part.split_once(' ') {
            let nth = match which {
                "last" => -1,
                which => which[..1].parse().expect("a digit"),
            };
            day.nth_weekday_of_month(nth, weekday(at(name)))
                .is_ok_and(|found| found == day)
        } else if let Some((from, to)) = part.split_once('-') {
            (today - at(from)).rem_euclid(7) <= (at(to) - at(from)).rem_euclid(7)
        } else {
            today == at(part)
        }
    }
}
