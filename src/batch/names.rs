//! What stories are called.

/// A text as a part of a file name: letters, digits, `-`, `_` and `.` stay.
pub(super) fn safe(text: &str) -> String {
    text.trim()
        .chars()
        .map(|c| {
            if c.is_alphanumeric() || "-_.".contains(c) {
                c
            } else {
                '-'
            }
        })
        .collect()
}

/// Whether a name fits a pattern of `*` and `?`.
///
/// One step back to the last `*` is enough: the time grows with the product of both lengths, whatever the pattern.
pub(super) fn fits(glob: &str, name: &str) -> bool {
    let (glob, name): (Vec<char>, Vec<char>) = (glob.chars().collect(), name.chars().collect());
    let (mut g, mut n) = (0, 0);
    // where the last `*` stands, and how much of the name it has taken
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match (glob.get(g), star) {
            (Some('*'), _) => {
                star = Some((g, n));
                g += 1;
            }
            (Some(c), _) if *c == '?' || *c == name[n] => {
                g += 1;
                n += 1;
            }
            (_, Some((at, taken))) => {
                star = Some((at, taken + 1));
                (g, n) = (at + 1, taken + 1);
            }
            _ => return false,
        }
    }
    glob[g..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_letters_and_lose_what_a_file_system_minds() {
        assert_eq!(safe("Tomato tart/€12"), "Tomato-tart--12");
        assert_eq!(safe("jalapeño_1.2"), "jalapeño_1.2");
        assert_eq!(safe("../../etc"), "..-..-etc");
    }

    #[test]
    fn globs_fit_as_in_a_shell() {
        for (glob, name) in [
            ("menu-*", "menu-monday"),
            ("*day", "menu-monday"),
            ("m?nu*", "menu"),
            ("*", ""),
            ("*a*b*", "xaxxabx"),
            ("", ""),
        ] {
            assert!(fits(glob, name), "{glob} {name}");
        }
        for (glob, name) in [("menu", "menu-monday"), ("?", ""), ("*a?", "xa"), ("", "x")] {
            assert!(!fits(glob, name), "{glob} {name}");
        }
    }

    #[test]
    fn a_pattern_of_many_stars_takes_no_time() {
        assert!(!fits(&"*a".repeat(60), &"a".repeat(59)));
        assert!(!fits(&format!("{}b", "*a".repeat(40)), &"a".repeat(400)));
    }
}
