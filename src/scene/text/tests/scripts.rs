use super::*;

#[test]
fn arabic_letters_join_and_run_to_the_left() {
    let set = set("بيت", &in_scripts(), ENDLESS);
    let glyphs = by_x(&set);
    assert_eq!(glyphs.len(), 3);
    let isolated = ['ب', 'ي', 'ت'].map(|c| plain(&set, c));
    assert!(isolated.iter().all(|id| !glyphs.contains(id)));
    assert!(set.missing.is_empty());
}

#[test]
fn arabic_starts_at_the_right() {
    let text = "قهوة اليوم";
    let right = set(text, &in_scripts(), wide(900.0));
    assert!((right.lines[0].right() - 900.0).abs() < 0.01);
    let forced = Style {
        direction: Direction::Ltr,
        ..in_scripts()
    };
    assert_eq!(set(text, &forced, wide(900.0)).lines[0].x, 0.0);
}

#[test]
fn a_time_inside_arabic_reads_from_the_left() {
    let set = set("من 7:30 صباحا", &in_scripts(), ENDLESS);
    let time = ['7', ':', '3', '0'].map(|c| plain(&set, c));
    let glyphs = by_x(&set);
    assert!(glyphs.windows(4).any(|four| four == time), "{glyphs:?}");
}

#[test]
fn hebrew_runs_to_the_left_and_a_latin_word_in_it_to_the_right() {
    let set = set("שלום ink", &in_scripts(), ENDLESS);
    let find = |c| {
        let id = plain(&set, c);
        by_x(&set).iter().position(|glyph| *glyph == id).unwrap()
    };
    assert!(find('i') < find('n') && find('n') < find('k'));
    assert!(find('k') < find('ם') && find('ם') < find('ש'));
}

#[test]
fn each_paragraph_finds_its_own_direction() {
    let set = set("One\nשלום\n12", &in_scripts(), wide(800.0));
    assert_eq!(set.lines[0].x, 0.0);
    assert!((set.lines[1].right() - 800.0).abs() < 0.01);
    assert_eq!(set.lines[2].x, 0.0);
}

#[test]
fn devanagari_forms_conjuncts() {
    let whole = set("क्ष", &in_scripts(), ENDLESS);
    assert_eq!(by_x(&whole).len(), 1);
    // The short i is written before the consonant it follows.
    let set = set("दि", &in_scripts(), ENDLESS);
    assert_eq!(by_x(&set)[1], plain(&set, 'द'));
}

#[test]
fn thai_breaks_between_words_that_no_space_parts() {
    let set = set("กาแฟสดใหม่ทุกวัน", &in_scripts(), wide(260.0));
    assert!(set.lines.len() > 1);
    let words = ["กาแฟ", "สด", "ใหม่", "ทุก", "วัน"];
    for line in set.shown.lines() {
        let mut rest = line;
        while !rest.is_empty() {
            let word = words.iter().find(|word| rest.starts_with(**word));
            rest = &rest[word
                .unwrap_or_else(|| panic!("broken word in {:?}", set.shown))
                .len()..];
        }
    }
}

#[test]
fn japanese_breaks_anywhere_but_before_closing_marks() {
    let text = "「新しいメニュー」を始めました！今日のコーヒーは特別です。";
    for width in 4..16 {
        let set = set(text, &in_scripts(), wide(64.0 * width as f32));
        assert_eq!(set.fit, Fit::Whole);
        assert_eq!(set.shown.replace('\n', ""), text);
        for line in set.shown.lines().skip(1) {
            assert!(
                !line.starts_with(['」', '。', '！', 'ー', 'ュ']),
                "{:?}",
                set.shown
            );
        }
        for line in set.shown.lines() {
            assert!(!line.ends_with('「'), "{:?}", set.shown);
        }
    }
}

#[test]
fn emoji_sequences_are_one_colour_glyph() {
    for emoji in ["👨‍👩‍👧‍👦", "🇪🇸", "👍🏽", "1️⃣", "❤️", "🏳️‍🌈", "☺️", "🧑🏻‍🚀", "❤️‍🔥"]
    {
        let set = set(emoji, &style(), ENDLESS);
        assert_eq!(emoji_glyphs(&set), (1, 0), "{emoji}");
        assert!(set.missing.is_empty(), "{emoji}");
    }
}

#[test]
fn digits_and_signs_stay_text_until_a_selector_says_emoji() {
    let text = set("7 © ™ #", &style(), ENDLESS);
    assert_eq!(emoji_glyphs(&text).0, 0);
    let emoji = set("©️", &style(), ENDLESS);
    assert_eq!(emoji_glyphs(&emoji), (1, 0));
}

#[test]
fn emoji_leave_line_spacing_alone() {
    let plain = set("ink", &style(), ENDLESS);
    let mixed = set("ink 😀 بيت", &in_scripts(), ENDLESS);
    assert_eq!(plain.height, mixed.height);
    // The first family's own height centres the line, whichever face supplies the glyphs.
    let alone = set("😀", &style(), ENDLESS);
    assert_eq!(plain.runs[0].glyphs[0].y, alone.runs[0].glyphs[0].y);
}
