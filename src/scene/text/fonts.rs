//! The faces there are, and in which order a text asks them.
//!
//! In: the brand's font files. Out: font collections for the shaper, and a [`Stack`] of families per style.
//! Never: looking at the machine's own fonts unless [`Fonts::system`] is called.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use parley::FontFamilyName;
use parley::fontique::{
    Blob, Collection, CollectionOptions, FontInfoOverride, GenericFamily, SourceCache,
    SourceCacheOptions,
};

/// The bundled text family.
pub const TEXT_FAMILY: &str = "Inter";
/// The bundled colour emoji family.
pub const EMOJI_FAMILY: &str = "Noto Color Emoji";

static BUNDLED: [(&str, &[u8]); 3] = [
    (
        TEXT_FAMILY,
        include_bytes!("../../../assets/fonts/Inter.ttf"),
    ),
    (
        TEXT_FAMILY,
        include_bytes!("../../../assets/fonts/Inter-Italic.ttf"),
    ),
    (
        EMOJI_FAMILY,
        include_bytes!("../../../assets/fonts/NotoColorEmoji.ttf"),
    ),
];

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
    /// What is wrong with it, as the end of a sentence: "is …".
    pub why: &'static str,
}

/// All faces that texts of one typesetter may use.
pub(super) struct Fonts {
    own: Collection,
    files: Vec<(String, Blob<u8>)>,
    with_system: OnceLock<Collection>,
    sources: SourceCache,
    /// System families that hold a character; searched once a character.
    holders: Mutex<HashMap<char, Option<String>>>,
}

/// The families a text asks, in order.
#[derive(Debug, Clone, Default)]
pub(super) struct Stack {
    /// For everything but emoji.
    pub text: Vec<FontFamilyName<'static>>,
    /// For clusters in emoji presentation.
    pub emoji: Vec<FontFamilyName<'static>>,
    /// Range over which any of the faces changes with its optical size.
    pub optical: Option<(f32, f32)>,
    /// A family must be looked for among the system's.
    pub asks_system: bool,
    /// Families that are nowhere; only known once the system was asked.
    pub missing: Vec<String>,
}

impl Stack {
    /// More families, asked after the bundled ones.
    pub fn add(&mut self, families: Vec<FontFamilyName<'static>>) {
        self.text.extend(families.iter().cloned());
        self.emoji.extend(families);
    }
}

impl Fonts {
    /// The bundled faces and those of the brand.
    pub fn new(brand: Vec<BrandFont>) -> (Self, Vec<UnreadableFont>) {
        let mut own = Collection::new(CollectionOptions {
            shared: false,
            system_fonts: false,
        });
        let mut files: Vec<(String, Blob<u8>)> = Vec::new();
        for (name, bytes) in BUNDLED {
            files.push((name.to_owned(), Blob::new(Arc::new(bytes))));
        }
        let mut unreadable = Vec::new();
        let mut aliases = Vec::new();
        for font in brand {
            let file = Blob::new(Arc::new(font.data));
            match probe(&file) {
                Ok(name) => {
                    // A template may also say what a font menu shows, unless that is another font's key.
                    aliases.push((name, file.clone()));
                    files.push((font.key, file));
                }
                Err(why) => unreadable.push(UnreadableFont { key: font.key, why }),
            }
        }
        let keys: BTreeSet<String> = files.iter().map(|(key, _)| key.to_lowercase()).collect();
        aliases.retain(|(name, _): &(String, _)| !keys.contains(&name.to_lowercase()));
        files.append(&mut aliases);
        register(&mut own, &files);
        let fonts = Self {
            own,
            files,
            with_system: OnceLock::new(),
            sources: SourceCache::new(SourceCacheOptions { shared: true }),
            holders: Mutex::default(),
        };
        (fonts, unreadable)
    }

    /// The bundled and brand faces alone.
    pub fn own(&self) -> parley::FontContext {
        self.context(&self.own)
    }

    /// The same and the machine's; the first call in a process looks for them.
    pub fn system(&self) -> parley::FontContext {
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

    fn context(&self, collection: &Collection) -> parley::FontContext {
        parley::FontContext {
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

    /// Resolves a style's families against `collection`, which holds the machine's fonts if `system`.
    pub fn stack(&self, asked: &[String], collection: &mut Collection, system: bool) -> Stack {
        let mut stack = Stack::default();
        for name in asked {
            match resolve(name, collection) {
                Resolved::Here(family) => stack.text.push(family),
                Resolved::System(generic) if system => {
                    stack.text.push(FontFamilyName::Generic(generic));
                }
                Resolved::Nowhere if system => stack.missing.push(name.clone()),
                Resolved::System(_) | Resolved::Nowhere => stack.asks_system = true,
            }
        }
        stack.text.push(FontFamilyName::named(TEXT_FAMILY));
        stack.text.push(FontFamilyName::named(EMOJI_FAMILY));
        stack.emoji.push(FontFamilyName::named(EMOJI_FAMILY));
        stack
            .emoji
            .extend_from_slice(&stack.text[..stack.text.len() - 1]);
        stack.optical = optical_range(&stack.text, collection);
        stack
    }

    /// System families that hold `missing` characters, each family once, in the characters' order.
    pub fn holders(&self, missing: &[char]) -> Vec<FontFamilyName<'static>> {
        let mut holders = self.holders.lock().unwrap_or_else(PoisonError::into_inner);
        // What a private-use character means only the font that was asked for knows.
        let private = |c: &char| matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..);
        let missing = missing.iter().copied().filter(|c| !private(c));
        let unknown: Vec<char> = missing
            .clone()
            .filter(|c| !holders.contains_key(c))
            .collect();
        if !unknown.is_empty() {
            search(&mut self.all().clone(), &unknown, &mut holders);
        }
        let mut found: Vec<FontFamilyName<'static>> = Vec::new();
        for name in missing.filter_map(|c| holders[&c].clone()) {
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

/// A name is a family first, and only then one of CSS's generic words.
fn resolve(name: &str, collection: &mut Collection) -> Resolved {
    if collection.family_id(name).is_some() {
        return Resolved::Here(FontFamilyName::Named(name.to_owned().into()));
    }
    match GenericFamily::parse(name) {
        Some(GenericFamily::Emoji) => Resolved::Here(FontFamilyName::named(EMOJI_FAMILY)),
        Some(
            GenericFamily::SansSerif
            | GenericFamily::SystemUi
            | GenericFamily::UiSansSerif
            | GenericFamily::UiRounded,
        ) => Resolved::Here(FontFamilyName::named(TEXT_FAMILY)),
        Some(generic) => Resolved::System(generic),
        None => Resolved::Nowhere,
    }
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
    let mut alone = Collection::new(CollectionOptions {
        shared: false,
        system_fonts: false,
    });
    alone.register_fonts(file.clone(), None);
    let name = alone.family_names().next().map(str::to_owned);
    name.ok_or("is not a TrueType or OpenType font")
}

/// Looks through the machine's families, in order of name, for the first that holds each character.
fn search(
    collection: &mut Collection,
    chars: &[char],
    holders: &mut HashMap<char, Option<String>>,
) {
    let mut open: Vec<char> = chars.to_vec();
    let names: BTreeSet<String> = collection.family_names().map(str::to_owned).collect();
    for name in names {
        if open.is_empty() {
            break;
        }
        let Some(font) = collection
            .family_by_name(&name)
            .and_then(|family| family.default_font().cloned())
        else {
            continue;
        };
        let Some(data) = font.load(None) else {
            continue;
        };
        let Some(map) = font.charmap_index().charmap(data.data()) else {
            continue;
        };
        open.retain(|c| {
            let has = map.map(*c).is_some_and(|glyph| glyph != 0);
            if has {
                holders.insert(*c, Some(name.clone()));
            }
            !has
        });
    }
    for c in open {
        holders.insert(c, None);
    }
}
