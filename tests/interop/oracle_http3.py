#!/usr/bin/env python3
"""HTTP/3 as quicdump shows it against what the endpoints logged and were told.

  oracle_http3.py CORPUS/interop QUICDUMP [NAME ...]

Against the logs of aioquic (both roles) and Chromium, per stream and direction:
field lists (names and values in order), lengths of HEADERS and DATA, statuses,
priorities, types of streams, settings. Against the command lines in the
READMEs, for every capture: the requests that were asked for, their answers, and
content-length. Then contents: what was fetched under one name from the one
directory that all servers served must be the same octets in all captures.
Differences are explained in http3-differences.txt. Prints TAP and figures."""
import collections, hashlib, os, re, sys, tempfile
from oracle_logs import CLIENT, SERVER
from oracle_ours import Tally, captures



def streams(http, kind):
    """(sender, stream) -> the frames of |kind|, in order."""
    out = collections.defaultdict(list)
    for sender, stream, t, length, headers in http:
        if t == kind:
            out[sender, stream].append((length, headers))
    return out


def both(t, name, what, key, theirs, ours):
    for k in sorted(set(theirs) | set(ours), key=str):
        t.same(name, what, '%s:%s' % (key, '/'.join(map(str, k))
                                      if isinstance(k, tuple) else k),
               theirs.get(k), ours.get(k))


def frames_of(t, name, conn, log):
    """The frames of one endpoint's log against ours."""
    key = log.name
    want, have = (streams(x.http, 'headers') for x in (log, conn.log))
    both(t, name, 'fields', key,
         {k: [h for _, h in v] for k, v in want.items()},
         {k: [h for _, h in v] for k, v in have.items()})
    both(t, name, 'status', key, *(
        {k: [dict(h).get(':status') for _, h in v] for k, v in x.items()
         if k[0] == SERVER} for x in (want, have)))
    if log.writer == 'aioquic':
        both(t, name, 'section-length', key,
             {k: [n for n, _ in v] for k, v in want.items()},
             {k: [n for n, _ in v] for k, v in have.items()})
    want, have = (streams(x.http, 'data') for x in (log, conn.log))
    if log.writer == 'chromium':
        have = {k: v for k, v in have.items() if k[0] == SERVER}
    both(t, name, 'data-length', key,
         {k: [n for n, _ in v] for k, v in want.items()},
         {k: [n for n, _ in v] for k, v in have.items()})
    # Chromium tells of its streams before, and whether, it sends on them.
    sent = {f[1] for p in log.packets for f in p.frames if f[0] == 'stream'}
    both(t, name, 'stream-type', key,
         {k: v for k, v in log.types.items() if k in sent},
         {k: v.replace('code', 'coder') for k, v in conn.log.types.items()
          if v != 'reserved'})
    if log.writer == 'chromium':
        both(t, name, 'priority', key, *(
            {k: [h for _, h in v] for k, v in
             streams(x.http, 'priority_update').items()}
            for x in (log, conn.log)))
        for who in (CLIENT, SERVER):
            both(t, name, 'setting', key + ':' + who, log.settings[who],
                 conn.log.settings[who])


def asked(cap):
    """What the commands of the README asked for: one list of (method, path)
    per command."""
    out, inside = [], False
    for line in cap.readme.splitlines():
        if line.startswith('client command'):
            inside = True
        elif inside and line.startswith('  '):
            if cap.client == 'chromium':
                out.append([('GET', line.split()[2])])
                continue
            words = line.split()
            words = words[:words.index('--close')] if '--close' in words \
                else words
            method = 'POST' if '-m POST' in line else 'GET'
            paths = [re.sub(r'https://[^/]*', '', w) for w in words
                     if w.startswith('https://')] or \
                [w for w in words if re.match(r'/[a-z0-9.]+$', w)]
            out.append([(method, p) for p in paths])
        elif inside:
            break
    return out


def answers(conn):
    """Our requests in the order of their streams: (method, path, status),
    and what is wrong about content-length."""
    heads = streams(conn.log.http, 'headers')
    data = streams(conn.log.http, 'data')
    out, wrong = [], []
    for sender, stream in sorted(k for k in heads if k[0] == CLIENT):
        request = dict(heads[CLIENT, stream][0][1])
        reply = dict(heads[SERVER, stream][-1][1]) \
            if heads.get((SERVER, stream)) else {}
        for who, h in ((CLIENT, request), (SERVER, reply)):
            total = sum(n for n, _ in data.get((who, stream), []))
            if 'content-length' in h and int(h['content-length']) != total:
                wrong.append((who, stream, h['content-length'], total))
        out.append((request[':method'], request[':path'],
                    reply.get(':status')))
    return out, wrong


def hq(cap):
    """The requests of HTTP/0.9 out of --http."""
    out = []
    for line in cap.run('--http').decode().splitlines()[1:]:
        w = re.split(r' {2,}', line.split('  [')[0].strip())
        out.append((int(w[2]), w[4], re.sub(r'https://[^/]*', '', w[-1])))
    return [(m, p, None) for _, m, p in sorted(out)]


def extracted(cap):
    """What --extract wrote: (capture, path, content, line of index.tsv) of the
    files that were fetched or sent."""
    with tempfile.TemporaryDirectory() as d:
        cap.run('--extract', d)
        with open(os.path.join(d, 'index.tsv')) as f:
            head = f.readline().strip('\n').split('\t')
            rows = [dict(zip(head, l.strip('\n').split('\t'))) for l in f]
        for r in rows:
            if r['status'] not in ('200', '-') or \
                    (r['method'] == 'POST') != (r['message'] == 'request'):
                continue
            with open(os.path.join(d, r['file']), 'rb') as f:
                yield cap.name, re.sub(r'https://[^/]*', '', r['url']), \
                    f.read(), r


def readme(t, cap, conns):
    want = asked(cap)
    if cap.alpn == 'doq':
        return
    if cap.alpn == 'hq':
        have = [hq(cap)] if conns else []
    else:
        have = []
        for c in conns:
            a, wrong = answers(c)
            t.same(cap.name, 'content-length', c.log.group, [], wrong)
            if a:
                have.append(a)
    if cap.scenario in ('badcert', 'alpn'):
        want = []
    t.same(cap.name, 'connections-with-requests', '-', len(want), len(have))
    for i, (w, h) in enumerate(zip(want, have)):
        if cap.client == 'chromium':  # what a page pulls in is not asked for
            h = [r for r in h if r[1] == w[0][1]]
        t.same(cap.name, 'requests', str(i), w, [r[:2] for r in h])
        for j, r in enumerate(h):
            t.same(cap.name, 'answer', '%d:%d' % (i, j),
                   None if cap.alpn == 'hq' else '200', r[2])


def contents(t, bodies):
    """One name, one content, whoever served and fetched it; the start of it
    where the capture has no more."""
    whole = {}
    for _, path, data, row in bodies:
        if row['complete'] == 'yes':
            whole.setdefault(path, data)
    for name, path, data, row in bodies:
        key = '%s:%s:%s' % (row['connection'], row['stream'], path)
        want = whole.get(path, b'')
        if row['complete'] != 'yes':
            want = want[:len(data)]
        t.same(name, 'content', key, digest(want), digest(data))
        t.same(name, 'complete', key, 'yes', row['complete'])
        t.same(name, 'octets', key, str(len(data)), row['octets'])


def digest(data):
    return len(data), hashlib.sha256(data).hexdigest()


def main():
    t = Tally('http3-differences.txt')
    bodies, n, logs = [], 0, 0
    for cap in captures(sys.argv):
        n += 1
        pairs = [(c, l) for c, l in cap.pairs() if c]
        conns = []
        for conn, log in pairs:
            if conn not in conns:
                conns.append(conn)
            if log and log.http and conn.alpn == 'h3':
                logs += 1
                frames_of(t, cap.name, conn, log)
        readme(t, cap, conns)
        if cap.alpn != 'doq' and cap.scenario not in ('alpn', 'badcert'):
            bodies += extracted(cap)
    contents(t, bodies)
    print('# %d captures, %d logs with HTTP/3, %d bodies under %d names' %
          (n, logs, len(bodies), len({b[1] for b in bodies})))
    t.end('HTTP/3 equals what the endpoints logged', sys.argv[3:])


main()
