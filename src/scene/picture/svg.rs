//! SVG, drawn at the size at which it is shown.
//!
//! Nothing outside the file is read, entities stand for plain text alone, and what would grow without measure is refused
//! before it is drawn.

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::roxmltree::{Document, ParsingOptions};
use resvg::usvg::{Error as SvgError, ImageHrefResolver, Options, Tree};

use super::error::Error;
use super::fit::Window;
use super::svg_entities;
use super::svg_style::{self, Note};
use super::svg_weight;
use crate::scene::Pixels;

const NAME: &str = "SVG";

/// Bytes of text; a drawing of more is a map.
const MAX_BYTES: usize = 16 << 20;

/// Elements of the file, before anything is repeated.
const MAX_NODES: u32 = 400_000;

/// Units a side; the raster has the size that is drawn, so this is only against nonsense.
const MAX_SIDE: f32 = 65_535.0;

/// A parsed drawing.
pub(super) struct Drawing {
    tree: Tree,
    /// What of it is not shown as it was meant.
    pub notes: Vec<Note>,
}

impl Drawing {
    /// Reads and judges a file.
    pub fn parse(bytes: &[u8], limit: u64) -> Result<Self, Error> {
        if bytes.len() > MAX_BYTES {
            return Err(Error::FileTooLarge {
                bytes: bytes.len() as u64,
                limit: MAX_BYTES as u64,
            });
        }
        let text = std::str::from_utf8(bytes).map_err(|error| match error.error_len() {
            None => Error::Truncated { format: NAME },
            Some(_) => damaged("it is not UTF-8"),
        })?;
        let text = svg_entities::expanded(text, MAX_BYTES)?;
        let text = text.as_ref();
        if !text.trim_end().ends_with('>') {
            return Err(Error::Truncated { format: NAME });
        }
        svg_weight::check_nesting(text)?;
        let (text, notes) = svg_style::plain(&parsed(text)?, text)?;
        let document = parsed(&text)?;
        svg_weight::check(&document)?;
        let options = Options {
            image_href_resolver: ImageHrefResolver {
                resolve_data: Box::new(|_, _, _| None),
                resolve_string: Box::new(|_, _| None),
            },
            // `1em` of a browser
            font_size: 16.0,
            ..Options::default()
        };
        let tree = Tree::from_xmltree(&document, &options).map_err(|error| match error {
            SvgError::ElementsLimitReached => svg_weight::too_much(),
            other => damaged(other.to_string()),
        })?;
        let size = tree.size();
        if size.width() > MAX_SIDE || size.height() > MAX_SIDE {
            return Err(Error::TooLarge {
                width: size.width().ceil() as u64,
                height: size.height().ceil() as u64,
                limit,
            });
        }
        Ok(Self { tree, notes })
    }

    /// Width and height in CSS pixels, rounded up.
    pub fn size(&self) -> (u32, u32) {
        let size = self.tree.size();
        let side = |length: f32| (length.ceil() as u32).max(1);
        (side(size.width()), side(size.height()))
    }

    /// Draws a window, given in pixels of [`size`](Self::size), into `size`.
    pub fn draw(&self, window: Window, size: (u32, u32)) -> Result<Pixels, Error> {
        let mut pixmap = Pixmap::new(size.0, size.1).ok_or_else(|| damaged("it has no size"))?;
        let (across, down) = (f64::from(size.0) / window.w, f64::from(size.1) / window.h);
        // rounding up the natural size stretches the drawing by less than a pixel
        let natural = self.size();
        let exact = self.tree.size();
        let transform = Transform::from_row(
            (across * f64::from(natural.0) / f64::from(exact.width())) as f32,
            0.0,
            0.0,
            (down * f64::from(natural.1) / f64::from(exact.height())) as f32,
            (-window.x * across) as f32,
            (-window.y * down) as f32,
        );
        resvg::render(&self.tree, transform, &mut pixmap.as_mut());
        let rgba = pixmap.take();
        Ok(Pixels {
            width: size.0,
            height: size.1,
            opaque: rgba.as_chunks::<4>().0.iter().all(|pixel| pixel[3] == 255),
            rgba,
        })
    }
}

fn parsed(text: &str) -> Result<Document<'_>, Error> {
    // a document type is harmless once its entities are expanded, and many programs write one
    let options = ParsingOptions {
        allow_dtd: true,
        nodes_limit: MAX_NODES,
        ..ParsingOptions::default()
    };
    Document::parse_with_options(text, options).map_err(|error| damaged(error.to_string()))
}

fn damaged(reason: impl Into<String>) -> Error {
    Error::Damaged {
        format: NAME,
        reason: reason.into(),
    }
}
