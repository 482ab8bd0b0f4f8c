#!/usr/bin/env python3
"""How each connection ended, quicdump's verdict against three others.

  oracle_close.py CORPUS/interop QUICDUMP [NAME ...]

logs: the CONNECTION_CLOSE frames that the endpoints logged: which side's was
sent first, its space, code, reason and frame type, whether the other side sent
one too. scenario: what the capture's name and README say was provoked, and how
the client's process ended. tshark: the records with a CONNECTION_CLOSE that the
README counts. Differences are explained in close-differences.txt. Prints TAP
and figures."""
import copy, os, re, sys, tempfile
from oracle_logs import CLIENT, SERVER
from oracle_ours import Capture, Tally, captures

# RFC 8446 section 6, RFC 9000 section 20.1, RFC 9114 section 8.1, RFC 9250
# section 4.3: only what the corpus holds.
ALERTS = {42: 'bad_certificate', 48: 'unknown_ca',
          120: 'no_application_protocol'}
NAMES = {('transport', 0): 'NO_ERROR', ('h3', 0x100): 'H3_NO_ERROR',
         ('doq', 0): 'DOQ_NO_ERROR'}


def first_close(logs):
    """The close that ended the connection, as the first log with one tells it:
    (sender, space, code, reason, trigger); and who sent any."""
    seen = [c for l in logs for c in l.closes]
    mine = [c for c in seen if c[0] == seen[0][0]]
    # RFC 9000 section 10.2.3: 0xc in Initial and Handshake packets stands for
    # the application's close.
    told = [c for c in mine if c[1] == 'application'] or mine or [None]
    return told[0] and told[0][:5], {c[0] for c in seen}


def from_logs(close, alpn):
    """(class, side, space, code, name, phrase) of a close that was logged."""
    sender, space, code, reason, _ = close
    if space == 'application':
        return ('application_close', sender, space, code,
                NAMES.get((alpn, code)), reason)
    if 0x100 <= code < 0x200:
        return ('handshake_failure', sender, space, code,
                ALERTS.get(code & 0xff), reason)
    return ('transport_close', sender, space, code, NAMES.get((space, code)),
            reason)


def from_scenario(cap, first):
    """The same as far as the scenario tells, None = it does not; |first|
    connection of the capture."""
    s = cap.scenario
    if s == 'badcert':
        return 'handshake_failure', CLIENT, 'transport', 0x12a, \
            'bad_certificate', None
    if s == 'alpn':
        return 'handshake_failure', SERVER, 'transport', 0x178, \
            'no_application_protocol', None
    if s == 'appclose':
        return 'application_close', CLIENT, 'application', 42, None, 'goodbye'
    if s == 'vneg' and first or cap.name == 'gtls-caddy-v2' and first:
        return 'version_negotiation', SERVER, None, None, None, ''
    if s == 'idle':
        return 'idle_timeout', None, None, None, None, ''
    if s == 'rebinding':  # the log of the client breaks off as it rebinds
        return 'vanished', CLIENT, None, None, None, ''
    if "'timeout'" in cap.readme:
        return 'idle_timeout', None, None, None, None, ''
    if s == 'doq':
        return 'application_close', CLIENT, 'application', 0, 'DOQ_NO_ERROR', ''
    if cap.client == 'chromium':
        return 'transport_close', CLIENT, 'transport', 0, 'NO_ERROR', None
    code = 0 if cap.client in ('deno', 'quiche') else 0x100
    return 'application_close', CLIENT, 'application', code, \
        NAMES.get((cap.alpn, code)), ''


def verdict(j):
    c = j['close']
    name = ALERTS.get(c['alert']) if c['alert'] is not None else c['error']
    return c['class'], c['by'], c['space'], c['error_code'], name, \
        c['reason_phrase'] or ''


FIELDS = 'class', 'side', 'space', 'code', 'name', 'phrase'
LATER = 'chromium-aioquic-page'


def fields(t, capture, what, key, want, have):
    for f, w, h in zip(FIELDS, want, have):
        if w is not None or f in ('space', 'code', 'name'):
            t.same(capture, what + '-' + f, key, w, h)


def told(t, cap, ours):
    """The other outputs say the same as the JSON: --close, -s and the event
    in the qlog."""
    want = [j['close']['sentence'] for j in ours]
    text = cap.run('--close').decode().splitlines()
    t.same(cap.name, 'text', 'close', want,
           [l.split(None, 1)[1] for l in text if l.startswith('  verdict ')])
    text = cap.run('-s').decode().splitlines()
    t.same(cap.name, 'text', 'summary', True, all(
        sum(l.rstrip().endswith(w) for l in text) >= want.count(w)
        for w in want))
    for j, c in zip(ours, cap.ours()):
        want, have = event(j['close']), c.closed
        if want and have:
            have = {k: v for k, v in have.items() if k in want}
        t.same(cap.name, 'event', str(j['conn']), want, have)


def event(c):
    """The connection_closed event that a verdict makes; the draft has no
    trigger for a close without an error."""
    if c['class'] in ('open_at_end', 'vanished'):
        return None  # nobody closed
    out = {'initiator': 'local' if c['by'] == CLIENT else 'remote'}
    code = c['error_code']
    if c['class'] == 'version_negotiation':
        out['trigger'] = 'version_mismatch'
    elif c['space'] == 'application':
        out['trigger'] = 'application'
        known = c['error'] == 'H3_NO_ERROR'
        out['application_error'] = 'http_no_error' if known else 'unknown'
        if not known:
            out['error_code'] = code
    else:
        out['connection_error'] = 'no_error' if code == 0 else \
            'crypto_error_0x%x' % code
        if code:
            out['trigger'] = 'error'
    return out


def one(t, cap, seen):
    ours, logs = cap.json(), cap.logs()
    told(t, cap, ours)
    for j in ours:
        key = str(j['conn'])
        mine = [l for l in logs if j['odcid'] and j['odcid'] in l.groups()]
        close, senders = first_close(mine)
        have = verdict(j)
        if close:
            fields(t, cap.name, 'logs', key, from_logs(close, cap.alpn), have)
            t.same(cap.name, 'logs-answered', key, len(senders) > 1,
                   j['close']['answered'])
            if close[1] == 'transport' and cap.client != 'chromium':
                t.same(cap.name, 'logs-frame-type', key, close[4],
                       j['close']['frame_type'])
        elif mine and not any(l.cut for l in mine):
            t.same(cap.name, 'logs-no-close', key, True,
                   have[0] not in ('transport_close', 'application_close',
                                   'handshake_failure', 'stateless_reset'))
        fields(t, cap.name, 'scenario', key,
               from_scenario(cap, j['conn'] == 0), have)
        seen[have[0]] = seen.get(have[0], 0) + 1
    # A process that ended well closed well; one that did not, not.
    ends = re.findall(r"\((\d+|'timeout'), [0-9.]+\)", cap.readme)
    for i, (end, j) in enumerate(zip(ends, ours[-len(ends):])):
        c = j['close']
        good = c['class'] in ('application_close', 'transport_close',
                              'idle_timeout', 'open_at_end') and \
            c['open_requests'] == 0
        t.same(cap.name, 'exit-status', str(i), end == '0', good)
    # The records in which tshark found a close, if it could open them all.
    m = re.search(r"connection closes \[(.*)\]", cap.readme)
    shown = re.findall(r"#(\d+): ((?:\d+)?(?:app )?\d+)", m.group(1))
    if shown and 'Secrets are not available' not in cap.readme:
        lines = cap.run('--flat', '--filter',
                        'frame == connection_close').decode().splitlines()
        t.same(cap.name, 'tshark-records', '-', [int(n) for n, _ in shown],
               sorted({int(l.split()[1]) for l in lines if l[0] == 'P'}))
        at = {j['close']['at']['frame'] for j in ours
              if j['close']['space']}
        t.same(cap.name, 'tshark-verdict', '-', True,
               at <= {int(n) for n, _ in shown})


def silence(t, cap, other):
    """An idle timeout shows only when the capture goes on without the
    connection: the same one with |other|, a later one, behind it."""
    with tempfile.TemporaryDirectory() as d:
        os.mkdir(os.path.join(d, cap.name))
        longer = copy.copy(cap)
        longer.directory = os.path.join(d, cap.name)
        for f, skip in ('capture.pcap', 24), ('keys.log', 0):
            with open(os.path.join(longer.directory, f), 'wb') as out:
                for c, n in (cap, 0), (other, skip):
                    with open(os.path.join(c.directory, f), 'rb') as part:
                        out.write(part.read()[n:])
        c = longer.json()[0]['close']
        t.same(cap.name, 'silence-class', '0', 'idle_timeout', c['class'])
        told = [l.params for l in cap.logs()]
        if told:
            t.same(cap.name, 'silence-timeout', '0', min(
                p['max_idle_timeout'] for p in told[0].values()
                if p['max_idle_timeout']), c['idle_timeout_ms'])


def main():
    t, n, seen = Tally('close-differences.txt'), 0, {}
    last = {}
    for cap in captures(sys.argv):
        n += 1
        one(t, cap, seen)
        if from_scenario(cap, False)[0] == 'idle_timeout':
            last[cap.name] = cap
    for cap in last.values():
        silence(t, cap, Capture(os.path.join(sys.argv[1], LATER), sys.argv[2]))
    print('# %d captures, %d connections: %s' % (
        n, sum(seen.values()),
        ', '.join('%s %d' % x for x in sorted(seen.items()))))
    t.end('verdicts on the end of connections', sys.argv[3:])


main()
