"""Stands by with the library loaded, for tests that start the private way's process again and again.

In: a folder, and the standard input of the test, whose end is the end. Out: `python` in the folder, which stands in for
the real one: what it is called with runs in a fork of this process, with the caller's files, folder and environment.
Never: a fork that outlives its caller.
"""

import json
import os
import random
import select
import signal
import socket
import sys
import threading
import traceback
from pathlib import Path

import instagrapi.mixins.photo  # noqa: F401
import requests  # noqa: F401

CALLER = """#!/usr/bin/python3 -IS
import json, os, socket, sys, threading, time
link = socket.socket(socket.AF_UNIX)
link.connect({address!r})
call = dict(program=sys.argv[-1], folder=os.getcwd(), environment=dict(os.environ), group=os.getpgrp())
socket.send_fds(link, [b"."], [0, 1, 2])
link.sendall(json.dumps(call).encode() + b"\\0")
parent = os.getppid()
def watch():
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)
threading.Thread(target=watch, daemon=True).start()
code = link.recv(1)
os._exit(code[0] if code else 1)
"""


def run(link, files, call):
    """Becomes the process that was asked for."""
    os.setpgid(0, call["group"])
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)

    def watch():
        link.recv(1)
        os._exit(1)

    os.chdir(call["folder"])
    os.environ.clear()
    os.environ.update(call["environment"])
    random.seed()
    sys.argv = ["-c"]
    threading.Thread(target=watch, daemon=True).start()
    code = 0
    try:
        exec(compile(call["program"], "<string>", "exec"), {"__name__": "__main__"})
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    link.send(bytes([code & 255]))
    os._exit(code & 255)


def main(folder):
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    address = folder / "ready"
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(address))
    server.listen(16)
    caller = folder / "python.new"
    caller.write_text(CALLER.format(address=str(address)))
    caller.chmod(0o700)
    caller.rename(folder / "python")
    while True:
        ready, _, _ = select.select([server, 0], [], [])
        if 0 in ready:
            return
        link, _ = server.accept()
        _, files, _, _ = socket.recv_fds(link, 1, 3)
        call = b""
        while not call.endswith(b"\0") and (part := link.recv(1 << 16)):
            call += part
        if call.endswith(b"\0") and os.fork() == 0:
            server.close()
            run(link, files, json.loads(call[:-1]))
        for file in files:
            os.close(file)
        link.close()


main(Path(sys.argv[1]))
