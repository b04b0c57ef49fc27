//! Who is at work, and whether somebody who was is gone.
//!
//! In: `/proc`. Out: a name for this process, and a sure "gone" about others of this machine.
//! Never: a guess. Who cannot be judged from here counts as alive, and is waited for.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::MetadataExt;
use std::sync::OnceLock;

/// `machine-1a2b3c4d:PID:START`: a number that is used again does not make two processes one.
pub(super) fn this() -> &'static str {
    static THIS: OnceLock<String> = OnceLock::new();
    THIS.get_or_init(|| {
        let pid = std::process::id();
        let start = start(pid).unwrap_or_default();
        format!("{}:{pid}:{start}", machine())
    })
}

/// Whether the process of that name ran here and has ended.
pub(super) fn is_gone(who: &str) -> bool {
    let who = who.split('/').next().unwrap_or_default();
    let mut parts = who.rsplitn(3, ':');
    let (Some(began), Some(pid), Some(on)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let (Ok(began), Ok(pid)) = (began.parse::<u64>(), pid.parse::<u32>()) else {
        return false;
    };
    // who is not shown to us may be there: `hidepid`, systemd's ProtectProc; the first process always is
    let are_shown = start(1).is_some() && start(std::process::id()).is_some();
    let can_judge = on == machine() && are_shown && began > 0;
    can_judge && start(pid) != Some(began)
}

/// The machine's name, and a mark of this boot and of the space that process numbers are valid in.
fn machine() -> &'static str {
    static MACHINE: OnceLock<String> = OnceLock::new();
    MACHINE.get_or_init(|| {
        let read = |path| fs::read_to_string(path).unwrap_or_default();
        let name: String = read("/proc/sys/kernel/hostname")
            .trim()
            .chars()
            .filter(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c))
            .take(64)
            .collect();
        let mut mark = DefaultHasher::new();
        read("/proc/sys/kernel/random/boot_id").hash(&mut mark);
        fs::metadata("/proc/self/ns/pid")
            .map(|m| (m.dev(), m.ino()))
            .unwrap_or_default()
            .hash(&mut mark);
        let name = if name.is_empty() { "machine" } else { &name };
        format!("{name}-{:08x}", mark.finish() as u32)
    })
}

/// When a living process began, in ticks since the boot.
fn start(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // the program's name stands in parentheses and may hold anything
    let (_, rest) = stat.rsplit_once(") ")?;
    let mut fields = rest.split(' ');
    // one that has ended and was not buried yet
    let is_dead = matches!(fields.next()?, "Z" | "X" | "x");
    // proc_pid_stat(5): the state is field 3, the start is field 22
    let start = fields.nth(18)?.parse().ok()?;
    (!is_dead).then_some(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_not_gone() {
        assert!(!is_gone(this()));
        assert!(!is_gone(&format!("{}/3", this())));
    }

    #[test]
    fn one_that_ended_is_gone() {
        let mut child = std::process::Command::new("sleep")
            .arg("30")
            .spawn()
            .expect("`sleep` is everywhere");
        let began = start(child.id()).expect("it lives");
        let who = format!("{}:{}:{began}", machine(), child.id());
        assert!(!is_gone(&who));
        child.kill().expect("it is ours");
        // not buried yet, and dead all the same
        while fs::read_to_string(format!("/proc/{}/stat", child.id()))
            .is_ok_and(|s| !s.contains(") Z"))
        {
            std::thread::yield_now();
        }
        assert!(is_gone(&who));
        child.wait().expect("it is ours");
        assert!(is_gone(&who));
    }

    #[test]
    fn nobody_elsewhere_is_judged() {
        for who in [
            "",
            "x",
            "a:b:c",
            "other-00000000:1:1",
            "::",
            "other:4000000:5/1",
        ] {
            assert!(!is_gone(who), "{who}");
        }
        let reborn = format!("{}:{}:1", machine(), std::process::id());
        assert!(is_gone(&reborn));
    }
}
