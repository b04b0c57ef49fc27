//! What spreadsheets write into a cell whose formula fails, also as text and into the CSV of a sheet.
//!
//! In: the text of a cell. Out: whether it is such a word and nothing else. Never: a guess: `#1`, `#SALE!` and `#summer` are what
//! people write.

/// The words, in the languages in which Excel, LibreOffice and Google Sheets write them.
const WORDS: [&str; 101] = [
    // English, and everywhere else where nothing stands below
    "#REF!",
    "#N/A",
    "#VALUE!",
    "#DIV/0!",
    "#NAME?",
    "#NUM!",
    "#NULL!",
    "#ERROR!",
    "#SPILL!",
    "#CALC!",
    "#FIELD!",
    "#BUSY!",
    "#CONNECT!",
    "#BLOCKED!",
    "#UNKNOWN!",
    "#GETTING_DATA",
    // German
    "#WERT!",
    "#BEZUG!",
    "#NV",
    "#ZAHL!",
    "#ÜBERLAUF!",
    // French
    "#VALEUR!",
    "#NOM?",
    "#NOMBRE!",
    "#NUL!",
    "#PROPAGATION!",
    // Spanish
    "#¡DIV/0!",
    "#¡REF!",
    "#¡VALOR!",
    "#¿NOMBRE?",
    "#¡NUM!",
    "#¡NULO!",
    "#N/D",
    "#¡DESBORDAMIENTO!",
    "#¡CALC!",
    // Italian
    "#VALORE!",
    "#RIF!",
    "#NOME?",
    "#NULLO!",
    "#ESPANSIONE!",
    // Portuguese
    "#VALOR!",
    "#NÚM!",
    "#NULO!",
    "#DESPEJAR!",
    // Polish
    "#ARG!",
    "#ADR!",
    "#N/D!",
    "#NAZWA?",
    "#LICZBA!",
    "#DZIEL/0!",
    "#ZERO!",
    // Dutch
    "#WAARDE!",
    "#VERW!",
    "#N/B",
    "#NAAM?",
    "#GETAL!",
    "#DEEL/0!",
    "#LEEG!",
    // Russian
    "#ЗНАЧ!",
    "#ССЫЛКА!",
    "#ИМЯ?",
    "#ЧИСЛО!",
    "#ПУСТО!",
    "#Н/Д",
    "#ДЕЛ/0!",
    "#ПЕРЕНОС!",
    // Swedish, Danish, Norwegian, Finnish
    "#VÄRDEFEL!",
    "#REFERENS!",
    "#NAMN?",
    "#OGILTIGT!",
    "#SKÄRNING!",
    "#SAKNAS!",
    "#DIVISION/0!",
    "#VÆRDI!",
    "#REFERENCE!",
    "#NAVN?",
    "#I/T",
    "#VERDI!",
    "#ARVO!",
    "#VIITTAUS!",
    "#NIMI?",
    "#LUKU!",
    "#TYHJÄ!",
    "#PUUTTUU!",
    "#JAKO/0!",
    // Czech, Hungarian, Turkish
    "#HODNOTA!",
    "#ODKAZ!",
    "#NÁZEV?",
    "#ČÍSLO!",
    "#NENÍ_K_DISPOZICI",
    "#DĚLENÍ_NULOU!",
    "#ÉRTÉK!",
    "#HIV!",
    "#NÉV?",
    "#SZÁM!",
    "#HIÁNYZIK",
    "#ZÉRÓOSZTÓ!",
    "#DEĞER!",
    "#BAŞV!",
    "#SAYI!",
    "#SAYI/0!",
];

/// Whether a cell is such a word: also `Err:502` of LibreOffice, and what Google Sheets shows until a value is there.
pub(super) fn is_error(text: &str) -> bool {
    let text = text.trim();
    if text.starts_with('#') {
        return WORDS.contains(&text);
    }
    let is_number = |rest: &str| rest.len() == 3 && rest.bytes().all(|b| b.is_ascii_digit());
    text.strip_prefix("Err:").is_some_and(is_number) || matches!(text, "Loading..." | "Loading…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_cell_that_is_the_word_is_an_error() {
        for error in [
            "#DIV/0!",
            " #N/A ",
            "#WERT!",
            "#BEZUG!",
            "#NV",
            "#¡DIV/0!",
            "#¿NOMBRE?",
            "#ИМЯ?",
            "#BUSY!",
            "Err:502",
            "Loading...",
        ] {
            assert!(is_error(error), "{error}");
        }
        for text in [
            "",
            "#",
            "#1",
            "#SALE!",
            "#nv",
            "#NVIDIA",
            "#N/A today",
            "WERT!",
            "#summer",
            "Err:",
            "Err:50",
            "Err:5020",
            "Loading",
            "#DIV/0! is an error",
            "# NV",
        ] {
            assert!(!is_error(text), "{text}");
        }
    }
}
