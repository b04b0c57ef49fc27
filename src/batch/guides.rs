//! Instagram's own chrome and the safe zone, as a scene to be painted over a copy.

use std::path::Path;

use crate::scene::{self, Assets, Scene};
use crate::template::expression::Clock;
use crate::template::{AllowedPaths, Brand, parse};

use super::rows;

/// The chrome, ready to be painted at any size.
pub(super) struct Guides {
    scene: Scene,
}

impl Guides {
    /// Sets the bundled template; it reads no file and no clock.
    pub fn new() -> Self {
        let source =
            crate::diag::Source::new("guides.toml", include_str!("../../assets/guides.toml"));
        let (template, _) = parse(&source);
        let clock = Clock {
            now: jiff::Timestamp::UNIX_EPOCH.to_zoned(jiff::tz::TimeZone::UTC),
        };
        let allowed = AllowedPaths::new(Path::new(""), &[]);
        let (assets, _) = Assets::new(allowed, false, Brand::default(), Default::default(), clock);
        let warned = scene::resolve(&template, &rows::none(), &assets);
        Self {
            scene: warned
                .expect("the bundled template is whole: a test resolves it")
                .value,
        }
    }

    /// The chrome at the size of a story.
    pub fn over(&self, story: &Scene) -> Scene {
        Scene {
            raster: story.raster,
            ..self.scene.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bundled_guides_are_a_template_without_a_fault() {
        let source =
            crate::diag::Source::new("guides.toml", include_str!("../../assets/guides.toml"));
        let (_, wrong) = parse(&source);
        assert_eq!(wrong, []);
        assert!(!Guides::new().scene.nodes.is_empty());
    }
}
