#!/usr/bin/env python3
"""Shows that the oracles can fail.

  oracle_selftest.py CORPUS/interop QUICDUMP

Each oracle gets a copy of one capture, which must pass, and then copies in
which the endpoint's log, the README or the capture itself is altered in one
place, of which none may pass. Prints TAP."""
import os, re, shutil, subprocess, sys, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
LOG = 'client.qlog'
# Oracle, capture, what is altered: file, pattern, replacement of one match.
CASES = [
    ('http3', 'aioquic-caddy-small', [
        (LOG, r'"name": "server", "value": "Caddy"',
         '"name": "server", "value": "caddy"'),
        (LOG, r'"length": 1024, "stream_id": 4',
         '"length": 1023, "stream_id": 4'),
        (LOG, r'"new": "qpack_encoder"', '"new": "control"'),
        ('README', r'24432/1k', '24432/2k')]),
    ('http3', 'chromium-aioquic-small', [
        ('client.netlog.json', r'"SETTINGS_QPACK_BLOCKED_STREAMS":100',
         '"SETTINGS_QPACK_BLOCKED_STREAMS":101'),
        ('client.netlog.json', r':status: 404', ':status: 403')]),
    ('close', 'aioquic-caddy-small', [
        (LOG, r'"error_code": 256, "error_space": "application", '
         r'"frame_type": "connection_close", "raw_error_code": 256',
         '"error_code": 257, "error_space": "application", '
         '"frame_type": "connection_close", "raw_error_code": 257'),
        (LOG, r'"error_space": "application"', '"error_space": "transport"'),
        ('README', r"'#18: app 256'", "'#17: app 256'"),
        ('README', r'\[\(0, ', '[(1, ')]),
    ('qlog', 'gtls-gtls-small', [
        (LOG, r'"packet_number":40481578', '"packet_number":40481598'),
        (LOG, r'"fin":true', '"fin":false'),
        (LOG, r'"raw":\{"length":40\}', '"raw":{"length":41}'),
        (LOG, r'\{"time":2,("name":"transport:packet_sent")', r'{"time":9,\1'),
        ('server.qlog', r'\x1e\{"time":\d+,"name":"transport:packet_sent".*\n',
         '')]),
    ('figures', 'gtls-gtls-aes256', [
        ('server.qlog', r'"initial_max_data":25165824',
         '"initial_max_data":25165825'),
        ('server.qlog', r'(packet_lost","data":\{"header":\{"packet_type":'
         r'"1RTT","packet_number":\d*)\d\}', r'\g<1>77}'),
        ('server.qlog', r'"ect0":1,', '"ect0":99999,'),
        ('server.qlog', r'(packet_sent","data":\{"frames":\[\{"frame_type":'
         r'"stream","stream_id":0,"offset":\d+,"length":)(\d+)',
         r'\g<1>9\2')])]


def passes(oracle, base, quicdump, name):
    p = subprocess.run([sys.executable, os.path.join(HERE, 'oracle_%s.py' %
                                                     oracle),
                        base, quicdump, name], stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE)
    last = p.stdout.decode().splitlines()[-1:]
    if last not in (['ok'], ['not ok']) and not \
            re.match(r'(not )?ok - ', last[0] if last else ''):
        print('# %s did not finish: %s' % (
            oracle, p.stderr.decode().splitlines()[-1:]))
        return None
    return p.returncode == 0


def main():
    source, quicdump = sys.argv[1:3]
    bad = n = 0
    for oracle, name, changes in CASES:
        for file, pattern, text in [(None, None, None)] + changes:
            with tempfile.TemporaryDirectory() as base:
                copy = os.path.join(base, name)
                shutil.copytree(os.path.join(source, name), copy)
                os.chmod(copy, 0o755)
                count = 1
                if file:
                    path = os.path.join(copy, file)
                    os.chmod(path, 0o644)
                    with open(path, encoding='utf8', newline='') as f:
                        data, count = re.subn(pattern, text, f.read(), 1)
                    with open(path, 'w', encoding='utf8', newline='') as f:
                        f.write(data)
                good = count == 1 and \
                    passes(oracle, base, quicdump, name) is (file is None)
            n += 1
            bad += not good
            if not good:
                print('# %s %s: %s' % (oracle, name, pattern or 'unaltered'))
    print('%s - the oracles fail when one input is altered (%d runs)' %
          ('not ok' if bad else 'ok', n))
    sys.exit(bad > 0)


main()
