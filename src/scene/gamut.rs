//! Which red, green and blue numbers mean.
//!
//! In: primaries and white. Out: the way of linear light from one to the other. Never: curves; a white that is not
//! white: whites are adapted (Bradford), so that grey stays grey.

/// Rows of factors for red, green and blue.
pub type Matrix = [[f64; 3]; 3];

/// Chromaticities x, y of red, green, blue and white.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gamut(pub [(f64, f64); 4]);

/// Daylight, the white of screens.
pub const D65: (f64, f64) = (0.3127, 0.3290);

/// From XYZ to the responses of the eye's cones, as Bradford has them.
const CONES: Matrix = [
    [0.8951, 0.2664, -0.1614],
    [-0.7502, 1.7135, 0.0367],
    [0.0389, -0.0685, 1.0296],
];

impl Gamut {
    /// Those of BT.709 and sRGB.
    pub const BT709: Self = Self([(0.640, 0.330), (0.300, 0.600), (0.150, 0.060), D65]);
    /// Those of BT.2020 and BT.2100.
    pub const BT2020: Self = Self([(0.708, 0.292), (0.170, 0.797), (0.131, 0.046), D65]);
    /// Display P3's.
    pub const P3: Self = Self([(0.680, 0.320), (0.265, 0.690), (0.150, 0.060), D65]);

    /// Those of a code point (ITU-T H.273, table 2); `None` where it names none.
    pub fn of_point(code: u16) -> Option<Self> {
        const C: (f64, f64) = (0.310, 0.316);
        const DCI: (f64, f64) = (0.314, 0.351);
        Some(match code {
            1 => Self::BT709,
            4 => Self([(0.67, 0.33), (0.21, 0.71), (0.14, 0.08), C]),
            5 => Self([(0.64, 0.33), (0.29, 0.60), (0.15, 0.06), D65]),
            6 | 7 => Self([(0.630, 0.340), (0.310, 0.595), (0.155, 0.070), D65]),
            8 => Self([(0.681, 0.319), (0.243, 0.692), (0.145, 0.049), C]),
            9 => Self::BT2020,
            11 => Self([(0.680, 0.320), (0.265, 0.690), (0.150, 0.060), DCI]),
            12 => Self::P3,
            22 => Self([(0.630, 0.340), (0.295, 0.605), (0.155, 0.077), D65]),
            _ => return None,
        })
    }

    /// `None` where chromaticities that a file says make no colours.
    pub fn checked(self) -> Option<Self> {
        if self.0.iter().any(|(_, y)| *y <= 0.0) {
            return None;
        }
        let [r, g, b, white] = self.0.map(xyz_of);
        let whole = determinant([0, 1, 2].map(|row| [r[row], g[row], b[row]]));
        let is_real = whole.abs() >= 1e-9 && whole.is_finite();
        (is_real && !applied(CONES, white).contains(&0.0)).then_some(self)
    }

    /// What red, green and blue add to luminance; together 1.
    pub fn luminance(self) -> [f64; 3] {
        self.xyz()[1]
    }

    /// Its linear light as another's.
    pub fn to(self, other: Self) -> Matrix {
        if self == other {
            return [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        }
        let (from, to) = (self.0[3], other.0[3]);
        let [from, to] = [from, to].map(|white| applied(CONES, xyz_of(white)));
        let scale = [
            [to[0] / from[0], 0.0, 0.0],
            [0.0, to[1] / from[1], 0.0],
            [0.0, 0.0, to[2] / from[2]],
        ];
        let adapted = times(inverse(CONES), times(scale, CONES));
        times(inverse(other.xyz()), times(adapted, self.xyz()))
    }

    /// Its linear light as CIE XYZ; its white has luminance 1.
    fn xyz(self) -> Matrix {
        let [r, g, b, white] = self.0.map(xyz_of);
        let columns = [0, 1, 2].map(|row| [r[row], g[row], b[row]]);
        let parts = applied(inverse(columns), white);
        columns.map(|row| [0, 1, 2].map(|c| row[c] * parts[c]))
    }
}

/// A chromaticity at luminance 1.
fn xyz_of((x, y): (f64, f64)) -> [f64; 3] {
    [x / y, 1.0, (1.0 - x - y) / y]
}

/// Three parts, added up.
pub fn weigh(shares: [f64; 3], rgb: [f64; 3]) -> f64 {
    shares[0] * rgb[0] + shares[1] * rgb[1] + shares[2] * rgb[2]
}

/// A colour on its way through a matrix.
pub fn applied(matrix: Matrix, to: [f64; 3]) -> [f64; 3] {
    matrix.map(|row| weigh(row, to))
}

fn times(one: Matrix, other: Matrix) -> Matrix {
    let column = |c: usize| [other[0][c], other[1][c], other[2][c]];
    one.map(|row| [0, 1, 2].map(|c| weigh(row, column(c))))
}

/// What is left of a matrix without a row and a column, with its sign.
fn minor(m: Matrix, row: usize, column: usize) -> f64 {
    let (a, b) = ((row + 1) % 3, (row + 2) % 3);
    let (c, d) = ((column + 1) % 3, (column + 2) % 3);
    m[a][c] * m[b][d] - m[a][d] * m[b][c]
}

fn determinant(m: Matrix) -> f64 {
    (0..3).map(|c| m[0][c] * minor(m, 0, c)).sum()
}

fn inverse(m: Matrix) -> Matrix {
    let whole = determinant(m);
    [0, 1, 2].map(|r| [0, 1, 2].map(|c| minor(m, c, r) / whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(one: Matrix, other: Matrix) -> bool {
        let pairs = one.iter().flatten().zip(other.iter().flatten());
        pairs.into_iter().all(|(a, b)| (a - b).abs() < 1e-3)
    }

    #[test]
    fn published_matrices_are_met() {
        // ITU-R BT.2087
        let wide = [
            [1.6605, -0.5876, -0.0728],
            [-0.1246, 1.1329, -0.0083],
            [-0.0182, -0.1006, 1.1187],
        ];
        assert!(near(Gamut::BT2020.to(Gamut::BT709), wide));
        let display = [
            [1.2249, -0.2249, 0.0],
            [-0.0421, 1.0421, 0.0],
            [-0.0196, -0.0786, 1.0983],
        ];
        assert!(near(Gamut::P3.to(Gamut::BT709), display));
        let shares = Gamut::BT709.luminance();
        assert!(
            shares
                .iter()
                .zip([0.2126, 0.7152, 0.0722])
                .all(|(a, b)| (a - b).abs() < 1e-4)
        );
    }

    #[test]
    fn white_stays_white() {
        let lamp = Gamut([(0.67, 0.33), (0.21, 0.71), (0.14, 0.08), (0.310, 0.316)]);
        for gamut in [lamp, Gamut::BT2020, Gamut::P3] {
            let white = applied(gamut.to(Gamut::BT709), [1.0; 3]);
            assert!(white.iter().all(|c| (c - 1.0).abs() < 1e-9), "{white:?}");
        }
    }
}
