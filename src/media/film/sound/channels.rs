//! Mixes down what FFmpeg's own mixer has no order for: spheres of sound, speakers overhead, channels without a name.
//!
//! In: frames as a decoder gives them. Out: stereo frames at the same rate. Never: a channel that is left out, but those
//! for deep bass and the directions of a sphere that two speakers cannot show.

use ffmpeg_next::format::Sample;
use ffmpeg_next::format::sample::Type;
use ffmpeg_next::{ChannelLayout, frame};

use crate::media::film::av;

/// Three dB lower: a place between two speakers, or beside them, by ITU-R BS.775.
const HALF: f32 = std::f32::consts::FRAC_1_SQRT_2;

/// Places with a higher number than this are unknown to FFmpeg's mixer, or left out by it.
const USUAL: i32 = 10;

/// The number of the first channel of a sphere (Ambisonics in the order of ACN), which hears all directions alike.
const SPHERE: i32 = 0x400;

/// Channels that stand in the usual order where nothing names their places: more of them do not.
const MOST_USUAL: u16 = 8;

/// Louder than this no recording is; a damaged frame is. 12 dB over full scale.
const LOUDEST: f32 = 4.0;

/// Samples over which levels are compared.
const BLOCK: usize = 4800;

/// Where the channels of a stream belong.
#[derive(Debug, Clone, PartialEq)]
pub enum Places {
    /// A mask of FFmpeg's that its mixer knows all of.
    Usual(u64),
    /// How much of each channel is heard left and right.
    Known(Vec<[f32; 2]>),
    /// Nobody knows: they are heard left and right by turns.
    Unknown(u16),
}

impl Places {
    /// Of a frame.
    pub fn of(frame: &frame::Audio) -> Self {
        let channels = frame.channels();
        let places = av::places(frame);
        if places.len() != usize::from(channels) {
            return Self::unnamed(channels);
        }
        let ascend = places.windows(2).all(|pair| pair[0] < pair[1]);
        if ascend && places.iter().all(|place| (0..=USUAL).contains(place)) {
            return Self::Usual(places.iter().fold(0, |mask, place| mask | 1 << place));
        }
        let gains: Vec<[f32; 2]> = places.iter().map(|place| gains(*place)).collect();
        match gains.iter().flatten().any(|gain| *gain > 0.0) {
            true => Self::Known(gains),
            false => Self::Unknown(channels),
        }
    }

    /// Up to eight channels without names stand in the usual order, or nobody could play them.
    fn unnamed(channels: u16) -> Self {
        match channels {
            // FFmpeg would take the third for deep bass, and leave it out
            3 => Self::Usual(ChannelLayout::SURROUND.bits()),
            1..=MOST_USUAL => Self::Usual(ChannelLayout::default(i32::from(channels)).bits()),
            _ => Self::Unknown(channels),
        }
    }
}

/// How much of a place is heard left and right; places by FFmpeg's numbers.
fn gains(place: i32) -> [f32; 2] {
    match place {
        // front, left and right of centre, a finished stereo mix, wide
        0 | 6 | 29 | 31 => [1.0, 0.0],
        1 | 7 | 30 | 32 => [0.0, 1.0],
        // centre, above it, below it
        2 | 13 | 38 => [HALF, HALF],
        // deep bass
        3 | 35 => [0.0, 0.0],
        // back, side, above, surround, below
        4 | 9 | 12 | 15 | 33 | 36 | 39 => [HALF, 0.0],
        5 | 10 | 14 | 17 | 34 | 37 | 40 => [0.0, HALF],
        // behind and overhead
        8 | 11 | 16 => [0.5, 0.5],
        // all directions, then left against right; the others two speakers cannot show
        SPHERE => [1.0, 1.0],
        place if place == SPHERE + 1 => [0.5, -0.5],
        place if place > SPHERE => [0.0, 0.0],
        _ => [0.5, 0.5],
    }
}

/// Mixes frames down, one after the other.
#[derive(Debug)]
pub struct Mixer {
    gains: Vec<[f32; 2]>,
    /// Of channels that nobody knows, how loud they and the mix are.
    levels: Option<Levels>,
}

impl Mixer {
    /// None where FFmpeg's own mixer does it.
    pub fn new(places: &Places) -> Option<Self> {
        match places {
            Places::Usual(_) => None,
            Places::Known(gains) => Some(Self {
                gains: gains.clone(),
                levels: None,
            }),
            Places::Unknown(channels) => Some(Self::by_turns(usize::from(*channels))),
        }
    }

    /// Left and right by turns; one channel on both sides.
    pub fn by_turns(channels: usize) -> Self {
        // no sum is over full scale, whatever is in it; `factor` brings it back
        let share = |side: usize| 1.0 / channels.saturating_sub(side).div_ceil(2).max(1) as f32;
        let gains = |channel: usize| match (channels, channel % 2) {
            (1, _) => [1.0, 1.0],
            (_, 0) => [share(0), 0.0],
            _ => [0.0, share(1)],
        };
        Self {
            gains: (0..channels).map(gains).collect(),
            levels: (channels > 1).then(|| Levels::new(channels)),
        }
    }

    /// The frame as stereo, 32-bit floats, at its own rate.
    pub fn mix(&mut self, frame: &frame::Audio) -> frame::Audio {
        let channels = of_frame(frame);
        let mut stereo = vec![[0.0f32; 2]; frame.samples()];
        for (channel, gain) in channels.iter().zip(&self.gains) {
            for (sum, sample) in stereo.iter_mut().zip(channel) {
                *sum = [sum[0] + sample * gain[0], sum[1] + sample * gain[1]];
            }
        }
        if let Some(levels) = &mut self.levels {
            levels.note(&channels, &stereo);
        }
        let packed = Sample::F32(Type::Packed);
        let mut mixed = frame::Audio::new(packed, frame.samples(), ChannelLayout::STEREO);
        mixed.set_rate(frame.rate());
        for (place, [left, right]) in mixed.plane_mut::<(f32, f32)>(0).iter_mut().zip(stereo) {
            *place = (left, right);
        }
        mixed
    }

    /// By how much the whole mix has to be raised to be as loud as the loudest of its channels.
    pub fn factor(&self) -> f32 {
        self.levels.as_ref().map_or(1.0, Levels::factor)
    }
}

/// How loud channels and their mix get, block by block.
#[derive(Debug)]
struct Levels {
    /// Sums of squares of the running block: of each channel, then of both sides.
    sums: Vec<f64>,
    samples: usize,
    /// The loudest block of any channel, and of any side of the mix.
    loudest: (f64, f64),
}

impl Levels {
    fn new(channels: usize) -> Self {
        Self {
            sums: vec![0.0; channels + 2],
            samples: 0,
            loudest: (0.0, 0.0),
        }
    }

    fn note(&mut self, channels: &[Vec<f32>], stereo: &[[f32; 2]]) {
        let square = |sample: f32| f64::from(sample) * f64::from(sample);
        for (sum, channel) in self.sums.iter_mut().zip(channels) {
            *sum += channel.iter().map(|sample| square(*sample)).sum::<f64>();
        }
        let sides = self.sums.len() - 2;
        for side in 0..2 {
            let power: f64 = stereo.iter().map(|sample| square(sample[side])).sum();
            self.sums[sides + side] += power;
        }
        self.samples += stereo.len();
        if self.samples >= BLOCK {
            self.close();
        }
    }

    fn close(&mut self) {
        self.loudest = self.with_running();
        self.sums.fill(0.0);
        self.samples = 0;
    }

    /// The loudest blocks, the running one among them.
    fn with_running(&self) -> (f64, f64) {
        let samples = self.samples.max(1) as f64;
        let (channels, sides) = self.sums.split_at(self.sums.len() - 2);
        let most = |sums: &[f64]| {
            sums.iter()
                .fold(0.0, |most: f64, sum| most.max(sum / samples))
        };
        (
            self.loudest.0.max(most(channels)),
            self.loudest.1.max(most(sides)),
        )
    }

    fn factor(&self) -> f32 {
        let (channel, side) = self.with_running();
        match channel > 0.0 && side > 0.0 {
            // channels that cancel each other out cannot be brought back
            true => ((channel / side).sqrt() as f32).clamp(1.0, self.sums.len() as f32),
            false => 1.0,
        }
    }
}

/// The samples of each channel, 1.0 is full scale; empty for formats that no decoder gives.
pub fn of_frame(frame: &frame::Audio) -> Vec<Vec<f32>> {
    match frame.format() {
        Sample::U8(kind) => split::<u8>(frame, kind, |s| (f32::from(s) - 128.0) / 128.0),
        Sample::I16(kind) => split::<i16>(frame, kind, |s| f32::from(s) / 32_768.0),
        Sample::I32(kind) => split::<i32>(frame, kind, |s| s as f32 / 2_147_483_648.0),
        Sample::F32(kind) => split::<f32>(frame, kind, |s| s),
        Sample::F64(kind) => split::<f64>(frame, kind, |s| s as f32),
        _ => Vec::new(),
    }
}

fn split<T: frame::audio::Sample + Copy>(
    frame: &frame::Audio,
    kind: Type,
    float: impl Fn(T) -> f32,
) -> Vec<Vec<f32>> {
    let channels = usize::from(frame.channels());
    let read = |sample: &T| sane(float(*sample));
    let of = |channel: usize| match kind {
        Type::Planar => frame.plane::<T>(channel).iter().map(read).collect(),
        Type::Packed => {
            let all = frame.plane::<T>(0).iter();
            all.skip(channel).step_by(channels).map(read).collect()
        }
    };
    match frame.planes() {
        0 => Vec::new(),
        _ => (0..channels).map(of).collect(),
    }
}

/// A damaged frame can decode to anything, and one such number would spoil all that follows it in a filter.
pub fn sane(sample: f32) -> f32 {
    match sample.is_finite() {
        true => sample.clamp(-LOUDEST, LOUDEST),
        false => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(channels: usize, sample: impl Fn(usize, usize) -> f32) -> Vec<Vec<f32>> {
        let of = |channel| (0..BLOCK).map(|at| sample(channel, at)).collect();
        (0..channels).map(of).collect()
    }

    /// The level of the louder side after `factor`, against that of a channel.
    fn level(channels: usize, sample: impl Fn(usize, usize) -> f32) -> f32 {
        let mut mixer = Mixer::by_turns(channels);
        let samples = frame(channels, sample);
        let mut stereo = vec![[0.0f32; 2]; BLOCK];
        for (channel, gain) in samples.iter().zip(&mixer.gains) {
            for (sum, sample) in stereo.iter_mut().zip(channel) {
                *sum = [sum[0] + sample * gain[0], sum[1] + sample * gain[1]];
            }
        }
        let levels = mixer.levels.as_mut().unwrap();
        levels.note(&samples, &stereo);
        let power = |side: usize| stereo.iter().map(|s| s[side] * s[side]).sum::<f32>();
        let loudest = samples.iter().map(|c| c.iter().map(|s| s * s).sum::<f32>());
        let loudest = loudest.fold(0.0, f32::max);
        let side = power(0).max(power(1)).sqrt() * mixer.factor();
        side / loudest.sqrt()
    }

    #[test]
    fn a_mix_is_as_loud_as_its_loudest_channel() {
        let tone = |at: usize, step: f32| (at as f32 * step).sin() * 0.5;
        for channels in [9, 10, 16, 33, 64] {
            // the same everywhere, in one of them alone, another one in each
            let same = level(channels, |_, at| tone(at, 0.06));
            let alone = level(channels, |c, at| if c == 3 { tone(at, 0.06) } else { 0.0 });
            let each = level(channels, |c, at| tone(at, 0.05 + c as f32 * 0.01));
            for level in [same, alone, each] {
                assert!((level - 1.0).abs() < 0.05, "{channels}: {level}");
            }
        }
    }

    #[test]
    fn three_channels_without_a_name_have_a_centre() {
        assert_eq!(Places::unnamed(3), Places::Usual(0b111));
        assert_eq!(Places::unnamed(6), Places::Usual(0x3F));
        assert_eq!(Places::unnamed(9), Places::Unknown(9));
    }
}
