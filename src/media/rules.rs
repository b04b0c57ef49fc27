//! The rules for Story pictures, each with its source.
//!
//! "Meta" is the content publishing guide and the IG User media reference of Meta's Instagram platform
//! documentation, read in November 2026. Where it is silent the rule is ours, says so, and takes the safe side.

use std::io::Cursor;

use turbojpeg::{Decompressor, Image, PixelFormat, ScalingFactor};

use super::jpeg_walk::{self, FrameHeader};
use super::png_walk;
use super::probe::{self, Still};
use super::verify::{Profile, Rule};
use crate::diag::Severity;
use crate::platform::{BUDGET_BYTES, Content, PLATFORM_IMAGE_BYTES, STORY};

/// Larger pictures are not decoded, in pixels: no Story needs them, and a few bytes can claim gigabytes.
const MAX_PIXELS: u64 = 100_000_000;

/// More scans than any encoder writes; a progressive file with thousands takes minutes.
const MAX_SCANS: usize = 500;

/// Collects rules.
pub(super) struct Sheet {
    pub(super) profile: Profile,
    pub(super) rules: Vec<Rule>,
}

impl Sheet {
    pub(super) fn new(profile: Profile) -> Self {
        Self {
            profile,
            rules: Vec::new(),
        }
    }

    pub(super) fn must(&mut self, rule: &'static str, ok: bool, message: impl Into<String>) {
        self.add(rule, ok, Severity::Error, message);
    }

    pub(super) fn should(&mut self, rule: &'static str, ok: bool, message: impl Into<String>) {
        self.add(rule, ok, Severity::Warning, message);
    }

    /// What Storypress promises of its own files, and the platform does not ask for.
    pub(super) fn promise(&mut self, rule: &'static str, ok: bool, message: impl Into<String>) {
        let severity = match self.profile {
            Profile::Budget => Severity::Error,
            Profile::Platform => Severity::Warning,
        };
        self.add(rule, ok, severity, message);
    }

    pub(super) fn add(
        &mut self,
        rule: &'static str,
        ok: bool,
        severity: Severity,
        message: impl Into<String>,
    ) {
        self.rules.push(Rule {
            rule,
            ok,
            severity,
            said: message.into(),
        });
    }
}

/// A JPEG's rules.
pub(super) fn of_jpeg(bytes: &[u8], profile: Profile) -> Vec<Rule> {
    let found = jpeg_walk::walk(bytes);
    let mut sheet = Sheet::new(profile);
    sheet.must("format", true, "a JPEG");
    // Meta: extended formats such as MPO and JPS are not supported. A phone's gain map (Ultra HDR) is an MPO inside.
    sheet.must(
        "extended",
        found.extended.is_none(),
        match found.extended {
            None => "one plain picture".to_owned(),
            Some(name) => format!("more than one picture in the file ({name})"),
        },
    );
    if let Some(frame) = &found.frame {
        sheet.coding(frame);
        sheet.components(found.color());
    }
    sheet.size(bytes);
    if let Ok(facts) = probe::of_jpeg(&found) {
        sheet.facts(&facts, found.has_remarks);
    }
    let whole = match (&found.broken, &found.frame) {
        (Some(message), _) => Err(message.clone()),
        (None, Some(frame)) => decode_jpeg(bytes, frame, found.scans),
        (None, None) => Err("it holds no picture".to_owned()),
    };
    sheet.whole(whole);
    sheet.trailing(bytes, found.end);
    sheet.rules
}

/// A PNG's rules: the platform takes JPEG only, but a PNG can be whole and right for other uses.
pub(super) fn of_png(bytes: &[u8], profile: Profile) -> Vec<Rule> {
    let found = png_walk::walk(bytes);
    let mut sheet = Sheet::new(profile);
    let severity = match profile {
        Profile::Budget => Severity::Warning,
        Profile::Platform => Severity::Error,
    };
    sheet.add(
        "format",
        false,
        severity,
        "a PNG; the platform takes JPEG only",
    );
    if found.is_animated {
        sheet.must(
            "extended",
            false,
            "more than one picture in the file (APNG)",
        );
    }
    sheet.size(bytes);
    if let Ok(facts) = probe::of_png(&found, bytes) {
        sheet.facts(&facts, found.has_remarks);
    }
    let whole = match (&found.broken, found.header) {
        (Some(message), _) => Err(message.clone()),
        (None, Some(header)) => decode_png(bytes, header),
        (None, None) => Err("it holds no picture".to_owned()),
    };
    sheet.whole(whole);
    sheet.trailing(bytes, found.end);
    sheet.rules
}

/// The rules for what is neither.
pub(super) fn of_other(content: Content, bytes: &[u8], profile: Profile) -> Vec<Rule> {
    let mut sheet = Sheet::new(profile);
    let message = match content {
        Content::OtherStill(format) => format!("{format}; the platform takes JPEG only"),
        _ => probe::not_a_medium(content, bytes),
    };
    // Meta: JPEG is the only image format supported
    sheet.must("format", false, message);
    sheet.size(bytes);
    sheet.rules
}

impl Sheet {
    /// Ours: Meta names no coding process. Baseline is what every decoder since 1992 reads; progressive is
    /// recompressed by the platform like any other and only worth a look; the rest hardly anything decodes.
    fn coding(&mut self, frame: &FrameHeader) {
        let coding = frame.coding();
        let message = format!("{coding}, {} bits", frame.bit_depth);
        let common = frame.bit_depth == 8 && matches!(frame.marker, 0xC0..=0xC2);
        let severity = if common {
            Severity::Warning
        } else {
            Severity::Error
        };
        let ok = common && frame.marker == 0xC0;
        self.add("coding", ok, severity, message);
    }

    /// Ours: Meta asks for sRGB, which has three channels. CMYK read as RGB comes out in false colours.
    fn components(&mut self, color: &'static str) {
        let severity = match color {
            "YCbCr" | "RGB" | "grey" => Severity::Warning,
            _ => Severity::Error,
        };
        self.add("components", color == "YCbCr", severity, color);
    }

    /// Meta: 8 MB.
    fn size(&mut self, bytes: &[u8]) {
        let length = bytes.len() as u64;
        let message = |limit| format!("{length} bytes of {limit}");
        match self.profile {
            Profile::Budget => {
                self.must(
                    "size",
                    (1..=BUDGET_BYTES).contains(&length),
                    message(BUDGET_BYTES),
                );
            }
            Profile::Platform if length > PLATFORM_IMAGE_BYTES || length == 0 => {
                self.must("size", false, message(PLATFORM_IMAGE_BYTES));
            }
            Profile::Platform => self.should("size", length <= BUDGET_BYTES, message(BUDGET_BYTES)),
        }
    }

    /// What a probe says: sides, colour, orientation, remarks.
    fn facts(&mut self, still: &Still, has_remarks: bool) {
        let (width, height, facts) = (still.width, still.height, &still.facts);
        let turned = facts.orientation.unwrap_or(1);
        // ours: Meta names no size for Stories; this is the canvas of the app
        self.should(
            "pixels",
            (width, height) == STORY,
            format!("{width}×{height} of {}×{}", STORY.0, STORY.1),
        );
        // Meta: 9:16 is recommended, so that nothing is cropped or left blank; no range is listed for Stories
        let (shown_width, shown_height) = if turned > 4 {
            (height, width)
        } else {
            (width, height)
        };
        let ratio = f64::from(shown_width) / f64::from(shown_height);
        self.should(
            "aspect",
            (ratio / 0.5625 - 1.0).abs() < 0.005,
            format!("{ratio:.4}:1, 9:16 is 0.5625:1"),
        );
        // Meta: sRGB; other colour spaces are converted, not refused
        self.should(
            "color",
            facts.icc.as_ref().is_none_or(|icc| icc.is_srgb),
            match &facts.icc {
                None => "no profile, which reads as sRGB".to_owned(),
                Some(icc) => format!(
                    "profile `{}`",
                    icc.description.as_deref().unwrap_or("without a name")
                ),
            },
        );
        // ours: whether the platform turns a Story picture by its EXIF is not documented, so ours are upright
        self.promise(
            "orientation",
            turned == 1,
            match turned {
                1 => "upright".to_owned(),
                turned => format!("EXIF says it is turned (orientation {turned})"),
            },
        );
        // ours: what a camera writes about place and time is nobody's business but the photographer's
        self.should(
            "metadata",
            !facts.has_exif && !has_remarks,
            match (facts.has_gps, facts.has_exif, has_remarks) {
                (true, ..) => "EXIF with the place it was taken (GPS)",
                (false, true, _) => "EXIF",
                (false, false, true) => "remarks (XMP, IPTC or a comment)",
                (false, false, false) => "none",
            },
        );
    }

    /// Ours: a picture that breaks off is refused, or shown with a grey lower half.
    fn whole(&mut self, decoded: Result<(), String>) {
        match decoded {
            Ok(()) => self.must("whole", true, "decodes to its end"),
            Err(message) => self.must("whole", false, message),
        }
    }

    /// Ours: bytes behind the picture are a second picture, a film (motion photo) or damage.
    fn trailing(&mut self, bytes: &[u8], end: Option<usize>) {
        let Some(end) = end else { return };
        let left = bytes.len() - end;
        self.must(
            "trailing",
            left == 0,
            match left {
                0 => "nothing behind the picture".to_owned(),
                left => format!("{left} bytes behind the picture"),
            },
        );
    }
}

fn within_limits(width: u32, height: u32) -> Result<(), String> {
    let pixels = u64::from(width) * u64::from(height);
    if pixels > MAX_PIXELS {
        return Err(format!("{pixels} pixels are too many to be looked at"));
    }
    Ok(())
}

/// Every scan is read; an eighth of the size spares the pixels nobody looks at. A warning of the decoder counts.
fn decode_jpeg(bytes: &[u8], frame: &FrameHeader, scans: usize) -> Result<(), String> {
    within_limits(frame.width, frame.height)?;
    if scans > MAX_SCANS {
        return Err(format!("{scans} scans are more than any encoder writes"));
    }
    let scale = match frame.marker {
        0xC3 => ScalingFactor::ONE,
        _ => ScalingFactor::ONE_EIGHTH,
    };
    let format = match frame.components.len() {
        4 => PixelFormat::CMYK,
        1 => PixelFormat::GRAY,
        _ => PixelFormat::RGB,
    };
    let (width, height) = (
        scale.scale(frame.width as usize),
        scale.scale(frame.height as usize),
    );
    let pitch = width * format.size();
    let mut pixels = vec![0; pitch * height];
    let output = Image {
        pixels: pixels.as_mut_slice(),
        width,
        pitch,
        height,
        format,
    };
    let mut decompressor = Decompressor::new().map_err(message)?;
    decompressor.set_scaling_factor(scale).map_err(message)?;
    decompressor.decompress(bytes, output).map_err(message)
}

fn message(error: turbojpeg::Error) -> String {
    match error {
        turbojpeg::Error::TurboJpegError(message) => message,
        other => other.to_string(),
    }
}

fn decode_png(bytes: &[u8], header: png_walk::Header) -> Result<(), String> {
    within_limits(header.width, header.height)?;
    let message = |error: ::png::DecodingError| error.to_string();
    let mut reader = ::png::Decoder::new(Cursor::new(bytes))
        .read_info()
        .map_err(message)?;
    while reader.next_row().map_err(message)?.is_some() {}
    reader.finish().map_err(message)
}
