//! A PostgreSQL server in a temporary folder, on a free port of loopback, gone with the test.

use std::fs;
use std::io::ErrorKind;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Must not show up anywhere.
pub const PASSWORD: &str = "geheim-4711";

/// Started with [`Server::start`], stopped when dropped; a test that is killed takes it along.
pub struct Server {
    process: Child,
    /// The thread that started it waits until this is dropped: the server ends with it.
    _keeper: Sender<()>,
    folder: TempDir,
    user: Option<(u32, u32)>,
    port: u16,
    /// How often it was started.
    starts: usize,
    databases: u32,
}

impl Server {
    /// Starts one on a cluster of its own.
    pub fn start() -> Result<Self, String> {
        let programs = programs()
            .ok_or("PostgreSQL is not installed: tools/setup.sh installs the package postgresql")?;
        let folder = tempfile::tempdir().map_err(told("a temporary folder"))?;
        let user = unprivileged(folder.path())?;
        copy(&cluster(&programs)?, &folder.path().join("data"), user)
            .map_err(told("a copy of the cluster"))?;
        let port = free_port().map_err(told("a free port"))?;
        let (process, keeper) = serve(folder.path(), user, port)?;
        let mut server = Self {
            process,
            _keeper: keeper,
            folder,
            user,
            port,
            starts: 1,
            databases: 0,
        };
        server.wait()?;
        Ok(server)
    }

    /// Ends it at once, as a restart does; its data stay.
    #[allow(
        dead_code,
        reason = "each of the binaries that hold this file uses a part of it"
    )]
    pub fn stop(&mut self) {
        end(&mut self.process);
    }

    /// Starts it once more, at the same port.
    #[allow(
        dead_code,
        reason = "each of the binaries that hold this file uses a part of it"
    )]
    pub fn start_again(&mut self) -> Result<(), String> {
        let (process, keeper) = serve(self.folder.path(), self.user, self.port)?;
        (self.process, self._keeper) = (process, keeper);
        self.starts += 1;
        self.wait()
    }

    /// The address of a new, empty database.
    pub fn database(&mut self) -> Result<String, String> {
        self.databases += 1;
        let name = format!("store_{}", self.databases);
        let programs = programs().ok_or("PostgreSQL is gone")?;
        let made = Command::new(programs.join("createdb"))
            .args(["-h", "127.0.0.1", "-p", &self.port.to_string()])
            .args(["-U", "storypress", &name])
            .env("PGPASSWORD", PASSWORD)
            .output()
            .map_err(told("createdb"))?;
        if !made.status.success() {
            return Err(String::from_utf8_lossy(&made.stderr).into_owned());
        }
        let port = self.port;
        Ok(format!(
            "postgres://storypress:{PASSWORD}@127.0.0.1:{port}/{name}"
        ))
    }

    fn wait(&mut self) -> Result<(), String> {
        let started = Instant::now();
        while started.elapsed() < Duration::from_secs(60) {
            let log = read(self.folder.path());
            if log.matches("ready to accept connections").count() >= self.starts {
                return Ok(());
            }
            if let Ok(Some(status)) = self.process.try_wait() {
                let log = read(self.folder.path());
                return Err(format!("postgres ended ({status}): {log}"));
            }
            sleep(Duration::from_millis(20));
        }
        Err("postgres did not get ready within a minute".to_owned())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        end(&mut self.process);
    }
}

/// The fast shutdown; a kill would leave its shared memory behind.
fn end(process: &mut Child) {
    let pid = process.id().to_string();
    let asked = Command::new("kill").args(["-INT", &pid]).status();
    let started = Instant::now();
    while asked.as_ref().is_ok_and(|s| s.success()) && started.elapsed() < Duration::from_secs(20) {
        if let Ok(Some(_)) = process.try_wait() {
            return;
        }
        sleep(Duration::from_millis(20));
    }
    let _ = process.kill();
    let _ = process.wait();
}

/// An empty cluster that stays in the build's folder: to make one costs more than most tests do with it. No server runs on
/// it, each has a copy.
fn cluster(programs: &Path) -> Result<PathBuf, String> {
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("postgres");
    fs::create_dir_all(&kept).map_err(told("a folder"))?;
    // each test is a process of its own, and many come at once
    let lock = fs::File::create(kept.join("lock")).map_err(told("a file for a lock"))?;
    lock.lock().map_err(told("a lock"))?;
    let version = programs.parent().and_then(Path::file_name);
    let version = version.unwrap_or_default().to_string_lossy();
    let cluster = kept.join(format!("{version}-{PASSWORD}"));
    if cluster.exists() {
        return Ok(cluster);
    }
    // the user that it runs as need not see the build's folder
    let folder = tempfile::tempdir().map_err(told("a temporary folder"))?;
    let user = unprivileged(folder.path())?;
    let secret = folder.path().join("password");
    fs::write(&secret, PASSWORD).map_err(told("the password"))?;
    let readable = fs::Permissions::from_mode(0o644);
    fs::set_permissions(&secret, readable).map_err(told("the password"))?;
    let made = as_user(user, &programs.join("initdb"))
        .current_dir(folder.path())
        .args(["--no-sync", "--encoding=UTF8", "--locale=C"])
        .args(["--username=storypress", "--auth=scram-sha-256", "--pwfile"])
        .arg(&secret)
        .arg("-D")
        .arg(folder.path().join("data"))
        .stdin(Stdio::null())
        .output()
        .map_err(told("initdb"))?;
    if !made.status.success() {
        let said = String::from_utf8_lossy(&made.stderr);
        return Err(format!("initdb failed: {said}"));
    }
    let unfinished = kept.join("unfinished");
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished).map_err(told("what was left unfinished"))?;
    }
    copy(&folder.path().join("data"), &unfinished, None).map_err(told("the cluster"))?;
    fs::rename(&unfinished, &cluster).map_err(told("the cluster"))?;
    Ok(cluster)
}

/// Copies a folder with all that is in it, for a user.
fn copy(from: &Path, to: &Path, user: Option<(u32, u32)>) -> std::io::Result<()> {
    let (uid, gid) = user.unzip();
    fs::create_dir(to)?;
    fs::set_permissions(to, fs::metadata(from)?.permissions())?;
    chown(to, uid, gid)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target, user)?;
        } else {
            fs::copy(entry.path(), &target)?;
            chown(&target, uid, gid)?;
        }
    }
    Ok(())
}

/// Runs the cluster that is in the folder.
fn serve(
    folder: &Path,
    user: Option<(u32, u32)>,
    port: u16,
) -> Result<(Child, Sender<()>), String> {
    let programs = programs().ok_or("PostgreSQL is gone")?;
    let log = fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(folder.join("log"))
        .map_err(told("the log"))?;
    let mut command = as_user(user, &programs.join("postgres"));
    command
        .current_dir(folder)
        .arg("-D")
        .arg(folder.join("data"))
        .arg("-k")
        .arg(folder)
        .args(["-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1"])
        .args(["-c", "max_connections=200", "-c", "shared_buffers=32MB"])
        // its processes end here, the machine does not
        .args(["-c", "fsync=off"])
        .stdin(Stdio::null())
        .stdout(log.try_clone().map_err(told("the log"))?)
        .stderr(log);
    keep(command).map_err(told("postgres"))
}

fn told<E: std::fmt::Display>(what: &'static str) -> impl Fn(E) -> String {
    move |error| format!("{what}: {error}")
}

/// The newest installed version's folder of programs.
fn programs() -> Option<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .filter(|(_, folder)| folder.join("initdb").exists())
        .collect();
    found.sort();
    found.pop().map(|(_, folder)| folder)
}

/// PostgreSQL refuses to run as root: then it runs as the user that its package made, who gets the folder.
fn unprivileged(folder: &Path) -> Result<Option<(u32, u32)>, String> {
    let mine = fs::metadata(folder).map_err(told("the folder"))?;
    if mine.uid() != 0 {
        return Ok(None);
    }
    let number = |flag| {
        let told = Command::new("id").args([flag, "postgres"]).output().ok()?;
        String::from_utf8(told.stdout).ok()?.trim().parse().ok()
    };
    let (user, group) = number("-u")
        .zip(number("-g"))
        .ok_or("there is no user `postgres`, and PostgreSQL does not run as root")?;
    chown(folder, Some(user), Some(group)).map_err(told("the folder"))?;
    Ok(Some((user, group)))
}

/// A command that ends when we end, whatever ends us.
fn as_user(user: Option<(u32, u32)>, program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "INT"]);
    if let Some((user, group)) = user {
        command.args(["--reuid", &user.to_string(), "--regid", &group.to_string()]);
        command.arg("--clear-groups");
    }
    command.arg(program);
    command
}

/// Starts it from a thread that lasts: the signal comes when the thread ends, not the process.
fn keep(mut command: Command) -> std::io::Result<(Child, Sender<()>)> {
    let (tell, told) = channel();
    let (keeper, kept) = channel::<()>();
    std::thread::spawn(move || {
        if tell.send(command.spawn()).is_ok() {
            // nothing is ever sent
            let _ = kept.recv();
        }
    });
    let process = told.recv().unwrap_or(Err(ErrorKind::Other.into()))?;
    Ok((process, keeper))
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn read(folder: &Path) -> String {
    fs::read_to_string(folder.join("log")).unwrap_or_default()
}
