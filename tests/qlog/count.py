#!/usr/bin/env python3
"""Counts the records of qlogs with Python's JSON module, and compares with what
qlogcount says of them, fed whole and in pieces.  Prints TAP.

    count.py QLOGCOUNT CORPUS
"""

import gzip
import json
import os
import re
import subprocess
import sys
import tempfile

RS = "\x1e"


def parts_of_stream(texts):
    """(records, events, bad) of texts that follow each other."""
    events = bad = 0
    for text in texts:
        try:
            value = json.loads(text)
        except ValueError:
            bad += 1
            continue
        events += "trace" not in value
    return len(texts), events, bad


def parts_of(octets):
    text = octets.decode("utf-8", "replace")
    if text.startswith(RS):
        return parts_of_stream([t for t in text.split(RS) if t.strip()])
    lines = [line for line in text.split("\n") if line.strip()]
    if len(lines) > 1:
        try:
            json.loads(lines[0])
            return parts_of_stream(lines)
        except ValueError:
            pass
    # One JSON text, or JavaScript that assigns an object to a variable.
    text = text[text.index("{"):].rstrip().rstrip(";")
    text = re.sub(r",(\s*[]}])", r"\1", text)
    log = json.loads(text)
    events = sum(
        row != []
        for trace in log.get("traces") or log["connections"]
        for row in trace["events"]
    )
    return events, events, 0


def counted(program, path, piece):
    said = subprocess.run(
        [program, "--piece", str(piece), path],
        stdout=subprocess.PIPE, check=True, text=True,
    ).stdout
    found = re.search(
        r" records (\d+) events (\d+) unknown (\d+) bad (\d+)", said
    )
    records, events, unknown, bad = map(int, found.groups())
    return records, events + unknown, bad


def differences(program, path):
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "rb") as f:
        octets = f.read()
    want = parts_of(octets)
    with tempfile.NamedTemporaryFile() as plain:
        plain.write(octets)
        plain.flush()
        for piece in (1 << 30, 777):
            got = counted(program, plain.name, piece)
            if got != want:
                yield f"{path} in pieces of {piece}: {got}, not {want}"


def main():
    program, corpus = sys.argv[1:]
    folders = {}
    for part in ("qlog", "interop"):
        for folder, _, names in os.walk(os.path.join(corpus, part)):
            for name in names:
                if re.search(r"\.s?qlog(\.js|\.gz)?$", name):
                    kind = os.path.basename(folder) if part == "qlog" else part
                    folders.setdefault(kind, []).append(
                        os.path.join(folder, name)
                    )
    failed = False
    print(f"1..{len(folders)}")
    for number, kind in enumerate(sorted(folders), 1):
        wrong = [d for path in sorted(folders[kind])
                 for d in differences(program, path)]
        failed |= bool(wrong)
        print(f"{'not ok' if wrong else 'ok'} {number} - "
              f"{kind}: {len(folders[kind])} logs")
        for line in wrong:
            print(f"# {line}")
    return failed


if __name__ == "__main__":
    sys.exit(main())
