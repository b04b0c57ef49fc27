//! Two processes on one store.

use std::thread;

use super::rehearsal::Rehearsal;

#[test]
fn two_processes_publish_each_story_once() {
    let rehearsal = Rehearsal::new();
    let files = rehearsal.pictures(6);
    let runs = thread::scope(|scope| {
        let run = || rehearsal_publish(&rehearsal, &files);
        let both = [scope.spawn(run), scope.spawn(run)];
        both.map(|one| one.join().expect("a run"))
    });
    for run in &runs {
        assert_eq!(run.code, Some(0), "{run:?}");
        assert!(
            run.states().values().all(|state| state == "live"),
            "{run:?}"
        );
    }
    let published = rehearsal.published();
    assert_eq!(published.len(), 6);
    assert!(published.values().all(|times| *times == 1), "{published:?}");
}

fn rehearsal_publish(rehearsal: &Rehearsal, files: &[std::path::PathBuf]) -> super::rehearsal::Run {
    let mut command = rehearsal.command(&["publish", "--json", "--sandbox", &rehearsal.url]);
    command.args(files);
    super::rehearsal::Run::of(command.output().expect("a run"))
}
