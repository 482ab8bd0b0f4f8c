#!/usr/bin/env python3
"""The dashboard of closes against a count of CONNECTION_CLOSE frames by a JSON
library (qlogs) and by tshark (captures).

usage: closes.py QLOGVIEW DIR...   Prints TAP."""

import collections
import json
import os
import subprocess
import sys

import records

CAPTURES = (b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\xc3\xd4", b"\n\r\r\n",
            b"M<\xb2\xa1")
SIDES = ("client", "server")
TLS = 0x100


def dashboard(program, directories):
    """Counts by (side, space, code) of closes that have a code."""
    done = subprocess.run([program, "-q", "closes", "--format=json",
                           *directories], capture_output=True, check=False)
    count = collections.Counter()
    for line in done.stdout.splitlines():
        row = json.loads(line)
        if "code" in row and row.get("class") in (
                "transport_close", "application_close", "handshake_failure"):
            code = row["code"]
            count[row.get("by"), row["space"],
                  int(code, 0) if isinstance(code, str) else code] += \
                row["count"]
    return count


def number(frame):
    """The code of a close, as far as the frame has it as a number."""
    for key in ("error_code", "raw_error_code", "error_code_value", "error"):
        value = frame.get(key)
        if isinstance(value, int):
            return value
        if isinstance(value, str):
            if value.startswith("crypto_error_0x"):
                return int(value[13:], 16)
            if value.isdigit():
                return int(value)
    return None


def closes_of_log(path):
    """(side, space, code) of the first CONNECTION_CLOSE; None: there is none;
    False: it cannot be said without knowing names of errors."""
    try:
        traces = list(records.traces(path))
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        return
    for head, events in traces:
        point = head.get("vantage_point", {})
        local = {"client": 0, "server": 1}.get(point.get("type"))
        yield False if None in events else first_close(local, events)


def first_close(local, events):
    if local == 0 and not any(e[1] == "packet_received" for e in events):
        return None  # who was never answered closes with whatever code
    stand_in = None
    for e in events:
        if e[1] not in ("packet_sent", "packet_received"):
            continue
        for frame in (e[2] or {}).get("frames") or []:
            if frame.get("frame_type") != "connection_close":
                continue
            code = number(frame)
            space = frame.get("error_space")
            if local is None or code is None or space is None:
                return False
            side = local if e[1] == "packet_sent" else 1 - local
            close = (SIDES[side], space.replace("_error", ""), code)
            if close[1:] == ("transport", 0xc) and not stand_in:
                stand_in = close  # for one in 1-RTT (RFC 9000 10.2.3)
            elif not stand_in or (close[0] == stand_in[0] and
                                  close[1] == "application"):
                return close
    return stand_in


def main():
    program, directories = sys.argv[1], sys.argv[2:]
    want, files, unclear, silent = collections.Counter(), [], [], 0
    for directory in directories:
        for base, _, names in sorted(os.walk(directory)):
            files += [os.path.join(base, n) for n in sorted(names)
                      if n.endswith(("qlog", "qlog.gz"))]
    clear = []
    for path in files:
        said = list(closes_of_log(path))
        if not said or False in said:
            unclear.append(path)
            continue
        clear.append(path)
        for close in said:
            want.update([close] if close else [])
            silent += close is None
    got = collections.Counter()
    for i in range(0, len(clear), 500):
        got.update(dashboard(program, clear[i:i + 500]))
    keys = sorted(set(want) | set(got), key=str)
    for i, key in enumerate(keys, 1):
        good = want[key] == got[key]
        print(f"{'ok' if good else 'not ok'} {i} - {key[0]} {key[1]} "
              f"{key[2]:#x}: {got[key]} times" +
              ("" if good else f", counted {want[key]}"))
    print(f"# {len(clear)} logs, {sum(want.values())} closes, {silent} without, "
          f"{len(unclear)} not counted (codes by name, or damaged)")
    print(f"1..{len(keys)}")


main()
