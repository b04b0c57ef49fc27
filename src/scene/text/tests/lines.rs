use super::*;

#[test]
fn lines_are_as_high_as_the_style_says() {
    let set = set("One\n\nthree", &style(), wide(500.0));
    assert_eq!(set.lines.len(), 3);
    assert_eq!(set.height, 3.0 * 64.0 * 1.2);
    assert_eq!(set.lines[1].w, 0.0);
    assert_eq!(set.lines[2].y, 2.0 * 64.0 * 1.2);
    assert_eq!(set.shown, "One\n\nthree");
}

#[test]
fn glyphs_stand_in_the_middle_of_the_line() {
    // Inter reaches 0.96875 em up and 0.2412 em down.
    let tall = Style {
        line_height: Some(2.0),
        ..style()
    };
    let set = set("ink", &tall, ENDLESS);
    let expected = 64.0 * (2.0 - (0.96875 + 0.2412)) / 2.0 + 64.0 * 0.96875;
    assert!((set.runs[0].glyphs[0].y - expected).abs() < 0.1);
}

#[test]
fn a_line_is_as_wide_as_its_words() {
    let short = set("One", &style(), ENDLESS);
    let wrapped = set("One two", &style(), wide(short.width + 20.0));
    assert_eq!(wrapped.shown, "One\ntwo");
    assert!((wrapped.lines[0].w - short.width).abs() < 0.01);
    assert_eq!(wrapped.width, short.width + 20.0);
}

#[test]
fn a_text_fits_the_width_it_measured() {
    for text in ["One two three", "Å é 12.50 €", "قهوة اليوم", "خبز ink ☕"] {
        for spacing in [0.0, 0.05, -0.02] {
            let style = Style {
                letter_spacing: spacing,
                ..in_scripts()
            };
            let width = set(text, &style, ENDLESS).width;
            let again = set(text, &style, wide(width));
            assert_eq!((again.lines.len(), again.fit), (1, Fit::Whole), "{text}");
        }
    }
}

#[test]
fn lines_stand_where_they_are_aligned() {
    let at = |align, text| {
        let style = Style {
            align,
            ..in_scripts()
        };
        let line = set(text, &style, wide(800.0)).lines[0];
        (line.x, 800.0 - line.right())
    };
    let close = |(a, b): (f32, f32)| (a - b).abs() < 0.01;
    assert!(close(at(Align::Center, "One")));
    assert!(close(at(Align::Center, "שלום")));
    assert_eq!(at(Align::Left, "שלום").0, 0.0);
    assert!(at(Align::Right, "One").1.abs() < 0.01);
    assert!(at(Align::End, "One").1.abs() < 0.01);
    assert_eq!(at(Align::End, "שלום").0, 0.0);
}

#[test]
fn centred_lines_are_centred_without_the_space_that_broke_them() {
    for text in ["One two three four five", "שלום שלום שלום שלום שלום"] {
        let style = Style {
            align: Align::Center,
            ..in_scripts()
        };
        let set = set(text, &style, wide(400.0));
        assert!(set.lines.len() > 1);
        for (line, shown) in set.lines.iter().zip(set.shown.lines()) {
            let alone = typesetter().set(&[span(shown)], &style, ENDLESS);
            assert!((line.w - alone.width).abs() < 0.01, "{shown}");
            assert!((line.center().x - 200.0).abs() < 0.01);
        }
    }
}

#[test]
fn letters_are_spaced_apart_but_not_off_the_end() {
    let spaced = Style {
        letter_spacing: 0.5,
        ..style()
    };
    let (tight, loose) = (
        set("Hand", &style(), ENDLESS),
        set("Hand", &spaced, ENDLESS),
    );
    assert!((loose.width - tight.width - 3.0 * 32.0).abs() < 0.01);
}

#[test]
fn joined_letters_are_not_torn_apart() {
    let spaced = Style {
        letter_spacing: 0.5,
        ..in_scripts()
    };
    let (tight, loose) = ("بيت", "בית");
    assert_eq!(
        set(tight, &spaced, ENDLESS).width,
        set(tight, &in_scripts(), ENDLESS).width
    );
    assert!(set(loose, &spaced, ENDLESS).width > set(loose, &in_scripts(), ENDLESS).width + 60.0);
}

#[test]
fn case_is_changed_before_shaping() {
    let upper = Style {
        transform: Transform::Uppercase,
        lang: Some("de".to_owned()),
        ..style()
    };
    let set = set("Straße", &upper, ENDLESS);
    assert_eq!(set.shown, "STRASSE");
    assert_eq!(by_x(&set).len(), 7);
}

#[test]
fn nothing_has_no_lines() {
    for text in ["", "  \n "] {
        let set = set(text, &style(), wide(300.0));
        assert_eq!((set.lines.len(), set.height), (0, 0.0));
        assert_eq!(set.fit, Fit::Whole);
    }
}

#[test]
fn the_same_text_is_the_same_on_every_thread_and_after_any_other() {
    let texts = [
        "One 😀 two",
        "قهوة 7:30",
        "本日のおすすめ",
        "क्षत्रिय",
        "a\u{E123}b",
        "Hand",
    ];
    let print = |set: Set| {
        let glyphs: Vec<_> = set
            .runs
            .iter()
            .map(|run| (run.span, run.variations.clone(), run.glyphs.clone()))
            .collect();
        format!(
            "{glyphs:?} {:?} {:?} {:?}",
            set.lines, set.shown, set.missing
        )
    };
    let expected: Vec<String> = texts
        .iter()
        .map(|text| print(set(text, &in_scripts(), wide(300.0))))
        .collect();
    let shared = typesetter();
    std::thread::scope(|scope| {
        for turn in 0..4 {
            let (shared, expected) = (&shared, &expected);
            scope.spawn(move || {
                for at in 0..texts.len() {
                    let at = (at + turn) % texts.len();
                    let set = shared.set(&[span(texts[at])], &in_scripts(), wide(300.0));
                    assert_eq!(print(set), expected[at], "{}", texts[at]);
                }
            });
        }
    });
}
