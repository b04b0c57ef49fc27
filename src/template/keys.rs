//! The keys of the language by name, for whoever reads filled values.
//!
//! In: a table that holds only keys of the language. Out: the value of one of them, or the default that
//! [`language`](super::language) states for it. Never: a default of its own.
//!
//! `key!(TEXT.size)` is the key of that name in `language::TEXT`, and `key!(TEXT.size as number)` the same with its
//! default. A name that the table does not have, or a default of another type, does not compile.

use super::language::{Key, Or};
use super::{Entry, Node, Table, Value, grammar};

/// A key of a table in [`language`](super::language), looked up while compiling.
///
/// `as number`, `as word`, `as flag`, `as pair` and `as edges` say how [`Table::read`] reads it.
macro_rules! key {
    ($table:ident . $name:ident) => {
        const {
            $crate::template::keys::named(
                $crate::template::language::$table,
                ::core::stringify!($name),
            )
        }
    };
    ($table:ident . $name:ident as $reading:ident) => {
        const {
            $crate::template::keys::$reading($crate::template::keys::named(
                $crate::template::language::$table,
                ::core::stringify!($name),
            ))
        }
    };
}
pub(crate) use key;

/// The key of that name in a table of the language. Only for [`key!`].
pub(crate) const fn named(table: &'static [Key], name: &str) -> &'static Key {
    let mut at = 0;
    while at < table.len() {
        if is_same(table[at].name, name) {
            return &table[at];
        }
        at += 1;
    }
    panic!("this table of the language has no key of that name")
}

const fn is_same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut at = 0;
    while at < a.len() && at < b.len() && a[at] == b[at] {
        at += 1;
    }
    at == a.len() && at == b.len()
}

/// A number, with its default.
#[derive(Clone, Copy)]
pub(crate) struct Number(&'static Key, f64);

/// One of the key's words, with its default.
#[derive(Clone, Copy)]
pub(crate) struct Word(&'static Key, &'static str);

impl Word {
    /// The key itself.
    pub(crate) fn key(self) -> &'static Key {
        self.0
    }

    /// Its default.
    pub(crate) fn default(self) -> &'static str {
        self.1
    }
}

/// `true` or `false`; what is not written is false.
#[derive(Clone, Copy)]
pub(crate) struct Flag(&'static Key);

/// Two numbers, with their default.
#[derive(Clone, Copy)]
pub(crate) struct Pair(&'static Key, (f64, f64));

/// Top, right, bottom, left, with the default of all four.
#[derive(Clone, Copy)]
pub(crate) struct Edges(&'static Key, f64);

pub(crate) const fn number(key: &'static Key) -> Number {
    match key.default {
        Or::Number(default) => Number(key, default),
        _ => panic!("the language states no number as the default of this key"),
    }
}

pub(crate) const fn word(key: &'static Key) -> Word {
    match key.default {
        Or::Word(default) => Word(key, default),
        _ => panic!("the language states no word as the default of this key"),
    }
}

pub(crate) const fn flag(key: &'static Key) -> Flag {
    match key.kind {
        super::language::Kind::Bool => Flag(key),
        _ => panic!("this key of the language is not true or false"),
    }
}

pub(crate) const fn pair(key: &'static Key) -> Pair {
    match key.default {
        Or::Pair(a, b) => Pair(key, (a, b)),
        _ => panic!("the language states no two numbers as the default of this key"),
    }
}

pub(crate) const fn edges(key: &'static Key) -> Edges {
    match key.default {
        Or::Number(default) => Edges(key, default),
        _ => panic!("the language states no number as the default of this key"),
    }
}

/// How a key with a default is read.
pub(crate) trait Reading {
    /// What comes out.
    type Value<'t>;

    /// The value in the table, else the default.
    fn of(self, table: &Table) -> Self::Value<'_>;
}

impl Reading for Number {
    type Value<'t> = f32;

    fn of(self, table: &Table) -> f32 {
        let given = table.node(self.0).and_then(grammar::number);
        given.unwrap_or(self.1) as f32
    }
}

impl Reading for Word {
    type Value<'t> = &'t str;

    fn of(self, table: &Table) -> &str {
        let given = table.node(self.0).and_then(Node::as_text);
        given.unwrap_or(self.1)
    }
}

impl Reading for Flag {
    type Value<'t> = bool;

    fn of(self, table: &Table) -> bool {
        matches!(
            table.node(self.0).map(|n| &n.value),
            Some(Value::Bool(true))
        )
    }
}

impl Reading for Pair {
    type Value<'t> = (f32, f32);

    fn of(self, table: &Table) -> (f32, f32) {
        let (a, b) = self.1;
        // a point is 0–1 and a span 1–10: a value is of the key's own shape, as whoever filled it in checked
        let given = table.node(self.0);
        given
            .and_then(|node| grammar::point(node).or_else(|| grammar::span(node)))
            .unwrap_or((a as f32, b as f32))
    }
}

impl Reading for Edges {
    type Value<'t> = [f32; 4];

    fn of(self, table: &Table) -> [f32; 4] {
        let given = table.node(self.0).and_then(grammar::edges);
        given.unwrap_or([self.1 as f32; 4])
    }
}

impl Table {
    /// The value of a key of the language.
    pub(crate) fn node(&self, key: &Key) -> Option<&Node> {
        self.get(key.name)
    }

    /// The key of the language with its value.
    pub(crate) fn written(&self, key: &Key) -> Option<&Entry> {
        self.entry(key.name)
    }

    /// The table that a key holds, if it holds one.
    pub(crate) fn record(&self, key: &Key) -> Option<&Table> {
        match &self.node(key)?.value {
            Value::Table(table) => Some(table),
            _ => None,
        }
    }

    /// The value of a key, or the default that the language states.
    pub(crate) fn read<R: Reading>(&self, key: R) -> R::Value<'_> {
        key.of(self)
    }
}

#[cfg(test)]
mod tests {
    use super::super::language::{Kind, LayerType};
    use super::super::{check_value, tree};
    use super::*;
    use crate::diag::Source;

    fn table(text: &str) -> Table {
        let (table, wrong) = tree::read(&Source::new("t.toml", text));
        assert!(wrong.is_empty(), "{wrong:?}");
        table
    }

    #[test]
    fn what_is_not_written_is_the_default_of_the_language() {
        let empty = table("");
        assert_eq!(empty.read(key!(TEXT.size as number)), 48.0);
        assert_eq!(empty.read(key!(TEXT.overflow as word)), "shrink");
        assert_eq!(empty.read(key!(PICTURE.focus as pair)), (0.5, 0.5));
        assert_eq!(empty.read(key!(MOTION.zoom as pair)), (1.0, 1.0));
        assert_eq!(empty.read(key!(GROUP.padding as edges)), [0.0; 4]);
        assert!(!empty.read(key!(VIDEO.loop as flag)));
        let full = table(
            "size = 20\noverflow = 'clip'\nfocus = [0, 1]\nzoom = [1, 2]\nloop = true\npadding = [1, 2]",
        );
        assert_eq!(full.read(key!(TEXT.size as number)), 20.0);
        assert_eq!(full.read(key!(TEXT.overflow as word)), "clip");
        assert_eq!(full.read(key!(PICTURE.focus as pair)), (0.0, 1.0));
        assert_eq!(full.read(key!(MOTION.zoom as pair)), (1.0, 2.0));
        assert_eq!(
            full.read(key!(GROUP.padding as edges)),
            [1.0, 2.0, 1.0, 2.0]
        );
        assert!(full.read(key!(VIDEO.loop as flag)));
    }

    /// Every default, written into a template, is a value that its key takes.
    #[test]
    fn defaults_are_values_of_their_keys() {
        fn check(key: &Key) {
            if let Kind::Record(keys) | Kind::Records(keys) | Kind::ChoiceOr(_, keys) = key.kind {
                keys.iter().for_each(check);
            }
            let value = match key.default {
                Or::Nothing => return,
                // a whole number takes no point
                Or::Number(number) => number.to_string(),
                Or::Word(word) => format!("'{word}'"),
                Or::Pair(a, b) => format!("[{a}, {b}]"),
            };
            let document = table(&format!("it = {value}"));
            let mut wrong = Vec::new();
            check_value(key.name, key.kind, document.get("it").unwrap(), &mut wrong);
            assert!(wrong.is_empty(), "{}: {wrong:?}", key.name);
        }
        use super::super::language::{AUDIO, BESIDE, CANVAS, FILL, LINK, MENTION, OUTPUT};
        for keys in [AUDIO, BESIDE, CANVAS, FILL, LINK, MENTION, OUTPUT] {
            keys.iter().for_each(check);
        }
        for kind in LayerType::ALL {
            kind.keys().for_each(check);
        }
    }
}
