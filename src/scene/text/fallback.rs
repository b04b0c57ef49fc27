//! Which of the machine's families lends a character that a text's own do not have.
//!
//! In: a character and the text's language. Out: a family's name: one that is made for plain text in the character's
//! script where there is one, whatever else holds it. Never: the families that were asked for.

use std::collections::BTreeSet;

use icu_properties::props::Script;
use icu_properties::{CodePointMapData, PropertyNamesLong};
use parley::fontique::Collection;

/// Words in the names of families that are not for plain text.
const SPECIAL: [&str; 17] = [
    "Emoji",
    "Rashi",
    "Nastaliq",
    "Kufi",
    "Looped",
    "Mono",
    "Serif",
    "Display",
    "Condensed",
    "Black",
    "Unjoined",
    "Slanted",
    "Fallback",
    "Music",
    "Mincho",
    "Script",
    "Traditional",
];

/// The language that decides between families; characters of one language alone speak for it.
pub fn language(chars: &[char], lang: Option<&str>) -> String {
    if let Some(lang) = lang {
        return lang.to_lowercase().replace('_', "-");
    }
    let scripts = CodePointMapData::<Script>::new();
    let has = |script: Script| chars.iter().any(|c| scripts.get(*c) == script);
    let own = if has(Script::Hiragana) || has(Script::Katakana) {
        "ja"
    } else if has(Script::Hangul) {
        "ko"
    } else {
        ""
    };
    own.to_owned()
}

/// The family that lends `c`.
pub fn holder(collection: &mut Collection, c: char, lang: &str) -> Option<String> {
    let script = CodePointMapData::<Script>::new().get(c);
    let preferred = preferred(script, lang);
    if let Some(found) = preferred
        .into_iter()
        .find(|name| holds(collection, name, c))
    {
        return Some(found);
    }
    let names: BTreeSet<String> = collection.family_names().map(str::to_owned).collect();
    let is_special = |name: &str| SPECIAL.iter().any(|word| name.contains(word));
    let (special, plain): (Vec<_>, Vec<_>) = names.into_iter().partition(|name| is_special(name));
    // colours are not text: emoji are asked for by name
    let special = special.into_iter().filter(|name| !name.contains("Emoji"));
    plain
        .into_iter()
        .chain(special)
        .find(|name| holds(collection, name, c))
}

fn holds(collection: &mut Collection, family: &str, c: char) -> bool {
    let font = collection
        .family_by_name(family)
        .and_then(|family| family.default_font().cloned());
    let holds = font.and_then(|font| {
        let data = font.load(None)?;
        let map = font.charmap_index().charmap(data.data())?;
        map.map(c).filter(|glyph| *glyph != 0)
    });
    holds.is_some()
}

/// Families for plain text in a script, best first.
fn preferred(script: Script, lang: &str) -> Vec<String> {
    let own = |names: &[&str]| {
        names
            .iter()
            .map(|name| (*name).to_owned())
            .collect::<Vec<_>>()
    };
    if matches!(
        script,
        Script::Han | Script::Hiragana | Script::Katakana | Script::Hangul | Script::Bopomofo
    ) {
        let region = match lang {
            lang if lang.starts_with("ja") => "JP",
            lang if lang.starts_with("ko") => "KR",
            lang if lang.contains("-hk") => "HK",
            lang if lang.contains("hant") || lang.contains("-tw") || lang.contains("-mo") => "TC",
            _ if script == Script::Hangul => "KR",
            _ if matches!(script, Script::Hiragana | Script::Katakana) => "JP",
            _ => "SC",
        };
        return ["Noto Sans CJK", "Noto Sans", "Source Han Sans"]
            .iter()
            .map(|family| format!("{family} {region}"))
            .collect();
    }
    let mut names = match script {
        Script::Common | Script::Inherited | Script::Unknown => own(&[
            "Noto Sans Symbols 2",
            "Noto Sans Symbols2",
            "Noto Sans Symbols",
            "Noto Sans Math",
        ]),
        Script::Arabic if lang.starts_with("ur") => own(&["Noto Nastaliq Urdu"]),
        Script::Latin | Script::Greek | Script::Cyrillic => own(&["Noto Sans"]),
        Script::Nko => own(&["Noto Sans NKo"]),
        _ => Vec::new(),
    };
    if let Some(name) = PropertyNamesLong::<Script>::new().get(script) {
        let name = name.replace('_', " ");
        names.push(format!("Noto Sans {name}"));
        names.push(format!("Noto Serif {name}"));
    }
    names.extend(own(&["DejaVu Sans", "FreeSans"]));
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_prefers_the_family_for_plain_text_in_it() {
        let first = |c: char, lang: &str| {
            let script = CodePointMapData::<Script>::new().get(c);
            preferred(script, lang).remove(0)
        };
        assert_eq!(first('ש', ""), "Noto Sans Hebrew");
        assert_eq!(first('ع', "ar"), "Noto Sans Arabic");
        assert_eq!(first('ع', "ur"), "Noto Nastaliq Urdu");
        assert_eq!(first('स', ""), "Noto Sans Devanagari");
        assert_eq!(first('✈', ""), "Noto Sans Symbols 2");
        assert_eq!(first('骨', ""), "Noto Sans CJK SC");
        assert_eq!(first('骨', "ja"), "Noto Sans CJK JP");
        assert_eq!(first('骨', "zh-hant-tw"), "Noto Sans CJK TC");
        assert_eq!(first('한', ""), "Noto Sans CJK KR");
        assert_eq!(language(&['骨', 'の'], None), "ja");
        assert_eq!(language(&['骨'], Some("zh_TW")), "zh-tw");
    }
}
