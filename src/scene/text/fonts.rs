//! The faces there are, and in which order a text asks them.
//!
//! In: the brand's font files. Out: font collections for the shaper, and a [`Stack`] of families per style.
//! Never: looking at the machine's own fonts unless [`Fonts::system`] is called.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError};

use ab_glyph::FontRef;
use parley::fontique::{
    Blob, Collection, CollectionOptions, FamilyId, FontInfoOverride, GenericFamily, SourceCache,
    SourceCacheOptions,
};
use parley::{FontContext, FontFamilyName};

use super::fallback;

/// The bundled text family.
pub const TEXT_FAMILY: &str = "Inter";
/// The bundled colour emoji family.
pub const EMOJI_FAMILY: &str = "Noto Color Emoji";

/// The bundled files; the same blobs for every typesetter, so that caches of glyphs know them again.
static BUNDLED: LazyLock<[(&str, Blob<u8>); 3]> = LazyLock::new(|| {
    let blob = |bytes: &'static [u8]| Blob::new(Arc::new(bytes));
    let upright = include_bytes!("../../../assets/fonts/Inter.ttf");
    let italic = include_bytes!("../../../assets/fonts/Inter-Italic.ttf");
    let emoji = include_bytes!("../../../assets/fonts/NotoColorEmoji.ttf");
    [
        (TEXT_FAMILY, blob(upright)),
        (TEXT_FAMILY, blob(italic)),
        (EMOJI_FAMILY, blob(emoji)),
    ]
});

/// The machine's fonts: found at most once in a process, by the first text that needs them.
static MACHINE: OnceLock<Collection> = OnceLock::new();

/// A font file of the brand.
#[derive(Debug, Clone)]
pub struct BrandFont {
    /// The name by which templates ask for it.
    pub key: String,
    /// The file: TrueType, OpenType, or a collection of them.
    pub data: Arc<[u8]>,
}

/// A font file of the brand that holds no usable face.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadableFont {
    /// The brand font's key.
    pub key: String,
    /// Which of the files that were given, from 0.
    pub file: usize,
    /// What is wrong with it, as the end of a sentence: "is …".
    pub why: &'static str,
}

/// All faces that texts of one typesetter may use.
pub(super) struct Fonts {
    own: Collection,
    files: Vec<(String, Blob<u8>)>,
    text_family: String,
    emoji_family: String,
    with_system: OnceLock<Collection>,
    sources: SourceCache,
    /// System families that hold a character in a language; searched once for each.
    holders: Mutex<HashMap<(char, String), Option<String>>>,
}

/// The families a text asks, in order.
#[derive(Debug, Clone, Default)]
pub(super) struct Stack {
    /// For everything but emoji.
    pub text: Vec<FontFamilyName<'static>>,
    /// For clusters in emoji presentation.
    pub emoji: Vec<FontFamilyName<'static>>,
    /// For text that no other family holds.
    last: Option<FontFamilyName<'static>>,
    /// Range over which any of the faces changes with its optical size.
    pub optical: Option<(f32, f32)>,
    /// A family must be looked for among the system's.
    pub asks_system: bool,
    /// Families that are nowhere; only known once the system was asked.
    pub missing: Vec<String>,
}

impl Stack {
    /// More families, asked after the bundled ones, and then the last one.
    pub fn add(&mut self, families: Vec<FontFamilyName<'static>>) {
        self.text.extend(families.iter().cloned());
        self.text.extend(self.last.take());
        self.emoji.extend(families);
    }

    /// The faces of all its families, as runs know them.
    pub fn faces(&self, fonts: &mut FontContext) -> HashSet<(u64, u32)> {
        let mut faces = HashSet::new();
        for family in self.text.iter().chain(&self.emoji) {
            let families: Vec<FamilyId> = match family {
                FontFamilyName::Named(name) => {
                    fonts.collection.family_id(name).into_iter().collect()
                }
                FontFamilyName::Generic(generic) => {
                    fonts.collection.generic_families(*generic).collect()
                }
            };
            for info in families
                .into_iter()
                .filter_map(|id| fonts.collection.family(id))
            {
                for font in info.fonts() {
                    if let Some(data) = font.load(Some(&mut fonts.source_cache)) {
                        faces.insert((data.id(), font.index()));
                    }
                }
            }
        }
        faces
    }
}

impl Fonts {
    /// The bundled faces and those of the brand.
    pub fn new(brand: Vec<BrandFont>) -> (Self, Vec<UnreadableFont>) {
        let mut files: Vec<(String, Blob<u8>)> = Vec::new();
        let mut aliases = Vec::new();
        let mut unreadable = Vec::new();
        for (index, font) in brand.into_iter().enumerate() {
            let file = Blob::new(Arc::new(font.data));
            match probe(&file) {
                Ok(name) => {
                    aliases.push((name, file.clone()));
                    files.push((font.key, file));
                }
                Err(why) => unreadable.push(UnreadableFont {
                    key: font.key,
                    file: index,
                    why,
                }),
            }
        }
        // A brand font may have a bundled family's name; the bundled one then stands behind it under another.
        let keys: BTreeSet<String> = files.iter().map(|(key, _)| key.to_lowercase()).collect();
        let bundled = |name: &str| match keys.contains(&name.to_lowercase()) {
            true => format!("{name} (bundled)"),
            false => name.to_owned(),
        };
        let (text_family, emoji_family) = (bundled(TEXT_FAMILY), bundled(EMOJI_FAMILY));
        for (name, file) in BUNDLED.iter() {
            files.push((bundled(name), file.clone()));
        }
        // A template may also say what a font menu shows, unless that is a key or bundled.
        let taken: BTreeSet<String> = files.iter().map(|(key, _)| key.to_lowercase()).collect();
        aliases.retain(|(name, _): &(String, _)| !taken.contains(&name.to_lowercase()));
        files.append(&mut aliases);
        let mut own = empty();
        register(&mut own, &files);
        let fonts = Self {
            own,
            files,
            text_family,
            emoji_family,
            with_system: OnceLock::new(),
            sources: SourceCache::new(SourceCacheOptions { shared: true }),
            holders: Mutex::default(),
        };
        (fonts, unreadable)
    }

    /// The bundled and brand faces alone.
    pub fn own(&self) -> FontContext {
        self.context(&self.own)
    }

    /// The same and the machine's; the first call in a process looks for them.
    pub fn system(&self) -> FontContext {
        self.context(self.all())
    }

    fn all(&self) -> &Collection {
        self.with_system.get_or_init(|| {
            let machine = MACHINE.get_or_init(|| {
                Collection::new(CollectionOptions {
                    shared: false,
                    system_fonts: true,
                })
            });
            let mut all = machine.clone();
            register(&mut all, &self.files);
            all
        })
    }

    fn context(&self, collection: &Collection) -> FontContext {
        FontContext {
            collection: collection.clone(),
            source_cache: self.sources.clone(),
        }
    }

    /// Every family by name, sorted; the machine's too.
    pub fn families(&self) -> Vec<String> {
        let mut all = self.all().clone();
        let names: BTreeSet<String> = all.family_names().map(str::to_owned).collect();
        names.into_iter().collect()
    }

    /// Resolves a style's families against `fonts`, which hold the machine's if `system`.
    pub fn stack(&self, asked: &[String], fonts: &mut FontContext, system: bool) -> Stack {
        let collection = &mut fonts.collection;
        let mut stack = Stack::default();
        for name in asked {
            match self.resolve(name, collection) {
                Resolved::Here(family) => stack.text.push(family),
                Resolved::System(generic) if system => {
                    stack.text.push(FontFamilyName::Generic(generic));
                }
                Resolved::Nowhere if system => stack.missing.push(name.clone()),
                Resolved::System(_) | Resolved::Nowhere => stack.asks_system = true,
            }
        }
        let emoji = named(&self.emoji_family);
        stack.text.push(named(&self.text_family));
        stack.emoji.push(emoji.clone());
        stack.emoji.extend_from_slice(&stack.text);
        // what is both a sign and an emoji, such as ✈, is a sign unless a selector follows it: colours are the last
        // that it gets, after all the machine's text faces
        stack.last = Some(emoji);
        stack.optical = optical_range(&stack.text, collection);
        stack
    }

    /// A name is a family first, and only then one of CSS's generic words.
    fn resolve(&self, name: &str, collection: &mut Collection) -> Resolved {
        if collection.family_id(name).is_some() {
            return Resolved::Here(named(name));
        }
        match GenericFamily::parse(name) {
            Some(GenericFamily::Emoji) => Resolved::Here(named(&self.emoji_family)),
            Some(
                GenericFamily::SansSerif
                | GenericFamily::SystemUi
                | GenericFamily::UiSansSerif
                | GenericFamily::UiRounded,
            ) => Resolved::Here(named(&self.text_family)),
            Some(generic) => Resolved::System(generic),
            None => Resolved::Nowhere,
        }
    }

    /// System families that hold `missing` characters, each family once, in the characters' order; those that suit
    /// `lang` go before others.
    pub fn holders(&self, missing: &[char], lang: Option<&str>) -> Vec<FontFamilyName<'static>> {
        let mut holders = self.holders.lock().unwrap_or_else(PoisonError::into_inner);
        // What a private-use character means only the font that was asked for knows.
        let private = |c: &char| matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..);
        let lang = fallback::language(missing, lang);
        let key = |c: char| (c, lang.clone());
        let missing = missing.iter().copied().filter(|c| !private(c));
        let unknown: Vec<char> = missing
            .clone()
            .filter(|c| !holders.contains_key(&key(*c)))
            .collect();
        if !unknown.is_empty() {
            let mut all = self.all().clone();
            for c in unknown {
                let holder = fallback::holder(&mut all, c, &lang);
                holders.insert(key(c), holder);
            }
        }
        let mut found: Vec<FontFamilyName<'static>> = Vec::new();
        for name in missing.filter_map(|c| holders[&key(c)].clone()) {
            let family = FontFamilyName::Named(name.into());
            if !found.contains(&family) {
                found.push(family);
            }
        }
        found
    }
}

enum Resolved {
    Here(FontFamilyName<'static>),
    System(GenericFamily),
    Nowhere,
}

fn named(name: &str) -> FontFamilyName<'static> {
    FontFamilyName::Named(name.to_owned().into())
}

/// The union of the `opsz` ranges of the families' faces.
fn optical_range(
    families: &[FontFamilyName<'static>],
    collection: &mut Collection,
) -> Option<(f32, f32)> {
    let mut range: Option<(f32, f32)> = None;
    for family in families {
        let FontFamilyName::Named(name) = family else {
            continue;
        };
        let Some(info) = collection.family_by_name(name) else {
            continue;
        };
        let axes = info.fonts().iter().flat_map(|font| font.axes());
        for axis in axes.filter(|axis| axis.tag.to_be_bytes() == *b"opsz") {
            let (low, high) = range.unwrap_or((axis.min, axis.max));
            range = Some((low.min(axis.min), high.max(axis.max)));
        }
    }
    range
}

/// Puts each file into the family of its name.
fn register(collection: &mut Collection, files: &[(String, Blob<u8>)]) {
    for (name, file) in files {
        let named = FontInfoOverride {
            family_name: Some(name),
            ..FontInfoOverride::default()
        };
        collection.register_fonts(file.clone(), Some(named));
    }
    // Parley asks the emoji family for every emoji that the style's families lack; ours goes before the machine's.
    let emoji = collection.family_id(EMOJI_FAMILY);
    collection.set_generic_families(GenericFamily::Emoji, emoji.into_iter());
}

/// The name a font file gives itself; or what keeps it from being one.
fn probe(file: &Blob<u8>) -> Result<String, &'static str> {
    match file.data().get(..4) {
        None => return Err("is empty or cut short"),
        Some(b"wOFF" | b"wOF2") => return Err("is a web font; convert it to TTF or OTF"),
        Some(_) => {}
    }
    let mut alone = empty();
    alone.register_fonts(file.clone(), None);
    let name = alone.family_names().next().map(str::to_owned);
    let name = name.ok_or("is not a TrueType or OpenType font")?;
    // What shapes can still be unfit to paint.
    match FontRef::try_from_slice_and_index(file.data(), 0) {
        Ok(_) => Ok(name),
        Err(_) => Err("is damaged"),
    }
}

fn empty() -> Collection {
    Collection::new(CollectionOptions {
        shared: false,
        system_fonts: false,
    })
}
