//! How a clip's picture is cut, scaled and turned to fill its box, in the encoder's colours.
//!
//! In: a decoded picture, the box in pixels, how it shall meet it. Out: a picture of 8-bit 4:2:0, BT.709, limited range,
//! upright, of the size that [`Fitted`] says. Never: choosing pictures, painting.

use ffmpeg_next::color::{Range, Space};
use ffmpeg_next::filter::Graph;
use ffmpeg_next::format::Pixel;
use ffmpeg_next::frame;

use super::av;
use super::facts::Facts;
use super::pictures::graph;
use crate::media::Error;
use crate::scene::picture::Fit;

/// Less than this many pixels are not worth a cut.
const SLIVER: f64 = 0.75;

/// Where a clip's picture stands in its box, and how large it is, in output pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fitted {
    /// From the box's left edge.
    pub x: u32,
    /// From the box's top edge.
    pub y: u32,
    /// Pixels a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

/// A part of a picture, 0–1 of its sides.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Part {
    x: f64,
    y: f64,
    w: f64,
    h: f64,
}

/// Brings pictures of one clip into one box.
pub(super) struct Shaper {
    facts: Facts,
    size: (u32, u32),
    fit: Fit,
    focus: (f64, f64),
    quick: bool,
    graph: Option<(Graph, (u32, u32), Pixel)>,
}

impl Shaper {
    /// For a box of `size` output pixels; `quick` is good enough for an analysis.
    pub fn new(facts: &Facts, size: (u32, u32), fit: Fit, focus: (f32, f32), quick: bool) -> Self {
        let unit = |f: f32| f64::from(f).clamp(0.0, 1.0);
        Self {
            facts: facts.clone(),
            size,
            fit,
            focus: (unit(focus.0), unit(focus.1)),
            quick,
            graph: None,
        }
    }

    /// Where in the box its pictures stand.
    pub fn fitted(&self) -> Fitted {
        let (width, height) = self.size;
        if self.fit != Fit::Contain {
            return Fitted {
                x: 0,
                y: 0,
                width,
                height,
            };
        }
        let (w, h) = contained(self.facts.shown(), self.size);
        let spare = |all: u32, own: u32, at: f64| (f64::from(all - own) * at).round() as u32;
        Fitted {
            x: spare(width, w, self.focus.0),
            y: spare(height, h, self.focus.1),
            width: w,
            height: h,
        }
    }

    /// 10 bits leave this shaper, in the clip's own colours, for the tone mapper.
    pub fn is_hdr(&self) -> bool {
        self.facts.colors.is_hdr()
    }

    /// Shapes one picture.
    ///
    /// # Errors
    /// [`Error::Film`] in FFmpeg's words.
    pub fn shape(&mut self, picture: &frame::Video) -> Result<frame::Video, Error> {
        let failed = |e| Error::Film { said: av::words(e) };
        let key = ((picture.width(), picture.height()), picture.format());
        // a clip may change its size and format on the way
        if self
            .graph
            .as_ref()
            .is_none_or(|(_, size, format)| (*size, *format) != key)
        {
            let chain = self.chain(picture.width(), picture.height(), picture.format());
            let built = graph(picture, &chain).map_err(failed)?;
            self.graph = Some((built, key.0, key.1));
        }
        let missing = || failed(ffmpeg_next::Error::FilterNotFound);
        let (graph, ..) = self.graph.as_mut().ok_or_else(missing)?;
        graph
            .get("in")
            .ok_or_else(missing)?
            .source()
            .add(picture)
            .map_err(failed)?;
        let mut shaped = frame::Video::empty();
        let mut sink = graph.get("out").ok_or_else(missing)?;
        sink.sink().frame(&mut shaped).map_err(failed)?;
        // a picture's own type would force the encoder's
        shaped.set_kind(ffmpeg_next::picture::Type::None);
        Ok(shaped)
    }

    fn chain(&self, width: u32, height: u32, format: Pixel) -> String {
        let Fitted {
            width: w,
            height: h,
            ..
        } = self.fitted();
        if self.fit != Fit::Blur {
            let part = match self.fit {
                Fit::Cover => self.covering(),
                _ => WHOLE,
            };
            return self.turned_chain((width, height), format, part, (w, h));
        }
        let (own_w, own_h) = contained(self.facts.shown(), self.size);
        if (own_w, own_h) == self.size {
            return self.turned_chain((width, height), format, WHOLE, (w, h));
        }
        let x = (f64::from(w - own_w) * self.focus.0).round();
        let y = (f64::from(h - own_h) * self.focus.1).round();
        // blurred at a twelfth of the size and scaled up smoothly: nobody sees the difference, and it costs a third
        let (small_w, small_h) = (even(f64::from(w) / 12.0), even(f64::from(h) / 12.0));
        let behind =
            self.turned_chain((width, height), format, self.covering(), (small_w, small_h));
        let front = self.turned_chain((width, height), format, WHOLE, (own_w, own_h));
        let kind = if self.is_hdr() { "yuv420p10" } else { "yuv420" };
        format!(
            "split[a][b];[a]{behind},gblur=sigma=4:steps=2,scale={w}:{h}:flags=bicubic[back];\
             [b]{front}[front];[back][front]overlay=x={x}:y={y}:format={kind}"
        )
    }

    /// Cut, scaled, turned: in this order each step has the fewest pixels to move.
    fn turned_chain(&self, from: (u32, u32), format: Pixel, part: Part, to: (u32, u32)) -> String {
        let turn = self.facts.turn;
        let coded = as_coded(part, turn.transpose, turn.flip_x, turn.flip_y);
        let mut steps = Vec::new();
        let (w, h) = (f64::from(from.0), f64::from(from.1));
        let (cut_w, cut_h) = (
            (coded.w * w).round().max(1.0),
            (coded.h * h).round().max(1.0),
        );
        if w - cut_w > SLIVER || h - cut_h > SLIVER {
            let (x, y) = ((coded.x * w).round(), (coded.y * h).round());
            steps.push(format!("crop={cut_w}:{cut_h}:{x}:{y}"));
        }
        if !turn.transpose && turn.flip_y {
            // costs nothing here: the rows are only read from the other end
            steps.push("vflip".to_owned());
        }
        let (to_w, to_h) = if turn.transpose { (to.1, to.0) } else { to };
        if !self.is_as_wanted(format) || (cut_w, cut_h) != (f64::from(to_w), f64::from(to_h)) {
            steps.push(self.scale(to_w, to_h));
        }
        steps.push(format!(
            "format={}",
            if self.is_hdr() {
                "yuv420p10le"
            } else {
                "yuv420p"
            }
        ));
        match (turn.transpose, turn.flip_x, turn.flip_y) {
            (true, false, false) => steps.push("transpose=cclock_flip".to_owned()),
            (true, true, false) => steps.push("transpose=clock".to_owned()),
            (true, false, true) => steps.push("transpose=cclock".to_owned()),
            (true, true, true) => steps.push("transpose=clock_flip".to_owned()),
            (false, true, _) => steps.push("hflip".to_owned()),
            (false, false, _) => {}
        }
        steps.join(",")
    }

    /// The decoder's pixels can stay what they are.
    fn is_as_wanted(&self, format: Pixel) -> bool {
        let colors = self.facts.colors;
        if self.is_hdr() {
            return format == Pixel::YUV420P10LE;
        }
        format == Pixel::YUV420P && colors.range == Range::MPEG && colors.matrix == Space::BT709
    }

    fn scale(&self, width: u32, height: u32) -> String {
        let colors = self.facts.colors;
        let flags = if self.quick {
            "fast_bilinear"
        } else {
            "bicubic"
        };
        let range = |r: Range| if r == Range::JPEG { "full" } else { "limited" };
        let from = match colors.matrix {
            Space::RGB => String::new(),
            matrix => format!(":in_color_matrix={}", matrix_name(matrix)),
        };
        // what is brighter than the screen keeps its own colours until it is mapped
        let (to, to_range) = if self.is_hdr() {
            (matrix_name(colors.matrix), colors.range)
        } else {
            ("bt709", Range::MPEG)
        };
        format!(
            "scale={width}:{height}:flags={flags}:in_range={}{from}:out_color_matrix={to}:out_range={}",
            range(colors.range),
            range(to_range),
        )
    }

    /// The part of the upright picture that covers the box, its focus as near the box's middle as it gets.
    fn covering(&self) -> Part {
        let (w, h) = self.facts.shown();
        let scale = (f64::from(self.size.0) / w).max(f64::from(self.size.1) / h);
        let part_w = (f64::from(self.size.0) / scale / w).min(1.0);
        let part_h = (f64::from(self.size.1) / scale / h).min(1.0);
        let start = |part: f64, focus: f64| (focus - part / 2.0).clamp(0.0, 1.0 - part);
        Part {
            x: start(part_w, self.focus.0),
            y: start(part_h, self.focus.1),
            w: part_w,
            h: part_h,
        }
    }
}

const WHOLE: Part = Part {
    x: 0.0,
    y: 0.0,
    w: 1.0,
    h: 1.0,
};

/// The largest size of this shape inside a box; even sides, which 4:2:0 likes, unless the box itself is odd.
fn contained((w, h): (f64, f64), (box_w, box_h): (u32, u32)) -> (u32, u32) {
    let scale = (f64::from(box_w) / w).min(f64::from(box_h) / h);
    let side = |own: f64, all: u32| {
        let exact = own * scale;
        if (exact - f64::from(all)).abs() < 1.0 {
            all
        } else {
            even(exact).min(all)
        }
    };
    (side(w, box_w), side(h, box_h))
}

fn even(side: f64) -> u32 {
    ((side / 2.0).round() as u32).max(1) * 2
}

/// Where a part of the upright picture stands in the coded one.
fn as_coded(part: Part, transpose: bool, flip_x: bool, flip_y: bool) -> Part {
    let Part { mut x, mut y, w, h } = part;
    if flip_x {
        x = 1.0 - x - w;
    }
    if flip_y {
        y = 1.0 - y - h;
    }
    if transpose {
        return Part {
            x: y,
            y: x,
            w: h,
            h: w,
        };
    }
    Part { x, y, w, h }
}

/// The scaler's name of a matrix.
fn matrix_name(matrix: Space) -> &'static str {
    match matrix {
        Space::BT709 => "bt709",
        Space::FCC => "fcc",
        Space::SMPTE240M => "smpte240m",
        Space::BT2020NCL | Space::BT2020CL => "bt2020",
        _ => "bt601",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_contained_keeps_its_shape_in_even_pixels() {
        assert_eq!(contained((1920.0, 1080.0), (1080, 1920)), (1080, 608));
        assert_eq!(contained((1080.0, 1920.0), (1080, 1920)), (1080, 1920));
        assert_eq!(contained((500.0, 500.0), (1080, 1920)), (1080, 1080));
    }

    #[test]
    fn a_part_of_a_turned_picture_is_found_where_it_was_coded() {
        let part = Part {
            x: 0.25,
            y: 0.0,
            w: 0.5,
            h: 1.0,
        };
        assert_eq!(as_coded(part, false, false, false), part);
        let turned = as_coded(
            Part {
                x: 0.0,
                y: 0.1,
                w: 1.0,
                h: 0.2,
            },
            true,
            true,
            false,
        );
        assert!((turned.x - 0.1).abs() < 1e-9 && (turned.w - 0.2).abs() < 1e-9);
        let flipped = as_coded(
            Part {
                x: 0.0,
                y: 0.0,
                w: 0.3,
                h: 1.0,
            },
            false,
            true,
            false,
        );
        assert!((flipped.x - 0.7).abs() < 1e-9);
    }
}
