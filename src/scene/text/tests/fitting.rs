use proptest::prelude::*;

use super::*;

const TITLE: &str = "Tomato tart with burnt honey, thyme and a very good goat's cheese";

fn room(width: f32, height: f32) -> Room {
    Room {
        height: Some(height),
        ..wide(width)
    }
}

#[test]
fn text_shrinks_to_the_greatest_size_that_fits() {
    let two = Style {
        max_lines: Some(2),
        ..style()
    };
    let set = set(TITLE, &two, wide(900.0));
    assert_eq!(set.fit, Fit::Shrunk);
    assert_eq!(set.lines.len(), 2);
    assert_eq!(set.size.fract(), 0.0);
    let larger = Style {
        size: set.size + 1.0,
        overflow: Overflow::Error,
        ..two
    };
    let set = super::set(TITLE, &larger, wide(900.0));
    assert_eq!((set.fit, set.lines.len()), (Fit::Cut, 3));
}

#[test]
fn height_counts_as_much_as_lines() {
    let set = set(TITLE, &style(), room(500.0, 200.0));
    assert_eq!(set.fit, Fit::Shrunk);
    assert!(set.height <= 200.05);
}

#[test]
fn a_long_word_shrinks_rather_than_breaks() {
    let text = "Der Donaudampfschifffahrtskapitän";
    let set = set(text, &style(), wide(700.0));
    assert_eq!(set.fit, Fit::Shrunk);
    assert_eq!(set.shown, "Der\nDonaudampfschifffahrtskapitän");
}

#[test]
fn a_word_too_long_at_the_least_size_is_broken_and_reported() {
    let set = set("Donaudampfschifffahrtskapitän", &style(), wide(200.0));
    assert_eq!((set.fit, set.size), (Fit::Broken, 24.0));
    assert_eq!(set.shown.replace('\n', ""), "Donaudampfschifffahrtskapitän");
    assert!(set.lines.iter().all(|line| line.w <= 200.05));
}

#[test]
fn a_line_higher_than_its_box_does_not_fit() {
    let low = Room {
        height: Some(20.0),
        ..wide(700.0)
    };
    for overflow in [Overflow::Shrink, Overflow::Ellipsis] {
        let style = Style {
            overflow,
            ..style()
        };
        let set = set("Soup", &style, low);
        assert_eq!((set.fit, set.shown.as_str()), (Fit::Cut, "Soup"));
    }
}

#[test]
fn what_does_not_fit_at_the_least_size_ends_with_an_ellipsis() {
    let one = Style {
        max_lines: Some(1),
        ..style()
    };
    let set = set(TITLE, &one, wide(400.0));
    assert_eq!((set.fit, set.size, set.lines.len()), (Fit::Cut, 24.0, 1));
    assert!(set.shown.ends_with('…'));
    assert!(set.lines[0].w <= 400.05);
}

#[test]
fn an_ellipsis_follows_as_much_as_fits() {
    let two = Style {
        max_lines: Some(2),
        overflow: Overflow::Ellipsis,
        ..style()
    };
    let set = set(TITLE, &two, wide(600.0));
    assert_eq!((set.fit, set.size, set.lines.len()), (Fit::Cut, 64.0, 2));
    let words = set.shown.replace('\n', " ");
    let kept = words.strip_suffix('…').unwrap();
    assert!(TITLE.starts_with(kept));
    let next = TITLE[kept.len()..].find(char::is_alphanumeric).unwrap();
    let more = format!("{}…", &TITLE[..kept.len() + next + 1]);
    let more = super::set(&more, &two, wide(600.0));
    assert_eq!(more.fit, Fit::Cut, "{words} leaves room");
}

#[test]
fn an_ellipsis_may_cut_the_word_that_would_not_fit() {
    let one = Style {
        max_lines: Some(1),
        overflow: Overflow::Ellipsis,
        ..style()
    };
    let set = set("A Donaudampfschifffahrtskapitän", &one, wide(400.0));
    assert!(set.shown.starts_with("A Donau"), "{}", set.shown);
    assert!(set.lines[0].w > 350.0);
}

#[test]
fn an_ellipsis_never_splits_a_character_people_see() {
    let one = Style {
        max_lines: Some(1),
        overflow: Overflow::Ellipsis,
        ..in_scripts()
    };
    for text in [
        "👨‍👩‍👧‍👦👨‍👩‍👧‍👦👨‍👩‍👧‍👦👨‍👩‍👧‍👦",
        "e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}",
        "🇪🇸🇫🇷🇩🇪🇮🇹🇪🇸🇫🇷🇩🇪🇮🇹",
    ] {
        let set = set(text, &one, wide(200.0));
        let kept = set.shown.strip_suffix('…').unwrap();
        use unicode_segmentation::UnicodeSegmentation;
        let (all, kept): (Vec<&str>, Vec<&str>) = (
            text.graphemes(true).collect(),
            kept.graphemes(true).collect(),
        );
        assert!(!kept.is_empty());
        assert_eq!(kept, all[..kept.len()]);
    }
}

#[test]
fn an_ellipsis_after_arabic_stands_at_the_left() {
    let one = Style {
        max_lines: Some(1),
        overflow: Overflow::Ellipsis,
        ..in_scripts()
    };
    let set = set("قهوة اليوم طازجة كل صباح", &one, wide(300.0));
    assert_eq!(by_x(&set)[0], plain(&set, '…'));
    assert!((set.lines[0].right() - 300.0).abs() < 0.05);
}

#[test]
fn clipped_text_keeps_all_its_glyphs() {
    let clip = Style {
        overflow: Overflow::Clip,
        ..style()
    };
    let set = set(TITLE, &clip, room(500.0, 70.0));
    assert_eq!(set.fit, Fit::Cut);
    assert!(set.lines.len() > 1);
    let free = super::set(TITLE, &style(), ENDLESS);
    assert_eq!(by_x(&set).len(), by_x(&free).len());
}

#[test]
fn clipped_text_has_no_more_lines_than_it_may() {
    let text = "One\n\nthree and more\nfour";
    for most in 1..=4 {
        let clip = Style {
            max_lines: Some(most),
            overflow: Overflow::Clip,
            ..style()
        };
        for room in [wide(900.0), room(900.0, 700.0)] {
            let set = set(text, &clip, room);
            assert_eq!((set.lines.len(), set.size), (most, 64.0));
            let shown: Vec<&str> = text.lines().take(most).collect();
            assert_eq!(set.shown, shown.join("\n"));
            assert!((set.height - most as f32 * set.lines[0].h).abs() < 0.05);
        }
    }
}

#[test]
fn shrinking_below_the_optical_range_shapes_anew() {
    let small = Style {
        size: 40.0,
        min_size: 12.0,
        max_lines: Some(1),
        ..style()
    };
    let set = set(TITLE, &small, wide(600.0));
    assert_eq!(set.fit, Fit::Shrunk);
    assert!(set.size < 32.0);
    assert_eq!(set.runs[0].variations, [(*b"opsz", set.size)]);
    assert!(set.lines[0].w <= 600.05);
}

/// Words of several scripts, spaces and line ends.
fn texts() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        4 => "[a-zA-Z0-9.,'-]{1,12}",
        1 => "[\u{5d0}-\u{5ea}]{1,8}",
        1 => "[\u{628}-\u{63a}]{1,8}",
        1 => "[\u{e01}-\u{e2e}]{1,8}",
        1 => proptest::sample::select(vec!["本日の", "😀", "👨‍👩‍👧‍👦", "7:30", "क्षत्रिय", "\n", "–", "€12"]).prop_map(str::to_owned),
    ];
    proptest::collection::vec(word, 0..24).prop_map(|words| words.join(" "))
}

fn styles() -> impl Strategy<Value = Style> {
    let overflow = proptest::sample::select(vec![
        Overflow::Shrink,
        Overflow::Ellipsis,
        Overflow::Clip,
        Overflow::Error,
    ]);
    let align = proptest::sample::select(vec![Align::Start, Align::Center, Align::End]);
    let lines = proptest::option::of(1..6_usize);
    let numbers = (
        10.0..140.0_f32,
        0.8..2.0_f32,
        -0.05..0.3_f32,
        100.0..900.0_f32,
    );
    (overflow, align, lines, numbers).prop_map(|(overflow, align, max_lines, numbers)| Style {
        overflow,
        align,
        max_lines,
        size: numbers.0,
        min_size: numbers.0 / 2.0,
        line_height: Some(numbers.1),
        letter_spacing: numbers.2,
        weight: numbers.3,
        ..in_scripts()
    })
}

fn dense(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(192) })]

    #[test]
    fn text_that_fits_stays_in_its_room(
        text in texts(),
        style in styles(),
        width in 60.0..1000.0_f32,
        height in proptest::option::of(30.0..900.0_f32),
    ) {
        let room = Room { width, fill_width: true, height };
        let set = SHARED.with(|it| it.set(&[span(&text)], &style, room));
        match set.shown.is_empty() {
            // of a text that opens with a blank line, that line may be all that is shown
            true => prop_assert!(set.lines.len() <= 1),
            false => prop_assert_eq!(set.lines.len(), set.shown.split('\n').count()),
        }
        if set.fit != Fit::Cut {
            for line in &set.lines {
                prop_assert!(line.w <= width + 0.1, "{} in {}", line.w, width);
                prop_assert!(line.x >= -0.1 && line.right() <= width + 0.1);
            }
            prop_assert!(set.lines.len() <= style.max_lines.unwrap_or(usize::MAX));
            prop_assert!(height.is_none_or(|height| set.height <= height + 0.1));
            prop_assert_eq!(dense(&set.shown), dense(&text));
        }
        prop_assert!(set.size <= style.size && set.size >= style.min_size);
        prop_assert_eq!(set.fit == Fit::Whole && set.size < style.size, false);
        let is_whole = match style.overflow {
            Overflow::Clip => style.max_lines.is_none(),
            other => other == Overflow::Error,
        };
        if is_whole {
            prop_assert_eq!(dense(&set.shown), dense(&text));
        }
    }

    #[test]
    fn a_fresh_typesetter_sets_the_same(text in texts(), style in styles(), width in 60.0..1000.0_f32) {
        let known = SHARED.with(|it| it.set(&[span(&text)], &style, wide(width)));
        let fresh = set(&text, &style, wide(width));
        let glyphs = |set: &Set| set.runs.iter().flat_map(|run| run.glyphs.clone()).collect::<Vec<_>>();
        prop_assert_eq!(glyphs(&known), glyphs(&fresh));
        prop_assert_eq!(known.lines, fresh.lines);
    }

    #[test]
    fn no_text_is_too_odd(text in any::<String>(), style in styles(), width in -10.0..500.0_f32) {
        SHARED.with(|it| it.set(&[span(&text)], &style, wide(width)));
    }
}

thread_local! {
    static SHARED: Typesetter = typesetter();
}
