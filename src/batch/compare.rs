//! What a batch would change of the last one, and why.
//!
//! In: an order. Out: each story with the file of the last batch, and what differs between then and now. Never: a file that is
//! written; pixels.

use std::path::Path;
use std::time::SystemTime;

use rayon::prelude::*;

use super::ledger::{self, Keys, Ledger};
use super::{Error, Order};
use crate::media::Media;

/// A story of a plan beside the last batch in the same folder.
#[derive(Debug, Clone, PartialEq)]
pub struct Compared {
    /// Its place in the plan.
    pub place: usize,
    /// The file of the last batch, if that was made.
    pub before: Option<Media>,
    /// What differs: `assets/logo.svg`, `template menu.toml`, `value price`; empty where nothing does, or it is new.
    pub causes: Vec<String>,
    /// The digest of everything that decides its pixels but the files that it reads.
    pub key: String,
}

impl Compared {
    /// Nothing that decides it has changed.
    pub fn is_same(&self) -> bool {
        self.before.is_some() && self.causes.is_empty()
    }
}

/// Whether stories were ever made in a folder, and when the last one was.
pub fn last_made(out: &Path) -> Option<SystemTime> {
    ledger::last_written(out)
}

/// Holds every story of the plan against the last batch in OUT.
///
/// # Errors
/// `Out`: the ledger of OUT cannot be read.
pub fn compare(order: &Order<'_>) -> Result<Vec<Compared>, Error> {
    // looking makes no folder
    let ledger = match order.out.is_dir() {
        true => Some(Ledger::open(order.out)?),
        false => None,
    };
    let keys = Keys::of(order);
    let plan = order.plan;
    let root = &plan.project.root;
    let each = plan.stories.par_iter().enumerate().map(|(place, story)| {
        let key = keys.of_story(plan, story);
        let Some(entry) = ledger.as_ref().and_then(|l| l.entry(&story.name)) else {
            return Compared {
                place,
                before: None,
                causes: Vec::new(),
                key,
            };
        };
        let assets = &plan.templates[story.template].assets;
        let mut causes = Vec::new();
        for (path, digest) in &entry.files {
            if ledger::digest_of(path, assets).as_deref() != Some(digest) {
                let shown = path.strip_prefix(root).unwrap_or(path);
                causes.push(shown.display().to_string());
            }
        }
        if entry.key != key {
            let now = ledger::inputs(order, story);
            let names = now
                .keys()
                .chain(entry.inputs.keys().filter(|name| !now.contains_key(*name)));
            let differ = names.filter(|name| now.get(*name) != entry.inputs.get(*name));
            let named: Vec<String> = differ.cloned().collect();
            match (entry.inputs.is_empty(), named.is_empty()) {
                (true, _) => causes.push("a batch of an older version".to_owned()),
                // its number, or how a cell is written
                (false, true) => causes.push("the row's place in the data".to_owned()),
                (false, false) => causes.extend(named),
            }
        }
        let media = entry.media.iter().map(|kept| &kept.media);
        let before = media
            .clone()
            .find(|media| media.path.extension().is_some_and(|e| e == "jpg"));
        Compared {
            place,
            before: before.or(media.clone().next()).cloned(),
            causes,
            key,
        }
    });
    Ok(each.collect())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::batch::{self, Outcome, Selection};
    use crate::project;

    #[test]
    fn what_differs_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let write =
            |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("a file");
        write("storypress.toml", "[project]\n");
        let template = "[vars]\ntitle = { default = 'a' }\nprice = { default = '1' }\n[output]\nsize = [90, 160]\n\
            [[layer]]\ntype = 'image'\nsrc = 'logo.svg'\nwidth = 100\nheight = 100\nleft = 0\ntop = 300\n";
        let logo = |color: &str| {
            let svg = format!(
                "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><rect width='9' height='9' fill='{color}'/></svg>"
            );
            write("logo.svg", &svg);
        };
        write("menu.toml", template);
        logo("red");
        write("rows.csv", "id,title,price\na,Soup,1\nb,Tart,2\n");
        let out = folder.path().join("out");
        let compared = |renders: bool| {
            let project = project::of(Some(folder.path()), folder.path()).expect("a project");
            let selection = Selection {
                paths: vec![folder.path().join("menu.toml")],
                data: Some(folder.path().join("rows.csv")),
                ..Selection::default()
            };
            let plan = batch::plan(&selection, project).expect("a plan");
            let order = Order::new(&plan, &out);
            let found = compare(&order).expect("a comparison");
            if renders {
                batch::render(&order, &|_: usize, outcome: Outcome| {
                    assert!(
                        outcome.diagnostics.iter().all(|d| !d.is_error()),
                        "{outcome:?}"
                    );
                })
                .expect("a batch");
            }
            found
                .into_iter()
                .map(|one| (one.before.is_some(), one.causes))
                .collect::<Vec<_>>()
        };
        assert_eq!(compared(true), [(false, vec![]), (false, vec![])]);
        assert_eq!(compared(false), [(true, vec![]), (true, vec![])]);
        logo("blue");
        let both = (true, vec!["logo.svg".to_owned()]);
        assert_eq!(compared(true), [both.clone(), both]);
        write("rows.csv", "id,title,price\na,Soup,1\nb,Tart,3\n");
        assert_eq!(
            compared(false),
            [(true, vec![]), (true, vec!["value price".to_owned()])]
        );
        write("menu.toml", &format!("{template}# a word\n"));
        let found = compared(false);
        assert_eq!(found[0].1, ["template menu.toml"]);
        assert_eq!(found[1].1, ["template menu.toml", "value price"]);
    }
}
