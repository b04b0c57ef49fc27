//! A request of the app, as its own protocol writes it.
//!
//! In: a path below `/api/v1`, a form, a signed form or JSON. Out: parameters, and whose login it is.
//! Never: a check of the signature: the app's is the literal word SIGNATURE.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::http::{HeaderMap, Method, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use url::form_urlencoded;

use super::objects::{Family, Person};
use super::private_reply::{Refused, refuse};
use super::world::World;

/// A request of the app.
#[derive(Clone)]
pub struct AppAsk {
    /// HTTP's.
    pub method: Method,
    /// Without `api/v1` and slashes.
    pub path: Vec<String>,
    /// Of form, signed form, JSON and query.
    values: BTreeMap<String, Value>,
    /// The secret of a login.
    pub session: Option<String>,
    /// As they came.
    pub headers: HeaderMap,
    /// As it came, for uploads.
    pub body: Bytes,
}

impl AppAsk {
    /// Puts a request's parts together; the body goes before the query.
    pub fn read(
        method: Method,
        path: &[&str],
        query: &str,
        headers: HeaderMap,
        body: Bytes,
    ) -> Self {
        let mut values = BTreeMap::new();
        let is_upload = path.first().is_some_and(|part| part.starts_with("rupload"));
        put_form(&mut values, query.as_bytes());
        if !is_upload {
            put_body(&mut values, &body);
        }
        let path = match path {
            ["api", "v1", rest @ ..] => rest,
            other => other,
        };
        Self {
            method,
            path: path.iter().map(|part| (*part).to_owned()).collect(),
            values,
            session: session(&headers),
            headers,
            body,
        }
    }

    /// A parameter: text as it is, anything else as JSON.
    pub fn text(&self, name: &str) -> Option<String> {
        match self.values.get(name)? {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        }
    }

    /// A list or object: JSON, or JSON as text.
    pub fn json(&self, name: &str) -> Option<Value> {
        match self.values.get(name)? {
            Value::String(text) => serde_json::from_str(text).ok(),
            other => Some(other.clone()),
        }
    }

    /// Texts: a list, or a list as text.
    pub fn list(&self, name: &str) -> Vec<String> {
        let list = self.json(name);
        let items = list.as_ref().and_then(Value::as_array);
        let text = |item: &Value| item.as_str().map_or(item.to_string(), str::to_owned);
        items.into_iter().flatten().map(text).collect()
    }

    /// The account whose login the request has.
    ///
    /// # Errors
    /// 403 `login_required`.
    pub fn person(&self, world: &World) -> Result<Person, Refused> {
        let ended = || refuse(403, "login_required");
        let session = self.session.as_deref().ok_or_else(ended)?;
        let token = world.token(session).ok_or_else(ended)?;
        let is_over = token.expires.is_some_and(|end| end <= world.now());
        if token.family != Family::App || is_over {
            return Err(ended());
        }
        world.person(&token.user_id).cloned().ok_or_else(ended)
    }
}

/// `Authorization: Bearer IGT:2:{base64 of {"ds_user_id", "sessionid"}}`.
fn session(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let coded = value.trim().strip_prefix("Bearer IGT:2:")?;
    let text = STANDARD.decode(coded).ok()?;
    let read: Value = serde_json::from_slice(&text).ok()?;
    read["sessionid"].as_str().map(str::to_owned)
}

fn put_form(values: &mut BTreeMap<String, Value>, text: &[u8]) {
    for (name, value) in form_urlencoded::parse(text) {
        let signed = (name == "signed_body")
            .then(|| value.split_once('.'))
            .flatten();
        match signed.and_then(|(_, json)| serde_json::from_str(json).ok()) {
            Some(Value::Object(map)) => values.extend(map),
            _ => {
                values.insert(name.into_owned(), Value::String(value.into_owned()));
            }
        }
    }
}

fn put_body(values: &mut BTreeMap<String, Value>, body: &[u8]) {
    if body.first() == Some(&b'{')
        && let Ok(Value::Object(map)) = serde_json::from_slice(body)
    {
        values.extend(map);
        return;
    }
    put_form(values, body);
}

/// Text, or a number as text.
pub fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signed_form_is_read_through() {
        let body =
            "signed_body=SIGNATURE.%7B%22upload_id%22%3A%221%22%2C%22ids%22%3A%5B1%2C2%5D%7D&d=4";
        let ask = AppAsk::read(
            Method::POST,
            &["api", "v1", "media", "configure_to_story"],
            "video=1",
            HeaderMap::new(),
            Bytes::from(body),
        );
        assert_eq!(ask.path, ["media", "configure_to_story"]);
        assert_eq!(ask.text("upload_id").as_deref(), Some("1"));
        assert_eq!(ask.text("video").as_deref(), Some("1"));
        assert_eq!(ask.list("ids"), ["1", "2"]);
    }
}
