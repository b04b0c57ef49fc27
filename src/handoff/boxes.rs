//! The picture of the boxes: the story, dimmed, with a numbered frame where each sticker goes.
//!
//! In: a finished file with its stickers. Out: a PNG. Never: a box at another place than the sticker's.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::Error;
use crate::diag::{Place, Source};
use crate::frame;
use crate::media::{self, Film, FilmOptions, Format, Kind, Media, Options};
use crate::scene::picture::{Fit, Limits, Pictures, Wanted};
use crate::scene::{
    Border, Clip, Color, Content, Node, Paint, Picture, Pixels, Qr, Rect, Scene, Sticker, Surface,
};

/// Canvas units.
const WIDTH: f32 = 1080.0;
const HEIGHT: f32 = 1920.0;
/// Half as large is enough to see where a box is.
const RASTER: (u32, u32) = (540, 960);

/// The PNG's bytes.
pub(super) fn painted(media: &Media) -> Result<Vec<u8>, Error> {
    let mut nodes = vec![
        node(whole(), 0.0, Content::Picture(picture(media)?)),
        node(whole(), 0.0, filled("#0009", 0.0)),
    ];
    for (index, sticker) in media.extras.stickers.iter().enumerate() {
        nodes.extend(frame_of(sticker, index + 1));
    }
    let scene = Scene {
        raster: RASTER,
        nodes,
        ..Scene::empty(WIDTH, HEIGHT)
    };
    let options = Options {
        format: Format::Png,
        max_bytes: u64::MAX,
        ..Options::default()
    };
    Ok(media::still_bytes(
        &frame::paint(&scene, Duration::ZERO),
        &options,
    )?)
}

fn whole() -> Rect {
    Rect::new(0.0, 0.0, WIDTH, HEIGHT)
}

fn color(text: &str) -> Color {
    Color::parse(text).unwrap_or(Color::BLACK)
}

fn filled(fill: &str, radius: f32) -> Content {
    Content::Shape(Surface {
        fill: Some(Paint::Solid(color(fill))),
        radius: [radius; 4],
        ..Surface::default()
    })
}

fn node(rect: Rect, rotate: f32, content: Content) -> Node {
    Node {
        rotate,
        bleed: true,
        ..Node::plain(Place::whole(&Source::new("", "")), rect, content)
    }
}

fn frame_of(sticker: &Sticker, number: usize) -> Vec<Node> {
    let (w, h) = (sticker.width * WIDTH, sticker.height * HEIGHT);
    let (x, y) = (sticker.x * WIDTH, sticker.y * HEIGHT);
    let rect = Rect::new(x - w / 2.0, y - h / 2.0, w, h);
    let outline = Surface {
        fill: Some(Paint::Solid(color("#ffffff26"))),
        radius: [18.0; 4],
        border: Some(Border {
            width: 6.0,
            paint: Paint::Solid(color("#ffd23f")),
        }),
        ..Surface::default()
    };
    let side = 76.0;
    let badge = Rect::new(x - side / 2.0, y - side / 2.0, side, side);
    let mut nodes = vec![
        node(rect, sticker.rotation, Content::Shape(outline)),
        node(badge, 0.0, filled("#ffd23f", side / 2.0)),
    ];
    nodes.extend(digits(badge, number));
    nodes
}

/// The rows of each digit, three dots wide and five high: the room sets no text.
const DIGITS: [[u8; 5]; 10] = [
    [7, 5, 5, 5, 7],
    [2, 6, 2, 2, 7],
    [7, 1, 7, 4, 7],
    [7, 1, 7, 1, 7],
    [5, 5, 7, 1, 1],
    [7, 4, 7, 1, 7],
    [7, 4, 7, 5, 7],
    [7, 1, 1, 2, 2],
    [7, 5, 7, 5, 7],
    [7, 5, 7, 1, 7],
];

fn digits(badge: Rect, number: usize) -> Vec<Node> {
    let digits: Vec<usize> = number
        .to_string()
        .bytes()
        .map(|b| usize::from(b - b'0'))
        .collect();
    let dot = 8.0;
    let wide = digits.len() as f32 * 4.0 * dot - dot;
    let (left, top) = (badge.center().x - wide / 2.0, badge.center().y - 2.5 * dot);
    let nodes = digits.iter().enumerate().map(|(at, digit)| {
        let dark = DIGITS[*digit]
            .iter()
            .flat_map(|row| [4, 2, 1].map(|bit| row & bit != 0));
        // a square of dots is what the scene has already
        let mut square = vec![false; 25];
        for (index, is_dark) in dark.enumerate() {
            square[index / 3 * 5 + index % 3] = is_dark;
        }
        let qr = Qr {
            size: 5,
            dark: square,
            quiet: 0,
            paint: Paint::Solid(color("#111418")),
            surface: Surface::default(),
        };
        let x = left + at as f32 * 4.0 * dot;
        node(
            Rect::new(x, top, 5.0 * dot, 5.0 * dot),
            0.0,
            Content::Qr(qr),
        )
    });
    nodes.collect()
}

fn picture(media: &Media) -> Result<Picture, Error> {
    let pixels = match media.kind {
        Kind::Image => still(&media.path),
        Kind::Video => cover(&media.path),
    };
    let pixels = pixels.map_err(|why| Error::Unreadable {
        path: media.path.clone(),
        why,
    })?;
    Ok(Picture {
        pixels,
        dest: whole(),
        surface: Surface::default(),
        mask: None,
        motion: None,
    })
}

fn still(path: &Path) -> Result<Arc<Pixels>, String> {
    let wanted = Wanted {
        width_px: RASTER.0,
        height_px: RASTER.1,
        fit: Fit::Fill,
        focus: (0.5, 0.5),
        filter: Default::default(),
    };
    let prepared = Pictures::new(Limits::default()).prepare(path, &wanted);
    prepared.map(|p| p.pixels).map_err(|e| e.to_string())
}

/// The cover of a finished film.
fn cover(path: &Path) -> Result<Arc<Pixels>, String> {
    let clip = Clip {
        mute: true,
        ..Clip::whole(path, Place::whole(&Source::new("", "")))
    };
    let scene = Scene {
        film: Some(clip),
        raster: RASTER,
        ..Scene::empty(WIDTH, HEIGHT)
    };
    let cover = Film::of(&scene, &FilmOptions::default())
        .and_then(|film| film.cover())
        .map_err(|e| e.to_string())?;
    match cover.nodes.first().map(|node| &node.content) {
        Some(Content::Picture(picture)) => Ok(Arc::clone(&picture.pixels)),
        _ => Err("it has no picture".to_owned()),
    }
}
