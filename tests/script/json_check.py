"""Checks what quicdump writes as JSON: json_check.py lines|har FILE...

Prints what is wrong, a line each, and leaves with 1; 0 when all is right."""

import base64
import json
import re
import sys

wrong = []


def expect(what, *where):
    if not what:
        wrong.append(" ".join(str(w) for w in where))
    return what


def unique(pairs):
    """Objects whose keys stand once."""
    keys = [k for k, _ in pairs]
    expect(len(set(keys)) == len(keys), "a key stands twice:", keys)
    return dict(pairs)


def parse(text):
    return json.loads(text, object_pairs_hook=unique)


# Keys in the order of share/doc/quicdump-json.md; all that a line may have.
ORDER = {
    "begin": "schema type program capture time",
    "packet": "type frame index time ms conn dir src dst packet state length"
    " missing datagram ecn version dcid scid token odcid versions spin"
    " key_phase generation path notes pn frames undecoded tls reason secret"
    " reset_token",
    "http3": "type frame index ms conn dir event stream_id stream_type h3"
    " capsule reserved push_id session_id length id settings element_id"
    " priority fields",
    "warning": "type frame index ms conn dir error_code error text",
    "request": "type request conn stream_id push_id protocol method url status"
    " time ms ttfb_ms total_ms complete client server capsules datagrams"
    " datagram_octets",
    "connection": "type conn client server time ms duration_ms version odcid"
    " cids sni alpn alpn_offered cipher_suite group psk ech retry parameters"
    " handshake sent rtt rtt_share recovery flow violations network paths"
    " requests responses failed warnings close",
    "end": "type packets opened connections requests",
}
# Those that are not always there.
OPTIONAL = {
    "begin": "",
    "packet": "missing version scid token odcid versions spin key_phase"
    " generation path notes pn frames undecoded tls reason secret reset_token"
    " dcid",
    "http3": "stream_type h3 capsule reserved push_id session_id length id"
    " settings element_id priority fields",
    "warning": "error",
    "request": "push_id",
    "connection": "",
    "end": "",
}
STATES = ["closed", "clear", "open", "unauthenticated", "reset", "padding"]


def check_keys(n, line):
    kind = line.get("type")
    if not expect(kind in ORDER, n, "unknown type", kind):
        return
    order = ORDER[kind].split()
    need = set(order) - set(OPTIONAL[kind].split())
    keys = list(line)
    expect(set(keys) <= set(order), n, "unknown", set(keys) - set(order))
    expect(need <= set(keys), n, kind, "lacks", need - set(keys))
    if kind != "http3":  # what is last depends on the event
        expect(keys == [k for k in order if k in line], n, "order", keys)


def since(start, time):
    """Nanoseconds between two absolute times."""
    nanoseconds = [int(t.replace(".", "")) for t in (start, time)]
    return nanoseconds[1] - nanoseconds[0]


def check_times(n, line, start):
    if line.get("time") is None:
        return
    if not expect(re.fullmatch(r"\d+\.\d{9}", line["time"]), n, "time"):
        return
    if "ms" in line and start:
        expect(
            abs(since(start, line["time"]) - line["ms"] * 1e6) < 1,
            n, "ms", line["ms"], "is not", line["time"], "-", start)


def check_packet(n, line):
    expect(line["state"] in STATES, n, "state", line["state"])
    opened = line["state"] in ("open", "unauthenticated")
    expect(opened == ("frames" in line), n, "frames of", line["state"])
    expect((line["state"] == "closed") == ("reason" in line), n, "reason")
    for frame in line.get("frames", []):
        expect(list(frame)[0] == "type", n, "frame without type", frame)
        for low, high in frame.get("ranges", []):
            expect(0 <= low <= high, n, "range", low, high)


def check_lines(path):
    with open(path, "rb") as f:
        text = f.read().decode("utf-8", "strict")
    expect(text.endswith("\n"), "the last line has no end")
    expect(not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u202e]", text),
           "a control character")
    lines = [parse(t) for t in text.split("\n")[:-1]]
    counts = {}
    place = None
    for n, line in enumerate(lines, 1):
        kind = line.get("type")
        counts[kind] = counts.get(kind, 0) + 1
        check_keys(n, line)
        check_times(n, line, lines[0]["time"])
        if kind == "packet":
            place = (line["frame"], line["index"])
            check_packet(n, line)
        elif kind in ("http3", "warning") and line["frame"] is not None:
            expect((line["frame"], line["index"]) == place, n,
                   "does not follow its packet")
        elif kind == "request":
            for side in ("client", "server"):
                for pair in line[side]["headers"]:
                    expect([type(x) for x in pair] == [str, str], n, pair)
    expect(lines[0].get("schema") == "quicdump/1", "schema")
    end = lines[-1]
    if expect(end.get("type") == "end", "no end line"):
        opened = sum("frames" in x for x in lines if x["type"] == "packet")
        expect(end["packets"] == counts.get("packet", 0), "packets", end)
        expect(end["opened"] == opened, "opened", end)
        expect(end["requests"] == counts.get("request", 0), "requests", end)
        expect(end["connections"] == counts.get("connection", 0), end)
    expect(counts["begin"] == counts["end"] == 1, counts)


# HAR 1.2: required members of each object and their types, then optional ones.
# http://www.softwareishard.com/blog/har-12-spec/
NUMBER = (int, float)
HAR = {
    "log": ({"version": str, "creator": dict, "entries": list},
            {"browser": dict, "pages": list, "comment": str}),
    "creator": ({"name": str, "version": str}, {"comment": str}),
    "page": ({"startedDateTime": str, "id": str, "title": str,
              "pageTimings": dict}, {"comment": str}),
    "pageTimings": ({}, {"onContentLoad": NUMBER, "onLoad": NUMBER,
                         "comment": str}),
    "entry": ({"startedDateTime": str, "time": NUMBER, "request": dict,
               "response": dict, "cache": dict, "timings": dict},
              {"pageref": str, "serverIPAddress": str, "connection": str,
               "comment": str}),
    "request": ({"method": str, "url": str, "httpVersion": str,
                 "cookies": list, "headers": list, "queryString": list,
                 "headersSize": int, "bodySize": int},
                {"postData": dict, "comment": str}),
    "response": ({"status": int, "statusText": str, "httpVersion": str,
                  "cookies": list, "headers": list, "content": dict,
                  "redirectURL": str, "headersSize": int, "bodySize": int},
                 {"comment": str}),
    "cookie": ({"name": str, "value": str},
               {"path": str, "domain": str, "expires": str, "httpOnly": bool,
                "secure": bool, "comment": str}),
    "pair": ({"name": str, "value": str}, {"comment": str}),
    "postData": ({"mimeType": str, "params": list, "text": str},
                 {"comment": str}),
    "content": ({"size": int, "mimeType": str},
                {"compression": int, "text": str, "encoding": str,
                 "comment": str}),
    "cache": ({}, {"beforeRequest": dict, "afterRequest": dict,
                   "comment": str}),
    "timings": ({"send": NUMBER, "wait": NUMBER, "receive": NUMBER},
                {"blocked": NUMBER, "dns": NUMBER, "connect": NUMBER,
                 "ssl": NUMBER, "comment": str}),
}


def check_object(kind, thing, where):
    need, may = HAR[kind]
    expect(set(need) <= set(thing), where, kind, "lacks",
           set(need) - set(thing))
    for key, value in thing.items():
        types = need.get(key) or may.get(key)
        if not key.startswith("_") and expect(types, where, "unknown", key):
            fits = isinstance(value, types)
            boolean = isinstance(value, bool) and types is not bool
            expect(fits and not boolean, where, key, "is", value)


def check_date(text, where):
    expect(
        re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,9}Z", text),
        where, "date", text)
    return text[:-1].ljust(29, "0")


def check_timings(entry, where):
    timings = entry["timings"]
    check_object("timings", timings, where)
    for key in ("send", "wait", "receive"):
        expect(timings[key] >= 0, where, key, timings[key])
    total = sum(v for k, v in timings.items() if v != -1 and k != "ssl")
    expect(abs(total - entry["time"]) < 1e-3, where, "time", entry["time"],
           "is not", total)


def check_content(content, where):
    if content.get("encoding"):
        expect(content["encoding"] == "base64", where, content["encoding"])
        octets = base64.b64decode(content["text"], validate=True)
        expect(len(octets) == content["size"] or "comment" in content, where,
               len(octets), "octets of", content["size"])


def check_entry(entry, where):
    request, response = entry["request"], entry["response"]
    check_object("entry", entry, where)
    check_object("request", request, where)
    check_object("response", response, where)
    check_object("cache", entry["cache"], where)
    check_timings(entry, where)
    expect(re.match(r"[a-z][a-z0-9+.-]*://[^/]", request["url"]), where,
           "url", request["url"])
    for message in (request, response):
        for header in message["headers"]:
            check_object("pair", header, where)
        for cookie in message["cookies"]:
            check_object("cookie", cookie, where)
    for pair in request["queryString"]:
        check_object("pair", pair, where)
    if "postData" in request:
        check_object("postData", request["postData"], where)
    check_object("content", response["content"], where)
    check_content(response["content"], where)


def check_har(path):
    with open(path, "rb") as f:
        har = parse(f.read().decode("utf-8", "strict"))
    expect(list(har) == ["log"], list(har))
    log = har["log"]
    check_object("log", log, "log")
    expect(log["version"] == "1.2", "version", log["version"])
    check_object("creator", log["creator"], "creator")
    pages = set()
    for page in log["pages"]:
        check_object("page", page, "page")
        check_object("pageTimings", page["pageTimings"], "page")
        check_date(page["startedDateTime"], "page")
        pages.add(page["id"])
    before = ""
    for n, entry in enumerate(log["entries"], 1):
        check_entry(entry, n)
        date = check_date(entry["startedDateTime"], n)
        expect(date >= before, n, "began before the one in front of it")
        before = date
        expect(entry["pageref"] in pages, n, "pageref", entry["pageref"])


def main():
    check = {"lines": check_lines, "har": check_har}[sys.argv[1]]
    failed = not sys.argv[2:]
    for path in sys.argv[2:]:
        try:
            check(path)
        except (OSError, ValueError, KeyError, IndexError, TypeError) as e:
            wrong.append(repr(e))
        for text in wrong[:20]:
            print(path + ":", text)
        failed = failed or wrong != []
        wrong.clear()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
