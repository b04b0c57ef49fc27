//! `Accept`: which of several forms of an answer a client wants, by RFC 9110 §12.5.1.
//!
//! In: the header, what there is. Out: one of them, or none. Never: a form that was not offered.

/// The best of what is offered, the first of equals; the first of all where nothing is asked for.
pub fn best<'o>(accept: &str, offered: &[&'o str]) -> Option<&'o str> {
    if accept.trim().is_empty() {
        return offered.first().copied();
    }
    // types and parameters mean the same in capitals
    let accept = accept.to_ascii_lowercase();
    let wanted: Vec<(&str, u32)> = accept.split(',').filter_map(one).collect();
    let weight = |offer: &str| {
        let family = offer.split('/').next().unwrap_or_default();
        // the closest range decides
        let fitting = wanted.iter().filter_map(|(range, weight)| {
            let closeness = match *range {
                "*/*" => 0,
                range if range == offer => 2,
                range if range.strip_suffix("/*") == Some(family) => 1,
                _ => return None,
            };
            Some((closeness, *weight))
        });
        fitting.max_by_key(|(closeness, _)| *closeness)
    };
    let mut found: Option<(&str, (u32, i32))> = None;
    for &offer in offered {
        let Some((closeness, weight)) = weight(offer).filter(|(_, weight)| *weight > 0) else {
            continue;
        };
        if found.is_none_or(|(_, before)| (weight, closeness) > before) {
            found = Some((offer, (weight, closeness)));
        }
    }
    found.map(|(offer, _)| offer)
}

/// A range and its weight in thousandths.
fn one(part: &str) -> Option<(&str, u32)> {
    let mut fields = part.split(';').map(str::trim);
    let range = fields.next().filter(|range| range.contains('/'))?;
    let weight = fields.find_map(|field| field.strip_prefix("q="));
    let weight = weight.map_or(Some(1.0), |text| text.parse::<f32>().ok())?;
    Some((range, (weight.clamp(0.0, 1.0) * 1000.0) as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heaviest_and_closest_range_decides() {
        let offered = ["image/png", "image/webp", "application/json"];
        for (accept, wanted) in [
            ("", Some("image/png")),
            ("*/*", Some("image/png")),
            ("image/*", Some("image/png")),
            ("application/json", Some("application/json")),
            (
                "image/avif,image/webp,image/*;q=0.8,*/*;q=0.5",
                Some("image/webp"),
            ),
            (
                "image/png;q=0.1, application/json;q=0.2",
                Some("application/json"),
            ),
            ("image/png;q=0, image/*", Some("image/webp")),
            ("application/json, */*", Some("application/json")),
            ("IMAGE/WEBP", Some("image/webp")),
            ("Image/*;Q=0.5, Application/JSON", Some("application/json")),
            ("text/html", None),
        ] {
            assert_eq!(best(accept, &offered), wanted, "{accept}");
        }
    }
}
