"""What quicdump says of a capture, in the shape of oracle_logs.py, and the
counting of what was compared with it."""
import calendar, collections, fnmatch, glob, json, os, re, subprocess, sys
import tempfile, time
from oracle_logs import CLIENT, Log, Packet, fields, finish, frames, \
    read_netlog, read_qlog, records

HERE = os.path.dirname(os.path.abspath(__file__))


def settings(data):
    """Our http3:parameters_set -> {identifier: the low 32 bits}."""
    names = {'max_table_capacity': 1, 'max_field_section_size': 6,
             'blocked_streams_count': 7, 'extended_connect': 8,
             'h3_datagram': 0x33}
    out = {names[k]: v for k, v in data.items() if k in names}
    out.update((x['id'], x['value'])
               for x in data.get('unknown_parameters', []))
    return {k: v & 0xffffffff for k, v in out.items()}


def epoch(text):
    """RFC 3339 -> ms since 1970."""
    day, _, fraction = text.rstrip('Z').partition('.')
    return calendar.timegm(time.strptime(day, '%Y-%m-%dT%H:%M:%S')) * 1e3 + \
        float('0.' + (fraction or '0')) * 1e3


def side(e):
    """Whose an event is that is worked out for both sides."""
    return e['data'].get('side', e.get('group_id'))


class Connection:
    """One connection as quicdump --qlog tells it; packets as in Log."""

    def __init__(self, path):
        head, events, _ = records(path)
        log = self.log = Log(CLIENT, 'quicdump', path)
        log.group = head['common_fields']['group_id']
        self.epoch = epoch(head['common_fields']['reference_time']['epoch'])
        self.closed = self.chosen = self.alpn = None
        for e in events:
            name, data = e['name'].split(':')[1], e['data']
            if name in ('packet_sent', 'packet_received'):
                h, logged = data['header'], name.split('_')[1]
                log.packets.append(Packet(
                    sender=log.who(logged), logged=logged, time=e['time'],
                    kind=h['packet_type'], number=h.get('packet_number'),
                    size=data.get('raw', {}).get('length'),
                    frames=frames(data.get('frames')),
                    record=data['capture_frame']))
            elif name in ('frame_created', 'frame_parsed'):
                f = data['frame']
                who = log.who('sent' if name == 'frame_created' else
                              'received')
                if f['frame_type'] == 'priority_update':
                    log.http.append((who, f.get('stream_id'),
                                     'priority_update', None,
                                     f.get('priority_field_value')))
                    continue
                log.http.append((who, data['stream_id'], f['frame_type'],
                                 f.get('raw', {}).get('payload_length'),
                                 fields(f.get('headers'))))
            elif name == 'stream_type_set':
                log.types[data['stream_id']] = data['stream_type']
            elif e['name'] == 'http3:parameters_set':
                log.settings[log.who('sent' if data['initiator'] == 'local'
                                     else 'received')] = settings(data)
            elif e['name'] == 'quic:parameters_set':
                who = log.who('sent' if data['initiator'] == 'local' else
                              'received')
                log.params.setdefault(who, {}).update(data)
            elif name == 'packet_lost':
                h = data['header']
                log.lost.append((side(e), h['packet_type'],
                                 h['packet_number']))
            elif name == 'connection_closed':
                self.closed = data
            elif name == 'version_information':
                self.chosen = data.get('chosen_version')
            elif name == 'alpn_information' and 'chosen_alpn' in data:
                self.alpn = data['chosen_alpn'].get('string_value')
        finish(log)


class Capture:
    def __init__(self, directory, quicdump):
        self.directory, self.quicdump = directory, quicdump
        self.name = os.path.basename(directory)
        with open(os.path.join(directory, 'README')) as f:
            self.readme = f.read()
        self.client, self.server, self.scenario = self.name.split('-', 2)
        self.alpn = 'doq' if self.scenario == 'doq' else \
            'hq' if 'deno' in self.name or 'quiche' in self.name or \
            self.scenario.startswith('hq') else 'h3'

    def run(self, *options):
        env = {k: v for k, v in os.environ.items() if k != 'SSLKEYLOGFILE'}
        p = subprocess.run(
            [self.quicdump, '-q', '-k',
             os.path.join(self.directory, 'keys.log'), *options, '-r',
             os.path.join(self.directory, 'capture.pcap')],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env)
        if p.returncode:
            raise RuntimeError('%s: quicdump %s ended with %d: %s' % (
                self.name, ' '.join(options), p.returncode,
                p.stderr.decode('utf8', 'replace')[:200]))
        return p.stdout

    def ours(self):
        """The connections in the order of their first packets."""
        with tempfile.TemporaryDirectory() as d:
            self.run('--qlog', d)
            return [Connection(f) for f in sorted(
                glob.glob(os.path.join(d, '*.*qlog')),
                key=lambda f: int(os.path.basename(f).split('_')[0]))]

    def json(self):
        """The connections as quicdump --json tells them, in order."""
        lines = self.run('--json').splitlines()
        return [json.loads(l) for l in lines
                if l.startswith(b'{"type":"connection"')]

    def logs(self):
        out = []
        for f in sorted(os.listdir(self.directory)):
            path, role = os.path.join(self.directory, f), f[:6]
            if f.endswith('.qlog'):
                out.append(read_qlog(role, path))
            elif f.endswith('.netlog.json'):
                out.append(read_netlog(role, path))
        return out

    def pairs(self):
        """(our connection, one endpoint's log of it); None where the other
        side has none."""
        ours = self.ours()
        left = self.logs()
        for c in ours:
            mine = [l for l in left if c.log.group in l.groups()]
            for l in mine:
                left.remove(l)
                yield c, l
            if not mine:
                yield c, None
        for l in left:
            yield None, l


class Tally:
    """Counts what was compared; a difference is good only when a line of
    |listed| explains it: capture, key (both shell patterns), reason."""

    def __init__(self, listed):
        self.lines, self.used = [], collections.Counter()
        with open(os.path.join(HERE, listed)) as f:
            for line in f:
                if line.strip() and not line.startswith('#'):
                    name, key, reason = line.split(None, 2)
                    self.lines.append((name, key, reason.strip()))
        self.compared = collections.Counter()
        self.differ = collections.Counter()
        self.explained = collections.Counter()
        self.note = collections.Counter()
        self.bad = collections.defaultdict(list)

    def same(self, capture, what, key, want, have):
        """|what| is the kind of thing that is counted, |key| says which."""
        self.compared[what] += 1
        if want == have:
            return True
        return self.fail(capture, what, key, want, have)

    def fail(self, capture, what, key, want, have):
        self.differ[what] += 1
        for line in self.lines:
            if fnmatch.fnmatchcase(capture, line[0]) and \
                    fnmatch.fnmatchcase(what + '/' + key, line[1]):
                self.explained[what] += 1
                self.used[line] += 1
                return False
        self.bad[capture].append('%s %s: wanted %s, have %s' % (
            what, key, short(want), short(have)))
        return False

    def end(self, title, only=()):
        for name in sorted(self.bad):
            few = self.bad[name][:3]
            print('# %s: %d differences, the first: %s' %
                  (name, len(self.bad[name]), '; '.join(few)))
        print('# ' + ', '.join('%s: %d compared, %d equal, %d explained' % (
            w, n, n - self.differ[w], self.explained[w])
            for w, n in sorted(self.compared.items())))
        if self.note:
            print('# ' + ', '.join('%d %s' % (n, w)
                                   for w, n in sorted(self.note.items())))
        stale = [] if only else [l for l in self.lines if not self.used[l]]
        for l in stale:
            print('# explained, but does not differ: %s %s' % l[:2])
        good = not self.bad and not stale and sum(self.compared.values())
        print('%s - %s' % ('ok' if good else 'not ok', title))
        sys.exit(0 if good else 1)


def short(x):
    s = x if isinstance(x, str) else json.dumps(x, default=str)
    return s if len(s) < 300 else s[:300] + '...'


def captures(argv):
    """The directories of CORPUS/interop, or those that are named."""
    base, quicdump, only = argv[1], argv[2], argv[3:]
    for name in sorted(os.listdir(base)):
        d = os.path.join(base, name)
        if os.path.exists(os.path.join(d, 'capture.pcap')) and \
                (not only or name in only):
            yield Capture(d, quicdump)
