"""What the endpoints of a capture wrote about it, and what quicdump says of
the same, in one shape for the oracle_*.py beside this file.

An endpoint's log is a qlog 0.3 (one JSON text: aioquic; JSON text sequences:
ngtcp2, times and delays cut to whole milliseconds) or a Chromium net log.  None
of it goes through our own code."""
import calendar, collections, fnmatch, glob, json, os, re, subprocess, sys
import tempfile, time

HERE = os.path.dirname(os.path.abspath(__file__))
CLIENT, SERVER = 'client', 'server'


class Packet:
    """One packet: |sender| a role, |logged| whether its log sent it or got
    it, |frames| tuples (see frame()), |time| ms of the log's own clock."""
    __slots__ = 'sender', 'logged', 'kind', 'number', 'size', 'frames', \
        'time', 'record'

    def __init__(self, **fields):
        for k in self.__slots__:
            setattr(self, k, fields.get(k))

    @property
    def key(self):
        """Without a number where the protocol has none: ngtcp2 writes 0."""
        return self.sender, self.kind, None if self.kind in (
            'retry', 'version_negotiation') else self.number


class Log:
    """One file.  |http|: (sender, stream, frame type, length, headers);
    |closes|: (sender, space, code, reason, trigger frame, logged);
    |lost|: packet types and numbers that |role| held to be lost."""

    def __init__(self, role, writer, path):
        self.role, self.writer, self.path = role, writer, path
        self.name = os.path.basename(path)
        self.other = SERVER if role == CLIENT else CLIENT
        self.group = self.zero_rtt = None
        self.cut = self.whole_ms = False
        self.packets, self.http, self.closes, self.lost = [], [], [], []
        self.metrics, self.states, self.keys = [], [], []
        self.types, self.settings, self.params = {}, {}, {}
        self.chosen = None
        self.origin = None  # of its clock, ms since 1970

    def groups(self):
        """The first destination ID, by which a server that has sent a Retry
        goes on to call the connection by another."""
        return {self.group, self.params.get(SERVER, {}).get(
            'original_destination_connection_id')}

    def who(self, logged):
        return self.role if logged == 'sent' else self.other


def value(x):
    """A token: text, {data}, or {raw: {data}}."""
    while isinstance(x, dict):
        x = x.get('data', x.get('raw'))
    return x


ERRORS = ['no_error', 'internal_error', 'connection_refused',
          'flow_control_error', 'stream_limit_error', 'stream_state_error',
          'final_size_error', 'frame_encoding_error',
          'transport_parameter_error', 'connection_id_limit_error',
          'protocol_violation', 'invalid_token', 'application_error',
          'crypto_buffer_exceeded', 'key_update_error', 'aead_limit_reached',
          'no_viable_path']
HTTP_ERRORS = ['http_' + e for e in (
    'no_error general_protocol_error internal_error stream_creation_error '
    'closed_critical_stream frame_unexpected frame_error excessive_load '
    'id_error settings_error missing_settings request_rejected '
    'request_cancelled request_incomplete message_error connect_error '
    'version_fallback').split()]
FRAMES = {'padding': 0, 'ping': 1, 'ack': 2, 'crypto': 6, 'stream': 8}


def code(f):
    """The error code of a frame: number, or one of the draft's names."""
    for k in 'raw_error_code', 'error_code', 'error':
        x = f.get(k)
        if isinstance(x, int):
            return x
        if isinstance(x, str) and x.startswith('crypto_error_'):
            return int(x[13:], 16)
        if x in ERRORS:
            return ERRORS.index(x)
        if x in HTTP_ERRORS:
            return 0x100 + HTTP_ERRORS.index(x)
    return None


def ranges(acked):
    return tuple(sorted((int(r[0]), int(r[-1])) for r in acked))


def frame(f):
    """A qlog frame of any generation -> (type, main fields...)."""
    t = f['frame_type']
    size = f.get('length', f.get('raw', {}).get('length'))
    if t == 'stream':
        return t, int(f['stream_id']), f['offset'], size, bool(f.get('fin'))
    if t == 'crypto':
        return t, f['offset'], size
    if t == 'ack':
        ecn = f.get('ect0'), f.get('ect1'), f.get('ce')
        if not any(ecn) and ecn[0] is not None:
            ecn = 0, 0, 0
        return t, ranges(f['acked_ranges']), f.get('ack_delay', 0), \
            tuple(x or 0 for x in ecn) if any(ecn) else None
    if t == 'connection_close':
        trigger = f.get('trigger_frame_type')
        return t, f['error_space'], code(f), f.get('reason', ''), \
            FRAMES.get(trigger, trigger)
    if t == 'stop_sending':
        return t, f['stream_id'], code(f)
    if t == 'reset_stream':
        return t, f['stream_id'], code(f), f['final_size']
    if t == 'new_token':
        return t, value(f['token'])
    if t == 'new_connection_id':
        return t, f['sequence_number'], f['retire_prior_to'], \
            f['connection_id'], value(f.get('stateless_reset_token',
                                            f.get('reset_token')))
    fields = {'max_data': ['maximum'], 'max_stream_data': ['stream_id', 'maximum'],
              'max_streams': ['stream_type', 'maximum'],
              'data_blocked': ['limit'],
              'stream_data_blocked': ['stream_id', 'limit'],
              'streams_blocked': ['stream_type', 'limit'],
              'retire_connection_id': ['sequence_number'],
              'path_challenge': ['data'], 'path_response': ['data']}
    return (t,) + tuple(f.get(k) for k in fields.get(t, []))


def frames(list_):
    """Padding in one run is one frame; everything else as it stands."""
    out = []
    for f in map(frame, list_ or []):
        if f[0] == 'padding' and out and out[-1][0] == 'padding':
            continue
        out.append(f)
    return out


def records(path):
    """(header of the file, events, whether it was cut)."""
    with open(path, 'rb') as f:
        data = f.read()
    if not data.startswith(b'\x1e'):
        trace = json.loads(data)['traces'][0]
        return trace, trace['events'], False
    out, cut = [], not data.endswith(b'\n')
    for text in data.split(b'\x1e')[1:]:
        try:
            out.append(json.loads(text))
        except ValueError:
            cut = True
    return out[0]['trace'], out[1:], cut


def read_qlog(role, path):
    head, events, cut = records(path)
    log = Log(role, head['vantage_point'].get('name'), path)
    common = head.get('common_fields', {})
    log.group = common.get('group_id', common.get('ODCID'))
    log.cut, log.whole_ms = cut, log.writer == 'ngtcp2'
    log.origin = 0 if log.writer == 'aioquic' else None
    for e in events:
        name, data = e['name'].split(':')[1], e['data']
        if name in ('packet_sent', 'packet_received'):
            h, logged = data['header'], name.split('_')[1]
            p = Packet(sender=log.who(logged), logged=logged, time=e['time'],
                       kind=h['packet_type'],
                       number=h.get('packet_number'),
                       size=data.get('raw', {}).get('length'),
                       frames=frames(data.get('frames')))
            log.packets.append(p)
        elif name in ('frame_created', 'frame_parsed'):
            log.http.append((log.who('sent' if name == 'frame_created' else
                                     'received'), data['stream_id'],
                             data['frame']['frame_type'], data['length'],
                             fields(data['frame'].get('headers'))))
        elif name == 'stream_type_set':
            log.types[data['stream_id']] = data['new']
        elif name == 'packet_lost':
            h = data.get('header', data)
            log.lost.append((h.get('packet_type', h.get('type')),
                             h['packet_number']))
        elif name == 'metrics_updated':
            log.metrics.append((e['time'], data))
        elif name == 'key_updated':
            log.keys.append((data['key_type'], data['trigger'], e['time']))
        elif name == 'parameters_set':
            # The later ones hold: remembered for 0-RTT, then told.
            log.params[log.role if data['owner'] == 'local' else
                       log.other] = data
        elif name == 'version_information':
            log.chosen = data.get('chosen_version')
    return finish(log)


def finish(log):
    for p in log.packets:
        log.closes += [(p.sender,) + f[1:] + (p.logged,)
                       for f in p.frames if f[0] == 'connection_close']
    return log


def fields(headers):
    return None if headers is None else \
        [(h.get('name', ''), h.get('value', '')) for h in headers]


SETTINGS = {'SETTINGS_QPACK_MAX_TABLE_CAPACITY': 1,
            'SETTINGS_MAX_FIELD_SECTION_SIZE': 6,
            'SETTINGS_QPACK_BLOCKED_STREAMS': 7,
            'SETTINGS_ENABLE_CONNECT_PROTOCOL': 8, 'SETTINGS_H3_DATAGRAM': 0x33,
            'SETTINGS_WEBTRANS_DRAFT00': 0x2b603742}
LEVEL = {'ENCRYPTION_INITIAL': 'initial', 'ENCRYPTION_HANDSHAKE': 'handshake',
         'ENCRYPTION_ZERO_RTT': '0RTT', 'ENCRYPTION_FORWARD_SECURE': '1RTT'}


def netlog_frame(kind, p):
    """The part of a net log's event name before _FRAME_ -> a frame."""
    t = {'WINDOW_UPDATE': 'max_stream_data'}.get(kind, kind.lower())
    if t == 'stream':
        return t, p['stream_id'], p['offset'], p['length'], p['fin']
    if t == 'crypto':
        return t, p['offset'], p['data_length']
    if t == 'ack':
        lost, got, out = set(map(int, p['missing_packets'])), [], None
        for n in range(p['smallest_observed'], p['largest_observed'] + 1):
            if n in lost:
                out = None
            elif out:
                out[1] = n
            else:
                out = [n, n]
                got.append(out)
        ecn = (p['ECT0'], p['ECT1'], p['CE']) if 'ECT0' in p else None
        return t, ranges(got), p['delta_time_largest_observed_us'] / 1e3, \
            ecn if ecn and any(ecn) else None
    if t == 'connection_close':
        return t, p['close_type'].lower(), p['quic_wire_error'], \
            '%d:%s' % (p['quic_error'], p['details']), None
    if t == 'max_streams':
        return t, 'unidirectional' if p['is_unidirectional'] else \
            'bidirectional', p['stream_count']
    if t == 'max_stream_data' and p['stream_id'] in (-1, 0xffffffff):
        return 'max_data', p['byte_offset']
    if t == 'max_stream_data':
        return t, p['stream_id'], p['byte_offset']
    return (t,)


def read_netlog(role, path):
    with open(path) as f:
        log_file = json.load(f)
    names = {v: k for k, v in log_file['constants']['logEventTypes'].items()}
    log = Log(role, 'chromium', path)
    log.whole_ms = True
    log.origin = int(log_file['constants']['timeTickOffset'])
    unsent, got, size = [], None, None
    for e in log_file['events']:
        name, p = names[e['type']], e.get('params') or {}
        m = re.match(r'QUIC_SESSION_(\w+)_FRAME_(SENT|RECEIVED)$', name)
        if name == 'QUIC_SESSION' and p:
            log.group = p['connection_id']
        elif m and m.group(2) == 'SENT' and m.group(1) != 'PADDING':
            unsent.append(netlog_frame(m.group(1), p))
        elif m and m.group(2) == 'RECEIVED':
            got.frames.append(netlog_frame(m.group(1), p))
        elif name == 'QUIC_SESSION_STREAM_FRAME_COALESCED':
            unsent[-1] = netlog_frame('STREAM', p)
        elif name == 'QUIC_SESSION_PACKET_SENT':
            log.packets.append(Packet(
                sender=CLIENT, logged='sent', kind=LEVEL[p['encryption_level']],
                number=p['packet_number'], size=p['size'], frames=unsent,
                time=int(p['sent_time_us']) / 1e3))
            unsent = []
        elif name.endswith('UNAUTHENTICATED_PACKET_HEADER_RECEIVED'):
            got = Packet(sender=SERVER, logged='received', frames=[],
                         kind=p.get('long_header_type', '1RTT').lower()
                         .replace('1rtt', '1RTT'), number=p['packet_number'],
                         time=float(e['time']))
        elif name == 'QUIC_SESSION_PACKET_AUTHENTICATED':
            log.packets.append(got)
        elif name in ('HTTP3_HEADERS_SENT', 'HTTP3_HEADERS_DECODED'):
            log.http.append((CLIENT if name.endswith('SENT') else SERVER,
                             p['stream_id'], 'headers', None,
                             [tuple(re.match(r'(:?[^:]*): ?(.*)$', h, re.S)
                                    .groups()) for h in p['headers']]))
        elif name == 'HTTP3_DATA_FRAME_RECEIVED':
            log.http.append((SERVER, p['stream_id'], 'data',
                             p['payload_length'], None))
        elif name == 'HTTP3_PRIORITY_UPDATE_SENT':
            log.http.append((CLIENT, p['prioritized_element_id'],
                             'priority_update', None,
                             p['priority_field_value']))
        elif name in ('HTTP3_SETTINGS_SENT', 'HTTP3_SETTINGS_RECEIVED'):
            who = CLIENT if name.endswith('SENT') else SERVER
            # Values of more than 32 bits are cut by the writer.
            log.settings[who] = {
                SETTINGS.get(k) or int(re.search(r'\((\d+)\)', k).group(1)):
                v & 0xffffffff for k, v in p.items()}
        elif name.endswith('_STREAM_CREATED') and name.startswith('HTTP3_'):
            log.types[p['stream_id']] = name[6:-15].split('_', 1)[1].lower()
        elif name == 'QUIC_SESSION_PACKET_LOST':
            log.lost.append((None, p['packet_number']))
        elif name == 'QUIC_SESSION_ZERO_RTT_STATE':
            log.zero_rtt = p['state']
    return finish(log)


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
        self.events, self.last = events, 0
        self.epoch = epoch(head['common_fields']['reference_time']['epoch'])
        self.metrics = {CLIENT: [], SERVER: []}
        self.closed = self.chosen = self.alpn = None
        self.states = {}
        for e in events:
            name, data = e['name'].split(':')[1], e['data']
            self.last = e['time']
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
            elif name == 'recovery_metrics_updated':
                self.metrics[side(e)].append(
                    (e['time'], data))
            elif name == 'packet_lost':
                h = data['header']
                log.lost.append((side(e), h['packet_type'],
                                 h['packet_number']))
            elif name == 'connection_closed':
                self.closed = data
            elif name == 'connection_state_updated':
                self.states[data['new']] = e['time']
            elif name == 'version_information':
                self.chosen = data.get('chosen_version')
            elif name == 'alpn_information' and 'chosen_alpn' in data:
                self.alpn = data['chosen_alpn'].get('string_value')
            elif name == 'key_updated':
                log.keys.append((side(e), data))
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
            [self.quicdump, '-q', '-k', os.path.join(self.directory, 'keys.log'),
             *options, '-r', os.path.join(self.directory, 'capture.pcap')],
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
