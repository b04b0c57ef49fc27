//! One story on its way to a scene: what it is made from, and what has been found wrong so far.

use std::path::{Path, PathBuf};

use crate::diag::{Code, Diagnostic, Place, Severity, did_you_mean};
use crate::template::grammar::{Color, ColorRef};
use crate::template::language::{Key, Kind};
use crate::template::{Node, Table, Value, grammar, key};

use super::Assets;
use super::filling::Filler;
use super::identity::Identity;

pub(super) struct Stage<'a> {
    pub assets: &'a Assets,
    pub folder: &'a Path,
    pub filler: Filler<'a>,
    /// Pixels per unit.
    pub scale: f32,
    /// The part of the deliverable's raster that this one is.
    pub shown: f32,
    /// The width that percentages of a layer are of, units: of its parent, as far as keys alone tell it.
    pub across: f32,
    pub wrong: Vec<Diagnostic>,
    /// Files the story was made from, in the order in which they were met, as they were before they were read.
    pub files: Vec<Identity>,
}

impl Stage<'_> {
    /// A table filled in.
    pub fn fill(&mut self, table: &Table, keys: &[&'static Key]) -> Table {
        self.filler
            .table(table, keys.iter().copied(), &mut self.wrong)
    }

    /// The file that `written` names; reported when it may not be read or is not there.
    pub fn find(&mut self, written: &str, at: &Place) -> Option<PathBuf> {
        match self.assets.find(self.folder, written, at) {
            Ok(path) => {
                if !self.files.iter().any(|file| file.path() == path) {
                    self.files.push(Identity::noted(&path));
                }
                Some(path)
            }
            Err(why) => {
                self.wrong.push(*why);
                None
            }
        }
    }

    /// Reports what of a drawing is not shown as it was meant.
    pub fn report_notes(&mut self, path: &Path, written: &str, what: &str, at: &Place) {
        for note in self.assets.pictures.notes(path) {
            let (line, column) = note.at;
            let message = format!(
                "`{written}` in {what}, line {line}, column {column}: {}",
                note.what
            );
            self.wrong.push(
                Diagnostic::at(Code::UnreadableMedia, at, message).severity(Severity::Warning),
            );
        }
    }

    /// The families to try for a layer's `font`: itself, then the brand's.
    pub fn families(&self, font: &str) -> Vec<String> {
        let brand = self.assets.brand.fonts.iter().map(|f| f.key.clone());
        let mut out = Vec::new();
        if !font.is_empty() {
            out.push(font.to_owned());
        }
        // without a font of the brand the bundled text face leads, and the brand's lend what it lacks
        if !brand.clone().any(|key| key == font) {
            out.push(super::text::TEXT_FAMILY.to_owned());
        }
        out.extend(brand.filter(|key| key != font));
        out.dedup();
        out
    }

    /// A colour; an unknown brand colour is reported.
    pub fn color(&mut self, node: &Node) -> Option<Color> {
        match grammar::color(node)? {
            ColorRef::Literal(color) => Some(color),
            ColorRef::Brand(name) => self.brand_color(&name, &node.place),
        }
    }

    /// Tells of the brand colours that are not there in a layer that is not drawn for another reason: everything wrong is told
    /// at once.
    pub fn report_colors(&mut self, table: &Table, keys: &[&'static Key]) {
        for key in keys {
            let Some(node) = table.node(key) else {
                continue;
            };
            match key.kind {
                Kind::Color | Kind::Fill(_) => self.report_fill(node),
                Kind::Record(keys) | Kind::Records(keys) | Kind::ChoiceOr(_, keys) => {
                    let keys: Vec<_> = keys.iter().collect();
                    let one = std::slice::from_ref(node);
                    for item in grammar::list(node).unwrap_or(one) {
                        if let Value::Table(table) = &item.value {
                            self.report_colors(table, &keys);
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// The same for a fill: a colour, or the stops of a gradient.
    fn report_fill(&mut self, node: &Node) {
        let Value::Table(table) = &node.value else {
            self.color(node);
            return;
        };
        for key in [key!(FILL.linear), key!(FILL.radial), key!(FILL.conic)] {
            let stops = table.node(key).and_then(grammar::list).unwrap_or_default();
            for stop in stops {
                // a colour, or a colour and its place
                let color = grammar::list(stop).and_then(<[Node]>::first);
                self.color(color.unwrap_or(stop));
            }
        }
    }

    fn brand_color(&mut self, name: &str, at: &Place) -> Option<Color> {
        let brand = &self.assets.brand;
        if let Some(color) = brand.color(name).and_then(Color::parse) {
            return Some(color);
        }
        let hint = match did_you_mean(name, brand.colors.iter().map(|(n, _)| n.as_str())) {
            Some(hint) => hint
                .replace('`', "")
                .replace("mean ", "mean `$")
                .replace('?', "`?"),
            None if brand.colors.is_empty() => "the project file has no `[brand] colors`".into(),
            None => {
                let names: Vec<_> = brand
                    .colors
                    .iter()
                    .map(|(n, _)| format!("`${n}`"))
                    .collect();
                format!("there are {}", names.join(", "))
            }
        };
        self.wrong
            .push(Diagnostic::at(Code::BadValue, at, format!("no colour `${name}`")).hint(hint));
        None
    }
}
