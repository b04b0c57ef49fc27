//! Paints a template as it is at moments of its film, which the program itself only does on the way to an encoder.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use image::RgbaImage;
use libtest_mimic::Failed;
use storypress::data::Row;
use storypress::diag::{Place, Source};
use storypress::scene::{self, Assets, Pixels, Scene};
use storypress::template::expression::Clock;
use storypress::template::{self, AllowedPaths, Brand};

/// The moments, seconds with spaces between, side by side.
pub fn painted(folder: &Path, moments: &str) -> Result<RgbaImage, Failed> {
    let scene = resolved(folder)?.with_films(|_, size| Some(test_card(size)));
    let mut frames = Vec::new();
    for seconds in moments.split_whitespace() {
        let at = Duration::try_from_secs_f64(seconds.parse()?)?;
        let frame = storypress::frame::paint(&scene, at);
        let picture = RgbaImage::from_raw(frame.width(), frame.height(), frame.rgba().to_vec());
        frames.push(picture.ok_or("a frame lacks pixels")?);
    }
    let (width, height) = scene.raster;
    let mut out = RgbaImage::new(width * frames.len() as u32, height);
    for (at, frame) in frames.iter().enumerate() {
        image::imageops::replace(&mut out, frame, i64::from(width) * at as i64, 0);
    }
    Ok(out)
}

fn resolved(folder: &Path) -> Result<Scene, Failed> {
    let allowed = AllowedPaths::new(folder, &[]);
    let path = folder.join("template.toml");
    let (template, wrong) = template::load(&path, Path::new("template.toml"), &allowed)?;
    if !wrong.is_empty() {
        return Err(format!("{wrong:?}").into());
    }
    let clock = Clock {
        now: jiff::Timestamp::UNIX_EPOCH.to_zoned(jiff::tz::TimeZone::UTC),
    };
    let (assets, _) = Assets::new(allowed, false, Brand::default(), Default::default(), clock);
    let place = Place::whole(&Source::new("", ""));
    let row = Row::new(1, serde_json::Map::new(), place, Vec::new());
    let resolved = scene::resolve(&template, &row, &assets).map_err(|why| format!("{why:?}"))?;
    Ok(resolved.value)
}

/// Red grows to the right, green downwards, and squares of sixteen pixels change in blue.
fn test_card((width, height): (u32, u32)) -> Arc<Pixels> {
    let level = |at: u32, of: u32| (at * 255 / of.max(1)) as u8;
    let pixel = |i: u32| {
        let (x, y) = (i % width, i / width);
        let blue = if (x / 16 + y / 16) % 2 == 0 { 40 } else { 200 };
        [level(x, width), level(y, height), blue, 255]
    };
    Arc::new(Pixels {
        width,
        height,
        rgba: (0..width * height).flat_map(pixel).collect(),
        opaque: true,
    })
}
