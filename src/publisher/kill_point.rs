//! Kills this process at a point of the staircase, when a rehearsal asks for it.
//!
//! SIGKILL gives no chance to tidy up, as a power cut gives none. Nothing but a rehearsal listens to it.

use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::process::{Signal, getpid, kill_process};

use crate::pipeline::Point;

/// Names the point: `contained`, or `contained:3` for the third time.
const VARIABLE: &str = "STORYPRESS_PULL_THE_PLUG";

/// Where this process dies; nowhere but in a rehearsal that says so.
#[derive(Debug)]
pub(super) struct KillPoint {
    point: Option<Point>,
    /// How often it is still passed by.
    left: AtomicUsize,
}

impl KillPoint {
    pub fn of_process(is_rehearsal: bool) -> Self {
        let asked = std::env::var(VARIABLE).ok().filter(|_| is_rehearsal);
        let (name, times) = match asked
            .as_deref()
            .map(|a| a.split_once(':').unwrap_or((a, "1")))
        {
            Some((name, times)) => (name, times.parse().unwrap_or(1)),
            None => ("", 1),
        };
        Self {
            point: Point::ALL.into_iter().find(|p| p.name() == name),
            left: AtomicUsize::new(times),
        }
    }

    pub fn reached(&self, point: Point) {
        if self.point == Some(point) && self.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            let _ = kill_process(getpid(), Signal::KILL);
        }
    }
}
