//! Who may use the studio: start tokens and pairing codes that work once, and the cookies that they become.
//!
//! In: a token of the start page, a code, the secret of a pass. Out: a session, of all or of a part. Never: anything of
//! the project, a session on disk.

use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use super::passes::{self, Pass, Scope};
use super::secret;

/// How long a pairing code can be used.
const CODE_LIFE: Duration = Duration::from_secs(600);

/// Wrong codes until the one that is out is void: eight digits are not to be guessed.
const MOST_WRONG: u32 = 10;

/// Sessions at the same time; the oldest goes first.
const MOST: usize = 64;

/// How long a phone may look at a hand-off, once it was let in.
const HAND_OFF: SignedDuration = SignedDuration::from_hours(24);

/// Codes that are out at the same time; the oldest goes first.
const MOST_CODES: usize = 32;

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// A browser, by its cookie.
    Browser,
    /// A program, by its token.
    Program,
    /// A browser that was let into a part, by the cookie of a pass.
    Guest(Vec<Pass>),
}

impl Caller {
    /// How a decision names who took it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Browser => "studio",
            Self::Program => "api",
            Self::Guest(_) => "phone",
        }
    }
}

/// Everybody who was let in.
#[derive(Debug, Default)]
pub struct Sessions {
    inner: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    starts: Vec<String>,
    codes: Vec<Code>,
    wrong: u32,
    cookies: Vec<String>,
    guests: Vec<(String, Vec<Pass>)>,
}

/// What lets somebody in once.
#[derive(Debug)]
struct Code {
    /// Digits for a person.
    typed: String,
    /// The same for a camera: an address holds it.
    token: Option<String>,
    made: Instant,
    /// Into one part; into all of it without.
    scope: Option<Scope>,
}

/// A code for a phone, once, for ten minutes.
#[derive(Debug, Clone)]
pub struct PhoneCode {
    /// Eight digits to type.
    pub typed: String,
    /// For the fragment of an address.
    pub token: String,
}

/// A session that was opened.
#[derive(Debug, PartialEq, Eq)]
pub enum Opened {
    /// The whole studio: the value of the cookie.
    Whole(String),
    /// A part of it: the value of the cookie of passes, and the page that was opened.
    Part(String, String),
}

impl Sessions {
    fn open(&self) -> std::sync::MutexGuard<'_, Open> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A start token, which works once.
    pub fn start_token(&self) -> io::Result<String> {
        let token = secret::random()?;
        self.open().starts.push(token.clone());
        Ok(token)
    }

    /// A code for a person who types it on a phone; it works once, for ten minutes, and takes the place of the last one.
    pub fn pairing_code(&self) -> io::Result<String> {
        let code = secret::code()?;
        let mut open = self.open();
        open.codes.retain(|code| code.scope.is_some());
        open.put(Code {
            typed: code.clone(),
            token: None,
            made: Instant::now(),
            scope: None,
        });
        Ok(code)
    }

    /// A code that lets a phone into one hand-off; it works once, typed or by its token, for ten minutes.
    pub fn hand_off_code(&self, story: &str) -> io::Result<PhoneCode> {
        // half as long as others: the smaller a QR code is, the sooner a camera reads it
        let (typed, token) = (secret::code()?, secret::random()?[..32].to_owned());
        self.open().put(Code {
            typed: typed.clone(),
            token: Some(token.clone()),
            made: Instant::now(),
            scope: Some(Scope::HandOff {
                story: story.to_owned(),
            }),
        });
        Ok(PhoneCode { typed, token })
    }

    /// A session for a start token or a code, which is used up by it, or for the secret of a pass that lasts. `before` is
    /// the cookie of passes that the browser has already: what it opens stays open.
    pub fn begin(
        &self,
        token: &str,
        lasting: &[Pass],
        before: Option<&str>,
    ) -> io::Result<Option<Opened>> {
        let cookie = secret::random()?;
        let mut open = self.open();
        let start = open.starts.iter().position(|t| secret::is_same(t, token));
        let scope = if let Some(at) = start {
            open.starts.remove(at);
            None
        } else if let Some(code) = open.take_code(token) {
            code.scope
        } else {
            let pass = passes::of_secret(lasting, token);
            return Ok(pass
                .filter(|pass| matches!(pass.scope, Scope::Client(_)))
                .map(|pass| open.let_in(cookie, before, pass.clone())));
        };
        let Some(scope) = scope else {
            if open.cookies.len() == MOST {
                open.cookies.remove(0);
            }
            open.cookies.push(cookie.clone());
            return Ok(Some(Opened::Whole(cookie)));
        };
        let (pass, _) = Pass::new(scope, Some(Timestamp::now() + HAND_OFF))?;
        Ok(Some(open.let_in(cookie, before, pass)))
    }

    /// Whether a cookie is one of an open session.
    pub fn has(&self, cookie: &str) -> bool {
        let open = self.open();
        open.cookies.iter().any(|c| secret::is_same(c, cookie))
    }

    /// The passes of a cookie that have not ended; those that last are held against the file.
    pub fn passes(&self, cookie: &str, lasting: impl FnOnce() -> Vec<Pass>) -> Option<Vec<Pass>> {
        let open = self.open();
        let (_, own) = open
            .guests
            .iter()
            .find(|(c, _)| secret::is_same(c, cookie))?;
        let now = Timestamp::now();
        let mut own: Vec<Pass> = own.iter().filter(|p| p.is_open(now)).cloned().collect();
        drop(open);
        if own.iter().any(|pass| !is_brief(pass)) {
            let lasting = lasting();
            own.retain(|pass| is_brief(pass) || lasting.contains(pass));
        }
        Some(own)
    }

    /// Ends a session.
    pub fn end(&self, cookie: &str) {
        let mut open = self.open();
        open.cookies.retain(|c| !secret::is_same(c, cookie));
        open.guests.retain(|(c, _)| !secret::is_same(c, cookie));
    }
}

/// Whether a pass lives in a session alone.
fn is_brief(pass: &Pass) -> bool {
    matches!(pass.scope, Scope::HandOff { .. })
}

impl Open {
    fn put(&mut self, code: Code) {
        self.codes.retain(|code| code.made.elapsed() < CODE_LIFE);
        if self.codes.len() == MOST_CODES {
            self.codes.remove(0);
        }
        self.codes.push(code);
        self.wrong = 0;
    }

    /// The code that this is, which is used up.
    fn take_code(&mut self, given: &str) -> Option<Code> {
        let typed: String = given.chars().filter(|c| !c.is_whitespace()).collect();
        self.codes.retain(|code| code.made.elapsed() < CODE_LIFE);
        let is_this = |code: &Code| {
            let is_token = code
                .token
                .as_ref()
                .is_some_and(|t| secret::is_same(t, given));
            is_token || secret::is_same(&code.typed, &typed)
        };
        if let Some(at) = self.codes.iter().position(is_this) {
            return Some(self.codes.remove(at));
        }
        // what is no code of digits is no guess at one
        if typed.bytes().all(|byte| byte.is_ascii_digit()) {
            self.wrong += 1;
        }
        if self.wrong >= MOST_WRONG {
            self.codes.clear();
        }
        None
    }

    /// Lets a browser into one more part, under a new cookie.
    fn let_in(&mut self, cookie: String, before: Option<&str>, pass: Pass) -> Opened {
        let at = before.and_then(|before| {
            let mut guests = self.guests.iter();
            guests.position(|(c, _)| secret::is_same(c, before))
        });
        let mut own = at.map_or_else(Vec::new, |at| self.guests.remove(at).1);
        let home = pass.home();
        own.retain(|other| other.scope != pass.scope);
        own.push(pass);
        if self.guests.len() == MOST {
            self.guests.remove(0);
        }
        self.guests.push((cookie.clone(), own));
        Opened::Part(cookie, home)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(sessions: &Sessions, token: &str) -> Option<String> {
        match sessions.begin(token, &[], None).unwrap() {
            Some(Opened::Whole(cookie)) => Some(cookie),
            _ => None,
        }
    }

    #[test]
    fn a_start_token_works_once() {
        let sessions = Sessions::default();
        let token = sessions.start_token().unwrap();
        assert_eq!(whole(&sessions, "wrong"), None);
        let cookie = whole(&sessions, &token).expect("a session");
        assert_eq!(whole(&sessions, &token), None);
        assert!(sessions.has(&cookie) && !sessions.has(&token));
        sessions.end(&cookie);
        assert!(!sessions.has(&cookie));
    }

    #[test]
    fn a_pairing_code_is_void_after_ten_wrong_ones() {
        let sessions = Sessions::default();
        let code = sessions.pairing_code().unwrap();
        let spaced = format!("{} {}", &code[..4], &code[4..]);
        assert!(whole(&sessions, &spaced).is_some());
        assert_eq!(whole(&sessions, &code), None);
        let code = sessions.pairing_code().unwrap();
        for _ in 0..MOST_WRONG {
            assert_eq!(whole(&sessions, "00"), None);
        }
        assert_eq!(whole(&sessions, &code), None);
    }

    #[test]
    fn a_code_of_a_hand_off_opens_that_alone_and_once() {
        let sessions = Sessions::default();
        let part =
            |token: &str, before: Option<&str>| match sessions.begin(token, &[], before).unwrap() {
                Some(Opened::Part(cookie, home)) => Some((cookie, home)),
                _ => None,
            };
        let code = sessions.hand_off_code("one").unwrap();
        let (cookie, home) = part(&code.token, None).expect("a session");
        assert_eq!(home, "/handoff/one");
        // typed or seen, it is one code
        assert_eq!(part(&code.token, None), None);
        assert_eq!(part(&code.typed, None), None);
        assert!(!sessions.has(&cookie));
        // a second one adds to what the phone may see, under a new cookie
        let code = sessions.hand_off_code("two").unwrap();
        let (both, _) = part(&code.typed, Some(&cookie)).expect("a session");
        assert_eq!(sessions.passes(&cookie, Vec::new), None);
        assert_eq!(sessions.passes(&both, Vec::new).unwrap().len(), 2);
        // an old code opens nothing
        let code = sessions.hand_off_code("three").unwrap();
        sessions.open().codes[0].made = Instant::now().checked_sub(CODE_LIFE).unwrap();
        assert_eq!(part(&code.token, None), None);
    }

    #[test]
    fn a_pass_that_was_taken_back_opens_nothing_any_more() {
        let sessions = Sessions::default();
        let scope = Scope::Client(crate::studio::passes::Slots::One("a".into()));
        let (pass, secret) = Pass::new(scope, None).unwrap();
        let lasting = [pass.clone()];
        let Some(Opened::Part(cookie, _)) = sessions.begin(&secret, &lasting, None).unwrap() else {
            panic!("no session")
        };
        let open = |kept: Vec<Pass>| sessions.passes(&cookie, || kept).unwrap().len();
        assert_eq!((open(vec![pass]), open(Vec::new())), (1, 0));
        let (feed, secret) = Pass::new(Scope::Feed, None).unwrap();
        assert_eq!(sessions.begin(&secret, &[feed], None).unwrap(), None);
    }
}
