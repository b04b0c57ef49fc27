//! By which address another machine reaches this studio.
//!
//! In: a request, the names that were allowed, `[studio] url`. Out: `http://laptop.local:8040`. Never: an address that the
//! guard would refuse.

use axum::http::{HeaderMap, header};

use super::state::Studio;

/// The beginning of an address for another machine, without a slash at its end; none where only this machine gets in.
pub fn from_elsewhere(studio: &Studio, headers: &HeaderMap) -> Option<String> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let name = studio.name.as_ref()?;
    // whoever came by an allowed name shows by which one it works
    let host = text(header::HOST.as_str()).map(str::to_ascii_lowercase);
    if let Some(host) = host.filter(|host| is_allowed(studio, host)) {
        // a proxy that speaks TLS says so
        let scheme = match text("x-forwarded-proto") {
            Some("https") => "https",
            _ => "http",
        };
        return Some(format!("{scheme}://{host}"));
    }
    if let Some(written) = written(studio) {
        return Some(written);
    }
    Some(match name.contains(':') {
        true => format!("http://{name}"),
        false => format!("http://{name}:{}", studio.port),
    })
}

/// What the project says about it, where that is a name that gets in.
fn written(studio: &Studio) -> Option<String> {
    let url = studio.project().ok()?.studio_url.clone()?;
    let port = url
        .port()
        .map_or_else(String::new, |port| format!(":{port}"));
    let host = format!("{}{port}", url.host_str()?);
    is_allowed(studio, &host).then(|| format!("{}://{host}", url.scheme()))
}

/// The same; of this machine alone where no other gets in.
pub fn origin(studio: &Studio, headers: &HeaderMap) -> String {
    let here = || format!("http://127.0.0.1:{}", studio.port);
    from_elsewhere(studio, headers).unwrap_or_else(here)
}

fn is_allowed(studio: &Studio, host: &str) -> bool {
    let bare = host.strip_suffix(&format!(":{}", studio.port));
    let allowed = &studio.allow_hosts;
    allowed.contains(host) || bare.is_some_and(|bare| allowed.contains(bare))
}
