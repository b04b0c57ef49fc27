//! The pieces of dates: words, numbers, marks.
//!
//! In: a date as somebody wrote it, or the name of a month. Out: its pieces, alike whatever the script, the case or the way
//! accents are composed. Never: what they mean.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::numerals;

/// A piece of a date as it is written, in small letters and digits of ASCII.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    Number(String),
    Word(String),
    /// `年` and the like, which say what the number before them is.
    Unit(Unit),
    Mark(char),
    Space,
}

/// What a sign says of the number before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Year,
    Month,
    Day,
}

/// The words and numbers of a name, small, as they are compared.
pub(super) fn words(text: &str) -> Vec<String> {
    let word = |token| match token {
        Token::Word(word) | Token::Number(word) => Some(word),
        Token::Unit(_) | Token::Mark(_) | Token::Space => None,
    };
    tokens(text).into_iter().filter_map(word).collect()
}

/// The pieces of a text, without what stands in brackets.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut out: Vec<Token> = Vec::new();
    let mut depth = 0_usize;
    for c in text.trim().nfc().flat_map(char::to_lowercase) {
        match c {
            // a comment of RFC 822, and the zone's long name that browsers write
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            // marks of stress, and what is left of a small `İ`
            '\u{301}' | '\u{307}' => {}
            _ if numerals::is_direction(c) => {}
            _ => push(&mut out, c),
        }
    }
    out
}

fn push(out: &mut Vec<Token>, c: char) {
    let digit = numerals::ascii_digit(c);
    match (out.last_mut(), digit) {
        (Some(Token::Number(number)), Some(digit)) => number.push(digit),
        (_, Some(digit)) => out.push(Token::Number(digit.to_string())),
        (Some(Token::Word(word)), None) if is_letter(c) || is_combining_mark(c) => word.push(c),
        (Some(Token::Number(_)), None) if unit(c).is_some() => {
            out.extend(unit(c).map(Token::Unit));
        }
        (_, None) if is_letter(c) => out.push(Token::Word(c.to_string())),
        (Some(Token::Space), None) if c.is_whitespace() => {}
        (_, None) if c.is_whitespace() => out.push(Token::Space),
        _ => out.push(Token::Mark(match c {
            '−' | '–' | '‑' | '‐' => '-',
            '’' | '׳' => '\'',
            '॰' => '.',
            '：' => ':',
            '／' => '/',
            '،' | '、' | '，' => ',',
            c => c,
        })),
    }
}

fn unit(c: char) -> Option<Unit> {
    match c {
        '年' | '년' => Some(Unit::Year),
        '月' | '월' => Some(Unit::Month),
        '日' | '일' | '号' | '號' => Some(Unit::Day),
        _ => None,
    }
}

fn is_letter(c: char) -> bool {
    c.is_alphabetic() || c == '_' || c == 'º' || c == 'ª'
}
