//! The pages: HTML that works without JavaScript, but for the editor.
//!
//! In: requests that the guard let in. Out: pages; forms post here and are sent on with 303. Never: JSON for programs.

mod edit;

use axum::Router;

use super::state::Studio;

/// All pages.
pub fn router() -> Router<Studio> {
    Router::new().merge(edit::router())
}
