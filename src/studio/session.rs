//! Who may use the studio: start tokens and pairing codes that work once, and the cookies that they become.
//!
//! In: a token of the start page. Out: a session. Never: anything of the project, a session on disk.

use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::secret;

/// How long a pairing code can be used.
const CODE_LIFE: Duration = Duration::from_secs(600);

/// Wrong codes until the one that is out is void: eight digits are not to be guessed.
const MOST_WRONG: u32 = 10;

/// Sessions at the same time; the oldest goes first.
const MOST: usize = 64;

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// A browser, by its cookie.
    Browser,
    /// A program, by its token.
    Program,
}

impl Caller {
    /// How a decision names who took it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Browser => "studio",
            Self::Program => "api",
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
    code: Option<(String, Instant)>,
    wrong: u32,
    cookies: Vec<String>,
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
        open.code = Some((code.clone(), Instant::now()));
        open.wrong = 0;
        Ok(code)
    }

    /// A session for a start token or a pairing code, which is used up by it: the value of its cookie.
    pub fn begin(&self, token: &str) -> io::Result<Option<String>> {
        let cookie = secret::random()?;
        let mut open = self.open();
        let start = open.starts.iter().position(|t| secret::is_same(t, token));
        if let Some(at) = start {
            open.starts.remove(at);
        } else if !open.takes_code(token) {
            return Ok(None);
        }
        if open.cookies.len() == MOST {
            open.cookies.remove(0);
        }
        open.cookies.push(cookie.clone());
        Ok(Some(cookie))
    }

    /// Whether a cookie is one of an open session.
    pub fn has(&self, cookie: &str) -> bool {
        let open = self.open();
        open.cookies.iter().any(|c| secret::is_same(c, cookie))
    }

    /// Ends a session.
    pub fn end(&self, cookie: &str) {
        self.open().cookies.retain(|c| !secret::is_same(c, cookie));
    }
}

impl Open {
    fn takes_code(&mut self, typed: &str) -> bool {
        let Some((code, made)) = &self.code else {
            return false;
        };
        let typed: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
        if made.elapsed() < CODE_LIFE && secret::is_same(code, &typed) {
            self.code = None;
            return true;
        }
        self.wrong += 1;
        if self.wrong >= MOST_WRONG {
            self.code = None;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_token_works_once() {
        let sessions = Sessions::default();
        let token = sessions.start_token().unwrap();
        assert_eq!(sessions.begin("wrong").unwrap(), None);
        let cookie = sessions.begin(&token).unwrap().expect("a session");
        assert_eq!(sessions.begin(&token).unwrap(), None);
        assert!(sessions.has(&cookie) && !sessions.has(&token));
        sessions.end(&cookie);
        assert!(!sessions.has(&cookie));
    }

    #[test]
    fn a_pairing_code_is_void_after_ten_wrong_ones() {
        let sessions = Sessions::default();
        let code = sessions.pairing_code().unwrap();
        let spaced = format!("{} {}", &code[..4], &code[4..]);
        assert!(sessions.begin(&spaced).unwrap().is_some());
        assert_eq!(sessions.begin(&code).unwrap(), None);
        let code = sessions.pairing_code().unwrap();
        for _ in 0..MOST_WRONG {
            assert_eq!(sessions.begin("00").unwrap(), None);
        }
        assert_eq!(sessions.begin(&code).unwrap(), None);
    }
}
