//! The store's promises, each held on SQLite and on a PostgreSQL server that is started for it and stopped again.
//!
//! `cargo test --test store` runs all, `-- sqlite` or `-- postgres` one kind, `-- --ignored` the measurements.

#[path = "store/child.rs"]
mod child;
#[path = "store/files.rs"]
mod files;
#[path = "store/gate.rs"]
mod gate;
#[path = "store/handed.rs"]
mod handed;
#[path = "store/jobs.rs"]
mod jobs;
#[path = "store/measure.rs"]
mod measure;
#[path = "store/notices.rs"]
mod notices;
#[path = "store/operators.rs"]
mod operators;
#[path = "store/receiver.rs"]
mod receiver;
#[path = "store/server.rs"]
mod server;
#[path = "store/slots.rs"]
mod slots;
#[path = "store/slots_followed.rs"]
mod slots_followed;
#[path = "store/slots_found.rs"]
mod slots_found;
#[path = "store/stories.rs"]
mod stories;
#[path = "store/world.rs"]
mod world;

use std::sync::{Arc, Mutex};

use futures_util::future::LocalBoxFuture;
use libtest_mimic::{Arguments, Failed, Trial};

use server::Server;
use world::World;

/// A promise, and how it is tried.
type Case = (&'static str, fn(World) -> LocalBoxFuture<'static, ()>);

/// Cases under their own names.
macro_rules! cases {
    ($($name:ident),* $(,)?) => {
        &[$((stringify!($name), |world| ::std::boxed::Box::pin($name(world)))),*]
    };
}
pub(crate) use cases;

/// Each case in a runtime of its own: a store's tasks end with it.
fn run(case: fn(World) -> LocalBoxFuture<'static, ()>, world: World) -> Result<(), Failed> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failed::from(error.to_string()))?
        .block_on(case(world));
    Ok(())
}

/// The server starts with the first case that needs it.
type Shared = Arc<Mutex<Option<Server>>>;

fn on_postgres(server: &Shared) -> Result<World, Failed> {
    let mut server = server.lock().map_err(|_| "an earlier start failed")?;
    if server.is_none() {
        *server = Some(Server::start()?);
    }
    Ok(World::postgres(server.as_mut().expect("it was just made"))?)
}

fn main() {
    if child::was_asked() {
        return;
    }
    let arguments = Arguments::from_args();
    let server: Shared = Arc::default();
    let mut trials = Vec::new();
    let all = [
        stories::CASES,
        gate::CASES,
        handed::CASES,
        jobs::CASES,
        notices::CASES,
        operators::CASES,
        slots::CASES,
        slots_followed::CASES,
        slots_found::CASES,
    ];
    for (name, case) in all.concat() {
        trials.push(Trial::test(format!("sqlite::{name}"), move || {
            run(case, World::sqlite())
        }));
        let server = server.clone();
        trials.push(Trial::test(format!("postgres::{name}"), move || {
            run(case, on_postgres(&server)?)
        }));
    }
    for &(name, case) in files::CASES {
        trials.push(Trial::test(format!("sqlite::{name}"), move || {
            run(case, World::sqlite())
        }));
    }
    for &(name, case) in measure::CASES {
        let measured = Trial::test(format!("sqlite::{name}"), move || {
            run(case, World::sqlite())
        });
        trials.push(measured.with_ignored_flag(true));
        let server = server.clone();
        let measured = Trial::test(format!("postgres::{name}"), move || {
            run(case, on_postgres(&server)?)
        });
        trials.push(measured.with_ignored_flag(true));
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    // before the process ends: `exit` drops nothing
    if let Ok(mut server) = server.lock() {
        server.take();
    }
    conclusion.exit();
}
