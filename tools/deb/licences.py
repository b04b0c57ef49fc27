#!/usr/bin/env python3
"""Prints the licence texts of every library that is linked into the program.

    tools/deb/licences.py > third-party-licences.txt

In: `cargo metadata` and the sources that cargo has fetched. Out: name, version and licence of each library, then each text
once, with who it belongs to. Never: a library that only builds or tests the program. Standard library only.
"""

import json
import pathlib
import subprocess
import sys

NAMES = ("LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE", "UNLICENSE")


def metadata():
    host = next(
        line.split()[1]
        for line in subprocess.check_output(["rustc", "-vV"], text=True).splitlines()
        if line.startswith("host:")
    )
    call = ["cargo", "metadata", "--locked", "--format-version", "1", "--filter-platform", host]
    return json.loads(subprocess.check_output(call))


def linked(data):
    """The ids of what the program needs when it runs."""
    nodes = {node["id"]: node for node in data["resolve"]["nodes"]}
    found, left = set(), [data["resolve"]["root"]]
    while left:
        for dep in nodes[left.pop()]["deps"]:
            is_linked = any(kind["kind"] is None for kind in dep["dep_kinds"])
            if is_linked and dep["pkg"] not in found:
                found.add(dep["pkg"])
                left.append(dep["pkg"])
    return found


def texts(package):
    """The licence files of a package, also those of C code that it brings."""
    folder = pathlib.Path(package["manifest_path"]).parent
    files = [*folder.iterdir(), *folder.glob("*/*"), *folder.glob("*/*/*")]
    for file in sorted(files):
        if file.is_file() and file.name.upper().startswith(NAMES) and file.suffix not in (".rs", ".h", ".py"):
            yield file.read_text(errors="replace").strip()


def main():
    data = metadata()
    ids = linked(data)
    packages = sorted((p for p in data["packages"] if p["id"] in ids), key=lambda p: (p["name"], p["version"]))
    owners = {}
    for package in packages:
        name = f"{package['name']} {package['version']}"
        print(f"{name}: {package['license'] or 'see its text below'}")
        for text in texts(package):
            names = owners.setdefault(text, [])
            if name not in names:
                names.append(name)
    for text, names in owners.items():
        print(f"\n{'-' * 78}\n{', '.join(names)}\n\n{text}")
    print(f"{len(packages)} libraries, {len(owners)} texts", file=sys.stderr)


if __name__ == "__main__":
    main()
