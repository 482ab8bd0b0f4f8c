#!/usr/bin/env python3
"""The figures of the analysis against the endpoints' logs.

  oracle_figures.py CORPUS/interop QUICDUMP [NAME ...]

From each log, without our code: transport parameters, version, 0-RTT and its
octets, key updates, packets sent, acknowledged and lost, octets of streams and
of CRYPTO and how many were repeated, ECN counts, and the first packets of the
phases of the handshake. All must equal quicdump --json.

Round-trip times and the time of the handshake cannot be equal: the capture sees
neither the endpoints' own delays nor, as they do, whole milliseconds only.
Their table tells how far they are apart, and fails when the minimum or the
handshake is more than 2 ms off in more than one log of six. Differences are
explained in figures-differences.txt."""
import collections, re, statistics, sys
from oracle_logs import CLIENT, SERVER
from oracle_ours import Tally, captures
from oracle_qlog import acknowledged, is_acked

DEFAULTS = {'ack_delay_exponent': 3, 'max_ack_delay': 25,
            'active_connection_id_limit': 2, 'max_udp_payload_size': 65527}
V1, V2 = '0x00000001', '0x6b3343cf'
NEAR, SHARE, FEW = 2, 5 / 6, 12


def parameters(t, name, log, ours):
    for who, theirs in log.params.items():
        have = dict(ours['parameters'][who] or ())
        for k, v in theirs.items():
            if isinstance(v, (int, bool)):
                t.same(name, 'parameter', '%s:%s:%s' % (log.name, who, k), v,
                       have.get(k, DEFAULTS.get(k, 0)))


def version(cap, conn):
    """As tshark and the scenario have it: the README counts long headers."""
    seen = eval_versions(cap.readme)
    if conn == 0 and '0x00000000' in seen:
        return '0x1a2a3a4a' if '0x1a2a3a4a' in seen or 'vneg' in cap.name \
            else V2
    return V2 if V2 in seen and '0x00000000' not in seen and \
        cap.name != 'aioquic-caddy-v2compat' else V1


def eval_versions(readme):
    return set(re.findall(r"'(0x[0-9a-f]{8})'",
                          re.search(r'versions \{(.*?)\}', readme).group(1)))


def early(t, cap, log, ours):
    second = cap.scenario == '0rtt' and ours['conn'] == 1
    hs = ours['handshake']
    t.same(cap.name, '0-rtt', log.name, 'accepted' if second else 'none',
           hs['early_data'])
    if log.zero_rtt:
        t.same(cap.name, '0-rtt-state', log.name, log.zero_rtt,
               {'none': 'NotAttempted'}.get(hs['early_data']))
    packets = [p for p in log.packets if p.kind == '0RTT']
    t.same(cap.name, '0-rtt-packets', log.name, len(packets),
           ours['sent'][CLIENT]['by_type'].get('0rtt', 0))


def streams(packets):
    """(octets, repeated octets) of STREAM frames; the same of CRYPTO."""
    seen, out = collections.defaultdict(set), {'s': [0, 0], 'c': [0, 0]}
    for p in packets:
        if p.kind == 'retry':  # the hello starts anew
            seen.pop(('c', 'initial'), None)
        for f in p.frames:
            if f[0] == 'stream':
                key, start, n, kind = f[1], f[2], f[3], 's'
            elif f[0] == 'crypto':
                key, start, n, kind = p.kind, f[1], f[2], 'c'
                key = '1RTT' if key == '0RTT' else key
            else:
                continue
            new = set(range(start, start + n)) - seen[kind, key]
            out[kind][0] += n
            out[kind][1] += n - len(new)
            seen[kind, key] |= new
    return out


def tells_all(conn, log, sender):
    """Whether the log has all that the capture has of |sender|."""
    return {p.key for p in conn.log.packets if p.sender == sender} <= \
        {p.key for p in log.packets} | {(SERVER, 'retry', None)}


def sent(t, cap, conn, log, ours):
    """What the log sent, as far as the capture has it."""
    name, role = cap.name, log.role
    there = {p.key for p in conn.log.packets}
    mine = {}
    for p in log.packets:
        if p.logged == 'sent' and p.key in there:
            mine.setdefault(p.key, p)
    have = ours['sent'][role]
    if tells_all(conn, log, role):
        t.same(name, 'packets', log.name, len(mine),
               have['packets'] - have['by_type'].get('retry', 0))
        if log.writer != 'chromium':
            want = streams(p for p in log.packets if p.kind == 'retry' or
                           p.key in mine and mine[p.key] is p)
            flow = ours['flow'][role]
            t.same(name, 'stream-octets', log.name, want['s'],
                   [flow['octets'], flow['repeated']])
            t.same(name, 'crypto-octets', log.name, want['c'],
                   [flow['crypto_octets'], flow['crypto_repeated']])
        # Chromium tells only what is new to it of an ACK frame.
        if tells_all(conn, log, log.other) and log.writer != 'chromium':
            acked = acknowledged(log)
            t.same(name, 'acknowledged', log.name,
                   sum(is_acked(acked, p) for p in mine.values()),
                   ours['recovery'][role]['acked'])
    lost = {(role, k, n) for k, n in log.lost}
    if log.writer == 'chromium':  # tells no space; it has one
        lost = {(role, '1RTT', n) for _, n in log.lost} & there
    t.same(name, 'lost', log.name, sorted(lost & there),
           sorted({(s, k, n) for s, k, n in conn.log.lost if s == role}))
    t.note['packets that both hold to be lost'] += len(lost & there)
    counts = [f[3] for p in log.packets if p.sender == role
              for f in p.frames if f[0] == 'ack' and f[3] and p.key in there]
    if log.writer != 'aioquic':  # which does not log them
        t.same(name, 'ecn', log.name,
               [max((c[i] for c in counts), default=0) for i in range(3)],
               [ours['network'][role][k] for k in ('ect0', 'ect1', 'ce')])


def phases(t, cap, conn, log, ours):
    """The first packets of each kind, and the one that confirms."""
    there = {p.key: p for p in conn.log.packets}
    first = {}
    numbers = one_rtt(conn)
    told = {who for who in (CLIENT, SERVER) if tells_all(conn, log, who)}
    for p in log.packets:
        if p.key not in there or p.sender not in told:
            continue
        at = there[p.key].record
        for key in phase_keys(p, numbers):
            if key not in first or at < first[key][0]:
                first[key] = at, p.number
    if log.writer == 'chromium':  # see oracle_qlog.frames_of
        first.pop('client_finished', None)
    for key, want in sorted(first.items()):
        have = ours['handshake']['phases'].get(key)
        t.same(cap.name, 'phase', '%s:%s' % (log.name, key), list(want),
               [have['frame'], have['pn']] if have else None)


def one_rtt(conn):
    return {p.number for p in conn.log.packets
            if p.sender == CLIENT and p.kind == '1RTT'}


def phase_keys(p, numbers):
    kind = {'initial': 'initial', 'handshake': 'handshake', '1RTT': '1rtt',
            '0RTT': '0rtt'}.get(p.kind)
    if kind:
        yield '%s_%s' % (p.sender, kind)
    types = {f[0] for f in p.frames}
    if p.sender == CLIENT and kind == 'handshake' and p.frames[:1] and \
            ('crypto', 0) in {f[:2] for f in p.frames}:
        yield 'client_finished'
    # RFC 9001 section 4.1.2: or an acknowledgement of a 1-RTT packet.
    if p.sender == SERVER and ('handshake_done' in types or kind == '1rtt' and
                               any(a <= n <= b for f in p.frames
                                   if f[0] == 'ack' for a, b in f[1]
                                   for n in numbers)):
        yield 'confirmed'
    if kind in ('1rtt', '0rtt') and 'stream' in types:
        yield '%s_stream' % p.sender


def updates(t, cap, log, ours):
    if log.writer != 'aioquic':
        return
    for who in (CLIENT, SERVER):
        n = sum(k == who + '_1rtt_secret' and why.endswith('_update')
                for k, why in log.keys)
        t.same(cap.name, 'key-updates', '%s:%s' % (log.name, who), n,
               ours['network'][who]['updates'])
    t.same(cap.name, 'key-updates-asked', log.name,
           cap.scenario == 'keyupdate', n > 0)


def rtt(table, log, ours):
    told, steps = {}, ours['handshake']['phases']
    sent = [p.time for p in log.packets if p.logged == 'sent']
    if log.complete and 'complete' in steps:
        table[log.writer, log.role, 'handshake'].append(
            steps['complete']['ms'] - steps['client_initial']['ms'] -
            (log.complete - min(sent)))
    for m in log.metrics:
        told.update(m)
    have = ours['rtt'][log.role]
    if 'min_rtt' not in told or not have:
        return
    for k in 'min', 'smoothed', 'latest':
        table[log.writer, log.role, k + '_rtt'].append(
            have[k + '_ms'] - told[k + '_rtt'])


def table_of(t, table):
    print('# times, ours less theirs (ms)           logs  median  worst  '
          'within 1 ms  within %d ms' % NEAR)
    total = collections.defaultdict(list)
    for (writer, role, k), d in sorted(table.items()):
        print('#   %-8s %-7s %-20s %4d  %6.2f %6.2f  %11d  %11d' % (
            writer, role, k, len(d), statistics.median(d),
            max(d, key=abs), sum(abs(x) <= 1 for x in d),
            sum(abs(x) <= NEAR for x in d)))
        if k in ('min_rtt', 'handshake'):
            total[k] += d
    for k, d in total.items():
        if len(d) < FEW:
            continue
        t.same('all', 'near', k, True,
               sum(abs(x) <= NEAR for x in d) >= SHARE * len(d))


def main():
    t, n, logs = Tally('figures-differences.txt'), 0, 0
    table = collections.defaultdict(list)
    for cap in captures(sys.argv):
        n += 1
        all_json = {j['odcid']: j for j in cap.json()}
        for j in all_json.values():
            t.same(cap.name, 'version', str(j['conn']),
                   version(cap, j['conn']), j['version'])
        for conn, log in cap.pairs():
            if conn:
                j = all_json[conn.log.group]
                answered = 'server_initial' in j['handshake']['phases']
                t.same(cap.name, 'chosen-version', str(j['conn']),
                       version(cap, j['conn'])[2:] if answered else None,
                       conn.chosen)
            if not conn or not log:
                continue
            logs += 1
            ours = all_json[conn.log.group]
            if ours['close']['class'] != 'version_negotiation':
                parameters(t, cap.name, log, ours)
                phases(t, cap, conn, log, ours)
                early(t, cap, log, ours)
                updates(t, cap, log, ours)
                rtt(table, log, ours)
            sent(t, cap, conn, log, ours)
    table_of(t, table)
    print('# %d captures, %d logs' % (n, logs))
    t.end('figures of the analysis', sys.argv[3:])


main()
