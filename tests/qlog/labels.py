#!/usr/bin/env python3
"""Compares what qlogview finds in labelled qlogs (loggen --corpus) with their
labels: precision and recall of each finding, and how each connection ended.

usage: labels.py QLOGVIEW DIR [--verbose]

Prints TAP: one test for each finding that a label asks for, precision and
recall at least BAR for the findings in BARRED and FEW for the others; that
nothing worse than a note is found in clean logs; and one test for each field of
the close."""

import collections
import concurrent.futures
import csv
import json
import subprocess
import sys

BAR = 0.95
FEW = 0.75  # the other findings, of which there are few logs each
BARRED = {"death_spiral", "pto_storm", "flow_control_connection",
          "flow_control_stream", "idle_timeout", "stateless_reset",
          "handshake_failure", "tls_alert", "version_failure",
          "persistent_congestion", "spurious_loss"}
CLOSE = ("class", "side", "space", "code", "name", "phrase", "trigger")


def run(program, *args):
    done = subprocess.run([program, "-q", *args], capture_output=True,
                          check=False)
    if done.returncode not in (0, 1):
        return None
    return [json.loads(line) for line in done.stdout.splitlines()]


def look(program, directory, row):
    path = f"{directory}/{row['file']}"
    return (row, run(program, "--findings=json", path),
            run(program, "--close", "--format=json", path))


def items(cell):
    return set() if cell in ("", "-") else set(cell.split(","))


class Score:
    def __init__(self):
        self.hit, self.missed, self.false = 0, [], []

    def precision(self):
        found = self.hit + len(self.false)
        return self.hit / found if found else 1.0

    def recall(self):
        wanted = self.hit + len(self.missed)
        return self.hit / wanted if wanted else 1.0


def judge_findings(row, found, scores):
    keys = {f["finding"] for f in found if f["determinable"]}
    for key in items(row["must"]):
        if key in keys:
            scores[key].hit += 1
        else:
            scores[key].missed.append(row["file"])
    said = row["space"] == "application" and int(row["code"]) > 0x100
    for key in items(row["mustnot"]) & keys:
        if key == "http3" and said:
            continue  # the close itself names a rule of HTTP/3
        worst = max((f["severity"] for f in found if f["finding"] == key),
                    key=("note", "warning", "critical").index)
        if worst != "note":
            scores[key].false.append(row["file"])


def judge_close(row, closes, wrong, right):
    said = closes[0] if closes else {}
    got = {"class": said.get("class"), "side": said.get("by"),
           "space": said.get("space"), "code": said.get("code"),
           "name": said.get("tls_alert_name", said.get("name")),
           "phrase": said.get("phrase"), "trigger": said.get("trigger")}
    for field in CLOSE:
        want = row[field]
        if want in ("", "?") or (field == "side" and want == "-"):
            continue  # the log cannot tell
        have = "-" if got[field] is None else str(got[field])
        if have in want.split("|"):
            right[field] += 1
        else:
            wrong[field].append(f"{row['file']}: {have}, not {want}")


def main():
    program, directory = sys.argv[1:3]
    verbose = "--verbose" in sys.argv
    scores = collections.defaultdict(Score)
    wrong, right = collections.defaultdict(list), collections.Counter()
    unread, alarms, clean = [], [], 0
    with open(f"{directory}/labels.tsv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for row, found, closes in pool.map(
                lambda r: look(program, directory, r), rows):
            if found is None or closes is None:
                unread.append(row["file"])
                continue
            judge_findings(row, found, scores)
            if row["scenario"].startswith("clean") and \
                    row["ending"].startswith("app_") and not items(row["must"]):
                clean += 1
                alarms += [f"{row['file']}: {f['finding']}" for f in found
                           if f["determinable"] and f["severity"] != "note"]
            judge_close(row, closes, wrong, right)
    number = 0

    def test(good, text, evidence):
        nonlocal number
        number += 1
        print(f"{'ok' if good else 'not ok'} {number} - {text}")
        if verbose or not good:
            for line in evidence[:None if verbose else 12]:
                print(f"# {line}")

    test(not unread, f"{len(rows)} files can be read", unread)
    test(not alarms, f"{clean} clean logs have no worse than notes", alarms)
    for key, score in sorted(scores.items()):
        precision, recall = score.precision(), score.recall()
        bar = BAR if key in BARRED else FEW
        test(precision >= bar and recall >= bar,
             f"{key}: {score.hit} found, {len(score.missed)} missed, "
             f"{len(score.false)} false; precision {precision:.3f}, "
             f"recall {recall:.3f}",
             [f"missed {f}" for f in score.missed] +
             [f"false {f}" for f in score.false])
    for field in CLOSE:
        test(not wrong[field], f"close: {field}: {right[field]} right, "
             f"{len(wrong[field])} wrong", wrong[field])
    print(f"1..{number}")


main()
