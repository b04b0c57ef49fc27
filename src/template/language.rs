//! The template language as data: every key, what it takes, what it means.
//!
//! The parser, the JSON Schema and the reference page are all made from these tables.

mod sticker;

pub use sticker::{BESIDE, STICKER};

/// A key of the language.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// As it is written.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// One line for editors and the reference, without the default; [`Key::about`] says both.
    pub doc: &'static str,
    /// What holds where the key is not written.
    pub default: Or,
}

/// The default of a key, as a template would write it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Or {
    /// None, or one that depends on other keys: then `doc` says it.
    Nothing,
    /// A number; all four sides of edges; seconds of a time.
    Number(f64),
    /// A word, or a colour.
    Word(&'static str),
    /// Two numbers.
    Pair(f64, f64),
}

impl Key {
    /// A key without a default.
    pub const fn new(name: &'static str, kind: Kind, doc: &'static str) -> Self {
        let default = Or::Nothing;
        Self {
            name,
            kind,
            doc,
            default,
        }
    }

    /// The same key with a default.
    pub const fn or(self, default: Or) -> Self {
        Self { default, ..self }
    }

    /// The key in a line: what it means, and its default.
    pub fn about(&self) -> String {
        let default = match self.default {
            Or::Nothing => return self.doc.to_owned(),
            Or::Number(number) => number.to_string(),
            Or::Word(word) => word.to_owned(),
            Or::Pair(a, b) => format!("[{a}, {b}]"),
        };
        format!("{} Default {default}.", self.doc)
    }
}

/// What a key takes. Any text may also be, or hold, a `{{ … }}` expression.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// Any text; numbers and booleans are taken as they are written.
    Text,
    /// What something else is called, in quotes: a file, a font, a language. A bare number names none of them.
    Name,
    /// A list of texts.
    Texts,
    /// `true` or `false`.
    Bool,
    /// Text, number or boolean that is true or not: empty, `false` and `0` are not.
    Condition,
    /// A number in a closed range.
    Number(f64, f64),
    /// A whole number in a closed range.
    Integer(i64, i64),
    /// Canvas units or a percentage of the parent's side.
    Length,
    /// One of some words.
    Choice(&'static [&'static str]),
    /// `#rgb[a]`, `#rrggbb[aa]`, a CSS name, `$brand_colour`.
    Color,
    /// A colour, a gradient or a picture; `true` lets film be one, too.
    Fill(bool),
    /// One number, `[vertical, horizontal]` or `[top, right, bottom, left]`.
    Edges,
    /// A number, a percentage of the shorter side, or four of them from the top left clockwise.
    Radius,
    /// `[x, y]`, each 0–1.
    Point,
    /// `[x, y]`, numbers or percentages.
    Position,
    /// A number in a closed range, or one of some words.
    NumberOr(f64, f64, &'static [&'static str]),
    /// One of some words, or a table with these keys.
    ChoiceOr(&'static [&'static str], &'static [Key]),
    /// OpenType features: `"tnum, ss01, liga 0"`.
    Features,
    /// Units, or parts of the font size as `"0.05em"`.
    Spacing,
    /// Seconds, or `"1m20s"`.
    Time,
    /// `[width, height]` in pixels.
    Size,
    /// `[from, to]`, two numbers from 1 to 10.
    Span,
    /// `[[x, y], [x, y]]`, each 0–1.
    Path,
    /// A table with these keys.
    Record(&'static [Key]),
    /// A table with these keys, or a list of such tables.
    Records(&'static [Key]),
}

impl Kind {
    /// What a person is told it takes.
    pub fn describe(self) -> String {
        match self {
            Self::Text => "a text".into(),
            Self::Name => "a name in quotes".into(),
            Self::Texts => "a list of texts".into(),
            Self::Bool => "true or false".into(),
            Self::Condition => "a text, a number, true or false".into(),
            Self::Number(min, max) if max == f64::MAX && min == f64::MIN => "a number".into(),
            Self::Number(min, max) if max == f64::MAX => format!("a number from {min}"),
            Self::Number(min, max) => format!("a number from {min} to {max}"),
            Self::Integer(min, i64::MAX) => format!("a whole number from {min}"),
            Self::Integer(min, max) => format!("a whole number from {min} to {max}"),
            Self::NumberOr(min, max, words) => {
                let words: Vec<_> = words.iter().map(|w| format!("\"{w}\"")).collect();
                format!("a number from {min} to {max} or {}", words.join(" or "))
            }
            Self::ChoiceOr(words, keys) => {
                let keys: Vec<_> = keys.iter().map(|k| format!("`{}`", k.name)).collect();
                format!("{} or a table with {}", words.join(", "), keys.join(", "))
            }
            Self::Features => "OpenType features like \"tnum, ss01\"".into(),
            Self::Length => "a number of units or a percentage like \"50%\"".into(),
            Self::Choice(words) => match words.split_last() {
                Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
                _ => words.join(", "),
            },
            Self::Color => {
                "a colour: `#rgb`, `#rrggbb`, `#rrggbbaa`, a CSS name or `$brand_colour`".into()
            }
            Self::Fill(_) => {
                "a colour, or a table with `linear`, `radial`, `conic` or `image`".into()
            }
            Self::Edges => "a number, [vertical, horizontal] or [top, right, bottom, left]".into(),
            Self::Radius => "a number, a percentage like \"50%\", or a list of four".into(),
            Self::Point => "[x, y], each from 0 to 1".into(),
            Self::Position => "[x, y], numbers of units or percentages".into(),
            Self::Spacing => "a number of units, or a part of the font size like \"0.05em\"".into(),
            Self::Time => "seconds, or a time like \"1m20s\" or \"0:01:20\"".into(),
            Self::Size => "[width, height] in whole pixels from 16 to 4320".into(),
            Self::Span => "[from, to], two numbers from 1 to 10".into(),
            Self::Path => "[[x, y], [x, y]], each from 0 to 1".into(),
            Self::Record(keys) | Self::Records(keys) => {
                let names: Vec<_> = keys.iter().map(|k| format!("`{}`", k.name)).collect();
                format!("a table with {}", names.join(", "))
            }
        }
    }
}

/// The types of layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words of the language")]
pub enum LayerType {
    Text,
    Image,
    Shape,
    Qr,
    Group,
    Video,
    Sticker,
}

impl LayerType {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 7] = [
        Self::Image,
        Self::Text,
        Self::Shape,
        Self::Qr,
        Self::Group,
        Self::Video,
        Self::Sticker,
    ];

    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Image => "image",
            Self::Shape => "shape",
            Self::Qr => "qr",
            Self::Group => "group",
            Self::Video => "video",
            Self::Sticker => "sticker",
        }
    }

    /// The type of that name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|t| t.as_str() == name)
    }

    /// The keys that only this type has.
    pub fn own_keys(self) -> &'static [&'static [Key]] {
        match self {
            Self::Text => &[TEXT],
            Self::Image => &[PICTURE, MOVING],
            Self::Shape => &[SURFACE],
            Self::Qr => &[QR],
            Self::Group => &[GROUP, SURFACE],
            Self::Video => &[PICTURE, VIDEO],
            Self::Sticker => &[STICKER],
        }
    }

    /// Every key this type has.
    pub fn keys(self) -> impl Iterator<Item = &'static Key> {
        LAYER
            .iter()
            .chain(self.own_keys().iter().copied().flatten())
    }
}

const ANY: Kind = Kind::Number(f64::MIN, f64::MAX);
const POSITIVE: Kind = Kind::Number(0.0, f64::MAX);
const UNIT: Kind = Kind::Number(0.0, 1.0);

const fn key(name: &'static str, kind: Kind, doc: &'static str) -> Key {
    Key::new(name, kind, doc)
}

/// `[canvas]`.
pub const CANVAS: &[Key] = &[key(
    "background",
    Kind::Fill(true),
    "What lies under every layer.",
)];

/// `[output]`.
pub const OUTPUT: &[Key] = &[
    key(
        "size",
        Kind::Size,
        "Pixels of the finished picture; the canvas stays 1080 × 1920 units. Default [1080, 1920].",
    ),
    key(
        "seconds",
        Kind::Number(3.0, 60.0),
        "Makes a film of this length from a still template.",
    ),
];

/// `[audio]`.
pub const AUDIO: &[Key] = &[
    key(
        "src",
        Kind::Name,
        "A sound file, against the project folder.",
    ),
    key("volume", Kind::Number(0.0, 4.0), "1 is as recorded.").or(Or::Number(1.0)),
    key("fade_in", Kind::Time, "Length of the fade at the start.").or(Or::Number(0.0)),
    key("fade_out", Kind::Time, "Length of the fade at the end.").or(Or::Number(0.0)),
    key(
        "duck",
        UNIT,
        "How far the bed goes down under the film's own sound.",
    )
    .or(Or::Number(0.0)),
];

/// `[[mention]]`.
pub const MENTION: &[Key] = &[
    key("username", Kind::Text, "The account to tag, without the @."),
    key(
        "over",
        Kind::Text,
        "The id of the layer whose centre is the point to tap; left out with it.",
    ),
    key(
        "at",
        Kind::Position,
        "The point to tap. Without it and `over`, the middle of the canvas.",
    ),
];

/// `[[link]]`.
pub const LINK: &[Key] = &[
    key("url", Kind::Text, "The page to open, with its `https://`."),
    key(
        "text",
        Kind::Text,
        "The words of the sticker; without them, the address.",
    ),
    key(
        "over",
        Kind::Text,
        "The id of the layer whose centre is the sticker's; left out with it.",
    ),
    key(
        "at",
        Kind::Position,
        "The sticker's centre. Without it and `over`, that of the canvas.",
    ),
];

/// A variable's declaration.
pub const VAR: &[Key] = &[
    key(
        "type",
        Kind::Choice(&[
            "text", "image", "video", "color", "number", "date", "url", "bool",
        ]),
        "What it holds. Default text.",
    ),
    key(
        "default",
        Kind::Condition,
        "Its value when neither data nor --set gives one.",
    ),
    key(
        "max_chars",
        Kind::Integer(1, 100_000),
        "The most characters a text may have.",
    ),
    key("label", Kind::Text, "What a form calls it."),
];

pub(crate) const SHADOW: &[Key] = &[
    key("x", ANY, "To the right, units.").or(Or::Number(0.0)),
    key("y", ANY, "Down, units.").or(Or::Number(0.0)),
    key("blur", POSITIVE, "CSS blur radius, units.").or(Or::Number(0.0)),
    key("spread", ANY, "How far the silhouette grows first, units.").or(Or::Number(0.0)),
    key("color", Kind::Color, "Of the silhouette.").or(Or::Word("#0008")),
];

pub(crate) const BORDER: &[Key] = &[
    key("width", POSITIVE, "Units, drawn inside the edge.").or(Or::Number(0.0)),
    key("color", Kind::Fill(false), "Any fill.").or(Or::Word("black")),
];

pub(crate) const STROKE: &[Key] = &[
    key("width", POSITIVE, "Units outside the glyph's edge.").or(Or::Number(0.0)),
    key("color", Kind::Fill(false), "Any fill.").or(Or::Word("black")),
];

pub(crate) const HIGHLIGHT: &[Key] = &[
    key("fill", Kind::Fill(false), "Any fill."),
    key(
        "padding",
        Kind::Edges,
        "Between the text and the edge of its highlight, units.",
    )
    .or(Or::Number(0.0)),
    key(
        "radius",
        POSITIVE,
        "Of the corners, units. Default the layer's `radius`, if it is a number.",
    ),
    key(
        "mode",
        Kind::Choice(&["line", "block"]),
        "A box for each line, or one around all lines.",
    )
    .or(Or::Word("line")),
];

pub(crate) const DECORATION: &[Key] = &[
    key(
        "line",
        Kind::Choice(&["underline", "line-through"]),
        "Where it lies.",
    )
    .or(Or::Word("underline")),
    key(
        "color",
        Kind::Fill(false),
        "Any fill. Default the text's own.",
    ),
    key("thickness", POSITIVE, "Units. Default what the font says."),
];

pub(crate) const FILTER: &[Key] = &[
    key("blur", POSITIVE, "Gaussian sigma, units.").or(Or::Number(0.0)),
    key("brightness", Kind::Number(0.0, 10.0), "1 is unchanged.").or(Or::Number(1.0)),
    key("contrast", Kind::Number(0.0, 10.0), "1 is unchanged.").or(Or::Number(1.0)),
    key("saturation", Kind::Number(0.0, 10.0), "1 is unchanged.").or(Or::Number(1.0)),
    key("grayscale", UNIT, "1 is without colour.").or(Or::Number(0.0)),
];

pub(crate) const MOTION: &[Key] = &[
    key("zoom", Kind::Span, "Scale at the start and at the end.").or(Or::Pair(1.0, 1.0)),
    key(
        "pan",
        Kind::Path,
        "The point to keep in view at the start and at the end. Default `focus`.",
    ),
];

/// Keys of a fill that is a table.
pub const FILL: &[Key] = &[
    key(
        "linear",
        Kind::Text,
        "Stops: colours, or [colour, position].",
    ),
    key(
        "angle",
        ANY,
        "Degrees as in CSS: 0 points up, 90 to the right, 180 (default) down. Where a conic gradient begins; default 0.",
    ),
    key("radial", Kind::Text, "Stops from the centre outwards."),
    key(
        "center",
        Kind::Point,
        "Centre of a radial or conic gradient.",
    )
    .or(Or::Pair(0.5, 0.5)),
    key(
        "conic",
        Kind::Text,
        "Stops around the centre, clockwise; positions are parts of a turn.",
    ),
    key(
        "radius",
        Kind::Length,
        "Radius of a radial gradient, units or of the box's shorter side; default reaches the farthest corner.",
    ),
    key(
        "image",
        Kind::Name,
        "A picture, against the project folder.",
    ),
    key("fit", Kind::Choice(FITS), "How the picture meets the box.").or(Or::Word("cover")),
    key("focus", Kind::Point, "The point of the picture to keep.").or(Or::Pair(0.5, 0.5)),
    key(
        "video",
        Kind::Name,
        "A film, against the project folder; only for the canvas.",
    ),
];

const FITS: &[&str] = &["cover", "contain", "fill", "blur"];

/// Keys of every layer.
pub const LAYER: &[Key] = &[
    key(
        "id",
        Kind::Text,
        "Names the layer: for extends, mentions and messages.",
    ),
    key(
        "type",
        Kind::Choice(&["image", "text", "shape", "qr", "group", "video", "sticker"]),
        "What kind of layer it is.",
    ),
    key(
        "when",
        Kind::Condition,
        "Empty, false and 0 leave the layer out.",
    ),
    key("opacity", UNIT, "0 is invisible, 1 is solid.").or(Or::Number(1.0)),
    key(
        "rotate",
        Kind::Number(-360.0, 360.0),
        "Degrees clockwise about the centre.",
    )
    .or(Or::Number(0.0)),
    key(
        "blend",
        Kind::Choice(&[
            "normal",
            "multiply",
            "screen",
            "overlay",
            "darken",
            "lighten",
            "soft-light",
        ]),
        "How it mixes with what lies beneath.",
    )
    .or(Or::Word("normal")),
    key(
        "radius",
        Kind::Radius,
        "Corner radius; \"50%\" of a square is a circle.",
    )
    .or(Or::Number(0.0)),
    key(
        "shadow",
        Kind::Records(SHADOW),
        "One drop shadow, or a list of them.",
    ),
    key("left", Kind::Length, "From the parent's left edge."),
    key("right", Kind::Length, "From the parent's right edge."),
    key("top", Kind::Length, "From the parent's top edge."),
    key("bottom", Kind::Length, "From the parent's bottom edge."),
    key(
        "width",
        Kind::Length,
        "Width; without it, edges or content decide.",
    ),
    key(
        "height",
        Kind::Length,
        "Height; without it, edges or content decide.",
    ),
    key(
        "anchor",
        Kind::Choice(&[
            "top-left",
            "top",
            "top-right",
            "left",
            "center",
            "right",
            "bottom-left",
            "bottom",
            "bottom-right",
        ]),
        "Which point of the box sits at left/top.",
    )
    .or(Or::Word("top-left")),
    key(
        "bleed",
        Kind::Bool,
        "Reaching into the app's own chrome, or beyond an edge that cuts, is meant.",
    ),
    key(
        "grow",
        Kind::Number(0.0, 1000.0),
        "Share of the free space in a row or column.",
    )
    .or(Or::Number(0.0)),
];

pub(crate) const TEXT: &[Key] = &[
    key("text", Kind::Text, "The words."),
    key(
        "style",
        Kind::Name,
        "A text style of the brand; keys beside it override it.",
    ),
    key(
        "font",
        Kind::Name,
        "A brand font's key, else a family name, bundled or of the system.",
    ),
    key(
        "weight",
        Kind::Number(1.0, 1000.0),
        "100 thin, 400 regular, 700 bold.",
    )
    .or(Or::Number(400.0)),
    key("italic", Kind::Bool, "Slanted."),
    key("size", Kind::Number(1.0, 2000.0), "Font size in units.").or(Or::Number(48.0)),
    key(
        "min_size",
        Kind::Number(1.0, 2000.0),
        "The least size that shrinking goes to. Default half the size, at least 28.",
    ),
    key("max_lines", Kind::Integer(1, 1000), "The most lines."),
    key(
        "overflow",
        Kind::Choice(&["shrink", "ellipsis", "clip", "error"]),
        "What happens to text that does not fit.",
    )
    .or(Or::Word("shrink")),
    key(
        "line_height",
        Kind::NumberOr(0.1, 10.0, &["normal"]),
        "Multiple of the font size, or normal: what the font says.",
    )
    .or(Or::Number(1.2)),
    key("letter_spacing", Kind::Spacing, "Added between characters.").or(Or::Number(0.0)),
    key(
        "decoration",
        Kind::ChoiceOr(&["none", "underline", "line-through"], DECORATION),
        "A line under or through every line of the text.",
    )
    .or(Or::Word("none")),
    key(
        "text_wrap",
        Kind::Choice(&["wrap", "balance"]),
        "balance makes lines about equally long without adding one.",
    )
    .or(Or::Word("wrap")),
    key(
        "word_break",
        Kind::Choice(&["normal", "keep-all"]),
        "keep-all breaks Chinese, Japanese and Korean at spaces and punctuation only.",
    )
    .or(Or::Word("normal")),
    key(
        "hyphens",
        Kind::Choice(&["manual", "auto"]),
        "manual breaks at soft hyphens only; auto also by the rules of `lang`.",
    )
    .or(Or::Word("manual")),
    key(
        "features",
        Kind::Features,
        "OpenType features: \"tnum, ss01\" turns on, \"liga 0\" off.",
    ),
    key(
        "align",
        Kind::Choice(&["start", "center", "end", "left", "right"]),
        "Across the box; start follows the script's direction.",
    )
    .or(Or::Word("start")),
    key(
        "valign",
        Kind::Choice(&["top", "middle", "bottom"]),
        "Down the box.",
    )
    .or(Or::Word("top")),
    key("color", Kind::Fill(false), "Any fill.").or(Or::Word("black")),
    key(
        "stroke",
        Kind::Record(STROKE),
        "A line around the outside of the glyphs.",
    ),
    key(
        "highlight",
        Kind::Record(HIGHLIGHT),
        "Boxes behind the text.",
    ),
    key(
        "transform",
        Kind::Choice(&["none", "uppercase", "lowercase", "capitalize"]),
        "Letter case.",
    )
    .or(Or::Word("none")),
    key(
        "direction",
        Kind::Choice(&["auto", "ltr", "rtl"]),
        "Base direction; auto takes the first strong character's.",
    )
    .or(Or::Word("auto")),
    key(
        "lang",
        Kind::Name,
        "Language tag such as tr or ar: casing, hyphens, regional letter forms.",
    ),
    key(
        "markup",
        Kind::Bool,
        "*bold*, _italic_ and [coloured]{$accent} in the text.",
    ),
];

pub(crate) const PICTURE: &[Key] = &[
    key("src", Kind::Name, "The file, against the project folder."),
    key(
        "fit",
        Kind::Choice(FITS),
        "cover, contain, fill, or blur: contain over a blurred copy.",
    )
    .or(Or::Word("cover")),
    key(
        "focus",
        Kind::Point,
        "The point to keep when edges are cut.",
    )
    .or(Or::Pair(0.5, 0.5)),
    key(
        "mask",
        Kind::Name,
        "`circle`, or a picture whose alpha (else brightness) says what shows.",
    ),
    key(
        "border",
        Kind::Record(BORDER),
        "A line along the inside of the edge; with `mask = \"circle\"`, of the circle's.",
    ),
    key("filter", Kind::Record(FILTER), "Changes to its look."),
    key(
        "fill",
        Kind::Fill(false),
        "Shows where the picture does not reach.",
    ),
];

pub(crate) const MOVING: &[Key] = &[key(
    "motion",
    Kind::Record(MOTION),
    "Zoom and pan over the length of a film; a still shows where it starts.",
)];

pub(crate) const SURFACE: &[Key] = &[
    key("fill", Kind::Fill(false), "Any fill."),
    key(
        "backdrop",
        Kind::Record(FILTER),
        "Changes to what lies beneath the box, such as blur: frosted glass.",
    ),
    key(
        "border",
        Kind::Record(BORDER),
        "A line along the inside of the edge.",
    ),
];

pub(crate) const QR: &[Key] = &[
    key(
        "data",
        Kind::Text,
        "What the code says; an address, mostly.",
    ),
    key("color", Kind::Fill(false), "The dark modules.").or(Or::Word("black")),
    key("fill", Kind::Fill(false), "Behind them.").or(Or::Word("white")),
    key(
        "quiet",
        Kind::Integer(0, 20),
        "Modules of quiet zone; the standard asks for 4.",
    )
    .or(Or::Number(4.0)),
    key(
        "level",
        Kind::Choice(&["L", "M", "Q", "H"]),
        "Error correction.",
    )
    .or(Or::Word("M")),
];

pub(crate) const GROUP: &[Key] = &[
    key(
        "layout",
        Kind::Choice(&["row", "column", "free"]),
        "How children are placed.",
    )
    .or(Or::Word("free")),
    key(
        "gap",
        POSITIVE,
        "Between children of a row or column, units.",
    )
    .or(Or::Number(0.0)),
    key(
        "padding",
        Kind::Edges,
        "Between the edge and the children, units.",
    )
    .or(Or::Number(0.0)),
    key(
        "align",
        Kind::Choice(&["start", "center", "end", "stretch", "baseline"]),
        "Across the row or column, as in CSS; baseline puts the first lines of text on one line.",
    )
    .or(Or::Word("stretch")),
    key(
        "justify",
        Kind::Choice(&["start", "center", "end", "between"]),
        "Along the row or column.",
    )
    .or(Or::Word("start")),
    key(
        "wrap",
        Kind::Bool,
        "Children that do not fit go to the next line.",
    ),
    key("clip", Kind::Bool, "Children are cut at the rounded edge."),
    key("children", Kind::Text, "Layers inside, from the bottom up."),
];

pub(crate) const VIDEO: &[Key] = &[
    key(
        "start",
        Kind::Time,
        "Where in the clip to begin. Default its start.",
    ),
    key(
        "end",
        Kind::Time,
        "Where in the clip to stop. Default its end.",
    ),
    key("speed", Kind::Number(0.5, 2.0), "1 is as recorded.").or(Or::Number(1.0)),
    key(
        "loop",
        Kind::Bool,
        "Begin again when the clip is over; otherwise its last picture stays.",
    ),
    key("mute", Kind::Bool, "Without its sound."),
    key("volume", Kind::Number(0.0, 4.0), "1 is as recorded.").or(Or::Number(1.0)),
];

/// What people write who know another tool.
pub const OTHER_NAMES: &[(&str, &str)] = &[
    ("x", "left"),
    ("y", "top"),
    ("colour", "color"),
    ("font_size", "size"),
    ("fontsize", "size"),
    ("font_family", "font"),
    ("family", "font"),
    ("font_weight", "weight"),
    ("text_align", "align"),
    ("text_transform", "transform"),
    ("text_decoration", "decoration"),
    ("underline", "decoration"),
    ("strikethrough", "decoration"),
    ("font_features", "features"),
    ("font_feature_settings", "features"),
    ("wrap", "text_wrap"),
    ("hyphenate", "hyphens"),
    ("backdrop_filter", "backdrop"),
    ("vertical_align", "valign"),
    ("lines", "max_lines"),
    ("content", "text"),
    ("image", "src"),
    ("url", "src"),
    ("path", "src"),
    ("object_fit", "fit"),
    ("border_radius", "radius"),
    ("rotation", "rotate"),
    ("alpha", "opacity"),
    ("background", "fill"),
    ("background_color", "fill"),
    ("if", "when"),
    ("visible", "when"),
    ("direction", "layout"),
    ("spacing", "gap"),
];
