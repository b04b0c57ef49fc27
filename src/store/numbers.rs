//! The numbers of stories at fixed points of their day.
//!
//! In: a story that is saved with new numbers. Out: for each point the first numbers that were taken at it or after it.
//! Never: numbers of another time in the place of those that were taken first.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use super::db::{Conn, values};
use super::{Error, Step, Store, Story, StoryKey, later};
use crate::graph::Insights;

/// So long after a story went live its numbers are taken: 1 h, 6 h, 23 h 30 min.
pub const POINTS: [SignedDuration; 3] = [
    SignedDuration::from_hours(1),
    SignedDuration::from_hours(6),
    SignedDuration::from_mins(23 * 60 + 30),
];

/// A story's numbers at one of its points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// So long after it went live.
    pub after: SignedDuration,
    /// The first that were taken then or later, and when that was.
    pub insights: Insights,
}

impl Store {
    /// The numbers of every story at its points, in their order.
    ///
    /// # Errors
    /// What the database says.
    pub async fn points(&self) -> Result<HashMap<StoryKey, Vec<Point>>, Error> {
        let sql = "SELECT story, after_s, taken, numbers FROM numbers ORDER BY story, after_s";
        let mut all: HashMap<StoryKey, Vec<Point>> = HashMap::new();
        for row in self.db.rows(sql, &[]).await? {
            let story = row.text(0)?;
            let numbers = serde_json::from_str(&row.text(3)?);
            let numbers = numbers.map_err(|source| Error::Unreadable {
                key: story.clone(),
                source,
            })?;
            let point = Point {
                after: SignedDuration::from_secs(row.int(1)?),
                insights: Insights {
                    taken: row.time(2)?,
                    numbers,
                },
            };
            all.entry(StoryKey(story)).or_default().push(point);
        }
        Ok(all)
    }
}

/// When a story reaches a point.
///
/// In whole milliseconds, as the queue counts: who is woken for a point is not woken before it.
pub fn reached(published: Timestamp, point: SignedDuration) -> Timestamp {
    let at = later(published, point);
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}

/// Keeps a story's newest numbers for every point that was reached when they were taken, and has none.
pub(super) async fn keep(conn: &mut Conn<'_>, story: &Story) -> Result<(), Error> {
    let (Step::Published { at, insights, .. } | Step::Closed { at, insights, .. }) = &story.step
    else {
        return Ok(());
    };
    let Some(insights) = insights else {
        return Ok(());
    };
    let numbers = serde_json::to_string(&insights.numbers);
    let numbers = numbers.map_err(|source| Error::Unreadable {
        key: story.key.0.clone(),
        source,
    })?;
    for point in POINTS {
        if reached(*at, point) > insights.taken {
            break;
        }
        let sql = "INSERT INTO numbers (story, after_s, taken, numbers) VALUES ($1, $2, $3, $4)
            ON CONFLICT (story, after_s) DO NOTHING";
        let values = values![
            story.key.0.as_str(),
            point.as_secs(),
            insights.taken,
            numbers.as_str()
        ];
        conn.run(sql, values).await?;
    }
    Ok(())
}
