"""What the endpoints of a capture wrote about it, in one shape for the
oracle_*.py beside this file.

An endpoint's log is a qlog 0.3 (one JSON text: aioquic; JSON text sequences:
ngtcp2, times and delays cut to whole milliseconds) or a Chromium net log.  None
of it goes through our own code."""
import json, os, re

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
        self.metrics, self.keys = [], []
        self.types, self.settings, self.params = {}, {}, {}
        self.origin = None  # of its clock, ms since 1970
        self.complete = None  # when the handshake was

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
    fields = {'max_data': ['maximum'],
              'max_stream_data': ['stream_id', 'maximum'],
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
            log.metrics.append(data)
        elif name == 'key_updated':
            log.keys.append((data['key_type'], data['trigger']))
            if data['key_type'] == 'client_1rtt_secret' and role == CLIENT:
                log.complete = log.complete or e['time']
        elif name == 'parameters_set':
            # The later ones hold: remembered for 0-RTT, then told.
            log.params[log.role if data['owner'] == 'local' else
                       log.other] = data
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
        elif name == 'QUIC_SESSION_CRYPTO_HANDSHAKE_COMPLETE':
            log.complete = float(e['time'])
        elif name == 'QUIC_SESSION_PACKET_LOST':
            log.lost.append((None, p['packet_number']))
        elif name == 'QUIC_SESSION_ZERO_RTT_STATE':
            log.zero_rtt = p['state']
    return finish(log)
