//! How a clip's picture is cut, scaled and turned to fill its box, in the encoder's colours.
//!
//! In: a decoded picture, the box in pixels, how it shall meet it. Out: a picture of 8-bit 4:2:0, BT.709, limited range,
//! upright, of the size that [`Fitted`] says; 10 bits in its own colours where they are others; what is see-through as
//! RGBA. Never: choosing pictures, painting.

use ffmpeg_next::color::{Range, Space};
use ffmpeg_next::filter::Graph;
use ffmpeg_next::format::Pixel;
use ffmpeg_next::frame;

use super::crop::{Crop, Cut, contained, even, even_below};
use super::look::{Look, Orientation};
use super::pictures::graph;
use super::{av, grey, see_through, tone};
use crate::media::Error;
use crate::scene::picture::Fit;

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

/// A picture before a blurred copy of itself.
struct Front {
    /// Its own size.
    size: (u32, u32),
    /// Its place in the box.
    x: f64,
    y: f64,
    /// The size at which the copy is blurred.
    blurred: (u32, u32),
}

/// What a picture is while it is cut, scaled and turned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// On its way to the encoder's colours, or to the tone mapper.
    Film,
    /// RGB with coverage already.
    Rgb,
}

/// A picture in its box.
pub(super) enum Shaped {
    /// It covers its place.
    Opaque(frame::Video),
    /// Premultiplied RGBA of its place, rows without gaps.
    SeeThrough(Vec<u8>),
}

/// Brings pictures of one clip into one box.
pub(super) struct Shaper {
    orientation: Orientation,
    size: (u32, u32),
    fit: Fit,
    focus: (f64, f64),
    quick: bool,
    /// The way of the last picture, for those that look like it.
    graph: Option<(Graph, Look, bool)>,
}

impl Shaper {
    /// For a box of `size` output pixels; `quick` is good enough for an analysis.
    pub fn new(
        orientation: Orientation,
        size: (u32, u32),
        fit: Fit,
        focus: (f32, f32),
        quick: bool,
    ) -> Self {
        let unit = |f: f32| f64::from(f).clamp(0.0, 1.0);
        Self {
            orientation,
            size,
            fit,
            focus: (unit(focus.0), unit(focus.1)),
            quick,
            graph: None,
        }
    }

    /// Where in the box pictures of this look stand.
    pub fn fitted(&self, look: &Look) -> Fitted {
        let (width, height) = self.size;
        if self.fit != Fit::Contain {
            return Fitted {
                x: 0,
                y: 0,
                width,
                height,
            };
        }
        let (w, h) = contained(look.shown(self.orientation), self.size);
        let spare = |all: u32, own: u32, at: f64| (f64::from(all - own) * at).round() as u32;
        Fitted {
            x: spare(width, w, self.focus.0),
            y: spare(height, h, self.focus.1),
            width: w,
            height: h,
        }
    }

    /// Shapes one picture of this look.
    ///
    /// # Errors
    /// [`Error::Film`] in FFmpeg's words.
    pub fn shape(&mut self, picture: &frame::Video, look: &Look) -> Result<Shaped, Error> {
        let colored = grey::with_chroma(picture, look.colors.range);
        let picture = colored.as_ref().unwrap_or(picture);
        let look = Look {
            format: picture.format(),
            ..*look
        };
        let shows_through = see_through::is(picture);
        // a clip may change its size, its format and its colours on the way
        let as_before =
            |(_, was, through): &(Graph, Look, bool)| *was == look && *through == shows_through;
        if !self.graph.as_ref().is_some_and(as_before) {
            let chain = match shows_through {
                true => self.see_through_chain(&look),
                false => self.chain(&look),
            };
            let built = graph(picture, &chain).map_err(av::failed)?;
            self.graph = Some((built, look, shows_through));
        }
        let missing = || av::failed(ffmpeg_next::Error::FilterNotFound);
        let (graph, ..) = self.graph.as_mut().ok_or_else(missing)?;
        graph
            .get("in")
            .ok_or_else(missing)?
            .source()
            .add(picture)
            .map_err(av::failed)?;
        let mut shaped = frame::Video::empty();
        let mut sink = graph.get("out").ok_or_else(missing)?;
        sink.sink().frame(&mut shaped).map_err(av::failed)?;
        if shows_through {
            return Ok(Shaped::SeeThrough(see_through::pixels(&shaped)));
        }
        // a picture's own type would force the encoder's
        shaped.set_kind(ffmpeg_next::picture::Type::None);
        Ok(Shaped::Opaque(shaped))
    }

    fn chain(&self, look: &Look) -> String {
        let Fitted {
            width: w,
            height: h,
            ..
        } = self.fitted(look);
        let whole = |to| self.turned_chain(look, Crop::WHOLE, to, Way::Film);
        if self.fit != Fit::Blur {
            return match self.fit {
                Fit::Cover => self.turned_chain(look, self.covering(look), (w, h), Way::Film),
                _ => whole((w, h)),
            };
        }
        let Some(Front {
            size,
            x,
            y,
            blurred,
        }) = self.over_blur(look)
        else {
            return whole((w, h));
        };
        let behind = self.turned_chain(look, self.covering(look), blurred, Way::Film);
        let front = whole(size);
        let kind = if tone::is_needed(look.colors) {
            "yuv420p10"
        } else {
            "yuv420"
        };
        format!(
            "split[a][b];[a]{behind},gblur=sigma=4:steps=2,scale={w}:{h}:flags=bicubic[back];\
             [b]{front}[front];[back][front]overlay=x={x}:y={y}:format={kind}"
        )
    }

    /// The same for a picture that is see-through: in RGB, and multiplied with its coverage before it is scaled, so that no
    /// colour of what does not show bleeds into what does.
    fn see_through_chain(&self, look: &Look) -> String {
        let from = match look.colors.matrix {
            Space::RGB => String::new(),
            matrix => format!(":in_color_matrix={}", matrix_name(matrix)),
        };
        let ready = format!(
            "scale=iw:ih:flags=bicubic:in_range={}{from},format=gbrap,premultiply=inplace=1",
            range_name(look.colors.range)
        );
        let Fitted {
            width: w,
            height: h,
            ..
        } = self.fitted(look);
        let cut = |part, to| self.turned_chain(look, part, to, Way::Rgb);
        match (self.fit, self.over_blur(look)) {
            (Fit::Cover, _) => {
                format!("{ready},{},format=rgba", cut(self.covering(look), (w, h)))
            }
            (
                Fit::Blur,
                Some(Front {
                    size,
                    x,
                    y,
                    blurred,
                }),
            ) => format!(
                "{ready},split[a][b];[a]{},gblur=sigma=4:steps=2,scale={w}:{h}:flags=bicubic,format=rgba[back];\
                 [b]{},format=rgba[front];[back][front]overlay=x={x}:y={y}:format=rgb:alpha=premultiplied,format=rgba",
                cut(self.covering(look), blurred),
                cut(Crop::WHOLE, size),
            ),
            _ => format!("{ready},{},format=rgba", cut(Crop::WHOLE, (w, h))),
        }
    }

    /// Where the picture does not fill its box.
    fn over_blur(&self, look: &Look) -> Option<Front> {
        let (w, h) = self.size;
        let size = contained(look.shown(self.orientation), self.size);
        (size != self.size).then(|| Front {
            size,
            x: (f64::from(w - size.0) * self.focus.0).round(),
            y: (f64::from(h - size.1) * self.focus.1).round(),
            // blurred at a twelfth of the size and scaled up smoothly: nobody sees the difference, and it costs a third
            blurred: (even(f64::from(w) / 12.0), even(f64::from(h) / 12.0)),
        })
    }

    /// Cut, scaled, turned: in this order each step has the fewest pixels to move.
    fn turned_chain(&self, look: &Look, part: Crop, to: (u32, u32), way: Way) -> String {
        let (orientation, from) = (self.orientation, (look.width, look.height));
        let coded = part.as_coded(orientation);
        let mut steps = Vec::new();
        let (to_w, to_h) = if orientation.transpose {
            (to.1, to.0)
        } else {
            to
        };
        let (step_w, step_h) = match way {
            Way::Film => chroma_steps(look.format),
            Way::Rgb => (1, 1),
        };
        let across = Cut::of((coded.x, coded.w), from.0, step_w, to_w);
        let down = Cut::of((coded.y, coded.h), from.1, step_h, to_h);
        if (across.length, down.length) != from {
            steps.push(format!(
                "crop={}:{}:{}:{}:exact=1",
                across.length, down.length, across.from, down.from
            ));
        }
        if !orientation.transpose && orientation.flip_y {
            // costs nothing here: the rows are only read from the other end
            steps.push("vflip".to_owned());
        }
        let scaled = (across.scaled, down.scaled);
        if way == Way::Film && !is_as_wanted(look) || scaled != (across.length, down.length) {
            steps.push(self.scale(look, scaled.0, scaled.1, way));
        }
        if scaled != (to_w, to_h) {
            let y = match !orientation.transpose && orientation.flip_y {
                // upside down by now
                true => even_below(f64::from(down.scaled - to_h - down.spare)),
                false => down.spare,
            };
            steps.push(format!("crop={to_w}:{to_h}:{}:{y}:exact=1", across.spare));
        }
        steps.push(match way {
            Way::Rgb => "format=gbrap".to_owned(),
            Way::Film if tone::is_needed(look.colors) => "format=yuv420p10le".to_owned(),
            Way::Film => "format=yuv420p".to_owned(),
        });
        match (
            orientation.transpose,
            orientation.flip_x,
            orientation.flip_y,
        ) {
            (true, false, false) => steps.push("transpose=cclock_flip".to_owned()),
            (true, true, false) => steps.push("transpose=clock".to_owned()),
            (true, false, true) => steps.push("transpose=cclock".to_owned()),
            (true, true, true) => steps.push("transpose=clock_flip".to_owned()),
            (false, true, _) => steps.push("hflip".to_owned()),
            (false, false, _) => {}
        }
        steps.join(",")
    }

    /// The part that covers the box.
    fn covering(&self, look: &Look) -> Crop {
        Crop::covering(look.shown(self.orientation), self.size, self.focus)
    }

    fn scale(&self, look: &Look, width: u32, height: u32, way: Way) -> String {
        let colors = look.colors;
        let flags = if self.quick {
            "fast_bilinear"
        } else {
            "bicubic"
        };
        if way == Way::Rgb {
            return format!("scale={width}:{height}:flags={flags}");
        }
        let from = match colors.matrix {
            Space::RGB => String::new(),
            matrix => format!(":in_color_matrix={}", matrix_name(matrix)),
        };
        // what is brighter or wider than the screen keeps its own colours until it is mapped
        let (to, to_range) = match tone::is_needed(colors) {
            true => tone::carrier(colors),
            false => (Space::BT709, Range::MPEG),
        };
        format!(
            "scale={width}:{height}:flags={flags}:in_range={}{from}:out_color_matrix={}:out_range={}",
            range_name(colors.range),
            matrix_name(to),
            range_name(to_range),
        )
    }
}

/// At every how many pixels of a row, and of a column, colours stand.
fn chroma_steps(format: Pixel) -> (u32, u32) {
    format
        .descriptor()
        .map_or((2, 2), |d| (1 << d.log2_chroma_w(), 1 << d.log2_chroma_h()))
}

/// The decoder's pixels can stay what they are.
fn is_as_wanted(look: &Look) -> bool {
    let (format, colors) = (look.format, look.colors);
    let (wanted, to) = match tone::is_needed(colors) {
        true => (Pixel::YUV420P10LE, tone::carrier(colors)),
        false => (Pixel::YUV420P, (Space::BT709, Range::MPEG)),
    };
    format == wanted && (colors.matrix, colors.range) == to
}

/// The scaler's name of a range.
fn range_name(range: Range) -> &'static str {
    if range == Range::JPEG {
        "full"
    } else {
        "limited"
    }
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
    use ffmpeg_next::color::{Primaries, TransferCharacteristic};

    use super::*;
    use crate::media::film::look::Colors;

    /// The look of a picture in the encoder's own colours.
    fn look(frame: &frame::Video) -> Look {
        Look {
            width: frame.width(),
            height: frame.height(),
            aspect: 1.0,
            format: frame.format(),
            colors: Colors {
                range: Range::MPEG,
                matrix: Space::BT709,
                primaries: Primaries::BT709,
                transfer: TransferCharacteristic::BT709,
            },
        }
    }

    /// Between which columns of its middle row, and which rows of its middle column, a picture is bright.
    fn bright(frame: &frame::Video) -> [f64; 4] {
        let (w, h) = (frame.width() as usize, frame.height() as usize);
        let stride = frame.stride(0);
        let luma = frame.data(0);
        let row: Vec<u8> = luma[h / 2 * stride..][..w].to_vec();
        let column: Vec<u8> = (0..h).map(|y| luma[y * stride + w / 2]).collect();
        let ends = |line: &[u8]| {
            let is = |value: &u8| *value > 125;
            let (first, last) = (line.iter().position(is), line.iter().rposition(is));
            [first.unwrap_or(0) as f64, last.unwrap_or(0) as f64 + 1.0]
        };
        let (x, y) = (ends(&row), ends(&column));
        [x[0], x[1], y[0], y[1]]
    }

    #[test]
    fn a_small_picture_that_is_cut_keeps_its_shape_and_its_place() {
        av::ready().expect("FFmpeg");
        // bright from 120 to 200 and from 30 to 151
        let mut picture = frame::Video::new(Pixel::YUV420P, 320, 180);
        let stride = picture.stride(0);
        for (at, luma) in picture.data_mut(0).iter_mut().enumerate() {
            let (x, y) = (at % stride, at / stride);
            let is = (120..200).contains(&x) && (30..151).contains(&y);
            *luma = if is { 235 } else { 16 };
        }
        picture.data_mut(1).fill(128);
        picture.data_mut(2).fill(128);
        for (orientation, expected) in [
            // 101.25 columns from 109.375 on, all rows: each pixel becomes 10.67
            ((false, false, false), [113.3, 966.7, 320.0, 1610.7]),
            ((false, true, true), [113.3, 966.7, 309.3, 1600.0]),
            // turned, all columns and rows of 180 by 320 fit: each pixel becomes 6
            ((true, true, false), [174.0, 900.0, 720.0, 1200.0]),
        ] {
            let (transpose, flip_x, flip_y) = orientation;
            let orientation = Orientation {
                transpose,
                flip_x,
                flip_y,
            };
            let mut shaper = Shaper::new(orientation, (1080, 1920), Fit::Cover, (0.5, 0.5), false);
            // the graph takes what it is given
            let shaped = shaper.shape(&picture.clone(), &look(&picture)).unwrap();
            let Shaped::Opaque(shaped) = shaped else {
                panic!("nothing shines through it");
            };
            assert_eq!((shaped.width(), shaped.height()), (1080, 1920));
            let found = bright(&shaped);
            for (found, expected) in found.iter().zip(expected) {
                assert!(
                    (found - expected).abs() < 3.0,
                    "{orientation:?}: {found} {expected}"
                );
            }
        }
    }
}
