#!/usr/bin/env python3
"""Compares quicdump --flat with tshark, packet by packet and frame by frame.

  compare.py truth CORPUS/captures QUICDUMP [NAME ...]
  compare.py flat  CORPUS/interop  QUICDUMP CACHE [NAME ...]

truth: every capture of the corpus against the ground truth stored beside it:
type, version, packet number and frame types of each packet that tshark
decrypted, and the server name and ALPN of each capture.
flat: every capture with its key log against the installed tshark, all fields.
Differences that are explained stand in differences.txt beside this script; any
other makes the exit status 1.  Prints TAP and the numbers compared."""
import collections, gzip, json, os, re, subprocess, sys

HERE = os.path.dirname(os.path.abspath(__file__))
LIMIT = 0.999


def explained():
    """(capture, frame, index) -> reason; frame or index * = all."""
    out = {}
    with open(os.path.join(HERE, 'differences.txt')) as f:
        for line in f:
            if line.strip() and not line.startswith('#'):
                name, frame, index, reason = line.split(None, 3)
                out[name, frame, index] = reason.strip()
    return out


class Tally:
    def __init__(self):
        self.allowed = explained()
        self.used = collections.Counter()
        self.compared = self.equal = self.listed = 0
        self.bad = []

    def one(self, name, frame, index, want, have):
        self.compared += 1
        if want == have:
            self.equal += 1
            return
        for key in ((name, str(frame), str(index)), (name, str(frame), '*'),
                    (name, '*', '*')):
            if key in self.allowed:
                self.used[key] += 1
                self.listed += 1
                return
        self.bad.append('%s frame %s packet %s\n#   tshark   %s\n#   quicdump %s'
                        % (name, frame, index, want, have))


def flat(lines):
    """Flat lines -> {(frame, index): [type, version, dcid, pn, phase, len,
    [frame lines]]}."""
    out = {}
    for line in lines:
        w = line.split(' ')
        if w[0] == 'P':
            out[int(w[1]), int(w[2])] = w[3:9] + [[]]
        elif w[0] == 'F':
            out[int(w[1]), int(w[2])][6].append(' '.join(w[4:]))
    return out


def run(quicdump, capture, keys, *more):
    cmd = [quicdump, '-q', *more]
    if keys:
        cmd += ['-k', keys]
    env = dict(os.environ)
    env.pop('SSLKEYLOGFILE', None)
    p = subprocess.run(cmd + ['-r', capture], stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE, env=env)
    if p.returncode not in (0, 1, 2):
        print('not ok - %s: quicdump ended with %d\n# %s' %
              (capture, p.returncode, p.stderr.decode('utf8', 'replace')))
        sys.exit(1)
    return p.stdout.decode('utf8', 'replace').splitlines()


TYPES = {'Initial': 'initial', '0-RTT': '0rtt', 'Handshake': 'handshake',
         '1-RTT': '1rtt', 'Retry': 'retry', 'VersionNegotiation': 'vn'}


def unescape(text):
    return re.sub(r'\\x([0-9a-f]{2})', lambda m: chr(int(m.group(1), 16)),
                  text)


def names(lines):
    """Server names and ALPNs out of quicdump -vv."""
    sni, alpn = set(), set()
    for line in lines:
        m = re.match(r'\s+server_name\s*[=:]\s*(.*)$', line)
        if m:
            sni.add(m.group(1).strip())
        m = re.match(r'\s+alpn\s*[=:]\s*(.*)$', line)
        if m:
            alpn.update(unescape(a.strip())
                        for a in m.group(1).split(','))
    return sni, alpn


def truth(base, quicdump, only):
    t = Tally()
    files = sni_bad = 0
    for entry in json.load(open(os.path.join(base, 'manifest.json'))):
        name = entry['path']
        if only and not any(o in name for o in only):
            continue
        path = os.path.join(base, name)
        keys = path + '.keys' if os.path.exists(path + '.keys') else None
        files += 1
        have = flat(run(quicdump, path, keys, '--flat'))
        byframe = collections.defaultdict(list)
        for (frame, index), p in sorted(have.items()):
            byframe[frame].append(p)
        want_sni, want_alpn = set(), set()
        with gzip.open(path + '.tshark.ndjson.gz', 'rt') as f:
            for line in f:
                r = json.loads(line)
                if r.get('sni'):
                    want_sni.add(r['sni'])
                want_alpn.update(r.get('alpn', []))
                if not r.get('dec'):
                    continue
                want = [TYPES.get(r['type'], r['type']),
                        r.get('version', '-'), str(r.get('pn')), r['frames']]
                mine = [[p[0], p[1], p[3], [int(x.split(' ')[0], 16)
                                            for x in p[6]]]
                        for p in byframe[r['frame']]]
                if want[0] == '1rtt':
                    want[1] = '-'
                best = want if want in mine else \
                    mine[r['i']] if r['i'] < len(mine) else None
                t.one(name, r['frame'], r['i'], want, best)
        if want_sni or want_alpn:
            sni, alpn = names(run(quicdump, path, keys, '-vv'))
            for kind, w, h in (('sni', want_sni, sni),
                               ('alpn', want_alpn, alpn)):
                for x in sorted(w - h):
                    if (name, kind, '*') in t.allowed:
                        t.used[name, kind, '*'] += 1
                        continue
                    sni_bad += 1
                    t.bad.append('%s: %s %s is not shown (shown: %s)' %
                                 (name, kind, x, sorted(h)))
    return t, files


def tshark(directory, cache):
    name = os.path.basename(directory)
    kept = os.path.join(cache, name + '.flat')
    if not os.path.exists(kept):
        script = os.environ.get('TSHARK_FLAT')
        p1 = subprocess.Popen(
            ['tshark', '-n', '-o',
             'tls.keylog_file:' + os.path.join(directory, 'keys.log'), '-r',
             os.path.join(directory, 'capture.pcap'), '--disable-protocol',
             'http3', '-T', 'json', '--no-duplicate-keys', '-J',
             'frame udp quic'], stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL)
        out = subprocess.run([sys.executable, script], stdin=p1.stdout,
                             stdout=subprocess.PIPE, check=True).stdout
        p1.wait()
        os.makedirs(cache, exist_ok=True)
        with open(kept, 'wb') as f:
            f.write(out)
    with open(kept) as f:
        return f.read().splitlines()


def interop(base, quicdump, cache, only):
    t = Tally()
    files = encrypted = opened = 0
    for name in sorted(os.listdir(base)):
        directory = os.path.join(base, name)
        capture = os.path.join(directory, 'capture.pcap')
        if not os.path.exists(capture) or (only and name not in only):
            continue
        files += 1
        want = flat(tshark(directory, cache))
        have = flat(run(quicdump, capture, os.path.join(directory, 'keys.log'),
                        '--flat'))
        for p in have.values():
            if p[0] in ('initial', '0rtt', 'handshake', '1rtt'):
                encrypted += 1
                opened += p[3] != '-'
        for (frame, index), p in sorted(want.items()):
            if p[6]:
                t.one(name, frame, index, p, have.get((frame, index)))
    return t, files, encrypted, opened


def main():
    mode, base, quicdump = sys.argv[1:4]
    if mode == 'truth':
        t, files = truth(base, quicdump, sys.argv[4:])
        what = 'type, version, packet number and frame types'
    else:
        t, files, encrypted, opened = interop(base, quicdump, sys.argv[4],
                                              sys.argv[5:])
        what = 'all fields of all frames'
    for i, b in enumerate(t.bad):
        if i < 40:
            print('# ' + b)
    fraction = t.equal / t.compared if t.compared else 0
    print('# %d captures, %d packets that tshark decrypted compared (%s): '
          '%d equal (%.3f %%), %d listed, %d unexplained' %
          (files, t.compared, what, t.equal, 100 * fraction, t.listed,
           len(t.bad)))
    good = not t.bad and (fraction >= LIMIT or len(sys.argv) > 5)
    print('%s 1 - %s equals tshark in >= %.1f %%, the rest is explained' %
          ('ok' if good else 'not ok', mode, 100 * LIMIT))
    if mode == 'flat':
        part = opened / encrypted if encrypted else 0
        print('# %d of %d encrypted packets opened (%.3f %%)' %
              (opened, encrypted, 100 * part))
        enough = part >= 0.995
        print('%s 2 - >= 99.5 %% of all encrypted packets are opened' %
              ('ok' if enough else 'not ok'))
        good = good and enough
    sys.exit(0 if good else 1)


main()
