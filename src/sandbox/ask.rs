//! A request as the platform reads it: parameters from query, form or JSON, the token from wherever it is.

use std::collections::BTreeMap;

use axum::http::{HeaderMap, Method, header};
use serde_json::Value;
use url::form_urlencoded;

use super::fields::{self, Field};

/// A request, whatever way its parts came.
#[derive(Clone)]
pub struct Ask {
    /// GET, POST or DELETE; a `method` parameter goes before HTTP's own.
    pub method: Method,
    /// `v26.0`, where the path has one.
    pub version: Option<String>,
    /// The path without version and slashes.
    pub path: Vec<String>,
    /// Everything but the token.
    parameters: BTreeMap<String, Value>,
    /// From `Authorization`, query, form or JSON.
    pub token: Option<String>,
}

impl Ask {
    /// Puts a request's parts together; the body goes before the query, the header before both.
    pub fn read(
        method: &Method,
        path: &str,
        query: &str,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Self {
        let mut parameters = BTreeMap::new();
        put_form(&mut parameters, query.as_bytes());
        read_body(&mut parameters, headers, body);
        put_basic(&mut parameters, headers);
        let mut token = bearer(headers);
        if let Some(Value::String(given)) = parameters.remove("access_token") {
            token = token.or(Some(given));
        }
        let (version, path) = split(path);
        let method = match parameters.remove("method").as_ref().and_then(Value::as_str) {
            Some(other) => other.to_uppercase().parse().unwrap_or(method.clone()),
            None => method.clone(),
        };
        Self {
            method,
            version,
            path,
            parameters,
            token: token.filter(|token| !token.is_empty()),
        }
    }

    /// A parameter as text: strings as they are, anything else as JSON.
    pub fn text(&self, name: &str) -> Option<String> {
        match self.parameters.get(name)? {
            Value::Null => None,
            Value::String(text) if text.is_empty() => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        }
    }

    /// A list: JSON, JSON as text, or words between commas.
    pub fn list(&self, name: &str) -> Vec<String> {
        let value = match self.parameters.get(name) {
            Some(Value::String(text)) if text.trim_start().starts_with('[') => {
                serde_json::from_str(text).unwrap_or(Value::Null)
            }
            Some(value) => value.clone(),
            None => return Vec::new(),
        };
        match value {
            Value::Array(items) => items
                .iter()
                .map(|item| {
                    item.as_str()
                        .map_or_else(|| item.to_string(), str::to_owned)
                })
                .collect(),
            Value::String(text) => text
                .split(',')
                .map(|word| word.trim().to_owned())
                .filter(|word| !word.is_empty())
                .collect(),
            _ => Vec::new(),
        }
    }

    /// A list or object: JSON, or JSON as text.
    ///
    /// # Errors
    /// The text that is no JSON.
    pub fn json(&self, name: &str) -> Result<Option<Value>, String> {
        match self.parameters.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
            Some(Value::String(text)) => match serde_json::from_str(text) {
                Ok(value) => Ok(Some(value)),
                Err(_) => Err(text.clone()),
            },
            Some(value) => Ok(Some(value.clone())),
        }
    }

    /// What `fields` asks for.
    pub fn fields(&self) -> Vec<Field> {
        match self.parameters.get("fields") {
            Some(Value::String(text)) if !text.trim_start().starts_with('[') => fields::parse(text),
            _ => fields::parse(&self.list("fields").join(",")),
        }
    }
}

/// `Bearer`, or `OAuth` as uploads have it.
pub fn bearer(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.trim().split_once(' ')?;
    let is_ours = scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("oauth");
    is_ours.then(|| token.trim().to_owned())
}

/// An app's id and secret as OAuth libraries send them (RFC 6749, 2.3.1); what is in the form goes before.
fn put_basic(parameters: &mut BTreeMap<String, Value>, headers: &HeaderMap) {
    let value = headers.get(header::AUTHORIZATION);
    let text = value
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let Some((scheme, coded)) = text.split_once(' ') else {
        return;
    };
    let pair = String::from_utf8(base64(coded.trim())).unwrap_or_default();
    if let ("basic", Some((id, secret))) = (scheme.to_lowercase().as_str(), pair.split_once(':')) {
        for (name, value) in [("client_id", id), ("client_secret", secret)] {
            parameters
                .entry(name.to_owned())
                .or_insert_with(|| value.into());
        }
    }
}

/// What base 64 stands for, up to the first sign that is none of it.
fn base64(text: &str) -> Vec<u8> {
    const SIGNS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bytes = Vec::new();
    let (mut pool, mut bits) = (0_u32, 0);
    for sign in text.bytes() {
        let Some(value) = SIGNS.iter().position(|known| *known == sign) else {
            break;
        };
        pool = (pool << 6) | u32::try_from(value).unwrap_or_default();
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((pool >> bits & 0xff) as u8);
        }
    }
    bytes
}

/// Version and the other parts of a path; empty parts, as a slash at the end makes, are left out.
pub fn split(path: &str) -> (Option<String>, Vec<String>) {
    let mut parts: Vec<String> = path
        .split('/')
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect();
    let version = parts
        .first()
        .is_some_and(|part| is_version(part))
        .then(|| parts.remove(0));
    (version, parts)
}

fn is_version(part: &str) -> bool {
    part.strip_prefix('v')
        .and_then(|number| number.split_once('.'))
        .is_some_and(|(major, minor)| {
            let is_number =
                |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
            is_number(major) && is_number(minor)
        })
}

fn put_form(parameters: &mut BTreeMap<String, Value>, text: &[u8]) {
    for (name, value) in form_urlencoded::parse(text) {
        put(parameters, &name, value.into_owned());
    }
}

/// `metric[]=a&metric[]=b` and `metric[0]=a` are lists.
fn put(parameters: &mut BTreeMap<String, Value>, name: &str, value: String) {
    let list = name.strip_suffix(']').and_then(|name| name.split_once('['));
    match list {
        Some((name, place)) if place.bytes().all(|b| b.is_ascii_digit()) => {
            match parameters.get_mut(name) {
                Some(Value::Array(items)) => items.push(value.into()),
                _ => {
                    parameters.insert(name.to_owned(), vec![Value::from(value)].into());
                }
            }
        }
        _ => {
            parameters.insert(name.to_owned(), value.into());
        }
    }
}

fn read_body(parameters: &mut BTreeMap<String, Value>, headers: &HeaderMap, body: &[u8]) {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let is_json = kind.contains("json") || body.trim_ascii_start().starts_with(b"{");
    if is_json {
        if let Ok(Value::Object(given)) = serde_json::from_slice(body) {
            parameters.extend(given);
        }
    } else if let Some((_, boundary)) = kind.split_once("boundary=") {
        let boundary = boundary.split(';').next().unwrap_or_default();
        for (name, value) in parts(body, boundary.trim().trim_matches('"')) {
            put(parameters, &name, value);
        }
    } else {
        put_form(parameters, body);
    }
}

/// The text parts of a multipart form, as `curl -F` sends it.
fn parts(body: &[u8], boundary: &str) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(body);
    let line = format!("--{boundary}");
    let part = |part: &str| {
        let (head, value) = part.split_once("\r\n\r\n")?;
        let (_, name) = head.split_once("name=\"")?;
        let (name, _) = name.split_once('"')?;
        Some((
            name.to_owned(),
            value.strip_suffix("\r\n").unwrap_or(value).to_owned(),
        ))
    };
    text.split(&line).filter_map(part).collect()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use serde_json::json;

    use super::*;

    fn ask(query: &str, headers: &[(header::HeaderName, &'static str)], body: &str) -> Ask {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(name, HeaderValue::from_static(value));
        }
        Ask::read(
            &Method::POST,
            "/v26.0/123/media/",
            query,
            &map,
            body.as_bytes(),
        )
    }

    #[test]
    fn parameters_come_in_any_dress() {
        let multipart = "--b\r\nContent-Disposition: form-data; name=\"image_url\"\r\n\r\nhttp://a/b\r\n--b\r\n\
                         Content-Disposition: form-data; name=\"access_token\"\r\n\r\nT\r\n--b--\r\n";
        let form = "application/x-www-form-urlencoded";
        let asks = [
            ask("image_url=http%3A%2F%2Fa%2Fb&access_token=T", &[], ""),
            ask(
                "",
                &[(header::CONTENT_TYPE, form)],
                "access_token=T&image_url=http://a/b",
            ),
            ask(
                "access_token=T",
                &[(header::CONTENT_TYPE, "application/json; charset=utf-8")],
                r#"{"image_url":"http://a/b"}"#,
            ),
            ask(
                "",
                &[(header::AUTHORIZATION, "Bearer T")],
                r#"{"image_url":"http://a/b"}"#,
            ),
            ask(
                "",
                &[(header::CONTENT_TYPE, "multipart/form-data; boundary=b")],
                multipart,
            ),
        ];
        for ask in asks {
            assert_eq!(ask.text("image_url").as_deref(), Some("http://a/b"));
            assert_eq!(ask.token.as_deref(), Some("T"));
            assert_eq!(ask.text("access_token"), None, "kept apart");
            assert_eq!(ask.version.as_deref(), Some("v26.0"));
            assert_eq!(ask.path, ["123", "media"]);
        }
    }

    #[test]
    fn an_app_may_name_itself_by_basic_authorization() {
        let basic = [(header::AUTHORIZATION, "Basic NDcxMTpodXNoIQ==")];
        let named = ask("", &basic, "code=1");
        assert_eq!(named.text("client_id").as_deref(), Some("4711"));
        assert_eq!(named.text("client_secret").as_deref(), Some("hush!"));
        assert_eq!(named.token, None);
        let both = ask("client_id=1", &basic, "");
        assert_eq!(both.text("client_id").as_deref(), Some("1"));
        assert_eq!(
            ask("", &[(header::AUTHORIZATION, "Basic =")], "").text("client_id"),
            None
        );
    }

    #[test]
    fn lists_come_as_words_json_or_brackets() {
        for ask in [
            ask("metric=views,reach", &[], ""),
            ask("metric=%5B%22views%22%2C%22reach%22%5D", &[], ""),
            ask("metric[]=views&metric[]=reach", &[], ""),
            ask("", &[], r#"{"metric":["views","reach"]}"#),
        ] {
            assert_eq!(ask.list("metric"), ["views", "reach"]);
        }
        let tags = ask("", &[], r#"{"user_tags":[{"username":"a"}]}"#);
        assert_eq!(tags.json("user_tags"), Ok(Some(json!([{"username": "a"}]))));
        let tags = ask("user_tags=[{%22username%22:%22a%22}]", &[], "");
        assert_eq!(tags.json("user_tags"), Ok(Some(json!([{"username": "a"}]))));
        assert!(ask("user_tags=me", &[], "").json("user_tags").is_err());
    }

    #[test]
    fn only_numbers_make_a_version() {
        assert_eq!(split("/v26.0/me/").0.as_deref(), Some("v26.0"));
        assert_eq!(split("/v/me").0, None);
        assert_eq!(split("/v1x.0").0, None);
        assert_eq!(split("//").1, Vec::<String>::new());
    }
}
