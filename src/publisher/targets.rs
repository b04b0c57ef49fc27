//! Who is told what happens, for a project.
//!
//! In: a project, its store. Out: a [`Deliverer`] for its targets. Never: an account that is opened for it.

use std::collections::HashMap;
use std::time::Duration;

use super::accounts;
use crate::graph::Login;
use crate::notify::Deliverer;
use crate::project::Project;
use crate::store::Store;

/// Who tells the targets of a project. `opened` are accounts whose ids are known by their tokens alone.
pub(super) fn deliverer(
    project: &Project,
    store: &Store,
    opened: &HashMap<String, String>,
) -> Deliverer {
    let named = project.accounts.iter().filter_map(|account| {
        if account.login == Login::ByHand {
            return Some((accounts::hand_key(account, false), account.name.clone()));
        }
        let id = account.user_id.as_ref()?;
        let key = format!("{}:{id}", account.login.as_str());
        Some((key, account.name.clone()))
    });
    let mut names: HashMap<_, _> = named.collect();
    names.extend(project.learned.names());
    names.extend(opened.clone());
    let (targets, smtp) = (&project.notify, project.smtp.as_ref());
    Deliverer::new(store.clone(), targets, smtp, project.root.clone(), names)
}

/// Tells what is to be told now, for `within` at most, where no account is open; how many messages wait for a worker.
pub async fn tell(project: &Project, store: &Store, within: Duration) -> usize {
    deliverer(project, store, &HashMap::new())
        .finish(within)
        .await
}
