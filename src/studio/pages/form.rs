//! Forms that pages post.

use std::collections::HashMap;

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};

use super::layout::done;
use crate::studio::apart::apart;
use crate::studio::page::segment;
use crate::studio::problem::Problem;
use crate::studio::state::Studio;

/// The cookie that remembers who decides here.
const WHO: &str = "storypress_by";

/// The longest name of a person, letters.
const LONGEST: usize = 80;

/// The fields of a form.
#[derive(Debug)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// Reads the body of a form.
    pub fn read(body: &Bytes) -> Self {
        let pairs = url::form_urlencoded::parse(body);
        Self(
            pairs
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect(),
        )
    }

    /// A field that holds something.
    pub fn get(&self, name: &str) -> Option<&str> {
        let named = self
            .0
            .iter()
            .find(|(key, value)| key == name && !value.trim().is_empty());
        named.map(|(_, value)| value.trim())
    }

    /// Every value of a field that holds something.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let named = self.0.iter().filter(move |(key, _)| key == name);
        named
            .map(|(_, value)| value.trim())
            .filter(|value| !value.is_empty())
    }

    /// A field that has to be there.
    ///
    /// # Errors
    /// 422 where it is not.
    pub fn need(&self, name: &str) -> Result<&str, Problem> {
        self.get(name)
            .ok_or_else(|| Problem::invalid(format!("the form lacks `{name}`")))
    }

    /// Who decides: as the form says, else as it was said before.
    pub fn person(&self, headers: &HeaderMap) -> String {
        let named = self.get("by").map(str::to_owned).or_else(|| who(headers));
        let named = named.unwrap_or_else(|| "studio".to_owned());
        named
            .chars()
            .filter(|letter| !letter.is_control())
            .take(LONGEST)
            .collect()
    }

    /// Sends the browser on to the page that the form came from, which says what was done.
    pub fn back(&self, otherwise: &str, said: &str) -> Response {
        // only to pages of ours
        let is_ours =
            |to: &&str| to.starts_with('/') && !to.starts_with("//") && !to.contains('\\');
        let to = self.get("back").filter(is_ours).unwrap_or(otherwise);
        let between = if to.contains('?') { '&' } else { '?' };
        let mut answer = Redirect::to(&format!("{to}{between}said={said}")).into_response();
        let cookie = self.get("by").map(|by| {
            let by: String = by.chars().take(LONGEST).collect();
            format!(
                "{WHO}={}; Path=/; SameSite=Strict; HttpOnly; Max-Age=31536000",
                segment(&by)
            )
        });
        if let Some(cookie) = cookie.and_then(|cookie| HeaderValue::from_str(&cookie).ok()) {
            answer.headers_mut().insert(header::SET_COOKIE, cookie);
        }
        answer
    }
}

/// Does what a form asks for on a thread of its own, and answers with what that gives, or with the problem as a page.
pub async fn posted(
    studio: Studio,
    body: Bytes,
    act: impl AsyncFnOnce(&Studio, &Form) -> Result<Response, Problem> + Send + 'static,
) -> Response {
    let of = studio.clone();
    let made = apart(async move || act(&of, &Form::read(&body)).await);
    done(&studio, made.await)
}

/// A query as text.
pub fn query(text: Option<&str>) -> HashMap<String, String> {
    let pairs = url::form_urlencoded::parse(text.unwrap_or_default().as_bytes());
    pairs
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect()
}

/// Who decided here before.
pub fn who(headers: &HeaderMap) -> Option<String> {
    let lines = headers.get_all(header::COOKIE).iter();
    let mut pairs = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    let (_, value) = pairs.find(|(name, _)| *name == WHO)?;
    // a name is a form's value: a plus sign in it was encoded
    let pair = format!("by={value}");
    let (_, name) = url::form_urlencoded::parse(pair.as_bytes()).next()?;
    (!name.is_empty()).then(|| name.into_owned())
}
