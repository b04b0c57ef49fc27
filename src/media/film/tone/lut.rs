//! A 3-D lookup table from a film's colours to ordinary ones.
//!
//! In: how the film codes light. Out: red, green and blue at some thousand places among its codes, and where each
//! code lies between them. Never: a frame.

use super::codes::Codes;
use crate::scene::transfer::encode;

/// Places along the axes.
const LUMAS: usize = 33;
const CHROMAS: usize = 57;

/// Codes of a 10-bit sample.
const CODES: usize = 1024;

/// Parts of a step from one place to the next, as powers of two.
pub(super) const LUMA_PARTS: u32 = 10;
pub(super) const CHROMA_PARTS: u32 = 4;

/// Bits of a colour at a place; three such, each with the parts of a reading between four places, fill a word.
const BITS: u32 = 13;
const FIELD: u32 = BITS + 2 * CHROMA_PARTS;

/// Bits of a place in the table of codes.
const INDEX: u32 = 15;

/// Bits of fraction in that table.
pub(super) const FRACTION: u32 = 6;

/// Black and the way from there to white; what lies below black is outside BT.709, and there is room for the little
/// that `light` leaves there.
const BLACK: f64 = 700.0;
const WHITE: f64 = 7490.0;

/// What bends light into the table's values, as a power: half-way to SDR's codes. Those rise so steeply from 0 that
/// nothing could be read between a colour on BT.709's border and one outside; plain light would be too coarse in the
/// dark.
const BEND: f64 = 1.0 / 1.2;

/// All lumas of one chroma; red, green and blue in one word.
type Column = [u64; LUMAS];

/// A 3-D lookup table: colours to interpolate between.
pub(super) struct Lut {
    /// Red chroma runs fastest.
    columns: Vec<Column>,
    luma: Axis,
    chroma: Axis,
    codes: Box<[u16; 1 << INDEX]>,
}

/// Each code's place before it, and how many parts it lies after that.
struct Axis(Box<[(u16, u16); CODES]>);

/// The four places around a chroma, and the weight of each.
pub(super) type Corners<'a> = [(&'a Column, u64); 4];

/// Red, green and blue at the beginning of a step of luma, and what they change by along it.
pub(super) type Step = [[i64; 3]; 2];

impl Lut {
    pub fn new(light: &Codes) -> Self {
        let lumas = lumas(light);
        let chromas = chromas();
        let mut columns = Vec::with_capacity(CHROMAS * CHROMAS);
        for blue in chromas {
            for red in chromas {
                let mut column = [0; LUMAS];
                for (colour, luma) in column.iter_mut().zip(lumas) {
                    *colour = packed(light.ordinary(luma as f64, blue as f64, red as f64));
                }
                columns.push(column);
            }
        }
        let mut codes = Box::new([0; 1 << INDEX]);
        for (index, code) in codes.iter_mut().enumerate() {
            let value = index as f64 / f64::from(1 << (INDEX - BITS));
            let light = libm::pow((value - BLACK).max(0.0) / WHITE, 1.0 / BEND);
            *code = (encode(light) * 255.0 * f64::from(1 << FRACTION)).round() as u16;
        }
        // a grey between two others is itself, however far apart they are
        let grey = |code: usize| value(light.ordinary(code as f64, 512.0, 512.0)[1]);
        Self {
            columns,
            luma: Axis::new(&lumas, LUMA_PARTS, grey),
            chroma: Axis::new(&chromas, CHROMA_PARTS, |code| code as f64),
            codes,
        }
    }

    /// Where a chroma lies.
    #[inline(always)]
    pub fn corners(&self, blue: usize, red: usize) -> Corners<'_> {
        const ALL: u64 = 1 << CHROMA_PARTS;
        let ((blue, b), (red, r)) = (self.chroma.at(blue), self.chroma.at(red));
        let (b, r) = (u64::from(b), u64::from(r));
        let columns = &self.columns[blue * CHROMAS + red..][..CHROMAS + 2];
        [
            (&columns[0], (ALL - b) * (ALL - r)),
            (&columns[1], (ALL - b) * r),
            (&columns[CHROMAS], b * (ALL - r)),
            (&columns[CHROMAS + 1], b * r),
        ]
    }

    /// Where a luma lies: the step, and the parts of it.
    #[inline(always)]
    pub fn luma(&self, code: usize) -> (usize, u16) {
        self.luma.at(code)
    }

    /// SDR's codes of a colour some parts along a step, 0–255 with [`FRACTION`].
    #[inline(always)]
    pub fn codes(&self, [from, change]: &Step, parts: u16) -> [i32; 3] {
        const REST: u32 = LUMA_PARTS + FIELD - INDEX;
        let code = |c: usize| {
            let value = (from[c] << LUMA_PARTS) + change[c] * i64::from(parts);
            let index = ((value + (1 << (REST - 1))) >> REST) as usize;
            i32::from(self.codes[index % (1 << INDEX)])
        };
        [code(0), code(1), code(2)]
    }
}

/// A step of luma at a chroma.
#[inline(always)]
pub(super) fn step(corners: &Corners, at: usize) -> Step {
    let (mut from, mut to) = (0, 0);
    for &(column, weight) in corners {
        let ends = &column[at..][..2];
        // three products in one: no field can grow into the next
        from += ends[0] * weight;
        to += ends[1] * weight;
    }
    let (from, to) = (split(from), split(to));
    [from, [to[0] - from[0], to[1] - from[1], to[2] - from[2]]]
}

#[inline(always)]
fn split(word: u64) -> [i64; 3] {
    const MASK: u64 = (1 << FIELD) - 1;
    [
        (word & MASK) as i64,
        (word >> FIELD & MASK) as i64,
        (word >> (2 * FIELD)) as i64,
    ]
}

fn packed(light: [f64; 3]) -> u64 {
    let most = f64::from((1 << BITS) - 1);
    let [r, g, b] = light.map(|light| value(light).round().clamp(0.0, most) as u64);
    r | g << FIELD | b << (2 * FIELD)
}

/// Light as a value of the table.
fn value(light: f64) -> f64 {
    BLACK + WHITE * libm::pow(light.abs(), BEND).copysign(light)
}

/// The lumas of the places: halfway between equal steps of the film's codes and of SDR's.
fn lumas(light: &Codes) -> [usize; LUMAS] {
    let level = |code: usize| {
        let [_, grey, _] = light.ordinary(code as f64, 512.0, 512.0);
        encode(grey) + code as f64 / CODES as f64
    };
    let (low, high) = (level(0), level(CODES));
    let mut code = 0;
    let mut lumas = [0; LUMAS];
    for (at, place) in lumas.iter_mut().enumerate() {
        let wanted = low + (high - low) * at as f64 / (LUMAS - 1) as f64;
        while code < CODES && level(code) < wanted {
            code += 1;
        }
        *place = code;
    }
    lumas
}

/// The chromas of the places: grey is one, and they lie closer the closer they are to it.
fn chromas() -> [usize; CHROMAS] {
    let mut chromas = [0; CHROMAS];
    let middle = (CODES / 2) as f64;
    for (at, place) in chromas.iter_mut().enumerate() {
        let from_grey = 2.0 * at as f64 / (CHROMAS - 1) as f64 - 1.0;
        let bent = from_grey * (1.0 + from_grey * from_grey) / 2.0;
        *place = (middle + middle * bent).round() as usize;
    }
    chromas
}

impl Axis {
    /// `curve` says how far along a step a code is.
    fn new(places: &[usize], bits: u32, curve: impl Fn(usize) -> f64) -> Self {
        let mut axis = Box::new([(0, 0); CODES]);
        for (code, place) in axis.iter_mut().enumerate() {
            let after = places.partition_point(|&place| place <= code);
            let at = after.clamp(1, places.len() - 1) - 1;
            let (from, to) = (places[at], places[at + 1]);
            let (low, high) = (curve(from), curve(to));
            let rest = if high > low {
                (curve(code) - low) / (high - low)
            } else {
                // nothing changes from black downwards and from the peak upwards
                (code - from) as f64 / (to - from).max(1) as f64
            };
            *place = (at as u16, (rest * f64::from(1 << bits)).round() as u16);
        }
        Self(axis)
    }

    #[inline(always)]
    fn at(&self, code: usize) -> (usize, u16) {
        let (at, rest) = self.0[code % CODES];
        (usize::from(at), rest)
    }
}
