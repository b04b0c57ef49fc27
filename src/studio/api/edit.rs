//! `edit`: the new text of a template, values spliced in.

use utoipa_axum::router::OpenApiRouter;

use crate::studio::state::Studio;

/// The routes.
pub fn router() -> OpenApiRouter<Studio> {
    OpenApiRouter::new()
}
