//! `stories` and `insights`: what goes out, what went out.

use utoipa_axum::router::OpenApiRouter;

use crate::studio::state::Studio;

/// The routes.
pub fn router() -> OpenApiRouter<Studio> {
    OpenApiRouter::new()
}
