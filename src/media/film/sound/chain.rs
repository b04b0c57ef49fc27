//! FFmpeg's audio filters as a machine that takes sound of one shape and gives stereo at 48 kHz.
//!
//! In: frames as a decoder gives them. Out: samples. Never: a timestamp; where sound belongs is decided elsewhere.

use ffmpeg_next as ffmpeg;
use ffmpeg_next::filter::{self, Graph};
use ffmpeg_next::format::Sample;
use ffmpeg_next::{ChannelLayout, frame};

use super::RATE;
use crate::media::film::av;

/// More channels than this is no recording, but a broken header.
const MOST_CHANNELS: u16 = 64;

/// Fewer or more samples a second than these are a broken header too.
const RATES: std::ops::RangeInclusive<u32> = 2_000..=768_000;

/// Louder than this no recording is; a damaged frame is. 12 dB over full scale.
const LOUDEST: f32 = 4.0;

/// What sound must have in common to go through one chain.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shape {
    format: Sample,
    rate: u32,
    channels: u16,
    /// The channels' places as FFmpeg's bit mask; 0 where they are not known.
    layout: u64,
}

impl Shape {
    /// Of a frame; `None` if there is no sound in it that could be used.
    pub fn of(frame: &frame::Audio) -> Option<Self> {
        let channels = frame.channels();
        let known = frame.samples() > 0
            && RATES.contains(&frame.rate())
            && (1..=MOST_CHANNELS).contains(&channels)
            && frame.format() != Sample::None;
        let layout = frame.channel_layout();
        known.then(|| Self {
            format: frame.format(),
            rate: frame.rate(),
            channels,
            layout: match layout.channels() == i32::from(channels) {
                true => layout.bits(),
                // up to eight channels without names stand in the usual order, or nobody could play them
                false if channels <= 8 => ChannelLayout::default(i32::from(channels)).bits(),
                false => 0,
            },
        })
    }

    /// Samples a second.
    pub fn rate(self) -> u32 {
        self.rate
    }
}

/// A chain of filters, fed and drained.
pub struct Chain {
    graph: Graph,
    drained: frame::Audio,
}

impl Chain {
    /// Mixes down to stereo, brings to 48 kHz.
    ///
    /// Down by ITU-R BS.775 (centre and surround 3 dB lower, no bass channel) and without lowering the whole, so that
    /// speech keeps its level; sums over full scale are for the limiter. One channel is heard at its own level on
    /// both sides, as every player does it. Places that nobody knows are heard left and right by turns.
    pub fn new(shape: Shape) -> Result<Self, ffmpeg::Error> {
        let last = format!("aresample={RATE},aformat=sample_fmts=flt:channel_layouts=stereo");
        if shape.channels == 1 {
            return Self::of(
                shape,
                &format!("aresample={RATE},pan=stereo|c0=c0|c1=c0,{last}"),
            );
        }
        if shape.layout != 0
            && let Ok(chain) = Self::of(shape, &last)
        {
            return Ok(chain);
        }
        let side = |first: u16| {
            let terms: Vec<String> = (first..shape.channels)
                .step_by(2)
                .map(|c| format!("c{c}"))
                .collect();
            terms.join("+")
        };
        // `<` scales the sum back to full scale
        Self::of(
            shape,
            &format!("pan=stereo|c0<{}|c1<{},{last}", side(0), side(1)),
        )
    }

    fn of(shape: Shape, filters: &str) -> Result<Self, ffmpeg::Error> {
        let (source, sink) = filter::find("abuffer")
            .zip(filter::find("abuffersink"))
            .ok_or(ffmpeg::Error::FilterNotFound)?;
        let Shape {
            format,
            rate,
            channels,
            layout,
        } = shape;
        let places = match layout {
            0 => format!("{channels} channels"),
            mask => format!("0x{mask:x}"),
        };
        let mut graph = Graph::new();
        graph.add(
            &source,
            "in",
            &format!(
                "time_base=1/{rate}:sample_rate={rate}:sample_fmt={}:channel_layout={places}",
                format.name()
            ),
        )?;
        graph.add(&sink, "out", "")?;
        graph.output("in", 0)?.input("out", 0)?.parse(filters)?;
        graph.validate()?;
        Ok(Self {
            graph,
            drained: frame::Audio::empty(),
        })
    }

    /// Sends a frame through, which is empty afterwards, and adds what comes out to `samples`.
    pub fn feed(
        &mut self,
        frame: &mut frame::Audio,
        samples: &mut Vec<[f32; 2]>,
    ) -> Result<(), ffmpeg::Error> {
        // the chain counts samples; the frame's own time would be on another clock
        frame.set_pts(None);
        self.graph
            .get("in")
            .ok_or(ffmpeg::Error::Bug)?
            .source()
            .add(frame)?;
        self.drain(samples)
    }

    /// Nothing more comes: adds what was held back.
    pub fn finish(mut self, samples: &mut Vec<[f32; 2]>) -> Result<(), ffmpeg::Error> {
        self.graph
            .get("in")
            .ok_or(ffmpeg::Error::Bug)?
            .source()
            .flush()?;
        self.drain(samples)
    }

    fn drain(&mut self, samples: &mut Vec<[f32; 2]>) -> Result<(), ffmpeg::Error> {
        let mut sink = self.graph.get("out").ok_or(ffmpeg::Error::Bug)?;
        loop {
            match sink.sink().frame(&mut self.drained) {
                Ok(()) => {}
                Err(ffmpeg::Error::Eof) => return Ok(()),
                Err(error) if av::is_again(error) => return Ok(()),
                Err(error) => return Err(error),
            }
            if self.drained.planes() == 0 {
                continue;
            }
            let stereo = self.drained.plane::<(f32, f32)>(0);
            samples.extend(
                stereo
                    .iter()
                    .map(|&(left, right)| [sane(left), sane(right)]),
            );
        }
    }
}

/// A damaged frame can decode to anything, and one such number would spoil all that follows it in a filter.
fn sane(sample: f32) -> f32 {
    match sample.is_finite() {
        true => sample.clamp(-LOUDEST, LOUDEST),
        false => 0.0,
    }
}
