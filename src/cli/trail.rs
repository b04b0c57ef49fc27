//! The trail of a story or a slot, as people read it.

use crate::store::Entry;

/// A line of the trail.
pub(crate) fn line(entry: &Entry) -> String {
    let from = entry.from.as_deref().unwrap_or("-");
    let detail = match &entry.detail {
        serde_json::Value::Null => String::new(),
        detail => format!(" {detail}"),
    };
    format!(
        "{:.0} {} {from} → {}{detail} ({})",
        entry.at, entry.what, entry.to, entry.who
    )
}
