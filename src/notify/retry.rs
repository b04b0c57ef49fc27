//! When a notice that did not arrive is tried again.

use std::time::Duration;

/// The pauses after the first try, the second, and so on: the schedule that Standard Webhooks recommends
/// (`https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md`, read 2026-11-28).
const PAUSES: [Duration; 10] = [
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_mins(5),
    Duration::from_mins(30),
    Duration::from_hours(2),
    Duration::from_hours(5),
    Duration::from_hours(10),
    Duration::from_hours(14),
    Duration::from_hours(20),
    Duration::from_hours(24),
];

/// A receiver may ask for a longer pause, but not for one beyond this.
const LONGEST: Duration = Duration::from_hours(24);

/// The pause after so many failed tries, or the longer one that the receiver asked for; none when no try is left.
pub(super) fn pause(failed: u32, asked: Option<Duration>) -> Option<Duration> {
    let place = usize::try_from(failed.checked_sub(1)?).ok()?;
    let own = *PAUSES.get(place)?;
    Some(asked.map_or(own, |asked| own.max(asked.min(LONGEST))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_ten_tries_after_the_first() {
        let secs = |failed| pause(failed, None).map(|pause| pause.as_secs());
        let all: Vec<_> = (1..=11).map(secs).collect();
        let hour = 3600;
        let hours = [2, 5, 10, 14, 20, 24].map(|hours| Some(hours * hour));
        let mut wanted = vec![Some(5), Some(30), Some(300), Some(1800)];
        wanted.extend(hours);
        wanted.push(None);
        assert_eq!(all, wanted);
        assert_eq!(pause(0, None), None);
        assert_eq!(pause(u32::MAX, None), None);
    }

    #[test]
    fn a_receiver_may_ask_for_a_longer_pause() {
        let asked = |failed, secs| pause(failed, Some(Duration::from_secs(secs)));
        assert_eq!(asked(1, 2), Some(Duration::from_secs(5)));
        assert_eq!(asked(1, 120), Some(Duration::from_secs(120)));
        assert_eq!(asked(2, u64::MAX), Some(LONGEST));
        assert_eq!(asked(11, 120), None);
    }
}
