//! The stable words of the report.

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The item fails.
    Error,
    /// The item is made; somebody should look.
    Warning,
}

impl Severity {
    /// `error` or `warning`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $word:literal $severity:ident;)*) => {
        /// What kind of thing is wrong; the word in the report never changes.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $($(#[$doc])* $name,)* }

        impl Code {
            /// Every code, in the order of the documentation.
            pub const ALL: &[Code] = &[$(Code::$name,)*];

            /// The stable word.
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$name => $word,)* }
            }

            /// What the code is unless a layer says otherwise (`overflow = "error"`).
            pub fn severity(self) -> Severity {
                match self { $(Code::$name => Severity::$severity,)* }
            }
        }
    };
}

codes! {
    /// The text is not TOML, CSV, JSON ….
    Syntax = "syntax" Error;
    /// A key the template language does not have.
    UnknownKey = "unknown-key" Error;
    /// An expression names a variable that is neither declared nor in the row.
    UnknownVariable = "unknown-variable" Error;
    /// A value of the wrong type, range or name; an over-determined box.
    BadValue = "bad-value" Error;
    /// A `{{ … }}` that cannot be read or evaluated.
    BadExpression = "bad-expression" Error;
    /// A data row that cannot be used.
    BadRow = "bad-row" Error;
    /// A file that is not there.
    MissingAsset = "missing-asset" Error;
    /// A path outside the project, or a remote one.
    RefusedPath = "refused-path" Error;
    /// A picture or film that cannot be decoded, or is over a limit.
    UnreadableMedia = "unreadable-media" Error;
    /// `extends` that leads back to itself.
    Cycle = "cycle" Error;
    /// Film or text over its limit.
    TooLong = "too-long" Error;
    /// Film under its limit.
    TooShort = "too-short" Error;
    /// A file that needs more bytes than its limit.
    TooLarge = "too-large" Error;
    /// Two stories with one output name.
    NameClash = "name-clash" Error;
    /// A story that did not go out, or of which nobody can tell.
    NotPublished = "not-published" Error;
    /// A slot of the calendar for which the data has no row.
    NoRow = "no-row" Error;
    /// The same picture is planned for another time of that day.
    AlreadyPlanned = "already-planned" Error;
    /// More slots of an account within 24 hours than its quota has stories.
    Quota = "quota" Error;
    /// The token of a slot's account has ended by then, and nobody here can renew it.
    Token = "token" Error;
    /// Data that lives elsewhere, could not be fetched and has no copy that may be used.
    SourceFailed = "source-failed" Error;
    /// Text that was shrunk to the least size or cut.
    Overflow = "overflow" Warning;
    /// Something that the app's own chrome will cover.
    OutsideSafeZone = "outside-safe-zone" Warning;
    /// Text too close in luminance to what is beneath it.
    LowContrast = "low-contrast" Warning;
    /// A character that no font has.
    MissingGlyph = "missing-glyph" Warning;
    /// A font that is not there; the fallback is used.
    MissingFont = "missing-font" Warning;
    /// A picture drawn larger than it is.
    Upscaled = "upscaled" Warning;
    /// A variable that nothing uses.
    UnusedVariable = "unused-variable" Warning;
    /// A sticker that an account cannot carry.
    StickerDropped = "sticker-dropped" Warning;
    /// A clip of which nothing is seen: what lies over it covers it.
    ClipHidden = "clip-hidden" Warning;
    /// Film with a concealed section.
    DamagedMedia = "damaged-media" Warning;
    /// A column of data that fills nothing.
    UnusedColumn = "unused-column" Warning;
    /// Data that lives elsewhere and could not be fetched: its last good copy is used.
    StaleSource = "stale-source" Warning;
    /// A text file whose code page was guessed.
    Encoding = "encoding" Warning;
}
