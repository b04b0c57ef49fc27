//! Texts in, days and times out.

use super::*;

fn shown(text: &str) -> String {
    let reading = match read(text, None) {
        Ok(reading) => reading,
        Err(why) => return format!("{why:?}"),
    };
    let mut out = reading.date.map_or(String::new(), |d| d.to_string());
    if let Some(time) = reading.time {
        out.push_str(&format!(" {time}"));
    }
    if let Some(zone) = reading.zone {
        let offset = zone.to_offset(jiff::Timestamp::UNIX_EPOCH);
        out.push_str(&format!(" {offset}"));
    }
    if reading.wrong_weekday {
        out.push('!');
    }
    out.trim().to_owned()
}

#[test]
fn days_are_read_in_many_orders_and_languages() {
    for text in [
        "28/11/2026",
        "2026/11/28",
        "28-11-2026",
        "11/28/2026",
        "Nov 28, 2026",
        "28 November 2026",
        "28.11.26",
        "28. 11. 2026",
        "20261128",
        "28th Nov 2026",
        "sábado, 28 de noviembre de 2026",
        "Samstag, 28. November 2026",
        "28 nov. 2026",
        "NOVEMBER 28 2026",
        "28-Nov-2026",
        "28-Nov-26",
        "2026 Nov 28",
        "Saturday 28 November 2026",
        "28 novembre 2026",
        "28 de nov. de 2026",
        "٢٨/١١/٢٠٢٦",
        "28 Nov '26",
        "on 28 November 2026",
        "el 28 de noviembre de 2026",
        "zaterdag 28 november 2026",
        "28/11/26",
        "sáb, 28 nov 2026",
        "28 de novembre de 2026",
    ] {
        assert_eq!(shown(text), "2026-11-28", "{text}");
    }
}

#[test]
fn times_and_zones_are_read_with_them() {
    for (text, right) in [
        ("2026-11-28 7:30 PM", "2026-11-28 19:30:00"),
        ("28/11/2026 19:30", "2026-11-28 19:30:00"),
        (
            "Sat Nov 28 2026 19:30:00 GMT+0100 (Central European Standard Time)",
            "2026-11-28 19:30:00 +01",
        ),
        ("Sat Nov 28 19:30:00 2026", "2026-11-28 19:30:00"),
        ("Sat, 28 Nov 2026 19:30 +0100", "2026-11-28 19:30:00 +01"),
        ("sat, 28 nov 26 19:30:00 gmt", "2026-11-28 19:30:00 +00"),
        ("Sat, 28 Nov 2026 19:30:00 CET", "2026-11-28 19:30:00 +01"),
        ("Sat, 28 Nov 2026 19:30:00 EST", "2026-11-28 19:30:00 -05"),
        ("Sat, 28 Nov 2026 19:30:00 Z", "2026-11-28 19:30:00 +00"),
        ("Sáb, 28 Nov 2026 19:30:00 +0100", "2026-11-28 19:30:00 +01"),
        ("Сб, 28 Nov 2026 19:30:00 +0300", "2026-11-28 19:30:00 +03"),
        ("28 Nov 2026, 7 pm", "2026-11-28 19:00:00"),
        ("28/11/2026 12:05 a. m.", "2026-11-28 00:05:00"),
        ("28 novembre 2026 à 19h30", "2026-11-28 19:30:00"),
        ("28. November 2026 um 19:30 Uhr", "2026-11-28 19:30:00"),
        ("28 Nov 2026 24:00", "2026-11-29 00:00:00"),
        ("2026-11-28T19:30:60Z", "2026-11-28 19:30:59 +00"),
        ("2026-11-28t19:30:00.25-05:00", "2026-11-28 19:30:00.25 -05"),
        ("28 Nov 2026 19:30 Europe/Madrid", "2026-11-28 19:30:00 +01"),
        ("7:30 pm", "19:30:00"),
        ("9:05", "09:05:00"),
        ("Fri, 28 Nov 2026", "2026-11-28!"),
        ("mar, 24 nov 2026", "2026-11-24"),
        ("24 mar 2026", "2026-03-24"),
        ("Sat 28.11.2026", "2026-11-28"),
        ("Sat. 28. 11. 2026 19:30", "2026-11-28 19:30:00"),
        ("Sat, 2026-11-28", "2026-11-28"),
        ("Sat 28/11/2026", "2026-11-28"),
        ("Sat 20261128", "2026-11-28"),
        ("Sat 27.11.2026", "2026-11-27!"),
        ("28.11.2026 Sat", "2026-11-28"),
        ("mar 24.11.2026", "2026-11-24"),
        ("mar 24, 2026", "2026-03-24"),
        ("24-mar-2026 19:30", "2026-03-24 19:30:00"),
        // Friday in Hungary, Sunday in Estonia
        ("P 4 máj. 2007 19:30", "2007-05-04 19:30:00"),
        ("2007. máj. 4., P", "2007-05-04"),
        ("P, 5 máj. 2007", "2007-05-05!"),
        ("P 6. aug 2007", "2007-08-06!"),
        ("P 5. aug 2007", "2007-08-05"),
        ("P, 4 May 2007", "2007-05-04"),
    ] {
        assert_eq!(shown(text), right, "{text}");
    }
}

#[test]
fn what_can_be_two_days_is_neither() {
    for text in ["03/04/2026", "3-4-2026", "01/02/26"] {
        assert!(
            shown(text).starts_with("Ambiguous"),
            "{text}: {}",
            shown(text)
        );
    }
    assert_eq!(shown("04/04/2026"), "2026-04-04");
    assert_eq!(shown("3.4.2026"), "2026-04-03");
    assert_eq!(shown("46354"), "Serial(2026-11-28)");
}

#[test]
fn what_is_no_date_is_none() {
    for text in [
        "",
        "soon",
        "31/02/2026",
        "32.1.2026",
        "13/13/2026",
        "2026",
        "Nov 2026",
        "28 Nov",
        "28/11",
        "1.299",
        "4,50",
        "12:60 2026-11-28",
        "25:00",
        "Saturday",
        "28/11-2026",
        "2026-11-28 19:30 XYZ",
        "1/2/3/4",
        "28 Nov Dec 2026",
        "99999999",
        "12345678901",
        "a b",
        "28 Nov 2026 +0100",
        "P 4 May 2007",
        "4 P máj. 2007",
    ] {
        assert_eq!(shown(text), "NoDate", "{text}");
    }
}
