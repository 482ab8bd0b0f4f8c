#!/usr/bin/env python3
"""Numbers of qlogview against an independent reading of the same qlogs: values
at random times, carried forward, and every column of a chart.

usage: truth.py QLOGVIEW SEED FILE...   Prints TAP, one test for each file."""

import bisect
import csv
import decimal
import io
import random
import subprocess
import sys

import records

TIMES = 50
VIEWS = ("congestion", "rtt")


def run(program, *args):
    return subprocess.run([program, "-q", *args], capture_output=True,
                          check=True, text=True).stdout


def ns(text):
    return int(decimal.Decimal(text) * 10 ** 6)


def told(program, path):
    """What qlogview exports: {series: [(ns, value)]} of connection 0."""
    out = {key: [] for key in records.FIELDS}
    text = run(program, "--csv", ",".join(out), "-c", "0", path)
    for row in csv.DictReader(io.StringIO(text)):
        value = row["value"]
        out[row["series"]].append((ns(row["time_ms"]), ns(value) if
                                   row["series"].endswith("rtt")
                                   else int(value)))
    return out


def at(samples, time):
    """The value that holds at |time|; of samples at one time the last."""
    i = bisect.bisect_right(samples, time, key=lambda s: s[0])
    return samples[i - 1][1] if i else None


def kept(key, samples):
    """An ssthresh that means "none yet" is left out of charts and exports."""
    return [s for s in samples if key != "ssthresh" or s[1] < 2 ** 48]


def compare_times(rng, want, got, wrong):
    end = max((s[-1][0] for s in want.values() if s), default=0)
    for time in [rng.randint(0, end) for _ in range(TIMES)]:
        for key in want:
            a, b = at(want[key], time), at(got[key], time)
            if a != b:
                wrong.append(f"{key} at {time} ns: {b}, not {a}")


def compare_columns(program, path, view, want, wrong):
    rows, compared = run(program, f"--print={view}", "90x20", "--format=csv",
                         "-c", "0", path), 0
    for row in csv.DictReader(io.StringIO(rows)):
        key = {"congestion window": "cwnd", "bytes in flight":
               "bytes_in_flight", "smoothed RTT": "smoothed_rtt",
               "min RTT": "min_rtt", "latest RTT": "latest_rtt"
               }.get(row["series"], row["series"])
        if key not in want:
            continue
        begin, end = int(row["from"]), int(row["to"])
        lo = bisect.bisect_left(want[key], begin, key=lambda s: s[0])
        hi = bisect.bisect_left(want[key], end, key=lambda s: s[0])
        values = [v for _, v in want[key][lo:hi]]
        if key != "latest_rtt" and lo > 0:
            values.append(want[key][lo - 1][1])  # held when the column begins
        if not values or min(values) != int(row["min"]) or \
                max(values) != int(row["max"]):
            wrong.append(f"{view} {key} [{begin}, {end}): {row['min']} to "
                         f"{row['max']}, not {min(values, default=None)} to "
                         f"{max(values, default=None)}")
        compared += 1
    return compared


def main():
    program, seed = sys.argv[1], int(sys.argv[2])
    rng = random.Random(seed)
    files = sys.argv[3:]
    for number, path in enumerate(files, 1):
        wrong = []
        head, events = next(records.traces(path))
        want = {key: kept(key, samples)
                for key, samples in records.metrics(head, events).items()}
        compare_times(rng, want, told(program, path), wrong)
        columns = sum(compare_columns(program, path, view, want, wrong)
                      for view in VIEWS)
        samples = sum(map(len, want.values()))
        print(f"{'not ok' if wrong or not samples else 'ok'} {number} - "
              f"{path.rsplit('/', 1)[-1]}: {samples} samples, {TIMES} times, "
              f"{columns} columns")
        for line in wrong[:8]:
            print(f"# {line}")
    print(f"1..{len(files)}")


main()
