#!/usr/bin/env python3
"""Measures a worker: how late stories start on a busy minute, and how long questions take with 10,000 planned stories.

    tools/bench-worker.py [--storypress PATH] [--stories N] [--waves N] [--planned N] [--only minute|planned|slots|ahead] [--slots N] [--no-postgres] [--json FILE]

In: a release build of storypress (target/release/storypress). Out: a table, and exit code 1 with a goal that is missed.
The minute: N stories (1,000) of 20 accounts of a sandbox, due in waves (10) within a minute; the worker runs before they are due. Order is
held against the sandbox's own list; a story starts when its first step is written down, which is read from the trail.
The planned: one story is planned for 2036 and copied N times (10,000) in the database; then `status`, `status --json`, `worker --once` and a
scrape of `/metrics` are timed on SQLite and on a PostgreSQL server of its own (Debian's package postgresql; as root it runs as its user).
The slots: N slots (1,000) of 50 rules and 20 accounts, all due at one minute of the calendar, with a freeze of two hours; the sandbox's clock is
turned to the freeze, and to ten seconds before they are due when all have their pictures. A slot starts when its story's first step is written.
The ahead: 10,000 slots of the next 14 days; `schedule next`, `status` and a scrape of `/metrics` are timed, and how long the worker's loop stands still.
Each call is timed whole, the start of the process included; `version` is told beside them, which does nothing else.
The store's questions one by one: `cargo test --release --test store -- --ignored --nocapture measure_ten_thousand`.
Standard library only. Nothing leaves the machine.
"""

import argparse
import contextlib
import glob
import json
import os
import pwd
import shutil
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from datetime import datetime, timedelta, timezone
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ACCOUNTS = 20
TEMPLATE = """
[vars]
id = { default = "0" }
[canvas]
background = "#203040"
[[layer]]
type = "text"
text = "{{ id }}"
size = 300
color = "#fff"
left = 100
right = 100
top = 700
"""
# milliseconds to a start, MB, milliseconds a question
GOALS = {"start": 1000, "memory": 150, "question": 50}


class Bench:
    """What was measured, and which goals were missed."""

    def __init__(self):
        self.rows, self.missed = [], []

    def tell(self, what, value, unit, goal=None):
        self.rows.append({"what": what, "value": round(value, 2), "unit": unit, "goal": goal})
        is_missed = goal is not None and value > goal
        if is_missed:
            self.missed.append(what)
        mark = "" if goal is None else f"  (goal {goal} {unit}{', MISSED' if is_missed else ''})"
        print(f"{what:<58} {value:>10.2f} {unit}{mark}", flush=True)


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def ask(url, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def call(program, words, folder):
    done = subprocess.run([program, *map(str, words)], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"storypress {' '.join(map(str, words))[:200]} ended with {done.returncode}: {done.stderr[-2000:]}")
    return done.stdout


@contextlib.contextmanager
def sandbox(program, folder):
    words = [program, "sandbox", "--port", "0", "--json", "--accounts", str(ACCOUNTS // 2)]
    child = subprocess.Popen(words, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        told = json.loads(child.stdout.readline())
        limits = {"image_processing_ms": 0, "quota_total": 10000, "quota_lag_ms": 0, "container_limit": 40000, "calls_total": 10**7}
        ask(told["url"] + "/sandbox/settings", limits)
        yield told
    finally:
        child.kill()
        child.wait()


def project(folder, accounts, more=""):
    text = '[publish]\ngap = "0s"\n' + more
    for account in accounts:
        text += f'[accounts.{account["name"]}]\nlogin = "{account["login"]}"\nuser_id = "{account["user_id"]}"\n'
    (folder / "storypress.toml").write_text(text)


def pictures(program, folder, count):
    (folder / "story.toml").write_text(TEMPLATE)
    (folder / "rows.csv").write_text("id\n" + "".join(f"n{n:05}\n" for n in range(count)))
    report = call(program, ["render", "story.toml", "--data", "rows.csv", "-o", "out", "--json"], folder)
    outputs = [item["outputs"][0] for item in json.loads(report)["items"]]
    return [(Path(o["path"]), o["sha256"]) for o in outputs]


def minute(bench, program, stories, waves):
    """A busy minute."""
    with tempfile.TemporaryDirectory() as folder, sandbox(program, folder) as told:
        folder = Path(folder)
        accounts = told["accounts"][:ACCOUNTS]
        project(folder, accounts)
        files = pictures(program, folder, stories)
        each = stories // ACCOUNTS // waves
        stories = each * ACCOUNTS * waves
        # planning takes a while: the first wave comes after it
        first = datetime.now(timezone.utc) + timedelta(seconds=30 + 0.5 * waves * ACCOUNTS)
        wanted, place = {}, 0
        began = time.monotonic()
        for wave in range(waves):
            due = (first + timedelta(seconds=60 * wave / waves)).isoformat().replace("+00:00", "Z")
            for account in accounts:
                some = files[place : place + each]
                place += each
                wanted.setdefault(account["user_id"], []).extend(sha for _, sha in some)
                words = ["publish", "--json", f"--sandbox={told['url']}", "--account", account["name"], "--at", due]
                call(program, [*words, *(path for path, _ in some)], folder)
        bench.tell(f"{stories} planned in {waves * ACCOUNTS} calls, each", (time.monotonic() - began) * 1000 / (waves * ACCOUNTS), "ms")
        worker = subprocess.Popen([program, "worker", "--quiet", f"--sandbox={told['url']}"], cwd=folder)
        try:
            limit = time.monotonic() + (first - datetime.now(timezone.utc)).total_seconds() + 300
            live = []
            while len(live) < stories and time.monotonic() < limit:
                time.sleep(1)
                live = ask(told["url"] + "/sandbox/stories")
            status = Path(f"/proc/{worker.pid}/status").read_text()
            peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
        finally:
            worker.send_signal(signal.SIGINT)
            worker.wait()
        for account in accounts:
            own = [story["sha256"] for story in live if story["user_id"] == account["user_id"]]
            if own != wanted[account["user_id"]]:
                bench.missed.append(f"order of {account['name']}")
                print(f"the order of {account['name']} is not that of its plan")
        with contextlib.closing(sqlite3.connect(folder / ".storypress/store.db")) as store:
            started = "SELECT MIN(audit.at) - stories.due FROM audit JOIN stories ON stories.key = audit.story WHERE audit.what <> 'added' GROUP BY stories.key"
            late = sorted(row[0] for row in store.execute(started))
            out = sorted(row[0] for row in store.execute("SELECT published - due FROM stories WHERE published IS NOT NULL"))
        bench.tell("stories that are live", len(live), f"of {stories}")
        if len(live) != stories:
            bench.missed.append("all live")
        bench.tell("a due story starts after, median", statistics.median(late), "ms", GOALS["start"])
        bench.tell("a due story starts after, worst", late[-1], "ms", GOALS["start"])
        bench.tell("a due story is sent after, median", statistics.median(out), "ms")
        bench.tell("a due story is sent after, worst", out[-1], "ms")
        bench.tell("most memory of the worker", peak / 1024, "MB", GOALS["memory"])


RULE = """[schedule.rule{n:02}]
template = "story.toml"
account = {accounts}
days = "daily"
times = {times}
set = {{ id = "{n}" }}
freeze = "2h"
"""


def clock(told, **changes):
    body = changes or None
    return datetime.fromisoformat(ask(told["url"] + "/sandbox/clock", body)["now"][:26].rstrip("Z") + "+00:00")


def calendar(folder, accounts, rules, times):
    names = json.dumps([account["name"] for account in accounts])
    (folder / "story.toml").write_text(TEMPLATE.replace("{{ id }}", "{{ id }} {{ now | date('%H:%M') }}"))
    (folder / "schedule.toml").write_text("".join(RULE.format(n=n, accounts=names, times=json.dumps(times)) for n in range(rules)))


def peak(worker):
    status = Path(f"/proc/{worker.pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024


def stored(folder, question):
    with contextlib.closing(sqlite3.connect(folder / ".storypress/store.db", timeout=30)) as store:
        return store.execute(question).fetchall()


def slots(bench, program, count):
    """All slots of one minute."""
    with tempfile.TemporaryDirectory() as folder, sandbox(program, folder) as told:
        folder = Path(folder)
        accounts = told["accounts"][:ACCOUNTS]
        project(folder, accounts, '[project]\ntimezone = "UTC"\n')
        rules = count // ACCOUNTS
        now = clock(told)
        due = (now + timedelta(hours=5)).replace(minute=0, second=0, microsecond=0)
        calendar(folder, accounts, rules, [due.strftime("%H:%M")])
        worker = subprocess.Popen([program, "worker", "--quiet", f"--sandbox={told['url']}"], cwd=folder)
        try:
            wanted = rules * ACCOUNTS
            of_day = f"FROM slots WHERE due = {int(due.timestamp() * 1000)}"

            def until(question, seconds):
                limit = time.monotonic() + seconds
                while time.monotonic() < limit:
                    with contextlib.suppress(sqlite3.OperationalError):
                        if stored(folder, question)[0][0] >= wanted:
                            return
                    time.sleep(0.5)
                sys.exit(f"not {wanted} in time: {question}")

            until(f"SELECT COUNT(*) {of_day}", 120)
            clock(told, advance_s=(due - timedelta(hours=2) - clock(told)).total_seconds())
            began = time.monotonic()
            until(f"SELECT COUNT(*) {of_day} AND sha256 IS NOT NULL", 1800)
            bench.tell(f"{wanted} pictures of slots made within", time.monotonic() - began, "s")
            clock(told, advance_s=(due - timedelta(seconds=10) - clock(told)).total_seconds())
            limit, live = time.monotonic() + 600, []
            while len(live) < wanted and time.monotonic() < limit:
                time.sleep(1)
                live = ask(told["url"] + "/sandbox/stories")
            bench.tell("most memory of the worker", peak(worker), "MB", GOALS["memory"])
        finally:
            worker.send_signal(signal.SIGINT)
            worker.wait()
        bench.tell("slots that are live", len(live), f"of {wanted}")
        if len(live) != wanted:
            bench.missed.append("all live")
        started = "SELECT MIN(audit.at) - stories.due FROM audit JOIN stories ON stories.key = audit.story WHERE audit.what <> 'added' GROUP BY stories.key"
        late = sorted(row[0] for row in stored(folder, started))
        entered = sorted(row[0] for row in stored(folder, "SELECT slot_trail.at - slots.due FROM slot_trail JOIN slots ON slots.id = slot_trail.slot WHERE slot_trail.to_state = 'entered'"))
        out = sorted(row[0] for row in stored(folder, "SELECT published - due FROM stories WHERE published IS NOT NULL"))
        for what, times, goal in [("becomes a story", entered, None), ("starts", late, GOALS["start"]), ("is sent", out, None)]:
            bench.tell(f"a due slot {what} after, median", statistics.median(times), "ms", goal)
            bench.tell(f"a due slot {what} after, worst", times[-1], "ms", goal)


def ahead(bench, program, count, url):
    """Questions with so many slots of the next days."""
    kind = "PostgreSQL" if url else "SQLite"
    with tempfile.TemporaryDirectory() as folder, sandbox(program, folder) as told:
        folder = Path(folder)
        accounts = told["accounts"][:ACCOUNTS]
        project(folder, accounts, '[project]\ntimezone = "UTC"\n' + (f'[store]\nurl = "{url}"\n' if url else ""))
        rules = -(-count // (ACCOUNTS * 14))
        calendar(folder, accounts, rules, ["12:00"])
        port = free_port()
        words = ["worker", "--quiet", f"--sandbox={told['url']}", "--listen", f"127.0.0.1:{port}"]
        worker = subprocess.Popen([program, *words], cwd=folder)
        try:
            time.sleep(2)
            began = time.monotonic()
            status = lambda: call(program, ["status", "--all", "--json"], folder)
            while len(json.loads(status())["items"]) < rules * ACCOUNTS * 13:
                if time.monotonic() - began > 300:
                    sys.exit("the worker does not note the slots")
            bench.tell(f"{kind}: {rules * ACCOUNTS * 14} slots noted within", time.monotonic() - began, "s")
            start, _ = timed(bench, "version", lambda: call(program, ["--version"], folder))
            bench.tell(f"{kind}: a call that asks nothing", start, "ms")
            for words in (["status"], ["schedule", "next", "--count", "20"], ["schedule"]):
                words = [*words, f"--sandbox={told['url']}"]
                median, worst = timed(bench, words[0], lambda: call(program, words, folder))
                name = " ".join(words[:-1])
                bench.tell(f"{kind}: {name}, without the start, median", median - start, "ms", GOALS["question"])
                bench.tell(f"{kind}: {name}, without the start, worst", worst - start, "ms")
            scrape = lambda: urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30).read()
            took = []
            for _ in range(8):
                time.sleep(1.1)
                took.append(timed(bench, "metrics", scrape, 1)[0])
            bench.tell(f"{kind}: /metrics, median", statistics.median(took), "ms", GOALS["question"])
            bench.tell(f"{kind}: /metrics, worst", max(took), "ms", GOALS["question"])
            # a pass over the whole calendar, as every ten minutes
            spent = lambda: sum(int(n) for n in Path(f"/proc/{worker.pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]) * 10
            before = spent()
            clock(told, advance_s=700)
            time.sleep(8)
            bench.tell(f"{kind}: processor time of the worker for a pass over {rules * ACCOUNTS * 14} slots", spent() - before, "ms")
            bench.tell(f"{kind}: most memory of the worker", peak(worker), "MB", GOALS["memory"])
        finally:
            worker.send_signal(signal.SIGINT)
            worker.wait()


@contextlib.contextmanager
def postgres():
    """The address of an empty database; none where there is no PostgreSQL."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))
    if not found:
        yield None
        return
    programs = Path(found[-1]).parent
    with tempfile.TemporaryDirectory() as folder:
        prefix = []
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(folder, user.pw_uid, user.pw_gid)
            prefix = ["setpriv", "--reuid", str(user.pw_uid), "--regid", str(user.pw_gid), "--clear-groups"]
        quiet = {"cwd": folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        data, port = f"{folder}/data", free_port()
        subprocess.run([*prefix, programs / "initdb", "--no-sync", "-U", "storypress", "-A", "trust", "-D", data], check=True, **quiet)
        words = [programs / "postgres", "-D", data, "-k", folder, "-p", str(port), "-c", "listen_addresses=127.0.0.1"]
        server = subprocess.Popen([*prefix, *words], **quiet)
        try:
            for _ in range(100):
                time.sleep(0.1)
                made = subprocess.run([programs / "createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "storypress", "bench"], **quiet)
                if made.returncode == 0:
                    break
            yield f"postgres://storypress@127.0.0.1:{port}/bench"
        finally:
            server.send_signal(signal.SIGINT)
            server.wait()


def copies(columns, count, is_postgres):
    """SQL that copies the one story so often, an hour apart."""
    number = "lpad(n::text, 8, '0')" if is_postgres else "printf('%08d', n)"
    text = "n::text" if is_postgres else "n"
    other = {
        "key": number,
        "seq": "seq + n",
        "batch": f"batch || {text}",
        "batch_seq": "seq + n",
        "due": "due + n * 3600000",
        "wake": "wake + n * 3600000",
        "sha256": f"sha256 || {text}",
        "body": f"replace(body, key, {number})",
        "job": "NULL",
        "last_job": "NULL",
    }
    schema = "storypress." if is_postgres else ""
    numbers = f"generate_series(1::bigint, {count}) AS n" if is_postgres else "numbers"
    head = "" if is_postgres else f"WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count}) "
    insert = f"INSERT INTO {schema}stories ({', '.join(columns)}) "
    select = f"SELECT {', '.join(other.get(c, c) for c in columns)} FROM {schema}stories, {numbers} WHERE seq = 1"
    return insert + (head + select)


def timed(bench, what, act, times=7):
    took = []
    for _ in range(times):
        began = time.monotonic()
        act()
        took.append((time.monotonic() - began) * 1000)
    return statistics.median(took), max(took)


def planned(bench, program, count, url):
    """Questions with so many planned stories."""
    kind = "PostgreSQL" if url else "SQLite"
    with tempfile.TemporaryDirectory() as folder, sandbox(program, folder) as told:
        folder = Path(folder)
        project(folder, told["accounts"][:1], f'[store]\nurl = "{url}"\n' if url else "")
        picture, _ = pictures(program, folder, 1)[0]
        call(program, ["publish", f"--sandbox={told['url']}", "--at", "2036-01-01T09:00", picture], folder)
        if url:
            psql = ["psql", "-q", "-t", "-A", url, "-c"]
            names = "SELECT column_name FROM information_schema.columns WHERE table_schema = 'storypress' AND table_name = 'stories'"
            columns = subprocess.run([*psql, names], check=True, capture_output=True, text=True).stdout.split()
            subprocess.run([*psql, copies(columns, count - 1, True)], check=True)
        else:
            with contextlib.closing(sqlite3.connect(folder / ".storypress/store.db")) as store:
                columns = [row[1] for row in store.execute("PRAGMA table_info(stories)")]
                store.execute(copies(columns, count - 1, False))
                store.commit()
        start, _ = timed(bench, "version", lambda: call(program, ["--version"], folder))
        bench.tell(f"{kind}: a call that asks nothing", start, "ms")
        table = call(program, ["status"], folder)
        if len(table.splitlines()) < count:
            sys.exit(f"status tells of {len(table.splitlines())} stories, not of {count}")
        median, worst = timed(bench, "status", lambda: call(program, ["status"], folder))
        bench.tell(f"{kind}: status of {count} planned, without the start, median", median - start, "ms", GOALS["question"])
        bench.tell(f"{kind}: status of {count} planned, without the start, worst", worst - start, "ms")
        median, _ = timed(bench, "json", lambda: call(program, ["status", "--json"], folder))
        bench.tell(f"{kind}: status --json, without the start, median", median - start, "ms")
        median, _ = timed(bench, "once", lambda: call(program, ["worker", "--once", f"--sandbox={told['url']}"], folder), 3)
        bench.tell(f"{kind}: worker --once with nothing due, median", median, "ms")
        port = free_port()
        words = ["worker", "--quiet", f"--sandbox={told['url']}", "--listen", f"127.0.0.1:{port}"]
        worker = subprocess.Popen([program, *words], cwd=folder)
        try:
            scrape = lambda: urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10).read()
            limit = time.monotonic() + 20
            while True:
                try:
                    scrape()
                    break
                except OSError:
                    if time.monotonic() > limit:
                        raise
                    time.sleep(0.1)
            took = []
            for _ in range(10):
                # the same answer is given for a second
                time.sleep(1.1)
                took.append(timed(bench, "metrics", scrape, 1)[0])
            bench.tell(f"{kind}: /metrics, median", statistics.median(took), "ms", GOALS["question"])
            bench.tell(f"{kind}: /metrics, worst", max(took), "ms", GOALS["question"])
        finally:
            worker.send_signal(signal.SIGINT)
            worker.wait()


def main():
    lines = __doc__.splitlines()
    options = argparse.ArgumentParser(description=lines[0], epilog="\n".join(lines[4:]), formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--storypress", default=ROOT / "target/release/storypress", type=Path)
    options.add_argument("--stories", default=1000, type=int)
    options.add_argument("--waves", default=10, type=int)
    options.add_argument("--planned", default=10000, type=int)
    options.add_argument("--slots", default=1000, type=int)
    options.add_argument("--only", choices=["minute", "planned", "slots", "ahead"])
    options.add_argument("--no-postgres", action="store_true")
    options.add_argument("--json", type=Path)
    asked = options.parse_args()
    program = shutil.which(asked.storypress) or sys.exit(f"no program at {asked.storypress}: cargo build --release")
    program = str(Path(program).resolve())
    bench = Bench()
    is_asked = lambda what: asked.only in (None, what)
    if is_asked("minute"):
        minute(bench, program, asked.stories, asked.waves)
    if is_asked("slots"):
        slots(bench, program, asked.slots)
    for what, measure in [("planned", planned), ("ahead", ahead)]:
        if not is_asked(what):
            continue
        measure(bench, program, asked.planned, None)
        if not asked.no_postgres:
            with postgres() as url:
                if url:
                    measure(bench, program, asked.planned, url)
                else:
                    print("PostgreSQL is not installed: left out")
    if asked.json:
        asked.json.write_text(json.dumps({"rows": bench.rows, "missed": bench.missed}, indent=1))
    if bench.missed:
        sys.exit(f"missed: {', '.join(bench.missed)}")


if __name__ == "__main__":
    main()
