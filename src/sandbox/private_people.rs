//! People and places, as the app's answers name them.
//!
//! In: an id or a name. Out: an object. Never: a name that changes: a stranger's id is made of it.

use serde_json::{Value, json};

use super::app::App;
use super::objects::Person;
use super::world::World;

/// An account as answers name it.
pub fn user(app: &App, person: &Person) -> Value {
    json!({
        "pk": person.user_id,
        "pk_id": person.user_id,
        "username": person.username,
        "full_name": person.name,
        "is_private": false,
        "is_verified": false,
        "profile_pic_url": format!("{}/sandbox/face/{}.svg", app.base, person.user_id),
        "profile_pic_id": person.user_id,
    })
}

/// Who an id is, as answers name people.
pub fn somebody(app: &App, world: &World, id: &str) -> Value {
    match world.person(id) {
        Some(person) => user(app, person),
        None => json!({
            "pk": id, "username": name_of(world, id), "full_name": "", "is_private": false, "is_verified": false,
            "profile_pic_url": format!("{}/sandbox/face/{id}.svg", app.base),
        }),
    }
}

/// The name of an id that was looked up by name before.
pub fn name_of(world: &World, id: &str) -> String {
    let known = world.person(id).map(|person| person.username.clone());
    known
        .or_else(|| world.strangers.get(id).cloned())
        .unwrap_or_else(|| format!("user.{id}"))
}

/// A stranger's id: always the same for a name.
pub fn id_of(name: &str) -> String {
    let mix = |sum: u64, byte: u8| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325, mix);
    (4_000_000_000 + hash % 50_000_000_000).to_string()
}

/// What a place is called.
pub fn place(id: &str) -> String {
    format!("Place {id}")
}
