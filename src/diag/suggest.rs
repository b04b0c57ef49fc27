//! "did you mean": the nearest of the names that would have been right.

/// The candidate nearest to `name`, if it is near enough to be a slip of the fingers.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = name.to_lowercase();
    candidates
        .into_iter()
        .map(|c| (strsim::damerau_levenshtein(&lower, &c.to_lowercase()), c))
        .filter(|(distance, c)| *distance <= 1 + name.chars().count().max(c.chars().count()) / 4)
        .filter(|(distance, c)| *distance < c.chars().count())
        .min()
        .map(|(_, c)| c)
}

/// The hint for a slip: ``did you mean `title`?``.
pub fn did_you_mean<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    nearest(name, candidates).map(|c| format!("did you mean `{c}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_word_and_a_stranger_does_not() {
        assert_eq!(nearest("colour", ["color", "align"]), Some("color"));
        assert_eq!(nearest("acent", ["accent", "ink"]), Some("accent"));
        assert_eq!(nearest("fontsize", ["size", "font"]), None);
        assert_eq!(nearest("x", ["y"]), None);
    }
}
