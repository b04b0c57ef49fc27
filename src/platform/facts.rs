//! The platform's numbers, each with its source and the day it was read.
//!
//! "Meta" is the content publishing guide and the IG User media reference of Meta's Instagram platform documentation,
//! read in November 2026. Where it is silent the number is ours, says so, and takes the safe side.

use jiff::SignedDuration;

/// Width and height of a Story in pixels, and of the canvas in units.
///
/// Ours: Meta recommends 9:16 and names no size for Stories; this is the canvas of the app.
pub const STORY: (u32, u32) = (1080, 1920);

/// The smaller size that a film may have: two thirds of [`STORY`] a side. Ours.
pub const STORY_SMALL: (u32, u32) = (720, 1280);

/// A size between both that a film may have: three quarters of [`STORY`] a side. Ours.
pub const STORY_MIDDLE: (u32, u32) = (810, 1440);

/// The sizes of finished film. Ours: Meta names only the most columns.
pub const FILM_SIZES: [(u32, u32); 3] = [STORY, STORY_MIDDLE, STORY_SMALL];

/// A film of fewer seconds is refused. Meta, November 2026.
pub const FILM_LEAST_SECONDS: f64 = 3.0;

/// A film of more seconds is refused. Meta, November 2026.
pub const FILM_MOST_SECONDS: f64 = 60.0;

/// The fewest frames a second of a film. Meta, November 2026.
pub const FILM_LEAST_RATE: f64 = 23.0;

/// The most frames a second of a film. Meta, November 2026.
pub const FILM_MOST_RATE: f64 = 60.0;

/// The most columns of a film, pixels. Meta, November 2026.
pub const FILM_MOST_COLUMNS: u32 = 1920;

/// The most bytes Storypress spends on one file by default.
///
/// Meta caps pictures at 8 MB without saying whose megabyte; this is the smaller one.
pub const BUDGET_BYTES: u64 = 8_000_000;

/// The most bytes the platform takes for a picture: its refusal (36000, subcode 2207004) says 8 MiB.
pub const PLATFORM_IMAGE_BYTES: u64 = 8 * 1024 * 1024;

/// The most bytes the platform takes for a film: its documentation says 100 MB, and this is the smaller megabyte.
pub const PLATFORM_VIDEO_BYTES: u64 = 100_000_000;

/// How long a story is seen, and its numbers can be had. Meta, November 2026.
pub const STORY_LIFE: SignedDuration = SignedDuration::from_hours(24);

/// A container that is not published within this time is lost. Meta, November 2026.
pub const CONTAINER_LIFE: SignedDuration = SignedDuration::from_hours(24);

/// How far the limits on containers and publishes look back. Meta, November 2026.
pub const QUOTA_WINDOW: SignedDuration = SignedDuration::from_hours(24);

/// A token can be refreshed only when it is older than this. Meta, November 2026.
pub const TOKEN_YOUNG: SignedDuration = SignedDuration::from_hours(24);
