"""Reads qlogs in the plainest way, by a JSON library and the drafts' own words,
to be compared with what qlogview reads.  Knows the layouts and the habits of
the five writers of loggen and of the corpus; nothing is repaired."""

import decimal
import gzip
import json
import re

NS = {"ms": 10 ** 6, "us": 10 ** 3, "s": 10 ** 9}


def text_of(path):
    with open(path, "rb") as file:
        data = file.read()
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    return data.decode("utf-8", "replace")


def loads(text):
    try:
        return json.loads(text, parse_float=decimal.Decimal)
    except ValueError:
        return None


def repaired(text):
    """One JSON text, also when its end is missing, or as JavaScript."""
    text = re.sub(r"^\s*var \w+\s*=", "", text).strip().rstrip(";")
    done = loads(text) or loads(re.sub(r",(\s*[\]}])", r"\1", text))
    cut = len(text)
    while done is None and cut > 0:
        cut = text.rfind("]", 0, cut)
        for tail in ("]", "]}", "]}]}", "]]}]}", "}]}]}"):
            done = done or loads(text[:cut + 1] + tail)
    cut = len(text)
    while done is None and cut > 0:
        cut = text.rfind("}", 0, cut)
        done = loads(text[:cut + 1] + "]}]}")
    return done


def traces(path):
    """Yields (head, events) where an event is (time in ns, name, data) or None
    for what is none."""
    text = text_of(path)
    if text.lstrip("\ufeff \n\r\t").startswith("\x1e"):
        yield sequence(text.split("\x1e")[1:])
        return
    lines = text.split("\n")
    if len(lines) > 1 and isinstance(loads(lines[0]), dict) and \
            lines[1].startswith("{"):
        yield sequence(line for line in lines if line.strip())
        return
    whole = loads(text)
    damaged = whole is None
    whole = (repaired(text) if damaged else whole) or {}
    for trace in whole.get("traces", whole.get("connections", [])):
        head, events = contained(trace)
        yield head, events + [None] * damaged


def sequence(records):
    records = [loads(r) for r in records]
    head = (records[0] or {}).get("trace", {})
    return head, [event(head, r) for r in records[1:]]


def contained(trace):
    fields = trace.get("event_fields", trace.get("fields"))
    fields = [f.lower() for f in fields] if fields else None
    return trace, [row(trace, fields, e) if isinstance(e, list)
                   else event(trace, e) for e in trace.get("events", [])
                   if e != []]


def ns(value, unit):
    return int(decimal.Decimal(value) * NS[unit])


def event(head, e):
    if not isinstance(e, dict) or "time" not in e:
        return None
    name = e.get("name", e.get("type", e.get("event")))
    if name is None:
        return None
    return ns(e["time"], "ms"), name.split(":")[-1], e.get("data", {})


def row(head, fields, e):
    if not fields or len(e) < len(fields):
        return None
    cells = dict(zip(fields, e))
    unit = head.get("configuration", {}).get("time_units", "ms")
    time = cells.get("relative_time", cells.get("time", 0))
    name = cells.get("event", cells.get("event_type", cells.get("type")))
    return ns(time, unit), name, cells.get("data", {})


NAMES = {"recovery_metrics_updated", "metrics_updated", "metric_update",
         "METRIC_UPDATE"}
FIELDS = {"cwnd": ("congestion_window", "cwnd", "current_cwnd"),
          "bytes_in_flight": ("bytes_in_flight",), "ssthresh": ("ssthresh",),
          "smoothed_rtt": ("smoothed_rtt",), "min_rtt": ("min_rtt",),
          "latest_rtt": ("latest_rtt",)}


def metrics(head, events):
    """Samples (time in ns since the first event, value) of each series; round
    trips in ns."""
    unit = head.get("configuration", {}).get("time_units", "ms")
    series = {key: [] for key in FIELDS}
    start = last = None
    for e in events:
        if e is None:
            continue
        time = e[0] if last is None else max(e[0], last)
        start = time if start is None else start
        last = time
        if e[1] not in NAMES:
            continue
        for key, names in FIELDS.items():
            for name in names:
                if name in e[2]:
                    value = e[2][name]
                    value = ns(value, unit) if key.endswith("rtt") \
                        else int(value)
                    series[key].append((time - start, value))
                    break
    return series
