//! What accounts are called whose id the project file does not say: their logins know it, and the memory keeps it.
//!
//! In: an account as stories name it, with its name. Out: its name. Never: a name that the project file says itself.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use crate::store::Called;

/// Names that were learned; clones of a project share them.
#[derive(Debug, Clone, Default)]
pub struct Learned(Arc<RwLock<HashMap<String, Called>>>);

impl Learned {
    /// From now on these are known.
    pub fn learn(&self, called: impl IntoIterator<Item = Called>) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.extend(called.into_iter().map(|one| (one.account.clone(), one)));
    }

    /// What is known of an account that stories name so.
    pub fn of(&self, account: &str) -> Option<Called> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.get(account).cloned()
    }

    /// All of them, by the names that stories have for them.
    pub fn names(&self) -> HashMap<String, String> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let each = known.values();
        each.map(|one| (one.account.clone(), one.name.clone()))
            .collect()
    }
}
