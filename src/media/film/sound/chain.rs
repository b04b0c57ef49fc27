//! FFmpeg's audio filters as a machine that takes sound of one shape and gives stereo at 48 kHz.
//!
//! In: frames as a decoder gives them. Out: samples. Never: a timestamp; where sound belongs is decided elsewhere.

use ffmpeg_next as ffmpeg;
use ffmpeg_next::filter::{self, Graph};
use ffmpeg_next::format::Sample;
use ffmpeg_next::format::sample::Type;
use ffmpeg_next::{ChannelLayout, frame};

use super::channels::{Mixer, Places, sane};
use super::{RATE, scaled};
use crate::media::film::av;

/// More channels than this is no recording, but a broken header.
const MOST_CHANNELS: u16 = 64;

/// Fewer or more samples a second than these are a broken header too.
const RATES: std::ops::RangeInclusive<u32> = 2_000..=768_000;

/// What sound must have in common to go through one chain.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    format: Sample,
    rate: u32,
    channels: u16,
    places: Places,
}

impl Shape {
    /// Of a frame; `None` if there is no sound in it that could be used.
    pub fn of(frame: &frame::Audio) -> Option<Self> {
        let channels = frame.channels();
        let known = frame.samples() > 0
            && RATES.contains(&frame.rate())
            && (1..=MOST_CHANNELS).contains(&channels)
            && frame.format() != Sample::None;
        known.then(|| Self {
            format: frame.format(),
            rate: frame.rate(),
            channels,
            places: Places::of(frame),
        })
    }

    /// Samples a second.
    pub fn rate(&self) -> u32 {
        self.rate
    }
}

/// A chain of filters, fed and drained.
pub struct Chain {
    graph: Graph,
    drained: frame::Audio,
    /// Goes before the filters where they have no order for the channels.
    mixer: Option<Mixer>,
    /// The sample that it began at.
    start: usize,
}

impl Chain {
    /// Mixes down to stereo, brings to 48 kHz. `start` is how many samples there are before its first.
    ///
    /// Down by ITU-R BS.775 (centre and surround 3 dB lower, no bass channel) and without lowering the whole, so that
    /// speech keeps its level; sums over full scale are for the limiter. One channel is heard at its own level on
    /// both sides, as every player does it. Of a sphere (Ambisonics) what it hears from all directions is heard on both
    /// sides, and left and right on theirs. Places that nobody knows are heard left and right by turns, together as
    /// loud as the loudest of them.
    pub fn new(shape: &Shape, start: usize) -> Result<Self, ffmpeg::Error> {
        let last = format!("aresample={RATE},aformat=sample_fmts=flt:channel_layouts=stereo");
        let mixer = match &shape.places {
            Places::Usual(mask) => {
                let filters = match shape.channels {
                    1 => format!("aresample={RATE},pan=stereo|c0=c0|c1=c0,{last}"),
                    _ => last.clone(),
                };
                let Shape { format, rate, .. } = *shape;
                if let Ok(graph) = graph(format, rate, *mask, &filters) {
                    return Ok(Self::of(graph, None, start));
                }
                Some(Mixer::by_turns(usize::from(shape.channels)))
            }
            others => Mixer::new(others),
        };
        let stereo = ChannelLayout::STEREO.bits();
        let graph = graph(Sample::F32(Type::Packed), shape.rate, stereo, &last)?;
        Ok(Self::of(graph, mixer, start))
    }

    fn of(graph: Graph, mixer: Option<Mixer>, start: usize) -> Self {
        Self {
            graph,
            drained: frame::Audio::empty(),
            mixer,
            start,
        }
    }

    /// Sends a frame through, which is empty afterwards, and adds what comes out to `samples`.
    pub fn feed(
        &mut self,
        frame: &mut frame::Audio,
        samples: &mut Vec<[f32; 2]>,
    ) -> Result<(), ffmpeg::Error> {
        if let Some(mixer) = &mut self.mixer {
            let mut mixed = mixer.mix(frame);
            return self.push(&mut mixed, samples);
        }
        self.push(frame, samples)
    }

    fn push(
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
        self.drain(samples)?;
        let factor = self.mixer.as_ref().map_or(1.0, Mixer::factor);
        if factor != 1.0 {
            for sample in samples.iter_mut().skip(self.start) {
                *sample = scaled(*sample, factor).map(sane);
            }
        }
        Ok(())
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

/// Filters from sound of one format, rate and mask of places to stereo at 48 kHz.
fn graph(format: Sample, rate: u32, mask: u64, filters: &str) -> Result<Graph, ffmpeg::Error> {
    let (source, sink) = filter::find("abuffer")
        .zip(filter::find("abuffersink"))
        .ok_or(ffmpeg::Error::FilterNotFound)?;
    let mut graph = Graph::new();
    graph.add(
        &source,
        "in",
        &format!(
            "time_base=1/{rate}:sample_rate={rate}:sample_fmt={}:channel_layout=0x{mask:x}",
            format.name()
        ),
    )?;
    graph.add(&sink, "out", "")?;
    graph.output("in", 0)?.input("out", 0)?.parse(filters)?;
    graph.validate()?;
    Ok(graph)
}
