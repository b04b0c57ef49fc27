//! `*bold*`, `_italic_` and `[coloured]{$accent}` in a text.

/// A stretch of one look.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Piece {
    pub text: String,
    pub bold: bool,
    pub italic: bool,
    /// As written between the braces.
    pub color: Option<String>,
}

/// Splits a text at its marks. A backslash keeps the mark after it; a mark without its partner is text.
pub(super) fn read(text: &str) -> Vec<Piece> {
    let mut out = Vec::new();
    let chars: Vec<char> = text.chars().collect();
    pieces(&chars, &Piece::default(), &mut out);
    if out.is_empty() {
        out.push(Piece::default());
    }
    out
}

fn pieces(chars: &[char], look: &Piece, out: &mut Vec<Piece>) {
    let mut at = 0;
    while at < chars.len() {
        match chars[at] {
            '\\' if chars.get(at + 1).is_some_and(|c| r"\*_[]{}".contains(*c)) => {
                push(chars[at + 1], look, out);
                at += 2;
            }
            mark @ ('*' | '_') if opens(chars, at) => match closing(chars, at, mark) {
                Some(end) => {
                    let mut inner = look.clone();
                    if mark == '*' {
                        inner.bold = true
                    } else {
                        inner.italic = true
                    }
                    pieces(&chars[at + 1..end], &inner, out);
                    at = end + 1;
                }
                None => {
                    push(mark, look, out);
                    at += 1;
                }
            },
            '[' => match coloured(chars, at) {
                Some((end, color, after)) => {
                    let inner = Piece {
                        color: Some(color),
                        ..look.clone()
                    };
                    pieces(&chars[at + 1..end], &inner, out);
                    at = after;
                }
                None => {
                    push('[', look, out);
                    at += 1;
                }
            },
            c => {
                push(c, look, out);
                at += 1;
            }
        }
    }
}

fn push(c: char, look: &Piece, out: &mut Vec<Piece>) {
    match out.last_mut() {
        Some(last)
            if last.bold == look.bold && last.italic == look.italic && last.color == look.color =>
        {
            last.text.push(c);
        }
        _ => out.push(Piece {
            text: c.to_string(),
            ..look.clone()
        }),
    }
}

/// `snake_case` and `3 * 4` are no marks: one opens at the start of a word.
fn opens(chars: &[char], at: usize) -> bool {
    let before = at.checked_sub(1).map(|i| chars[i]);
    chars.get(at + 1).is_some_and(|c| !c.is_whitespace())
        && !before.is_some_and(char::is_alphanumeric)
}

fn closing(chars: &[char], open: usize, mark: char) -> Option<usize> {
    (open + 2..chars.len()).find(|&i| {
        chars[i] == mark
            && chars[i - 1] != '\\'
            && !chars[i - 1].is_whitespace()
            && !chars.get(i + 1).is_some_and(|c| c.is_alphanumeric())
    })
}

/// End of the text, the colour, and where the text goes on.
fn coloured(chars: &[char], open: usize) -> Option<(usize, String, usize)> {
    let end = (open + 1..chars.len()).find(|&i| chars[i] == ']' && chars[i - 1] != '\\')?;
    if chars.get(end + 1) != Some(&'{') {
        return None;
    }
    let close = (end + 2..chars.len()).find(|&i| chars[i] == '}')?;
    Some((end, chars[end + 2..close].iter().collect(), close + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(text: &str) -> Vec<(String, String)> {
        read(text)
            .into_iter()
            .map(|p| {
                let mut marks = String::new();
                if p.bold {
                    marks.push('b');
                }
                if p.italic {
                    marks.push('i');
                }
                marks.push_str(&p.color.unwrap_or_default());
                (p.text, marks)
            })
            .collect()
    }

    #[test]
    fn marks_nest_and_lone_ones_are_text() {
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(
            look("Now *only _today_* [hot]{$accent}!"),
            [
                pair("Now ", ""),
                pair("only ", "b"),
                pair("today", "bi"),
                pair(" ", ""),
                pair("hot", "$accent"),
                pair("!", "")
            ]
        );
        assert_eq!(
            look("3 * 4 = 12, snake_case_word [x]"),
            [pair("3 * 4 = 12, snake_case_word [x]", "")]
        );
        assert_eq!(look(r"\*not bold\*"), [pair("*not bold*", "")]);
    }
}
