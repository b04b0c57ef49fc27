//! Which files of a room need each other: the graph between them, and its circles.
//!
//! The file of a folder (`mod.rs`) is its public face: files of the folder may name what it defines. What it only hands
//! on is looked for where it is defined.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{Token, paths};

/// A source file: its module below the crate, and its words.
pub struct File<'a> {
    pub module: Vec<String>,
    pub tokens: Vec<Token<'a>>,
}

type Module = Vec<String>;

/// What each file needs, by module.
pub type Graph = BTreeMap<Module, BTreeSet<Module>>;

/// The graph between the files; only what is needed within a room is in it.
pub fn graph(files: &[File<'_>]) -> Graph {
    let modules: BTreeSet<Module> = files.iter().map(|file| file.module.clone()).collect();
    let named: Vec<_> = files
        .iter()
        .map(|file| {
            let children = children(&file.module, &modules);
            (file, paths(&file.tokens, &file.module, &children))
        })
        .collect();
    // what a module calls by a name of its own, and where that leads
    let mut handed: BTreeMap<Module, BTreeMap<String, Module>> = BTreeMap::new();
    for (file, paths) in &named {
        let names = handed.entry(file.module.clone()).or_default();
        for path in paths.iter().filter(|path| path.is_import) {
            names.insert(path.alias.clone(), path.full.clone());
        }
    }
    let mut graph = Graph::new();
    for (file, paths) in &named {
        let needs = graph.entry(file.module.clone()).or_default();
        for path in paths {
            let Some(found) = resolved(&path.full, &modules, &handed) else {
                continue;
            };
            let is_face = file.module.starts_with(&found);
            if found != file.module && !is_face && found.first() == file.module.first() {
                needs.insert(found);
            }
        }
    }
    graph
}

fn children(module: &Module, modules: &BTreeSet<Module>) -> BTreeSet<String> {
    let is_child = |other: &&Module| other.len() == module.len() + 1 && other.starts_with(module);
    let names = modules.iter().filter(is_child).map(|m| m.last().cloned());
    names.flatten().collect()
}

/// The file in which a path ends.
fn resolved(
    path: &Module,
    modules: &BTreeSet<Module>,
    handed: &BTreeMap<Module, BTreeMap<String, Module>>,
) -> Option<Module> {
    let mut path = path.clone();
    // a name may be handed on from face to face
    for _ in 0..8 {
        let length = (1..=path.len())
            .rev()
            .find(|n| modules.contains(&path[..*n]))?;
        let file = path[..length].to_vec();
        let Some(target) = path
            .get(length)
            .and_then(|name| handed.get(&file)?.get(name))
        else {
            return Some(file);
        };
        let mut further = target.clone();
        further.extend_from_slice(&path[length + 1..]);
        if further == path {
            return Some(file);
        }
        path = further;
    }
    None
}

/// Sets of files each of which needs all others of its set.
pub fn circles(graph: &Graph) -> Vec<Vec<Module>> {
    let reach: BTreeMap<&Module, BTreeSet<&Module>> = graph
        .keys()
        .map(|from| (from, reached(graph, from)))
        .collect();
    let mut seen: BTreeSet<&Module> = BTreeSet::new();
    let mut found = Vec::new();
    for from in graph.keys() {
        if !reach[from].contains(from) || seen.contains(from) {
            continue;
        }
        let circle: Vec<&Module> = reach[from]
            .iter()
            .copied()
            .filter(|to| reach[to].contains(from))
            .collect();
        seen.extend(&circle);
        found.push(circle.into_iter().cloned().collect());
    }
    found
}

fn reached<'g>(graph: &'g Graph, from: &Module) -> BTreeSet<&'g Module> {
    let mut found = BTreeSet::new();
    let mut open: Vec<&Module> = graph[from].iter().collect();
    while let Some(next) = open.pop() {
        if let Some((key, needs)) = graph.get_key_value(next)
            && found.insert(key)
        {
            open.extend(needs);
        }
    }
    found
}
