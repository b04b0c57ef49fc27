//! The platform's errors, and what to do after each: one table.
//!
//! Sources: Meta's error pages, read in November 2026, and dated reports of what the live service does.
//! The subcode decides first: one code covers unrelated things.

use std::time::Duration;

use super::refusal::{Call, Next, Refusal};

/// Which calls a row speaks of.
#[derive(Debug, Clone, Copy, PartialEq)]
enum On {
    Any,
    Reads,
}

/// What the answer to a publish leaves open.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Publish {
    /// Nothing went out.
    NotLive,
    /// It may be live.
    MaybeLive,
    /// It may be live, and the account is in trouble.
    MaybeLiveStop,
}

struct Row {
    /// From, to.
    codes: (i64, i64),
    subcode: Option<i64>,
    on: On,
    meaning: &'static str,
    next: Next,
    publish: Publish,
}

/// A row for one code and subcode.
const fn sub(code: i64, subcode: i64, meaning: &'static str, next: Next) -> Row {
    Row {
        codes: (code, code),
        subcode: Some(subcode),
        on: On::Any,
        meaning,
        next,
        publish: Publish::NotLive,
    }
}

/// A row for a code with any subcode that has no row of its own.
const fn code(from: i64, to: i64, meaning: &'static str, next: Next) -> Row {
    Row {
        codes: (from, to),
        subcode: None,
        on: On::Any,
        meaning,
        next,
        publish: Publish::NotLive,
    }
}

impl Row {
    const fn open(self) -> Self {
        Self {
            publish: Publish::MaybeLive,
            ..self
        }
    }

    const fn open_stop(self) -> Self {
        Self {
            publish: Publish::MaybeLiveStop,
            ..self
        }
    }

    const fn on_reads(self) -> Self {
        Self {
            on: On::Reads,
            ..self
        }
    }

    fn has(&self, call: Option<Call>, code: i64, subcode: Option<i64>) -> bool {
        let on = self.on == On::Any || call.is_none_or(Call::is_read);
        // a subcode of the publishing family means the same under whatever code it comes
        let family = subcode.is_some_and(is_publishing);
        let coded = (self.codes.0..=self.codes.1).contains(&code);
        on && self.subcode == subcode && (coded || family)
    }
}

const fn new_container(tries: u32) -> Next {
    Next::NewContainer { tries }
}

const fn same_container(seconds: u64, tries: u32) -> Next {
    Next::SameContainer {
        after: Duration::from_secs(seconds),
        tries,
    }
}

const fn minutes(minutes: u64) -> Next {
    Next::After(Duration::from_secs(minutes * 60))
}

/// How long a limit rests that the headers say nothing about; app limits are counted over an hour.
const COOL_DOWN: Next = minutes(15);

/// The account's own limit is counted over a day.
const ACCOUNT_COOL_DOWN: Next = minutes(60);

#[rustfmt::skip]
const ROWS: &[Row] = &[
    // publishing: error-codes page of 2 Jun 2026
    sub(-2, 2207003, "fetching the medium took too long", new_container(3)).open(),
    sub(-2, 2207020, "the container has expired", new_container(1)),
    sub(-1, 2207001, "Instagram's server failed", Next::Again).open(),
    sub(-1, 2207032, "the medium could not be made", new_container(2)).open(),
    sub(-1, 2207053, "the upload failed for an unknown reason", new_container(2)).open(),
    sub(1, 2207057, "the cover's time is outside the film", Next::Never),
    sub(4, 2207051, "Instagram takes this for spam and restricts the account", Next::Human).open_stop(),
    sub(9, 2207042, "the stories of the day are used up", Next::Quota),
    sub(24, 2207006, "the medium is not there, or the token may not see it", new_container(1)),
    sub(24, 2207008, "the container is not there yet, or has expired", same_container(30, 2)),
    sub(25, 2207050, "the account is restricted, inactive or has to confirm itself", Next::Human),
    sub(100, 2207023, "no such media type", Next::Never),
    sub(100, 2207028, "a carousel has 2 to 10 parts", Next::Never),
    sub(100, 2207035, "product tags cannot be used here", Next::Never),
    sub(100, 2207036, "product tags of a picture need a place", Next::Never),
    sub(100, 2207037, "a product tag is not valid", Next::Never),
    sub(100, 2207040, "more than 20 tags", Next::Never),
    sub(352, 2207026, "the film's format is not supported", Next::Never),
    sub(9004, 2207052, "the medium could not be fetched from its address", new_container(3)),
    sub(9007, 2207027, "the container is not ready yet", same_container(10, 30)),
    sub(36000, 2207004, "the picture has more than 8 MiB", Next::Never),
    sub(36001, 2207005, "the picture's format is not supported", Next::Never),
    sub(36003, 2207009, "the picture's shape is not supported", Next::Never),
    sub(36004, 2207010, "the caption is too long, or has too many tags", Next::Never),
    // seen live, in no list of Meta's
    sub(-1, 2207076, "processing failed, or the address could not be fetched yet", new_container(2)).open(),
    sub(-1, 2207077, "the film could not be downloaded", new_container(2)).open(),
    sub(-1, 2207082, "the film could not be processed", new_container(2)).open(),
    sub(-1, 2207085, "the film could not be processed, or the token's user has no role for this account", new_container(1)).open_stop(),
    sub(-1, 2207081, "trial reels are not allowed", Next::Never),
    sub(-1, 2207018, "a mentioned account is not valid", Next::Never),
    // tokens
    sub(190, 458, "the app was removed from the account", Next::Login),
    sub(190, 459, "the account has to confirm itself in Instagram first", Next::Login),
    sub(190, 460, "the password has changed", Next::Login),
    sub(190, 463, "the token has expired", Next::Login),
    sub(190, 464, "the account is not confirmed", Next::Login),
    sub(190, 467, "the token is not valid any more", Next::Login),
    sub(190, 492, "the token's user has no role on the Page", Next::Login),
    // an id that is good, and unreachable for a moment: a known fault of the platform
    sub(100, 33, "the object cannot be reached", Next::Again).on_reads(),
    // by code alone; a second send of a published container may be answered with 100
    code(-2, -2, "a time ran out at Instagram", new_container(2)).open(),
    code(-1, -1, "Instagram failed for an unknown reason", Next::Again).open(),
    code(1, 2, "Instagram failed for a moment", Next::Again).open(),
    code(3, 3, "the app lacks a capability", Next::Never),
    code(4, 4, "the app's call budget is used up", COOL_DOWN),
    code(9, 9, "the stories of the day are used up", Next::Quota),
    code(10, 10, "a permission is missing", Next::Login),
    code(17, 17, "the user's call budget is used up", COOL_DOWN),
    code(24, 24, "the medium is not there, or the token may not see it", new_container(1)),
    code(25, 25, "the account is restricted, inactive or has to confirm itself", Next::Human),
    code(32, 32, "the Page's call budget is used up", COOL_DOWN),
    code(100, 100, "a parameter is not valid", Next::Never).open(),
    code(102, 102, "the session is over", Next::Login),
    code(190, 190, "the token is not valid", Next::Login),
    code(200, 299, "a permission is missing", Next::Login),
    code(341, 341, "the app's limit is reached", COOL_DOWN),
    code(352, 352, "the film's format is not supported", Next::Never),
    code(368, 368, "blocked for a while, for a breach of the rules", Next::Human),
    code(506, 506, "the same was posted just before", Next::Never).open(),
    code(613, 613, "a call budget is used up", COOL_DOWN),
    code(2635, 2635, "this API version is over", Next::Never),
    code(9004, 9004, "the medium could not be fetched from its address", new_container(3)),
    code(9007, 9007, "the container is not ready yet", same_container(10, 30)),
    code(36000, 36004, "the picture is not one that Instagram takes", Next::Never),
    code(80002, 80002, "the account's call budget is used up", ACCOUNT_COOL_DOWN),
];

/// Errors of the upload host, which have a type and no code.
#[rustfmt::skip]
const UPLOADS: &[(&str, &str, Next)] = &[
    ("NotAuthorizedError", "the token may not upload", Next::Login),
    ("FileUrlProcessingError", "the medium could not be fetched from its address", new_container(3)),
    ("OffsetInvalidError", "the upload goes on at another place", Next::Again),
    ("PartialRequestError", "a part of the film was lost on the way", Next::Again),
    // said of films that pass when they are sent again, whatever `retriable` says
    ("ProcessingFailedError", "the upload could not be processed", new_container(2)),
];

/// Publishing has subcodes of this shape.
fn is_publishing(subcode: i64) -> bool {
    (2_207_000..=2_207_999).contains(&subcode)
}

fn find(call: Option<Call>, code: i64, subcode: Option<i64>) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.has(call, code, subcode))
}

/// The row of a refusal; the second says that its subcode is one that nobody has described.
fn row(call: Option<Call>, code: i64, subcode: Option<i64>) -> (Option<&'static Row>, bool) {
    // without a subcode there is one search only
    match subcode.and_then(|_| find(call, code, subcode)) {
        Some(row) => (Some(row), false),
        None => (find(call, code, None), subcode.is_some_and(is_publishing)),
    }
}

fn upload(refusal: &Refusal) -> Option<&'static (&'static str, &'static str, Next)> {
    let kind = refusal.kind.as_deref()?;
    UPLOADS.iter().find(|(name, ..)| *name == kind)
}

/// What a refusal means, for people.
pub(super) fn meaning(refusal: &Refusal) -> Option<&'static str> {
    match row(None, refusal.code, refusal.subcode) {
        (_, true) => None,
        (Some(row), _) => Some(row.meaning),
        (None, _) if refusal.code == 0 => upload(refusal).map(|(_, meaning, _)| *meaning),
        (None, _) => None,
    }
}

/// What a container's own error subcode means, and what may be done: for `status_code` ERROR.
pub(super) fn of_container(subcode: Option<i64>) -> (Option<&'static str>, Next) {
    match subcode.and_then(|s| find(None, 0, Some(s))) {
        Some(row) => (Some(row.meaning), row.next),
        None => (None, new_container(1)),
    }
}

/// The platform refuses calls until a budget has come back.
pub(super) fn is_limit(refusal: &Refusal) -> bool {
    let (row, unknown) = row(None, refusal.code, refusal.subcode);
    !unknown && row.is_some_and(|row| matches!(row.next, Next::After(_)))
}

pub(super) fn next(call: Call, refusal: &Refusal) -> Next {
    let (row, unknown) = row(Some(call), refusal.code, refusal.subcode);
    if call == Call::Publish {
        return after_publish(refusal, row, unknown);
    }
    let next = match row {
        // an unknown subcode says more than its code, unless the code speaks of the account as a whole
        Some(row) if unknown && !is_of_account(row.next) => new_container(1),
        Some(row) => row.next,
        None if unknown => new_container(1),
        None => match upload(refusal) {
            Some((_, _, next)) if refusal.code == 0 => *next,
            _ if refusal.status >= 500 => Next::Again,
            _ => Next::Never,
        },
    };
    with_regain(next, refusal)
}

/// Only an answer that is known to mean "not done" lets a publish be repeated.
fn after_publish(refusal: &Refusal, row: Option<&Row>, unknown: bool) -> Next {
    let Some(row) = row else {
        return Next::Unsure { stop: false };
    };
    match row.publish {
        Publish::MaybeLiveStop => Next::Unsure { stop: true },
        Publish::MaybeLive => Next::Unsure { stop: false },
        // 4 and 25 with a subcode that nobody has described are kin of the spam block
        Publish::NotLive if unknown => Next::Unsure {
            stop: matches!(refusal.code, 4 | 25),
        },
        Publish::NotLive if refusal.status >= 500 => Next::Unsure { stop: false },
        Publish::NotLive => with_regain(row.next, refusal),
    }
}

fn is_of_account(next: Next) -> bool {
    matches!(
        next,
        Next::Login | Next::Human | Next::After(_) | Next::Quota
    )
}

fn with_regain(next: Next, refusal: &Refusal) -> Next {
    match (next, refusal.regain) {
        (Next::After(_), Some(regain)) => Next::After(regain),
        _ => next,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(status: u16, code: i64, subcode: Option<i64>) -> Refusal {
        Refusal {
            status,
            code,
            subcode,
            ..Refusal::default()
        }
    }

    /// Code, subcode, after making a container, after a publish.
    #[rustfmt::skip]
    #[test]
    fn every_row_says_what_is_next() {
        use Next::*;
        let open = Unsure { stop: false };
        let stop = Unsure { stop: true };
        let fresh = new_container;
        let wait = same_container;
        let cases = [
            (-2, Some(2207003), fresh(3), open),
            (-2, Some(2207020), fresh(1), fresh(1)),
            (-1, Some(2207001), Again, open),
            (-1, Some(2207032), fresh(2), open),
            (-1, Some(2207053), fresh(2), open),
            (1, Some(2207057), Never, Never),
            (4, Some(2207051), Human, stop),
            (9, Some(2207042), Quota, Quota),
            (24, Some(2207006), fresh(1), fresh(1)),
            (24, Some(2207008), wait(30, 2), wait(30, 2)),
            (25, Some(2207050), Human, Human),
            (100, Some(2207023), Never, Never),
            (100, Some(2207028), Never, Never),
            (100, Some(2207035), Never, Never),
            (100, Some(2207036), Never, Never),
            (100, Some(2207037), Never, Never),
            (100, Some(2207040), Never, Never),
            (352, Some(2207026), Never, Never),
            (9004, Some(2207052), fresh(3), fresh(3)),
            (9007, Some(2207027), wait(10, 30), wait(10, 30)),
            (36000, Some(2207004), Never, Never),
            (36001, Some(2207005), Never, Never),
            (36003, Some(2207009), Never, Never),
            (36004, Some(2207010), Never, Never),
            (-1, Some(2207076), fresh(2), open),
            (-1, Some(2207077), fresh(2), open),
            (-1, Some(2207082), fresh(2), open),
            (-1, Some(2207085), fresh(1), stop),
            (-1, Some(2207081), Never, Never),
            (-1, Some(2207018), Never, Never),
            (190, Some(458), Login, Login),
            (190, Some(459), Login, Login),
            (190, Some(460), Login, Login),
            (190, Some(463), Login, Login),
            (190, Some(464), Login, Login),
            (190, Some(467), Login, Login),
            (190, Some(492), Login, Login),
            (-2, None, fresh(2), open),
            (-1, None, Again, open),
            (1, None, Again, open),
            (2, None, Again, open),
            (3, None, Never, Never),
            (4, None, minutes(15), minutes(15)),
            (9, None, Quota, Quota),
            (10, None, Login, Login),
            (17, None, minutes(15), minutes(15)),
            (24, None, fresh(1), fresh(1)),
            (25, None, Human, Human),
            (32, None, minutes(15), minutes(15)),
            (100, None, Never, open),
            (102, None, Login, Login),
            (190, None, Login, Login),
            (200, None, Login, Login),
            (299, None, Login, Login),
            (341, None, minutes(15), minutes(15)),
            (352, None, Never, Never),
            (368, None, Human, Human),
            (506, None, Never, open),
            (613, None, minutes(15), minutes(15)),
            (2635, None, Never, Never),
            (9004, None, fresh(3), fresh(3)),
            (9007, None, wait(10, 30), wait(10, 30)),
            (36001, None, Never, Never),
            (80002, None, minutes(60), minutes(60)),
        ];
        for (code, subcode, contain, publish) in cases {
            let refusal = said(400, code, subcode);
            assert_eq!(next(Call::Contain, &refusal), contain, "container {code}/{subcode:?}");
            assert_eq!(next(Call::Publish, &refusal), publish, "publish {code}/{subcode:?}");
            assert!(meaning(&refusal).is_some(), "{code}/{subcode:?} has no meaning");
        }
        // a row for reads is tested below; no other is without a case
        let met = |row: &&Row| cases.iter().any(|c| row.has(Some(Call::Contain), c.0, c.1));
        assert_eq!(ROWS.iter().filter(|row| !met(row)).count(), 1);
    }

    #[test]
    fn a_good_id_that_cannot_be_reached_is_asked_for_again() {
        let refusal = said(400, 100, Some(33));
        assert_eq!(next(Call::Status, &refusal), Next::Again);
        assert_eq!(next(Call::Contain, &refusal), Next::Never);
        assert_eq!(next(Call::Publish, &refusal), Next::Unsure { stop: false });
    }

    #[test]
    fn the_subcode_decides_before_the_code() {
        // met in the wild under a code that is not in the table
        assert_eq!(
            next(Call::Contain, &said(400, 1, Some(2207004))),
            Next::Never
        );
        assert_eq!(
            next(Call::Publish, &said(400, 1, Some(2207051))),
            Next::Unsure { stop: true }
        );
    }

    #[test]
    fn a_subcode_that_nobody_described_gets_one_new_container() {
        let refusal = said(400, -1, Some(2207999));
        assert_eq!(next(Call::Contain, &refusal), new_container(1));
        assert_eq!(next(Call::Publish, &refusal), Next::Unsure { stop: false });
        assert_eq!(meaning(&refusal), None);
        assert_eq!(
            next(Call::Publish, &said(403, 4, Some(2207999))),
            Next::Unsure { stop: true }
        );
        assert_eq!(
            next(Call::Contain, &said(400, 190, Some(2207999))),
            Next::Login
        );
    }

    #[test]
    fn an_unknown_error_never_lets_a_publish_be_repeated() {
        for status in [400, 403, 500, 503] {
            assert_eq!(
                next(Call::Publish, &said(status, 4242, None)),
                Next::Unsure { stop: false }
            );
        }
        assert_eq!(next(Call::Contain, &said(400, 4242, None)), Next::Never);
        assert_eq!(next(Call::Contain, &said(503, 4242, None)), Next::Again);
        // not even one with a known code, when the server itself failed
        assert_eq!(
            next(Call::Publish, &said(500, 9007, None)),
            Next::Unsure { stop: false }
        );
    }

    #[test]
    fn a_limit_waits_as_long_as_the_headers_say() {
        let mut refusal = said(400, 80002, None);
        refusal.regain = Some(Duration::from_secs(7 * 60));
        assert_eq!(next(Call::Publish, &refusal), minutes(7));
        assert!(is_limit(&refusal));
        assert!(!is_limit(&said(400, 4, Some(2207051))));
        assert!(is_limit(&said(403, 4, None)));
    }

    #[test]
    fn the_upload_host_has_errors_of_its_own() {
        for (kind, _, after) in UPLOADS {
            let refusal = Refusal {
                status: 400,
                kind: Some((*kind).to_owned()),
                ..Refusal::default()
            };
            assert_eq!(next(Call::SendBytes, &refusal), *after);
            assert!(meaning(&refusal).is_some());
        }
    }

    #[test]
    fn a_container_that_failed_says_by_its_subcode_what_is_next() {
        assert_eq!(of_container(Some(2207026)).1, Next::Never);
        assert_eq!(of_container(Some(2207077)).1, new_container(2));
        assert_eq!(of_container(None).1, new_container(1));
    }
}
