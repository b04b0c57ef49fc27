use super::*;

#[test]
fn a_weight_moves_the_variable_axis() {
    let bold = Style {
        weight: 800.0,
        ..style()
    };
    let regular = set("ink", &style(), ENDLESS);
    let bold = set("ink", &bold, ENDLESS);
    assert_eq!(regular.runs[0].variations, [(*b"opsz", 32.0)]);
    assert_eq!(
        bold.runs[0].variations,
        [(*b"opsz", 32.0), (*b"wght", 800.0)]
    );
    assert!(bold.width > regular.width);
    assert_eq!(bold.runs[0].embolden, 0.0);
}

#[test]
fn spans_keep_their_numbers_and_looks() {
    let spans = [
        span("One "),
        Span {
            weight: Some(700.0),
            ..span("two ")
        },
        Span {
            italic: Some(true),
            ..span("three")
        },
    ];
    let set = typesetter().set(&spans, &style(), ENDLESS);
    let runs: Vec<_> = set
        .runs
        .iter()
        .map(|run| (run.span, run.glyphs.len()))
        .collect();
    assert_eq!(runs, [(0, 4), (1, 4), (2, 5)]);
    assert_eq!(set.runs[1].variations[1], (*b"wght", 700.0));
    // The italic is a face of its own, not a slanted upright.
    assert_ne!(set.runs[2].face.key(), set.runs[0].face.key());
    assert_eq!(set.runs[2].skew, 0.0);
}

#[test]
fn what_a_face_lacks_is_made_up() {
    let bold = Style {
        families: vec!["static".to_owned()],
        weight: 700.0,
        italic: true,
        ..style()
    };
    let set = set("ink", &bold, ENDLESS);
    assert_eq!(set.runs[0].embolden, 2.0);
    assert_eq!(set.runs[0].skew, 14.0);
    assert!(set.runs[0].variations.is_empty());
}

#[test]
fn a_slant_axis_leans_right() {
    let slanted = Style {
        families: vec!["slanted".to_owned()],
        italic: true,
        ..style()
    };
    let set = set("ink", &slanted, ENDLESS);
    assert_eq!(set.runs[0].variations, [(*b"slnt", -10.0)]);
    assert_eq!(set.runs[0].skew, 0.0);
}

#[test]
fn the_optical_size_follows_the_font_size() {
    let small = Style {
        size: 20.0,
        ..style()
    };
    let set = set("ink", &small, ENDLESS);
    assert_eq!(set.runs[0].variations, [(*b"opsz", 20.0)]);
}

#[test]
fn a_brand_font_answers_to_its_key_and_its_own_name() {
    let by = |name: &str| {
        let style = Style {
            families: vec![name.to_owned()],
            ..style()
        };
        set("ink 0", &style, ENDLESS)
    };
    let (key, own) = (by("static"), by("Inter Static Subset"));
    assert_eq!(
        key.runs[0].face.bytes().len(),
        own.runs[0].face.bytes().len()
    );
    assert!(key.runs[0].face.bytes().len() < 10_000);
    assert_eq!(key.missing_families, [""; 0]);
}

#[test]
fn a_character_the_brand_lacks_comes_from_the_bundled_face() {
    let style = Style {
        families: vec!["static".to_owned()],
        ..style()
    };
    let set = set("ink é", &style, ENDLESS);
    assert_eq!(set.runs.len(), 2);
    assert!(set.missing.is_empty());
}

#[test]
fn what_no_face_has_is_reported_and_not_drawn() {
    let set = set(
        "a\u{10FFFD}b\u{10FFFC}\u{10FFFD}\u{200B}\u{FE0F}",
        &style(),
        ENDLESS,
    );
    assert_eq!(set.missing, ['\u{10FFFD}', '\u{10FFFC}']);
    let glyphs = set.runs.iter().flat_map(|run| &run.glyphs);
    assert!(glyphs.clone().all(|glyph| glyph.id != 0));
}

#[test]
fn a_family_that_is_nowhere_is_reported() {
    let style = Style {
        families: vec!["No Such Family".to_owned(), "static".to_owned()],
        ..style()
    };
    let set = set("ink", &style, ENDLESS);
    assert_eq!(set.missing_families, ["No Such Family"]);
    assert!(set.missing.is_empty());
    assert!(set.runs[0].face.bytes().len() < 10_000);
}

#[test]
fn families_name_brand_and_bundled_faces() {
    let families = typesetter().families();
    for name in ["arabic", "static", TEXT_FAMILY, EMOJI_FAMILY] {
        assert!(families.iter().any(|family| family == name), "{name}");
    }
}

#[test]
fn a_file_that_is_no_font_is_reported() {
    let font = |key: &str, data: &[u8]| BrandFont {
        key: key.to_owned(),
        data: data.into(),
    };
    let (_, unreadable) = Typesetter::new(vec![
        font("empty", b""),
        font("web", b"wOF2\0\x01\0\0"),
        font("text", b"not a font at all"),
    ]);
    let keys: Vec<&str> = unreadable.iter().map(|font| font.key.as_str()).collect();
    assert_eq!(keys, ["empty", "web", "text"]);
    assert!(unreadable[1].why.contains("web font"));
}

#[test]
fn a_brand_font_may_take_a_bundled_name() {
    let data = std::fs::read("tests/fonts/Static.ttf").unwrap();
    let font = BrandFont {
        key: "inter".to_owned(),
        data: data.into(),
    };
    let (typesetter, _) = Typesetter::new(vec![font]);
    let style = Style {
        families: vec!["Inter".to_owned()],
        ..style()
    };
    let set = typesetter.set(&[span("ink é")], &style, ENDLESS);
    assert!(set.runs[0].face.bytes().len() < 10_000);
    assert_eq!(set.runs.len(), 2);
    assert!(set.missing.is_empty());
}
