//! The operators that would take a text for a number without a word, led through functions that do not.
//!
//! In: a text with expressions. Out: the same with `a < b` as a call of [`COMPARE`](super::compare::COMPARE), `a + b` as one of
//! [`SUM`](super::compare::SUM), `a * b` with [`FACTOR`](super::compare::FACTOR) and `a ~ b` with [`TEXT`](super::texts::TEXT)
//! around its sides, and the way back from a place in it. Never: whether the text is well formed, which the engine says of
//! the text as it stands.

use std::ops::Range;

use super::columns;
use super::compare::{COMPARE, FACTOR, MEMBER, SUM};
use super::texts::TEXT;

/// A text whose operators are calls.
pub(super) struct Guarded {
    pub text: String,
    /// What was put where, in order: bytes of the text as it stood, and how many stand there now.
    edits: Vec<(Range<usize>, usize)>,
}

impl Guarded {
    /// The place in the text as it stood.
    pub fn place(&self, range: Range<usize>) -> Range<usize> {
        let start = self.before(range.start, false);
        let end = self.before(range.end, true);
        start..end.max(start)
    }

    fn before(&self, at: usize, is_end: bool) -> usize {
        let mut shift = 0; // how much further the same byte is now
        for (old, len) in &self.edits {
            let new = old.start + shift;
            if at < new || at == new && is_end {
                break;
            }
            if at < new + len {
                return if is_end { old.end } else { old.start };
            }
            shift = shift + len - old.len();
        }
        at - shift
    }
}

/// `text` with guarded operators; none where it has no such operator.
pub(super) fn guarded(text: &str) -> Option<Guarded> {
    let mut edits = Vec::new();
    let mut at = 0;
    while let Some(open) = text[at..].find(['{', '<']).map(|found| at + found) {
        let rest = &text[open..];
        if rest.starts_with("<#--") {
            at = open + rest.find("--#>")? + 4;
        } else if rest.starts_with("{{") || rest.starts_with("{%") {
            let is_statement = rest.starts_with("{%");
            let (tokens, end) = tokens(text, open + 2, is_statement)?;
            at = end;
            if is_statement && tokens.first().is_some_and(|t| t.is(text, "raw")) {
                at = text[end..]
                    .find("endraw")
                    .map_or(text.len(), |found| end + found);
                continue;
            }
            let mut block = Block {
                text,
                tokens: &tokens,
                is_for: is_statement && tokens.first().is_some_and(|t| t.is(text, "for")),
                edits: &mut edits,
            };
            let first = usize::from(is_statement).min(tokens.len());
            block.level(first..tokens.len(), true);
        } else {
            at = open + 1;
        }
    }
    (!edits.is_empty()).then(|| applied(text, edits))
}

fn applied(text: &str, mut edits: Vec<(Range<usize>, String)>) -> Guarded {
    // those of one place stay in their order: what is further out is opened first
    edits.sort_by_key(|(range, _)| (range.start, range.end));
    let mut out = String::new();
    let mut at = 0;
    for (range, new) in &edits {
        out.push_str(&text[at..range.start]);
        out.push_str(new);
        at = range.end;
    }
    out.push_str(&text[at..]);
    let edits = edits.into_iter().map(|(range, new)| (range, new.len()));
    Guarded {
        text: out,
        edits: edits.collect(),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Word,
    Literal,
    Operator,
    Open,
    Close,
}

#[derive(Debug, Clone)]
struct Token {
    kind: Kind,
    range: Range<usize>,
}

impl Token {
    fn is(&self, text: &str, word: &str) -> bool {
        !matches!(self.kind, Kind::Literal) && &text[self.range.clone()] == word
    }
}

/// The tokens of a block that begins at `at`, behind its braces, and where it ends; none where it does not.
fn tokens(text: &str, at: usize, is_statement: bool) -> Option<(Vec<Token>, usize)> {
    let close = if is_statement { "%}" } else { "}}" };
    let bytes = text.as_bytes();
    let mut at = at + usize::from(matches!(bytes.get(at), Some(b'-' | b'+')));
    let mut depth = 0_usize;
    let mut out: Vec<Token> = Vec::new();
    loop {
        let rest = &text[at..];
        let first = rest.chars().next()?;
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        if depth == 0 {
            if rest.starts_with(close) {
                return Some((out, at + 2));
            }
            if rest.starts_with(['-', '+']) && rest[1..].starts_with(close) {
                return Some((out, at + 3));
            }
        }
        let (kind, len) = match first {
            '"' | '\'' => (Kind::Literal, quoted(rest)?),
            '(' | '[' | '{' => (Kind::Open, 1),
            ')' | ']' | '}' => (Kind::Close, 1),
            c if c.is_numeric() => (Kind::Word, number(rest)),
            c if is_word(c) => (Kind::Word, rest.find(|c| !is_word(c)).unwrap_or(rest.len())),
            _ => {
                let two = ["==", "!=", "<=", ">=", "**", "//"];
                let is_two = two.iter().any(|two| rest.starts_with(two));
                let len = if is_two { 2 } else { first.len_utf8() };
                (Kind::Operator, len)
            }
        };
        match kind {
            Kind::Open => depth += 1,
            Kind::Close => depth = depth.checked_sub(1)?,
            _ => {}
        }
        out.push(Token {
            kind,
            range: at..at + len,
        });
        at += len;
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// How long the text in quotes is that `rest` begins with.
fn quoted(rest: &str) -> Option<usize> {
    let quote = rest.chars().next()?;
    let mut is_escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            c if c == quote => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// How long the number is: `12`, `1.5`, `1e-3`.
fn number(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let is_followed = bytes.get(at + 1).is_some_and(u8::is_ascii_digit);
        let is_after_e = at > 0 && bytes[at - 1].eq_ignore_ascii_case(&b'e');
        let goes_on = byte.is_ascii_alphanumeric()
            || *byte == b'_'
            || *byte == b'.' && is_followed
            || matches!(byte, b'+' | b'-') && is_after_e && is_followed;
        if !goes_on {
            break;
        }
        at += 1;
    }
    // a digit of another script
    at.max(rest.chars().next().map_or(1, char::len_utf8))
}

/// What a piece of one level of brackets is, by how tightly it binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece {
    /// Between two expressions: `,`, `if`, `and`.
    Stop,
    Compare,
    In,
    NotIn,
    Plus,
    Minus,
    Join,
    Times,
    Divide,
    Operand,
}

struct Block<'a> {
    text: &'a str,
    tokens: &'a [Token],
    is_for: bool,
    edits: &'a mut Vec<(Range<usize>, String)>,
}

impl Block<'_> {
    /// Guards what stands between two brackets, or in the whole block.
    fn level(&mut self, tokens: Range<usize>, is_outermost: bool) {
        let mut pieces: Vec<(Piece, Range<usize>)> = Vec::new();
        let mut inner = Vec::new();
        let mut waits_for_in = self.is_for && is_outermost;
        let mut at = tokens.start;
        while at < tokens.end {
            let token = &self.tokens[at];
            if token.kind == Kind::Open {
                let close = self.closing(at, tokens.end);
                inner.push(at + 1..close);
                let end = (close + 1).min(tokens.end);
                pieces.push((Piece::Operand, at..end));
                at = end;
                continue;
            }
            let is_name = at > tokens.start && self.tokens[at - 1].is(self.text, ".");
            let (mut piece, len) = match is_name {
                true => (Piece::Operand, 1),
                false => self.piece(at, tokens.end, pieces.last().map(|(piece, _)| *piece)),
            };
            if piece == Piece::In && waits_for_in {
                (piece, waits_for_in) = (Piece::Stop, false);
            }
            pieces.push((piece, at..at + len));
            at += len;
        }
        for run in pieces.split(|(piece, _)| *piece == Piece::Stop) {
            self.run(run);
        }
        for level in inner {
            self.level(level, false);
        }
    }

    fn closing(&self, open: usize, end: usize) -> usize {
        let mut depth = 0_usize;
        for at in open..end {
            match self.tokens[at].kind {
                Kind::Open => depth += 1,
                Kind::Close => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                return at;
            }
        }
        end
    }

    /// What stands at a token, and over how many.
    fn piece(&self, at: usize, end: usize, before: Option<Piece>) -> (Piece, usize) {
        let token = &self.tokens[at];
        let word = &self.text[token.range.clone()];
        let is_sign = before != Some(Piece::Operand);
        let piece = match (token.kind, word) {
            (Kind::Operator, "," | ":" | "=") => Piece::Stop,
            (Kind::Operator, "==" | "!=" | "<" | "<=" | ">" | ">=") => Piece::Compare,
            (Kind::Operator, "+") if !is_sign => Piece::Plus,
            (Kind::Operator, "-") if !is_sign => Piece::Minus,
            (Kind::Operator, "~") => Piece::Join,
            (Kind::Operator, "*") => Piece::Times,
            (Kind::Operator, "/" | "//" | "%") => Piece::Divide,
            (Kind::Word, "if" | "else" | "and" | "or") => Piece::Stop,
            (Kind::Word, "in") => Piece::In,
            (Kind::Word, "not") => {
                let is_before = |word| {
                    let next = self.tokens[..end].get(at + 1);
                    next.is_some_and(|next| next.is(self.text, word))
                };
                let is_test = at > 0 && self.tokens[at - 1].is(self.text, "is");
                match (is_test, before == Some(Piece::Operand) && is_before("in")) {
                    (true, _) => Piece::Operand,
                    (false, true) => return (Piece::NotIn, 2),
                    (false, false) => Piece::Stop,
                }
            }
            _ => Piece::Operand,
        };
        (piece, 1)
    }

    /// Guards one expression between stops.
    fn run(&mut self, run: &[(Piece, Range<usize>)]) {
        let is_comparison =
            |piece: &Piece| matches!(piece, Piece::Compare | Piece::In | Piece::NotIn);
        let operators: Vec<_> = run.iter().filter(|(p, _)| is_comparison(p)).collect();
        let operands = run.split(|(piece, _)| is_comparison(piece));
        if !operands.clone().all(|operand| !operand.is_empty()) {
            return;
        }
        let whole = self.bytes(run);
        match operators.as_slice() {
            [(Piece::In | Piece::NotIn, tokens)] => {
                let is_in = tokens.len() == 1;
                let not = if is_in { "" } else { "not " };
                self.edits
                    .push((whole.start..whole.start, format!("{not}{MEMBER}(")));
                let operator = self.span(tokens);
                self.edits.push((operator, ",".to_owned()));
            }
            [] => {}
            list if list.iter().all(|(piece, _)| *piece == Piece::Compare) => {
                self.edits
                    .push((whole.start..whole.start, format!("{COMPARE}(")));
                for (_, tokens) in list {
                    let operator = self.span(tokens);
                    let quoted = format!(",\"{}\",", &self.text[operator.clone()]);
                    self.edits.push((operator, quoted));
                }
            }
            // `a in b == c`: nobody writes it
            _ => return,
        }
        for operand in operands {
            self.sum(operand);
        }
        if !operators.is_empty() {
            self.edits.push((whole.end..whole.end, ")".to_owned()));
        }
    }

    /// Guards a sum; one with a `-` says by itself that it does not work on text.
    fn sum(&mut self, sum: &[(Piece, Range<usize>)]) {
        let is_operator = |piece: &Piece| matches!(piece, Piece::Plus | Piece::Minus);
        let parts: Vec<_> = sum.split(|(piece, _)| is_operator(piece)).collect();
        let operators: Vec<_> = sum.iter().filter(|(p, _)| is_operator(p)).collect();
        let is_guarded = !operators.is_empty()
            && operators.iter().all(|(piece, _)| *piece == Piece::Plus)
            && parts.iter().all(|part| !part.is_empty());
        let whole = self.bytes(sum);
        if is_guarded {
            self.edits
                .push((whole.start..whole.start, format!("{SUM}(")));
            for (_, tokens) in &operators {
                self.edits.push((self.span(tokens), ",".to_owned()));
            }
        }
        for part in parts {
            self.join(part);
        }
        if is_guarded {
            self.edits.push((whole.end..whole.end, ")".to_owned()));
        }
    }

    /// Guards what is joined to a text.
    fn join(&mut self, join: &[(Piece, Range<usize>)]) {
        let parts: Vec<_> = join.split(|(piece, _)| *piece == Piece::Join).collect();
        let is_guarded = parts.len() > 1 && parts.iter().all(|part| !part.is_empty());
        for part in parts {
            let bytes = self.bytes(part);
            // a text in quotes is one already
            let is_literal = part.len() == 1 && {
                let first = &self.tokens[part[0].1.start];
                first.kind == Kind::Literal
            };
            if !is_guarded || is_literal {
                self.term(part);
                continue;
            }
            self.edits
                .push((bytes.start..bytes.start, format!("{TEXT}(")));
            self.term(part);
            let close = match columns::path(&self.text[bytes.clone()]) {
                Some(path) => format!(",{})", columns::literal(path)),
                None => ")".to_owned(),
            };
            self.edits.push((bytes.end..bytes.end, close));
        }
    }

    /// Guards the factors of a product; what is divided is no text anyway.
    fn term(&mut self, term: &[(Piece, Range<usize>)]) {
        let is_operator = |piece: &Piece| matches!(piece, Piece::Times | Piece::Divide);
        let factors: Vec<_> = term.split(|(piece, _)| is_operator(piece)).collect();
        let operators = term.iter().filter(|(piece, _)| is_operator(piece));
        if factors.iter().any(|factor| factor.is_empty()) {
            return;
        }
        let is_times: Vec<bool> = operators.map(|(p, _)| *p == Piece::Times).collect();
        for (at, factor) in factors.iter().enumerate() {
            let is_multiplied = at > 0 && is_times[at - 1] || is_times.get(at) == Some(&true);
            let first = &self.tokens[factor[0].1.start];
            // a text in quotes is meant to be repeated
            let is_literal = factor.len() == 1 && first.kind == Kind::Literal;
            if is_multiplied && !is_literal {
                let bytes = self.bytes(factor);
                self.edits
                    .push((bytes.start..bytes.start, format!("{FACTOR}(")));
                self.edits.push((bytes.end..bytes.end, ")".to_owned()));
            }
        }
    }

    fn bytes(&self, pieces: &[(Piece, Range<usize>)]) -> Range<usize> {
        match (pieces.first(), pieces.last()) {
            (Some((_, first)), Some((_, last))) => self.span(&(first.start..last.end)),
            _ => 0..0,
        }
    }

    fn span(&self, tokens: &Range<usize>) -> Range<usize> {
        self.tokens[tokens.start].range.start..self.tokens[tokens.end - 1].range.end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> String {
        let guarded = guarded(text).map_or(text.to_owned(), |guarded| guarded.text);
        guarded
            .replace(COMPARE, "C")
            .replace(FACTOR, "F")
            .replace(MEMBER, "M")
            .replace(SUM, "S")
            .replace(TEXT, "T")
    }

    #[test]
    fn operators_are_found_with_their_sides() {
        for (plain, right) in [
            ("a * b < {{ a }}", "a * b < {{ a }}"),
            ("{{ a * b }}", "{{ F(a) * F(b) }}"),
            ("{{ a / b * -c|f * 'x' }}", "{{ a / F(b) * F(-c|f) * 'x' }}"),
            (
                "{{ a + b * c ~ d }}",
                "{{ S(a , T(F(b) * F(c)) ~ T(d,\"d\")) }}",
            ),
            ("{{ a + b - c }}", "{{ a + b - c }}"),
            ("{{ -a + +b|f ~ 'x' }}", "{{ S(-a , T(+b|f) ~ 'x') }}"),
            (
                "{{ (a ~ row['b c']) + c < d }}",
                "{{ C(S((T(a,\"a\") ~ T(row['b c'],\"row['b c']\")) , c) ,\"<\", d) }}",
            ),
            ("{{ a ** b * c }}", "{{ F(a ** b) * F(c) }}"),
            (
                "{{- (a + b)*c[d*2].if -}}",
                "{{- F((S(a , b)))*F(c[F(d)*F(2)].if) -}}",
            ),
            (
                "{{ x if a < b * 2 else y }}",
                "{{ x if C(a ,\"<\", F(b) * F(2)) else y }}",
            ),
            (
                "{{ 1 < a <= 5 and not b == c }}",
                "{{ C(1 ,\"<\", a ,\"<=\", 5) and not C(b ,\"==\", c) }}",
            ),
            (
                "{% if a|f(x=1, y=b > 2) != '<' %}{{ '>' }}{% endif %}",
                "{% if C(a|f(x=1, y=C(b ,\">\", 2)) ,\"!=\", '<') %}{{ '>' }}{% endif %}",
            ),
            (
                "{% for a in b if a in [1] and c not in d %}",
                "{% for a in b if M(a , [1]) and not M(c , d) %}",
            ),
            (
                "{{ a is not none and a is lt 3 }}",
                "{{ a is not none and a is lt 3 }}",
            ),
            (
                "{% raw %}{{ a * b }}{% endraw %}",
                "{% raw %}{{ a * b }}{% endraw %}",
            ),
            (
                "<#-- {{ a * b }} --#>{{ 1e-3*a }}",
                "<#-- {{ a * b }} --#>{{ F(1e-3)*F(a) }}",
            ),
            ("{{ {'a': b * 2}['a'] }}", "{{ {'a': F(b) * F(2)}['a'] }}"),
            ("{{ a * }}", "{{ a * }}"),
            ("{{ a < ", "{{ a < "),
            ("{% set a = b * c %}", "{% set a = F(b) * F(c) %}"),
        ] {
            assert_eq!(text(plain), right, "{plain}");
        }
    }

    #[test]
    fn a_place_leads_back() {
        let plain = "{{ abc * b }} {{ d < e }}";
        let guarded = guarded(plain).expect("it has operators");
        for (was, now) in [
            ("abc", "abc"),
            ("b }}", "b) }"),
            (" {{ ", " {{ "),
            ("e }}", "e) }"),
        ] {
            let at = plain.find(was).expect("it is there");
            let found = guarded.text.find(now).expect("it still is");
            assert_eq!(guarded.place(found..found + 1), at..at + 1, "{was}");
        }
        let call = guarded.text.find(COMPARE).expect("a call");
        let end = guarded.text.rfind(')').expect("its end") + 1;
        assert_eq!(&plain[guarded.place(call..end)], "d < e");
    }
}
