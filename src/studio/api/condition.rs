//! `If-Match` and `If-None-Match` on writes: nobody writes over what they have not seen.
//!
//! In: headers, the digest of what is there. Out: whether the write may go on. Never: a write.

use axum::http::{HeaderMap, StatusCode, header};

use crate::studio::problem::Problem;

/// Whether a file may be written over, or made: by RFC 9110 §13.
///
/// # Errors
/// 428 without a condition, 412 where it does not hold.
pub fn check_write(headers: &HeaderMap, found: Option<&str>) -> Result<(), Problem> {
    let is_conditional = [header::IF_MATCH, header::IF_NONE_MATCH]
        .iter()
        .any(|name| headers.contains_key(name));
    if !is_conditional {
        return Err(Problem::new(
            StatusCode::PRECONDITION_REQUIRED,
            "precondition-required",
            "say what is written over: `If-Match: \"HASH\"`, or `If-None-Match: *` for a new file",
        ));
    }
    check(headers, found)
}

/// The same for acts that need no condition.
///
/// # Errors
/// 412 where one is given and does not hold.
pub fn check(headers: &HeaderMap, found: Option<&str>) -> Result<(), Problem> {
    let lines = |name| headers.get_all(name).iter().filter_map(|v| v.to_str().ok());
    let names = |line: &str| {
        let mut tags = line.split(',').map(str::trim);
        tags.any(|tag| match found {
            Some(hash) => tag == "*" || tag.trim_matches('"') == hash && !tag.starts_with("W/"),
            None => false,
        })
    };
    let has_match = headers.contains_key(header::IF_MATCH);
    if has_match && !lines(header::IF_MATCH).any(names) {
        let detail = match found {
            Some(_) => "it changed meanwhile",
            None => "it is not there any more",
        };
        let problem = Problem::stale(detail);
        return Err(match found {
            Some(hash) => problem.with("hash", hash.into()),
            None => problem,
        });
    }
    if lines(header::IF_NONE_MATCH).any(names) {
        return Err(Problem::stale("it is there already"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_is_asked_for_and_held() {
        let with = |pairs: &[(header::HeaderName, &'static str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.append(name.clone(), value.parse().unwrap());
            }
            headers
        };
        let status = |headers: &HeaderMap, found| {
            check_write(headers, found).map_or_else(|p| p.status().as_u16(), |()| 200)
        };
        use header::{IF_MATCH, IF_NONE_MATCH};
        for (pairs, found, wanted) in [
            (&[][..], Some("a"), 428),
            (&[][..], None, 428),
            (&[(IF_MATCH, "\"a\"")], Some("a"), 200),
            (&[(IF_MATCH, "\"b\", \"a\"")], Some("a"), 200),
            (&[(IF_MATCH, "*")], Some("a"), 200),
            (&[(IF_MATCH, "*")], None, 412),
            (&[(IF_MATCH, "W/\"a\"")], Some("a"), 412),
            (&[(IF_MATCH, "\"b\"")], Some("a"), 412),
            (&[(IF_MATCH, "\"a\"")], None, 412),
            (&[(IF_NONE_MATCH, "*")], None, 200),
            (&[(IF_NONE_MATCH, "*")], Some("a"), 412),
            (&[(IF_MATCH, "\"a\""), (IF_NONE_MATCH, "*")], Some("a"), 412),
        ] {
            assert_eq!(status(&with(pairs), found), wanted, "{pairs:?} {found:?}");
        }
    }
}
