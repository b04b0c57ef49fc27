//! Where lines end, and what stands there: spaces against the direction, hyphens, balance.

use super::*;

/// Glyphs of line `at` that have ink, from its left edge.
fn from_left(set: &Set, at: usize) -> Vec<(u16, f32)> {
    use ab_glyph::Font;
    let line = set.lines[at];
    let mut glyphs: Vec<(u16, f32)> = Vec::new();
    for run in &set.runs {
        let face = (run.face.bytes(), run.face.key().1);
        let font = ab_glyph::FontRef::try_from_slice_and_index(face.0, face.1).unwrap();
        let blank = font.glyph_id(' ').0;
        let own = |glyph: &&Glyph| glyph.y > line.y && glyph.y < line.bottom() && glyph.id != blank;
        glyphs.extend(run.glyphs.iter().filter(own).map(|g| (g.id, g.x - line.x)));
    }
    glyphs.sort_by(|a, b| a.1.total_cmp(&b.1));
    glyphs
}

fn same(a: &[(u16, f32)], b: &[(u16, f32)]) -> bool {
    a.len() == b.len()
        && a.iter()
            .zip(b)
            .all(|(a, b)| a.0 == b.0 && (a.1 - b.1).abs() < 0.1)
}

#[test]
fn a_line_that_ends_against_its_direction_is_set_as_if_it_stood_alone() {
    for (text, direction) in [
        ("מבצע על iPhone Pro חדש במבצע היום", Direction::Rtl),
        ("مطعم Tilda Lisbon يرحب بكم اليوم", Direction::Rtl),
        ("Visit us at בית קפה today and tomorrow", Direction::Ltr),
        ("iPhone Pro Max שלום", Direction::Rtl),
        ("בית קפה today and 12 30 45 more", Direction::Ltr),
        ("קפה 12 30 45 60 תה", Direction::Rtl),
    ] {
        let style = Style {
            direction,
            overflow: Overflow::Clip,
            ..in_scripts()
        };
        let mut broken = 0;
        for width in (200..700).step_by(20) {
            let set = set(text, &style, wide(width as f32));
            // a word that was broken by force is shaped in one piece, and no line of its own
            if set.shown.split_whitespace().count() != text.split_whitespace().count() {
                continue;
            }
            broken += usize::from(set.lines.len() > 1);
            for (at, shown) in set.shown.lines().enumerate() {
                let alone = typesetter().set(&[span(shown)], &style, ENDLESS);
                assert!(
                    (set.lines[at].w - alone.width).abs() < 0.1,
                    "{shown} of {text}"
                );
                let (own, alone) = (from_left(&set, at), from_left(&alone, 0));
                assert!(same(&own, &alone), "{shown} of {text}: {own:?} {alone:?}");
            }
        }
        assert!(broken > 5, "{text} was broken {broken} times");
    }
}

#[test]
fn a_word_that_breaks_at_a_soft_hyphen_shows_it() {
    let text = "Donau\u{ad}dampf\u{ad}schiff\u{ad}fahrts\u{ad}gesell\u{ad}schaft";
    let clip = Style {
        overflow: Overflow::Clip,
        ..style()
    };
    let hyphen = by_x(&set("‐", &style(), ENDLESS))[0];
    for width in (260..900).step_by(10) {
        let set = set(text, &clip, wide(width as f32));
        let lines: Vec<&str> = set.shown.lines().collect();
        let (last, rest) = lines.split_last().expect("a line");
        assert!(rest.iter().all(|line| line.ends_with('‐')), "{lines:?}");
        assert!(!last.ends_with('‐'));
        assert_eq!(lines.concat().replace('‐', ""), text.replace('\u{ad}', ""));
        assert!(
            set.lines.iter().all(|line| line.w <= width as f32 + 0.1),
            "{width}: {lines:?}"
        );
        for (at, line) in lines.iter().enumerate() {
            let last = from_left(&set, at).last().map(|glyph| glyph.0);
            assert_eq!(last == Some(hyphen), line.ends_with('‐'), "{line}");
        }
        // and no line could have held the next part too
        for (at, pair) in lines.windows(2).enumerate() {
            let next = pair[1].trim_end_matches('‐');
            let part = text
                .split('\u{ad}')
                .find(|part| next.starts_with(part))
                .expect("a part");
            let end = if *last == part { "" } else { "-" };
            let longer = format!("{}{part}{end}", pair[0].trim_end_matches('‐'));
            let longer = typesetter().set(&[span(&longer)], &clip, ENDLESS);
            assert!(
                longer.width > width as f32 - 0.2,
                "line {at} of {lines:?} at {width}"
            );
        }
    }
    let inside = set("visible: co\u{ad}op", &style(), wide(900.0));
    assert_eq!(inside.shown, "visible: coop");
    assert_eq!(inside.width, 900.0);
}

#[test]
fn a_text_shrinks_no_more_than_its_hyphens_ask_for() {
    let text = "extra\u{ad}ordinary menu";
    let set = set(text, &style(), wide(320.0));
    assert_eq!(set.shown.lines().next(), Some("extra‐"), "{}", set.shown);
    assert_eq!(set.size, 64.0);
}

#[test]
fn words_break_by_the_rules_of_a_language_when_asked() {
    let auto = Style {
        hyphenate: true,
        lang: Some("de".to_owned()),
        ..style()
    };
    let broken = set("Donaudampfschifffahrtsgesellschaft", &auto, wide(420.0));
    assert!(
        broken.lines.len() > 1 && broken.shown.contains('‐'),
        "{}",
        broken.shown
    );
    assert_eq!(broken.size, 64.0);
    let plain = set("Donaudampfschifffahrtsgesellschaft", &style(), wide(420.0));
    assert!(plain.size < 64.0);
}

#[test]
fn balanced_lines_are_about_equally_long_and_no_more() {
    let text = "The quick brown fox jumps over a dog";
    let balanced = Style {
        balance: true,
        ..style()
    };
    for width in (300..1200).step_by(50) {
        let (plain, even) = (
            set(text, &style(), wide(width as f32)),
            set(text, &balanced, wide(width as f32)),
        );
        assert_eq!(plain.lines.len(), even.lines.len());
        let longest = |set: &Set| set.lines.iter().map(|l| l.w).fold(0.0, f32::max);
        assert!(longest(&even) <= longest(&plain) + 0.1);
        assert_eq!(even.width, width as f32);
    }
    let even = set(text, &balanced, wide(1000.0));
    assert_eq!(even.shown, "The quick brown fox\njumps over a dog");
}

#[test]
fn korean_may_keep_its_words() {
    let keep = Style {
        keep_all: true,
        overflow: Overflow::Clip,
        ..in_scripts()
    };
    let text = "本日の コーヒーは 特別です";
    let set = set(text, &keep, wide(400.0));
    assert_eq!(
        set.shown.lines().collect::<Vec<_>>(),
        ["本日の", "コーヒーは", "特別です"]
    );
}

#[test]
fn features_change_glyphs() {
    let tabular = Style {
        features: vec![(*b"tnum", 1)],
        ..style()
    };
    let width = |text, style: &Style| set(text, style, ENDLESS).width;
    assert!(width("1111", &style()) < width("0000", &style()));
    assert!((width("1111", &tabular) - width("0000", &tabular)).abs() < 0.1);
}

#[test]
fn a_normal_line_is_as_high_as_its_face_says() {
    let normal = Style {
        line_height: None,
        ..style()
    };
    let set = set("One\ntwo", &normal, ENDLESS);
    // Inter reaches 0.96875 em up and 0.2412 em down
    assert!(
        (set.height - 2.0 * 64.0 * (0.96875 + 0.2412)).abs() < 0.2,
        "{}",
        set.height
    );
}

#[test]
fn a_decoration_is_as_long_as_each_line() {
    for (decoration, over) in [
        (Decoration::Underline, false),
        (Decoration::LineThrough, true),
    ] {
        let style = Style {
            decoration,
            ..style()
        };
        let set = set("One two", &style, wide(150.0));
        assert_eq!(set.rules.len(), 2);
        for (rule, line) in set.rules.iter().zip(&set.lines) {
            assert_eq!((rule.x, rule.w), (line.x, line.w));
            let baseline = line.y + set.baseline;
            assert_eq!(rule.bottom() < baseline, over, "{rule:?} of {line:?}");
            assert!(rule.h > 2.0 && rule.h < 8.0, "{rule:?}");
        }
    }
}

#[test]
fn the_least_width_is_that_of_what_may_not_break() {
    let least = |text: &str, hyphenate: bool| {
        let style = Style {
            keep_words: true,
            hyphenate,
            lang: Some("de".to_owned()),
            overflow: Overflow::Clip,
            ..in_scripts()
        };
        let room = |width| Room {
            width,
            fill_width: false,
            height: None,
        };
        let width = |text: &str, room_width| set(text, &style, room(room_width)).width;
        (width(text, 0.0), width(text, f32::INFINITY))
    };
    for price in ["24,90\u{a0}€", "1\u{202f}124,90\u{a0}€", "€24.90"] {
        let (least, whole) = least(price, false);
        assert_eq!(least, whole, "{price}");
    }
    for (text, parts) in [
        ("海老と季節野菜の天ぷら盛り合わせ定食", 8.0),
        ("Bio-Rinder-Gulasch-mit-Semmelknödel", 2.5),
        ("Suppe des Tages mit Brot", 3.0),
    ] {
        let (least, whole) = least(text, false);
        assert!(least < whole / parts, "{text}: {least} of {whole}");
    }
    let long = "Donaudampfschifffahrtsgesellschaft";
    let (whole, _) = least(long, false);
    let (least, _) = least(long, true);
    assert!(least < whole / 2.0, "{least} of {whole}");
}
