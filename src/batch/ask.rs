//! Data that lives elsewhere, for a batch.
//!
//! In: a selection whose data is `source:NAME`. Out: the selection with the source's copy, and pictures that are files.
//! Never: a template that is drawn.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use super::Selection;
use super::files::templates;
use super::missed::missed;
use crate::calendar::Rule;
use crate::data::{self, Table};
use crate::diag::{Code, Diagnostic};
use crate::project::{Project, shown};
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
    let columns = picture_columns(selection, project);
    selection.source = Some(asked(project, name, &columns, when, now).await?);
    Ok(())
}

async fn asked(
    project: &Project,
    name: &str,
    columns: &BTreeSet<String>,
    when: When,
    now: Timestamp,
) -> Result<Asked, UnknownSource> {
    let sources = project.sources();
    sources.find(name)?;
    Ok(match (sources.get(name, when, now).await, when) {
        (Ok(mut copy), When::Never) => {
            sources.known_pictures(&mut copy, columns);
            Ok(Arc::new(copy))
        }
        (Ok(mut copy), When::Due | When::Now) => {
            sources.pictures(&mut copy, columns, now).await;
            Ok(Arc::new(copy))
        }
        (Err(why), _) => Err(why),
    })
}

/// The columns that the templates of a selection take for pictures and films.
pub fn picture_columns(selection: &Selection, project: &Project) -> BTreeSet<String> {
    source::picture_columns(&templates(selection, project))
}

/// The data of a calendar's rule: its file, or the copy of its source, which is asked if `when` says so. What the copy's
/// state warns of is among the table's warnings.
///
/// # Errors
/// It cannot be had or read; `no-row` for a column that its templates need and that is gone.
pub async fn data_of_rule(
    project: &Project,
    rule: &Rule,
    when: When,
    now: Timestamp,
) -> Result<Table, Vec<Diagnostic>> {
    let Some(data) = &rule.data else {
        return Err(Vec::new());
    };
    let Some(name) = source::named(Path::new(data)) else {
        return data::read(&shown(&project.data_file(data)));
    };
    let unknown = |why: UnknownSource| {
        vec![Diagnostic::at(
            Code::SourceFailed,
            rule.places.of("data"),
            why.to_string(),
        )]
    };
    // read once: each call reads and parses the files anew
    let templates = templates(&selection_of(rule, project), project);
    let columns = source::picture_columns(&templates);
    let asked = asked(project, name, &columns, when, now)
        .await
        .map_err(unknown)?;
    let copy = asked.map_err(|why| vec![*why])?;
    let mut table = copy.table(None, &columns)?;
    let set = &rule.set;
    let missing = templates
        .iter()
        .flat_map(|template| missed(&copy, &table, template, set));
    let missing: Vec<Diagnostic> = missing.collect();
    if missing.iter().any(Diagnostic::is_error) {
        return Err(missing);
    }
    table
        .warnings
        .splice(0..0, copy.diagnostics.iter().cloned());
    Ok(table)
}

fn selection_of(rule: &Rule, project: &Project) -> Selection {
    Selection {
        paths: rule
            .templates
            .iter()
            .map(|name| project.template_file(name))
            .collect(),
        ..Selection::default()
    }
}

/// What is known of a source; the network is not asked.
pub(super) fn known(project: &Project, name: &str, pictures: &BTreeSet<String>) -> Asked {
    let sources = project.sources();
    let mut copy = sources.copy(name, Timestamp::now())?;
    sources.known_pictures(&mut copy, pictures);
    Ok(Arc::new(copy))
}
