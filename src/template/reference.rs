//! `docs/keys.md`: the template language as a page, from the same tables that the parser reads.

use std::fmt::Write;

use super::language::{
    AUDIO, BESIDE, CANVAS, FILL, Key, Kind, LAYER, LINK, LayerType, MENTION, OUTPUT, VAR,
};

/// The page.
pub fn reference() -> String {
    let mut out = String::from(
        "# Every key of a template\n\n\
         Made from the program's own tables; a test holds it. Any value may be a text with a `{{ … }}` in it.\n",
    );
    section(&mut out, "Every layer", "", LAYER);
    for kind in LayerType::ALL {
        for keys in kind.own_keys() {
            let title = format!("`type = \"{}\"`", kind.as_str());
            section(&mut out, &title, "", keys);
        }
    }
    section(
        &mut out,
        "A fill that is a table",
        "One of `linear`, `radial`, `conic`, `image` (and `video` for the canvas).",
        FILL,
    );
    section(&mut out, "`[canvas]`", "", CANVAS);
    section(&mut out, "`[output]`", "", OUTPUT);
    section(
        &mut out,
        "`[vars]`",
        "`name = \"default\"`, or `name = { … }` with these keys.",
        VAR,
    );
    section(&mut out, "`[[mention]]`", "", MENTION);
    let by_hand = "The platform takes these only from a person in the app: publishing leaves them out and says so.";
    section(&mut out, "`[[link]]`", by_hand, LINK);
    section(&mut out, "Beside the tables", by_hand, BESIDE);
    section(&mut out, "`[audio]`", "", AUDIO);
    out
}

fn section(out: &mut String, title: &str, words: &str, keys: &[Key]) {
    let _ = writeln!(out, "\n## {title}\n");
    if !words.is_empty() {
        let _ = writeln!(out, "{words}\n");
    }
    out.push_str("| key | takes | |\n|---|---|---|\n");
    for key in keys {
        row(out, key.name, key);
        if let Kind::Record(inner) | Kind::Records(inner) | Kind::ChoiceOr(_, inner) = key.kind {
            for key in inner {
                row(out, &format!("… {}", key.name), key);
            }
        }
    }
}

fn row(out: &mut String, name: &str, key: &Key) {
    let takes = match key.kind {
        Kind::Record(_) => "a table".to_owned(),
        Kind::ChoiceOr(words, _) => format!("{} or a table", words.join(", ")),
        Kind::Records(_) => "a table, or a list of them".to_owned(),
        kind => kind.describe(),
    };
    let takes = takes.replace('|', "\\|");
    let _ = writeln!(out, "| `{name}` | {takes} | {} |", key.about());
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_in_docs_is_the_page_of_the_code() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/keys.md");
        let page = super::reference();
        if std::fs::read_to_string(file).unwrap_or_default() != page {
            if std::env::var_os("BLESS").is_some() {
                std::fs::write(file, page).unwrap();
            }
            panic!("docs/keys.md is not what the tables say; BLESS=1 writes it");
        }
    }
}
