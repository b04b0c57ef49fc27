//! The batches of a project: those that are open, and those that are kept on disk.
//!
//! In: templates and data, or the name of a batch. Out: a batch, planned anew where the studio was closed meanwhile. Never: two
//! of one name, whatever the clock says.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::asset_files;
use super::batch::Batch;
use super::batch_against::{Of, held};
use super::batch_decisions::Decisions;
use super::batch_file::{self, Asked, Head, MOST};
use super::problem::Problem;

/// Stories of open batches, about 18 kB each: beyond that the oldest batch is closed, and read again where it is asked for.
const OPEN_STORIES: usize = 2_000;

/// All that are open, the oldest first.
#[derive(Debug, Default)]
pub struct Batches {
    open: Mutex<Vec<Arc<Batch>>>,
    /// Held while one is read again: two requests get the same one.
    reading: tokio::sync::Mutex<()>,
}

impl Batches {
    fn all(&self) -> MutexGuard<'_, Vec<Arc<Batch>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, batch: &Arc<Batch>) {
        let mut all = self.all();
        all.push(Arc::clone(batch));
        let stories = |all: &[Arc<Batch>]| all.iter().map(|batch| batch.head.count).sum::<usize>();
        while all.len() > MOST || all.len() > 1 && stories(&all) > OPEN_STORIES {
            all.remove(0);
        }
    }

    /// One that is open.
    pub fn opened(&self, id: &str) -> Option<Arc<Batch>> {
        let all = self.all();
        all.iter().find(|batch| batch.head.id == id).cloned()
    }

    /// One that is open, or that is kept and is opened again: its stories are planned as its templates and data are now.
    ///
    /// # Errors
    /// 404 where it is kept no longer; 422 where its templates or data are gone.
    pub async fn get(&self, of: &Of<'_>, id: &str) -> Result<Arc<Batch>, Problem> {
        let _reading = self.reading.lock().await;
        if let Some(batch) = self.opened(id) {
            return Ok(batch);
        }
        let root = &of.project.root;
        let gone = || {
            let what = format!("no batch `{id}`: the last {MOST} are kept");
            Problem::not_found(what)
        };
        let head = batch_file::head_of(root, id).ok_or_else(gone)?;
        let folder = batch_file::folder_of(root, id);
        let decisions = batch_file::decisions_of(&folder).map_err(Problem::internal)?;
        let then = Of {
            now: head.made,
            ..*of
        };
        let held = held(&then, &head.asked).await?;
        let batch = Arc::new(Batch::new(head, folder, held, decisions));
        batch.look();
        self.keep(&batch);
        Ok(batch)
    }

    /// Plans a batch, holds it against what is asked, and keeps it.
    ///
    /// # Errors
    /// 422 with what is wrong in the call as a whole.
    pub async fn open(&self, of: &Of<'_>, asked: Asked) -> Result<Arc<Batch>, Problem> {
        let held = held(of, &asked).await?;
        let root = &of.project.root;
        let (id, folder) = batch_file::new_folder(root).map_err(Problem::internal)?;
        let stories = &held.stories;
        let head = Head {
            id,
            asked,
            made: of.now,
            opened: Timestamp::now(),
            count: stories.len(),
            changed: stories.iter().filter(|s| s.kind == "changed").count(),
            keys: stories
                .iter()
                .map(|story| (story.name.clone(), story.key.clone()))
                .collect(),
            assets: asset_files::digest(of.project),
        };
        batch_file::write_head(&folder, &head).map_err(Problem::internal)?;
        batch_file::sweep(root);
        let batch = Arc::new(Batch::new(head, folder, held, Decisions::default()));
        batch.look();
        self.keep(&batch);
        Ok(batch)
    }
}
