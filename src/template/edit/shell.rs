//! A layer that only a base has gets a place in the text, so that a key of it can be written there.
//!
//! In: a text, a layer of a base. Out: the text with an empty layer of that id, in groups of their ids. Never: a key.

use super::blocks::{elements, put};
use super::document::{Document, Found, Path, Step, Written};
use super::model::{Model, invalid};
use super::surroundings::Refused;
use super::write;
use crate::template::Layer;

/// The text with a place for the layer, and its path there.
pub(super) fn of_base(model: &Model, layer: Option<&Layer>) -> Result<(String, Path), Refused> {
    let Some(layer) = layer else {
        let message = "this sticker stands in a base";
        return Err(invalid(model, message, "edit the base"));
    };
    let mut chain = vec![layer];
    while let Some(parent) = model.parent(chain[chain.len() - 1]) {
        chain.push(parent);
    }
    let mut text = model.text.clone();
    let mut list: Path = vec![Step::Key("layer".into())];
    let mut own = Path::new();
    for layer in chain.into_iter().rev() {
        own = match model.own_path(&layer.place) {
            Some(own) => own,
            None => {
                let Some(id) = &layer.id else {
                    let message = "this layer stands in a base and has no `id`";
                    return Err(invalid(
                        model,
                        message,
                        "give it one there, or edit the base",
                    ));
                };
                let (new, at) = with_layer(&text, &list, id).ok_or_else(|| {
                    invalid(
                        model,
                        "the layers of this text stand apart",
                        "edit the text",
                    )
                })?;
                text = new;
                let mut own = list.clone();
                own.push(Step::At(at));
                own
            }
        };
        list = own.clone();
        list.push(Step::Key("children".into()));
    }
    Ok((text, own))
}

/// The text with one more layer at the end of a list, which has its id only.
fn with_layer(text: &str, list: &[Step], id: &str) -> Option<(String, usize)> {
    let document = Document::read(text);
    let at = count(&document, list);
    let id = write::value(&id.into(), None).ok()?;
    let piece = format!("[[layer]]\nid = {id}\n");
    Some((put(text, list, at, &piece).ok()?, at))
}

/// How many elements a list has, however it is written.
pub(super) fn count(document: &Document<'_>, list: &[Step]) -> usize {
    match document.find(list) {
        Found::Value(Written::Array { items, .. }) => items.len(),
        _ => elements(document, list),
    }
}
