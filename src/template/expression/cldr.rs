//! The table of how languages write dates, numbers and prices: a part of Unicode's CLDR, made by `tools/cldr.py`.
//!
//! In: the tag of a locale, the name of a field. Out: the field, of the locale itself or of those above it. Never: what
//! a field means.
//!
//! The table is text of 0.2 MB, of which only the lines' beginnings are looked at before a language is asked for. ICU's
//! own crates would cost two minutes of building (and thirty crates of the network and the store built anew) for the same.

use std::collections::HashMap;
use std::sync::LazyLock;

static TEXT: &str = include_str!("cldr.txt");

/// All locales.
pub(super) static TABLE: LazyLock<Table> = LazyLock::new(|| Table::read(TEXT));

/// The table, taken apart.
pub(super) struct Table {
    locales: Vec<Locale>,
    /// By tag in small letters.
    by_tag: HashMap<String, usize>,
    /// Lists that concern no locale, by name.
    lists: HashMap<&'static str, &'static str>,
}

/// A language, maybe of one country or script.
struct Locale {
    tag: &'static str,
    parent: Option<usize>,
    fields: Vec<(&'static str, &'static str)>,
}

impl Table {
    fn read(text: &'static str) -> Self {
        let mut table = Self {
            locales: Vec::new(),
            by_tag: HashMap::new(),
            lists: HashMap::new(),
        };
        let mut parents = Vec::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let (key, value) = line.split_once(' ').unwrap_or((line, ""));
            if let Some(tag) = key.strip_prefix('=') {
                table
                    .by_tag
                    .insert(tag.to_ascii_lowercase(), table.locales.len());
                parents.push(value);
                table.locales.push(Locale {
                    tag,
                    parent: None,
                    fields: Vec::new(),
                });
            } else if let Some(name) = key.strip_prefix('*') {
                table.lists.insert(name, value);
            } else if let Some(locale) = table.locales.last_mut() {
                locale.fields.push((key, value));
            }
        }
        // a parent may stand below its child
        for (at, parent) in parents.into_iter().enumerate() {
            table.locales[at].parent = table.find(parent);
        }
        table
    }

    /// The locale of a tag in any case.
    pub fn find(&self, tag: &str) -> Option<usize> {
        self.by_tag.get(&tag.to_ascii_lowercase()).copied()
    }

    /// How many there are; they are numbered from 0.
    pub fn len(&self) -> usize {
        self.locales.len()
    }

    /// `pt-BR`.
    pub fn tag(&self, locale: usize) -> &'static str {
        self.locales[locale].tag
    }

    /// What a locale itself has under `key`.
    pub fn own(&self, locale: usize, key: &str) -> Option<&'static str> {
        let fields = &self.locales[locale].fields;
        fields.iter().find(|(k, _)| *k == key).map(|(_, v)| *v)
    }

    /// The locale and those above it, the nearest first.
    pub fn chain(&self, locale: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(Some(locale), |at| self.locales[*at].parent)
    }

    /// What a locale has under `key`, or one above it.
    pub fn field(&self, locale: usize, key: &str) -> Option<&'static str> {
        self.chain(locale).find_map(|at| self.own(at, key))
    }

    /// The entry `name=…` of a list.
    pub fn entry(&self, list: &str, name: &str) -> Option<&'static str> {
        self.entries(list).find(|(n, _)| *n == name).map(|(_, v)| v)
    }

    /// The entries of a list.
    pub fn entries(&self, list: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
        pairs(self.lists.get(list).copied().unwrap_or_default())
    }
}

/// `EUR=€|USD=$`.
pub(super) fn pairs(text: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    text.split('|').filter_map(|pair| pair.split_once('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_locale_has_all_it_needs() {
        let months = |text: &str| text.split('|').filter(|name| !name.is_empty()).count();
        for at in 0..TABLE.len() {
            let tag = TABLE.tag(at);
            let field = |key: &str| {
                TABLE
                    .field(at, key)
                    .unwrap_or_else(|| panic!("{tag} has no {key}"))
            };
            for key in ["mfw", "mfa"] {
                assert_eq!(months(field(key)), 12, "{tag} {key}");
            }
            for key in ["dfw", "dfa"] {
                assert_eq!(months(field(key)), 7, "{tag} {key}");
            }
            assert_eq!(months(field("p")), 2, "{tag}");
            assert!(
                field("l").contains('y') && field("l").contains('d'),
                "{tag}"
            );
            let digits = field("u");
            assert!(TABLE.entry("digits", digits).is_some(), "{tag}: {digits}");
            for digits in [digits, "latn"] {
                assert_eq!(field(&format!("n-{digits}")).split('|').count(), 9, "{tag}");
            }
        }
        assert!(TABLE.len() > 600);
    }
}
