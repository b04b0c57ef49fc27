use super::*;

fn text(bytes: &[u8]) -> String {
    decode(bytes, None).expect("text").text
}

#[test]
fn utf_8_utf_16_and_windows_1252_are_told_apart() {
    assert_eq!(text("\u{feff}café ☕".as_bytes()), "café ☕");
    assert_eq!(text(b"caf\xe9 \x80 12 \x96 \x93hi\x94"), "café € 12 – “hi”");
    let le: Vec<u8> = "\u{feff}né☕"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    assert_eq!(text(&le), "né☕");
    let be: Vec<u8> = "\u{feff}né☕"
        .encode_utf16()
        .flat_map(u16::to_be_bytes)
        .collect();
    assert_eq!(text(&be), "né☕");
    assert_eq!(decode(b"\x89PNG\0\0", None), None);
}

#[test]
fn one_broken_byte_among_utf_8_is_damage_at_its_place() {
    let decoded = decode(b"caf\xc3\xa9 \xff ol\xc3\xa9", None).expect("text");
    assert_eq!(decoded.text, "café \u{fffd} olé");
    assert_eq!(decoded.damaged, [6]);
    assert!(!decoded.is_guess);
}

#[test]
fn a_zero_that_strayed_into_text_is_damage_at_its_place() {
    let decoded = decode(b"title,price\nA,1\n\0,2\n", None).expect("text");
    assert_eq!(decoded.text, "title,price\nA,1\n\u{fffd},2\n");
    assert_eq!((decoded.damaged, decoded.is_guess), (vec![16], false));
}

#[test]
fn pounds_stay_pounds() {
    for right in ["item,price\nTea,£5\n", "item,price\nCafé au lait,£ 3.50\n"] {
        let (bytes, _, _) = WINDOWS_1252.encode(right);
        assert_eq!(decode(&bytes, None).expect("text").text, right);
    }
    let (bytes, _, _) = encoding_rs::WINDOWS_1250.encode("id,title\n1,Łosoś pieczony\n");
    assert!(text(&bytes).contains("Łosoś"));
}

#[test]
fn signs_that_stand_alone_are_no_letters() {
    for right in [
        "id,title\n1,¥900\n",
        "id,title\n1,Only 50 £\n2,½ pint\n",
        "id,title\n1,28 °C ± 1°\n",
        "id,title\n1,¡Hoy! ¿vienes?\n",
        "id,title\n1,«rare» steak\n2,2 × 4 m²\n",
        "id,title\n1,¼ chicken\n2,¾ chicken\n",
    ] {
        let (bytes, _, _) = WINDOWS_1252.encode(right);
        assert_eq!(text(&bytes), right);
    }
    for right in [
        "id,title\n1,Może jutro?\n",
        "id,title\n1,Łódź\n",
        "id,title\n1,Ľad\n",
    ] {
        let (bytes, _, _) = encoding_rs::WINDOWS_1250.encode(right);
        assert_eq!(text(&bytes), right);
    }
}

#[test]
fn old_macintosh_line_ends_become_line_feeds() {
    assert_eq!(text(b"a\rb\r\nc\n"), "a\nb\r\nc\n");
}

/// Titles as shops write them, a code page each. Checked on others in `tests/corpus`.
const SAMPLES: [(&str, &str); 24] = [
    (
        "windows-1250",
        "id,title\n1,Żurek śląski z białą kiełbasą\n2,Pączki w środę\n",
    ),
    (
        "windows-1250",
        "id,title\n1,Svíčková na smetaně\n2,Příští neděle zavřeno\n",
    ),
    (
        "windows-1250",
        "id,title\n1,Gulyásleves hűvös estékre\n2,Töltött káposzta őszi körettel\n",
    ),
    (
        "windows-1251",
        "id,title\n1,Борщ со сметаной\n2,Пельмени в среду\n",
    ),
    (
        "windows-1251",
        "id,title\n1,Баница със сирене\n2,Шопска салата\n",
    ),
    (
        "koi8-u",
        "id,title\n1,Борщ со сметаной\n2,Пельмени в среду\n",
    ),
    (
        "ibm866",
        "id,title\n1,Борщ со сметаной\n2,Пельмени в среду\n",
    ),
    (
        "windows-1252",
        "id,title\n1,Crème brûlée – à partir de 5 €\n2,Gâteau au chocolat\n",
    ),
    (
        "windows-1252",
        "id,title\n1,Größe und Käse für 5 €\n2,Süße Brötchen\n",
    ),
    (
        "windows-1252",
        "id,title\n1,Piñatas y jamón ibérico\n2,¿Mañana?\n",
    ),
    (
        "windows-1253",
        "id,title\n1,Μουσακάς και σαλάτα\n2,Κάθε Τετάρτη\n",
    ),
    (
        "windows-1254",
        "id,title\n1,Şiş kebap ve içli köfte\n2,Çarşamba günü açığız\n",
    ),
    (
        "windows-1255",
        "id,title\n1,מרק עדשים\n2,פלאפל ביום שלישי\n",
    ),
    (
        "windows-1256",
        "id,title\n1,شوربة العدس\n2,فلافل يوم الثلاثاء\n",
    ),
    (
        "windows-1257",
        "id,title\n1,Šaltibarščiai ir cepelinai\n2,Trečiadienį žuvies diena\n",
    ),
    (
        "macintosh",
        "id,title\n1,Crème brûlée à la carte\n2,Gâteau au chocolat\n",
    ),
    (
        "macintosh",
        "id,title\n1,Piñatas y jamón ibérico\n2,Mañana también\n",
    ),
    ("macintosh", "id,title\n1,Größe und Käse\n2,Süße Brötchen\n"),
    (
        "shift_jis",
        "id,title\n1,本日のラーメン\n2,抹茶アイスクリーム\n",
    ),
    (
        "euc-jp",
        "id,title\n1,本日のラーメン\n2,抹茶アイスクリーム\n",
    ),
    ("gbk", "id,title\n1,今日特价红烧肉\n2,星期三休息\n"),
    ("big5", "id,title\n1,今日特價紅燒肉\n2,星期三休息\n"),
    ("euc-kr", "id,title\n1,오늘의 김치찌개\n2,수요일 휴무\n"),
    ("windows-874", "id,title\n1,ต้มยำกุ้งวันนี้\n2,ปิดวันพุธ\n"),
];

#[test]
fn code_pages_are_guessed_from_two_rows() {
    let mut wrong = Vec::new();
    for (name, right) in SAMPLES {
        let Encoding(Page::Web(page)) = Encoding::named(name).expect("a code page") else {
            panic!("{name} is one of the web");
        };
        let (bytes, _, is_lossy) = page.encode(right);
        assert!(!is_lossy, "{name} has {right}");
        let decoded = decode(&bytes, None).expect("text");
        if decoded.text != right || !decoded.is_guess {
            wrong.push(format!(
                "{name}: {} {:?}",
                decoded.encoding.name(),
                decoded.text
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn utf_16_without_a_mark_is_found() {
    for right in ["id,title\n1,Café\n", "id,title\n1,Борщ со сметаной\n2,茶\n"] {
        for big in [false, true] {
            let units = right.encode_utf16();
            let bytes: Vec<u8> = units
                .flat_map(|u| {
                    if big {
                        u.to_be_bytes()
                    } else {
                        u.to_le_bytes()
                    }
                })
                .collect();
            let decoded = decode(&bytes, None).expect("text");
            assert_eq!(decoded.text, right);
            assert!(decoded.is_guess);
            assert_eq!(decoded.word, None, "no other page reads it as text");
        }
    }
}

#[test]
fn a_named_code_page_is_used_unless_the_file_says_its_own() {
    let polish = Encoding::named("cp1250").expect("known");
    let named = decode(b"\xaf", Some(polish)).expect("text");
    assert_eq!((named.text.as_str(), named.is_guess), ("Ż", false));
    let marked = decode("\u{feff}Ż".as_bytes(), Some(polish)).expect("text");
    assert_eq!(marked.text, "Ż");
    let broken = decode(
        b"a\xff\xffb",
        Some(Encoding::named("utf-8").expect("known")),
    )
    .expect("text");
    assert_eq!(broken.damaged, [1, 4]);
}

#[test]
fn code_pages_have_many_names() {
    for (name, right) in [
        ("1250", "windows-1250"),
        ("CP1251", "windows-1251"),
        ("win1252", "windows-1252"),
        ("latin2", "iso-8859-2"),
        ("Mac-Roman", "macintosh"),
        ("sjis", "shift_jis"),
        ("KOI8-R", "koi8-r"),
        ("utf8", "utf-8"),
        ("cp936", "gbk"),
    ] {
        assert_eq!(
            Encoding::named(name).map(Encoding::name),
            Ok(right.to_owned())
        );
    }
    let slip = Encoding::named("windows-1520").expect_err("a slip");
    assert!(
        slip.starts_with("no encoding `windows-1520`; did you mean `windows-125"),
        "{slip}"
    );
}

#[test]
fn what_dos_wrote_is_found_by_the_signs_in_its_words() {
    for (bytes, right) in [
        (b"id,title\n1,Caf\x82\n".as_slice(), "id,title\n1,Café\n"),
        (b"a\nCr\x8ame br\x96l\x82e\n", "a\nCrème brûlée\n"),
        (b"a\nGr\x94\xe1e und K\x84se\n", "a\nGröße und Käse\n"),
        (b"a\nMa\xa4ana, jam\xa2n\n", "a\nMañana, jamón\n"),
    ] {
        let decoded = decode(bytes, None).expect("text");
        assert_eq!(
            (decoded.text.as_str(), decoded.encoding.name().as_str()),
            (right, "ibm850")
        );
    }
    for right in [
        "a\nPrix\u{a0}: 5\u{a0}€ – « oui »\n",
        "a\nBerlin–Köln, “it’s”…\n",
        "a\nŁukasz\n",
    ] {
        let page = if right.contains('Ł') {
            encoding_rs::WINDOWS_1250
        } else {
            WINDOWS_1252
        };
        let (bytes, _, _) = page.encode(right);
        assert_eq!(text(&bytes), right);
    }
}

#[test]
fn one_word_of_hebrew_is_no_word_of_accents() {
    let (bytes, _, _) = encoding_rs::WINDOWS_1255.encode("title,price\nקפה,12\n");
    assert_eq!(text(&bytes), "title,price\nקפה,12\n");
    let (bytes, _, _) = WINDOWS_1252.encode("title\nété à Nîmes\n");
    assert_eq!(text(&bytes), "title\nété à Nîmes\n");
}

#[test]
fn a_guess_comes_with_what_else_the_word_may_be() {
    let (bytes, _, _) = encoding_rs::GBK.encode("title,price\n咖啡,1\n");
    let decoded = decode(&bytes, None).expect("text");
    let word = decoded.word.expect("a word");
    let mut readings = word.others.iter().map(|(text, _)| text.as_str());
    assert!(
        word.read == "咖啡" || readings.any(|text| text == "咖啡"),
        "{word:?}"
    );
    let (bytes, _, _) = WINDOWS_1252.encode("title\nCafé\n");
    let word = decode(&bytes, None).expect("text").word.expect("a word");
    assert_eq!(word.read, "Café");
}
