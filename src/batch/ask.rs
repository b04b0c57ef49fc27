//! Data that lives elsewhere, for a batch.
//!
//! In: a selection whose data is `source:NAME`. Out: the selection with the source's copy, and pictures that are files.
//! Never: a template that is drawn.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use super::Selection;
use super::files::templates;
use crate::project::Project;
use crate::source::{self, Asked, UnknownSource, When};

/// Where the data of a selection is a source: asks for its copy, if `when` says so, and for the pictures that the
/// selection's templates take from it. What came of it, a failure too, is in [`Selection::source`].
///
/// # Errors
/// The project has no such source.
pub async fn ask_source(
    selection: &mut Selection,
    project: &Project,
    when: When,
    now: Timestamp,
) -> Result<(), UnknownSource> {
    let Some(name) = selection.data.as_deref().and_then(source::named) else {
        return Ok(());
    };
    let sources = project.sources();
    sources.find(name)?;
    let columns = picture_columns(selection, project);
    let asked = match (sources.get(name, when, now).await, when) {
        (Ok(mut copy), When::Never) => {
            sources.known_pictures(&mut copy, &columns);
            Ok(Arc::new(copy))
        }
        (Ok(mut copy), When::Due | When::Now) => {
            sources.pictures(&mut copy, &columns, now).await;
            Ok(Arc::new(copy))
        }
        (Err(why), _) => Err(why),
    };
    selection.source = Some(asked);
    Ok(())
}

/// The columns that the templates of a selection take for pictures and films.
pub fn picture_columns(selection: &Selection, project: &Project) -> BTreeSet<String> {
    source::picture_columns(&templates(selection, project))
}

/// What is known of a source; the network is not asked.
pub(super) fn known(project: &Project, name: &str, pictures: &BTreeSet<String>) -> Asked {
    let sources = project.sources();
    let mut copy = sources.copy(name, Timestamp::now())?;
    sources.known_pictures(&mut copy, pictures);
    Ok(Arc::new(copy))
}
