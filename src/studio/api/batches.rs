//! `batches`: a batch against the last one, and what people decide about it.

use utoipa_axum::router::OpenApiRouter;

use crate::studio::state::Studio;

/// The routes.
pub fn router() -> OpenApiRouter<Studio> {
    OpenApiRouter::new()
}
