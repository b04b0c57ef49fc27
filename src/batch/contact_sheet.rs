//! The contact sheet: every picture of a batch, small, with its name.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rayon::prelude::*;

use crate::diag::{Place, Source};
use crate::frame;
use crate::media::{self, Film, FilmOptions, Format, Kind, Options};
use crate::platform::Cancel;
use crate::scene::picture::{Fit, Limits, Pictures, Wanted};
use crate::scene::text::{
    Align, Decoration, Direction, Overflow, Room, Span, Style, TEXT_FAMILY, Transform, Typesetter,
};
use crate::scene::{
    Clip, Color, Content, Glyph, GlyphRun, Node, Paint, Picture, Pixels, Rect, Scene, Surface, Text,
};

use super::order::folder;
use super::{Error, Outcome};

/// Pixels of the widest sheet that every viewer opens.
const MAX_PIXELS: f32 = 40e6;
/// More stories than this are no longer looked at one by one.
pub const MAX_STORIES: usize = 2000;
/// The sheet's name in OUT.
pub const NAME: &str = "sheet.png";

const GAP: f32 = 24.0;
const LABEL: f32 = 40.0;

/// What a story is shown by: its file and whether it is film.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Where it is.
    pub path: PathBuf,
    /// Picture or film.
    pub kind: Kind,
}

impl Shown {
    /// What is shown of a story: a picture of it before its film; none where it has no file.
    pub fn of(outcome: &Outcome) -> Option<Self> {
        let mut media = outcome.media.iter();
        let picture = media.clone().find(|m| m.kind == Kind::Image);
        picture.or(media.next()).map(|media| Self {
            path: media.path.clone(),
            kind: media.kind,
        })
    }
}

/// Writes `OUT/sheet.png` from finished files, in their order; of more than [`MAX_STORIES`] the first. Nothing without
/// any, and nothing where the work was stopped.
///
/// `read` are the files that stories read.
///
/// # Errors
/// `SheetIsRead` where a story reads a file of the sheet's name; `Sheet` when it cannot be written.
pub fn write(
    shown: &[Shown],
    read: &BTreeSet<PathBuf>,
    out: &Path,
    stop: &Cancel,
) -> Result<(), Error> {
    let own = out.join(NAME).canonicalize().ok();
    if let Some(own) = own.filter(|own| read.contains(own)) {
        return Err(Error::SheetIsRead(own));
    }
    let shown = &shown[..shown.len().min(MAX_STORIES)];
    if shown.is_empty() {
        return Ok(());
    }
    let grid = Grid::of(shown.len());
    let pictures = Pictures::new(Limits::default());
    let (typesetter, _) = Typesetter::new(Vec::new());
    let thumbnails = Thumbnails { pictures, stop };
    let nodes: Vec<Node> = shown
        .par_iter()
        .enumerate()
        .flat_map_iter(|(at, file)| grid.cell(at, file, &thumbnails, &typesetter))
        .collect();
    if stop.is_stopped() {
        return Ok(());
    }
    let (width, height) = grid.size();
    let scene = Scene {
        background: Some(Paint::Solid(Color {
            r: 0x1c,
            g: 0x1c,
            b: 0x1f,
            a: 255,
        })),
        nodes,
        ..Scene::empty(width, height)
    };
    let options = Options {
        format: Format::Png,
        max_bytes: u64::MAX,
        unfinished: Some(folder(out)),
        ..Options::default()
    };
    let frame = frame::paint(&scene, Duration::ZERO);
    let written = media::still(&frame, &out.join(NAME), &options);
    written.map(|_| ()).map_err(Error::Sheet)
}

/// Where the pictures go.
struct Grid {
    columns: usize,
    rows: usize,
    /// Width of a picture; whole pixels.
    cell: f32,
}

impl Grid {
    /// About as wide as it is high, and never over [`MAX_PIXELS`].
    fn of(count: usize) -> Self {
        let columns = ((count as f32 * 16.0 / 9.0).sqrt().ceil() as usize).clamp(1, count.max(1));
        let rows = count.div_ceil(columns);
        let fits = |cell: &f32| {
            let (w, h) = Self {
                columns,
                rows,
                cell: *cell,
            }
            .size();
            w * h <= MAX_PIXELS
        };
        let cell = [270.0, 216.0, 162.0, 108.0]
            .into_iter()
            .find(fits)
            .unwrap_or(72.0);
        Self {
            columns,
            rows,
            cell,
        }
    }

    fn size(&self) -> (f32, f32) {
        let (columns, rows) = (self.columns as f32, self.rows as f32);
        (
            GAP + columns * (self.cell + GAP),
            GAP + rows * (self.picture_height() + LABEL + GAP),
        )
    }

    fn picture_height(&self) -> f32 {
        (self.cell * 16.0 / 9.0).round()
    }

    fn cell(
        &self,
        at: usize,
        file: &Shown,
        thumbnails: &Thumbnails<'_>,
        typesetter: &Typesetter,
    ) -> Vec<Node> {
        let (column, row) = ((at % self.columns) as f32, (at / self.columns) as f32);
        let x = GAP + column * (self.cell + GAP);
        let y = GAP + row * (self.picture_height() + LABEL + GAP);
        let rect = Rect::new(x, y, self.cell, self.picture_height());
        let name = file.path.file_stem().unwrap_or_default().to_string_lossy();
        let label = Rect::new(x, rect.bottom() + 8.0, self.cell, LABEL - 8.0);
        vec![
            node(rect, thumbnails.of(rect, file)),
            node(label, caption(label, &name, typesetter)),
        ]
    }
}

fn node(rect: Rect, content: Content) -> Node {
    Node {
        bleed: true,
        ..Node::plain(Place::whole(&Source::new("", "")), rect, content)
    }
}

/// A finished file in small: a picture, or a film's cover, so many pixels wide and in the shape of a story. None where it
/// cannot be read, or the work was stopped.
pub fn thumbnail(path: &Path, kind: Kind, width: u32, stop: &Cancel) -> Option<Arc<Pixels>> {
    let pictures = Pictures::new(Limits::default());
    let thumbnails = Thumbnails { pictures, stop };
    let width = width as f32;
    let rect = Rect::new(0.0, 0.0, width, (width * 16.0 / 9.0).round());
    match kind {
        Kind::Video => thumbnails.film(rect, path),
        Kind::Image => thumbnails.picture(rect, path),
    }
}

/// Makes finished files small.
struct Thumbnails<'a> {
    pictures: Pictures,
    stop: &'a Cancel,
}

impl Thumbnails<'_> {
    fn of(&self, rect: Rect, file: &Shown) -> Content {
        let pixels = match file.kind {
            Kind::Video => self.film(rect, &file.path),
            Kind::Image => self.picture(rect, &file.path),
        };
        // a file that went away since leaves a hole that can be seen
        let hole = || {
            Arc::new(Pixels {
                width: 1,
                height: 1,
                rgba: vec![0xff, 0x2d, 0x55, 0xff],
                opaque: true,
            })
        };
        Content::Picture(Picture {
            pixels: pixels.unwrap_or_else(hole),
            dest: rect,
            surface: Surface {
                radius: [12.0; 4],
                ..Surface::default()
            },
            mask: None,
            motion: None,
        })
    }

    fn picture(&self, rect: Rect, path: &Path) -> Option<Arc<Pixels>> {
        let wanted = Wanted {
            width_px: rect.w as u32,
            height_px: rect.h as u32,
            fit: Fit::Cover,
            focus: (0.5, 0.5),
            filter: Default::default(),
        };
        Some(self.pictures.prepare(path, &wanted).ok()?.pixels)
    }

    /// The cover of a finished film.
    fn film(&self, rect: Rect, path: &Path) -> Option<Arc<Pixels>> {
        let clip = Clip {
            mute: true,
            ..Clip::whole(path, Place::whole(&Source::new("", "")))
        };
        let scene = Scene {
            film: Some(clip),
            ..Scene::empty(rect.w, rect.h)
        };
        let options = FilmOptions {
            cancel: self.stop.clone(),
            ..FilmOptions::default()
        };
        let cover = Film::of(&scene, &options).and_then(|film| film.cover());
        let cover = cover.ok()?;
        match &cover.nodes.first()?.content {
            Content::Picture(picture) => Some(Arc::clone(&picture.pixels)),
            _ => None,
        }
    }
}

fn caption(rect: Rect, name: &str, typesetter: &Typesetter) -> Content {
    let style = Style {
        families: vec![TEXT_FAMILY.to_owned()],
        weight: 500.0,
        italic: false,
        size: 22.0,
        min_size: 14.0,
        max_lines: Some(1),
        overflow: Overflow::Ellipsis,
        line_height: Some(1.2),
        letter_spacing: 0.0,
        align: Align::Center,
        direction: Direction::Auto,
        lang: None,
        transform: Transform::None,
        hyphenate: false,
        balance: false,
        keep_all: false,
        keep_words: false,
        features: Vec::new(),
        decoration: Decoration::None,
    };
    let span = Span {
        text: name.to_owned(),
        weight: None,
        italic: None,
    };
    let set = typesetter.set(
        &[span],
        &style,
        Room {
            width: rect.w,
            fill_width: true,
            height: None,
        },
    );
    let paint = Paint::Solid(Color {
        r: 0xe8,
        g: 0xe8,
        b: 0xea,
        a: 255,
    });
    let runs = set.runs.into_iter().map(|run| GlyphRun {
        face: run.face,
        variations: run.variations,
        size: set.size,
        skew: run.skew,
        embolden: run.embolden,
        paint: paint.clone(),
        glyphs: run
            .glyphs
            .into_iter()
            .map(|g| Glyph {
                x: g.x + rect.x,
                y: g.y + rect.y,
                ..g
            })
            .collect(),
    });
    Content::Text(Text {
        runs: runs.collect(),
        shown: set.shown,
        size: set.size,
        ..Text::default()
    })
}
