#!/usr/bin/env python3
"""The qlog that quicdump writes of a capture against the endpoints' own.

  oracle_qlog.py CORPUS/interop QUICDUMP [NAME ...]

Per log: every packet that it sent or got is in ours, every packet of ours is in
the log of its sender; length, frames with their main fields in order, and times
are the same. What may be missing without a line in qlog-differences.txt:
packets that the log's own ACK frames do not acknowledge (dropped by a simulated
loss before they reached the capture, or behind it), what came after a log's
end, and Retry and Version Negotiation, which come from no connection.

Times: aioquic's are wall clock, as the capture's, and Chromium's nearly; they
are compared as they stand. ngtcp2's count from no known time: their clock is
set by the median over the packets that the log sent, since these are stamped
just before the capture sees them. A packet may be stamped 1 ms (2 ms where the
log has whole milliseconds only) from ours. An endpoint that is busy stamps what
it got late, and what it sends early: that is counted, the other way is wrong.

All files, those of --qlog-compat too, must pass tests/qlog/check.py."""
import os, statistics, subprocess, sys, tempfile
from oracle_ours import HERE, Tally, captures

CHECK = os.path.join(HERE, '..', 'qlog', 'check.py')
SLOWEST = 100  # ms that a busy endpoint may take to stamp a packet


def acknowledged(log):
    """(sender of the packets, packet type) -> numbers that were acknowledged
    according to the log; 0-RTT and 1-RTT are one space."""
    out = {}
    for p in log.packets:
        acker = log.other if p.sender == log.role else log.role
        for f in p.frames:
            if f[0] == 'ack':
                out.setdefault((acker, space(p.kind)), []).extend(f[1])
    return out


def space(kind):
    return 'application' if kind in ('0RTT', '1RTT') else kind


def is_acked(acked, p):
    return any(a <= p.number <= b
               for a, b in acked.get((p.sender, space(p.kind)), []))


def frames_of(log, p, ours):
    """The packet's frames as the log tells them and ours, made comparable
    where the writer is known to tell less."""
    theirs, have = list(p.frames), list(ours.frames)
    if log.writer == 'chromium':
        if p.logged == 'sent' and p.kind != '1RTT':
            return [], []  # logged when they are made, for whatever packet
        # Padding is not told of packets sent, nor all numbers of these.
        bare = {'new_connection_id', 'new_token', 'retire_connection_id'}
        theirs, have = ([f[:1] if f[0] in bare else f for f in x
                         if f[0] != 'padding' or p.logged == 'received']
                        for x in (theirs, have))
    for i, (a, b) in enumerate(zip(theirs, have)):
        if a[0] == b[0] == 'ack':
            have[i] = a if ack_fits(log, p, a, b) else b
        if a[0] == b[0] == 'connection_close':
            # No frame type is 0 on the wire; ngtcp2 tells no reason.
            theirs[i] = a[:3] if log.writer == 'ngtcp2' else a[:4] + (
                (a[4] or None,) if log.writer == 'aioquic' else ())
            have[i] = b[:len(theirs[i])]
    return theirs, have


def ack_fits(log, p, theirs, have):
    """Delays are cut to the 2^exponent us of the wire (8 us here) or to ms;
    ngtcp2 tells none outside 1-RTT.  Chromium tells what is new to it of the
    ranges that it got, and has one space of numbers for all it sends."""
    ranges = theirs[1] == have[1]
    if log.writer == 'chromium' and p.logged == 'received':
        ranges = theirs[1][-1][1] == have[1][-1][1]
    if log.writer == 'ngtcp2':
        delay = theirs[2] == (int(have[2]) if p.kind == '1RTT' else 0)
    else:
        delay = -0.001 < theirs[2] - have[2] < 0.0081
    return ranges and delay and (theirs[3] == have[3] or
                                 log.writer == 'aioquic')


def compare(t, cap, conn, log):
    theirs, ours = {}, {}
    for p in log.packets:
        theirs.setdefault(p.key, []).append(p)
    for p in conn.log.packets:
        ours.setdefault(p.key, []).append(p)
    acked = acknowledged(log)
    stamps = {'sent': [], 'received': []}
    for key, ps in theirs.items():
        p, name = ps[0], '%s:%s' % (log.name, '/'.join(map(str, key)))
        if key not in ours:
            if p.logged == 'sent' and not is_acked(acked, p):
                t.note['sent, not captured'] += 1
            else:
                t.same(cap.name, 'logged', name, 'in ours', 'missing')
            continue
        mine = ours[key][0]
        t.same(cap.name, 'logged', name, len(ps), len(ours[key]))
        if p.size is not None and not (log.writer == 'chromium' and
                                       p.kind == 'initial'):
            t.same(cap.name, 'length', name, p.size, mine.size)
        want, have = frames_of(log, p, mine)
        t.note['frames'] += len(have)
        t.same(cap.name, 'frames', name, want, have)
        stamps[p.logged].append((p.time, mine.time, name))
    if not log.packets:
        return
    off = times(t, cap, conn, log, stamps)
    end = max(p.time for p in log.packets) - off
    for key, ps in ours.items():
        if key in theirs:
            t.compared['captured'] += 1
            continue
        p, name = ps[0], '%s:%s' % (log.name, '/'.join(map(str, key)))
        if p.number is None or p.sender != log.role and \
                not is_acked(acked, p):
            t.note['captured, not received'] += 1
        elif log.cut and p.time >= end - 1:
            t.note['after a cut log'] += 1
        else:
            t.same(cap.name, 'captured', name, 'in the log', 'missing')


def times(t, cap, conn, log, stamps):
    """Returns what their clock is ahead of ours, ms."""
    sent = stamps['sent'] or stamps['received']
    off = statistics.median(a - b for a, b, _ in sent)
    if log.origin is not None:
        limit = 2 if log.writer == 'chromium' else 1
        t.same(cap.name, 'clock', log.name, True,
               abs(off + log.origin - conn.epoch) < limit)
    limit = 2 if log.whole_ms else 1
    for logged, sign in ('sent', -1), ('received', 1):
        for a, b, name in stamps[logged]:
            d = (a - b - off) * sign
            if limit < d < SLOWEST:
                t.note['%s, stamped %s by a busy endpoint' %
                       (logged, 'late' if sign > 0 else 'early')] += 1
            else:
                t.same(cap.name, 'time', name, True, abs(d) <= limit)
    return off


def check(t, cap, compat):
    """All our files hold to the drafts, or to what 0.3 was."""
    with tempfile.TemporaryDirectory() as d:
        cap.run('--qlog', d, *(['--qlog-compat'] if compat else []))
        files = [os.path.join(d, f) for f in sorted(os.listdir(d))]
        p = subprocess.run([sys.executable, CHECK] +
                           (['--compat'] if compat else []) + files,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        t.same(cap.name, 'check.py', 'compat' if compat else 'draft',
               (True, 0), (bool(files), p.returncode))


def main():
    t, n, logs, none = Tally('qlog-differences.txt'), 0, 0, 0
    for cap in captures(sys.argv):
        n += 1
        check(t, cap, False)
        check(t, cap, True)
        for conn, log in cap.pairs():
            if conn and log:
                logs += 1
                compare(t, cap, conn, log)
            elif log:
                t.same(cap.name, 'connection', log.name, log.group, None)
            else:
                none += 1
    print('# %d captures, %d logs of endpoints; %d connections without one' %
          (n, logs, none))
    t.end("our qlogs equal the endpoints'", sys.argv[3:])


if __name__ == '__main__':
    main()
