#!/usr/bin/env python3
"""Checks qlog files: check.py [--compat] [--allow NAME]... FILE...

A file is a JSON text sequence with the events of main-schema-14, quic-events-13
and h3-events-13; with --compat, a JSON text in the format 0.3 with what tools of
that time look at.  Each problem is a line FILE:RECORD: PROBLEM, the head of the
file being record 0.  --allow names an event ("quic:x") or a field that no draft
has.  Exit status: 0 fine, 1 problems, 2 a file that cannot be read.

What is legal stands in tables: a type is a function that returns what is wrong
with a value, or None.
"""

import json
import re
import sys

# --- types -------------------------------------------------------------------


def uint(bits):
    def check(v, _):
        # Large integers may be strings, for JavaScript's sake.
        if bits == 64 and isinstance(v, str) and v.isdigit():
            v = int(v)
        if isinstance(v, bool) or not isinstance(v, int):
            return f"{v!r} is no integer"
        if not 0 <= v < 1 << bits:
            return f"{v} does not fit uint{bits}"
    return check


def number(v, _):
    if isinstance(v, bool) or not isinstance(v, (int, float)):
        return f"{v!r} is no number"


def text(v, _):
    if not isinstance(v, str):
        return f"{v!r} is no text"


def flag(v, _):
    if not isinstance(v, bool):
        return f"{v!r} is no boolean"


def octets(size=None):
    def check(v, _):
        if not isinstance(v, str) or not re.fullmatch("([0-9a-f]{2})*", v):
            return f"{v!r} is no hexstring"
        if size is not None and len(v) != 2 * size:
            return f"{v!r} has not {size} octets"
    return check


def one_of(*names):
    def check(v, _):
        if v not in names:
            return f"{v!r} is none of {', '.join(names)}"
    return check


def either(*types):
    def check(v, ctx):
        bad = [t(v, ctx) for t in types]
        return None if None in bad else bad[0]
    return check


def array(item, least=0):
    def check(v, ctx):
        if not isinstance(v, list):
            return f"{v!r} is no array"
        if len(v) < least:
            return f"less than {least} elements"
        for i, one in enumerate(v):
            bad = item(one, ctx)
            if bad:
                return f"[{i}]: {bad}"
    return check


def anything(v, _):
    return None


def mapping(v, _):
    if not isinstance(v, dict):
        return f"{v!r} is no object"


class Struct:
    """An object: fields "name" are required, "name?" are not.  |open| admits
    any others, |rules| are functions of the whole object."""

    def __init__(self, fields, open=False, rules=()):
        self.fields = {k.rstrip("?"): t for k, t in fields.items()}
        self.required = [k for k in fields if not k.endswith("?")]
        self.open = open
        self.rules = rules

    def __call__(self, v, ctx):
        if not isinstance(v, dict):
            return f"{v!r} is no object"
        for name in self.required:
            if name not in v:
                return f"{name} is missing"
        for name, value in v.items():
            if name in self.fields:
                bad = self.fields[name](value, ctx)
                if bad:
                    return f"{name}: {bad}"
            elif not self.open and name not in ctx.allowed:
                return f"{name} is no field of this"
        for rule in self.rules:
            bad = rule(v)
            if bad:
                return bad


class Tagged:
    """An object whose field |tag| says which Struct it is."""

    def __init__(self, tag, kinds):
        self.tag = tag
        self.kinds = kinds

    def __call__(self, v, ctx):
        if not isinstance(v, dict):
            return f"{v!r} is no object"
        kind = v.get(self.tag)
        if kind not in self.kinds:
            return f"{self.tag} {kind!r} is not known"
        rest = {k: x for k, x in v.items() if k != self.tag}
        bad = self.kinds[kind](rest, ctx)
        return f"{kind}: {bad}" if bad else None


def only_if(field, other, *values):
    """|field| is there only when |other| is one of |values|."""
    def rule(v):
        if field in v and v.get(other) not in values:
            return f"{field} stands only with {other} {' or '.join(values)}"
    return rule


def at_least(*names):
    def rule(v):
        if not any(n in v for n in names):
            return f"none of {', '.join(names)} is there"
    return rule


u8, u16, u32, u64 = uint(8), uint(16), uint(32), uint(64)
hexes = octets()
version = octets(4)

# --- what several events have ------------------------------------------------

raw = Struct({"length?": u64, "payload_length?": u64, "data?": hexes})
initiator = one_of("local", "remote")
endpoint = Struct({
    "ip_v4?": text, "port_v4?": u16, "ip_v6?": text, "port_v6?": u16,
    "connection_ids?": array(hexes, 1),
})
token = Struct({
    "type?": one_of("retry", "resumption"), "details?": mapping, "raw?": raw,
})
reset_token = octets(16)
space = one_of("initial", "handshake", "application_data")
ecn = one_of("Not-ECT", "ECT(1)", "ECT(0)", "CE")

TRANSPORT_ERRORS = """no_error internal_error connection_refused
    flow_control_error stream_limit_error stream_state_error final_size_error
    frame_encoding_error transport_parameter_error connection_id_limit_error
    protocol_violation invalid_token application_error crypto_buffer_exceeded
    key_update_error aead_limit_reached no_viable_path unknown""".split()
HTTP_ERRORS = ["http_" + e for e in """no_error general_protocol_error
    internal_error stream_creation_error closed_critical_stream
    frame_unexpected frame_error excessive_load id_error settings_error
    missing_settings request_rejected request_cancelled request_incomplete
    early_response connect_error version_fallback""".split()] + ["unknown"]


def transport_error(v, _):
    if v not in TRANSPORT_ERRORS and not (
            isinstance(v, str) and
            re.fullmatch("crypto_error_0x1[0-9a-f][0-9a-f]", v)):
        return f"{v!r} is no transport error"


app_error = one_of(*HTTP_ERRORS)
stream_kind = one_of("unidirectional", "bidirectional")

# --- packet headers ----------------------------------------------------------

NUMBERED = ("initial", "handshake", "0RTT", "1RTT")
LONG = ("initial", "handshake", "0RTT")


def one_key_phase(v):
    if "key_phase" in v and "key_phase_bit" in v:
        return "key_phase and key_phase_bit"


header = Struct({
    "packet_type": one_of("initial", "handshake", "0RTT", "1RTT", "retry",
                          "version_negotiation", "stateless_reset", "unknown"),
    "packet_type_bytes?": u64, "spin_bit?": flag, "key_phase?": u64,
    "key_phase_bit?": flag, "packet_number_length?": u8, "packet_number?": u64,
    "token?": token, "length?": u16, "version?": version, "scil?": u8,
    "dcil?": u8, "scid?": hexes, "dcid?": hexes,
}, rules=(
    only_if("packet_type_bytes", "packet_type", "unknown"),
    only_if("spin_bit", "packet_type", "1RTT"),
    only_if("key_phase", "packet_type", "1RTT"),
    only_if("key_phase_bit", "packet_type", "1RTT"),
    only_if("packet_number_length", "packet_type", *NUMBERED),
    only_if("packet_number", "packet_type", *NUMBERED),
    only_if("token", "packet_type", "initial", "retry"),
    only_if("length", "packet_type", *LONG),
    one_key_phase,
))

# --- frames ------------------------------------------------------------------


def ack_range(v, _):
    bad = array(u64, 1)(v, _)
    if bad or len(v) > 2 or (len(v) == 2 and int(v[0]) > int(v[1])):
        return bad or f"{v!r} is no range"


def with_error(error, **fields):
    return Struct({"error" if error is app_error else "error?": error,
                   "error_code?": u64, "raw?": raw, **fields},
                  rules=(only_if("error_code", "error", "unknown"),))


def frame(**fields):
    return Struct({"raw?": raw, **fields})


def frame_of(fields):
    return Struct({"raw?": raw, **fields})


def crypto_length(v):
    if "length" not in v["raw"]:
        return "raw.length is missing"


def close_space(v):
    kind, error = v.get("error_space"), v.get("error")
    if kind == "transport" and error in HTTP_ERRORS[:-1]:
        return f"{error} is no transport error"
    if kind == "application" and error not in HTTP_ERRORS + [None]:
        return f"{error} is no application error"


acks = {"ack_delay?": number, "acked_ranges?": array(ack_range, 1),
        "ect1?": u64, "ect0?": u64, "ce?": u64}
new_cid = {"sequence_number": u64, "retire_prior_to": u64,
           "connection_id_length?": u8, "connection_id": hexes,
           "stateless_reset_token?": reset_token}

FRAMES = {
    "padding": frame(),
    "ping": frame(),
    "ack": frame_of(acks),
    "reset_stream": with_error(app_error, stream_id=u64, final_size=u64),
    "reset_stream_at": with_error(app_error, stream_id=u64, final_size=u64,
                                  reliable_size=u64),
    "stop_sending": with_error(app_error, stream_id=u64),
    "crypto": Struct({"offset": u64, "raw": raw}, rules=(crypto_length,)),
    "new_token": frame(token=token),
    "stream": frame_of({"stream_id": u64, "offset?": u64, "fin?": flag}),
    "max_data": frame(maximum=u64),
    "max_stream_data": frame(stream_id=u64, maximum=u64),
    "max_streams": frame(stream_type=stream_kind, maximum=u64),
    "data_blocked": frame(limit=u64),
    "stream_data_blocked": frame(stream_id=u64, limit=u64),
    "streams_blocked": frame(stream_type=stream_kind, limit=u64),
    "new_connection_id": frame_of(new_cid),
    "retire_connection_id": frame(sequence_number=u64),
    "path_challenge": frame_of({"data?": octets(8)}),
    "path_response": frame_of({"data?": octets(8)}),
    "connection_close": Struct({
        "error_space?": one_of("transport", "application"),
        "error?": either(transport_error, app_error), "error_code?": u64,
        "reason?": text, "reason_bytes?": hexes,
        "trigger_frame_type?": either(u64, text), "raw?": raw,
    }, rules=(only_if("error_code", "error", "unknown"),
              only_if("trigger_frame_type", "error_space", "transport"),
              close_space)),
    "handshake_done": frame(),
    "datagram": frame(),
    "unknown": frame(frame_type_bytes=u64),
}

# Of extensions that have no schema: the fields are called as in their drafts.
path = {"path_identifier": u64}
FRAMES_OURS = {
    "immediate_ack": frame(),
    "ack_frequency": frame(sequence_number=u64, ack_eliciting_threshold=u64,
                           requested_max_ack_delay=u64,
                           reordering_threshold=u64),
    "timestamp": frame(timestamp=u64),
    "path_ack": frame_of({**path, **acks}),
    "path_abandon": with_error(transport_error, **path),
    "path_status_backup": frame(path_status_sequence_number=u64, **path),
    "path_status_available": frame(path_status_sequence_number=u64, **path),
    "path_new_connection_id": frame_of({**path, **new_cid}),
    "path_retire_connection_id": frame(sequence_number=u64, **path),
    "max_path_id": frame(maximum_path_identifier=u64),
    "paths_blocked": frame(maximum_path_identifier=u64),
    "path_cids_blocked": frame(next_sequence_number=u64, **path),
}
frames = array(Tagged("frame_type", {**FRAMES, **FRAMES_OURS}))


def some_frames(v, ctx):
    return frames(v, ctx) or (None if v else "no frame")


# --- events ------------------------------------------------------------------

# Fields that our writer adds to packets; they are in no draft.
sided = {"side?": one_of("client", "server")}
packet_ours = {**sided, "capture_frame?": u64, "datagram_id?": u64,
               "datagram_length?": u64, "ecn?": ecn, "path_id?": u64}
checksum = {"datagram_payload_checksum?": u32}


def reset_token_place(v):
    kind = v["header"]["packet_type"]
    if "stateless_reset_token" in v and kind != "stateless_reset":
        return "stateless_reset_token stands only in a stateless_reset"
    if "supported_versions" in v and kind != "version_negotiation":
        return "supported_versions stands only in a version_negotiation"


def packet(required, *triggers, **more):
    fields = {"header" if required else "header?": header, **packet_ours,
              "trigger?": one_of(*triggers)}
    fields.update({k + "?": t for k, t in more.items()})
    return fields


def packet_event(*triggers, **more):
    return Struct({**packet(True, *triggers, frames=frames,
                            stateless_reset_token=reset_token,
                            supported_versions=array(version, 1), raw=raw,
                            **more), **checksum}, rules=(reset_token_place,))


def datagrams():
    return Struct({"count?": u16, "raw?": array(raw, 1), "ecn?": array(ecn, 1),
                   "datagram_payload_checksums?": array(u32, 1)})


def same_length(v):
    if "packet_numbers" in v and len(v["packet_numbers"]) != len(v["frames"]):
        return "as many packet_numbers as frames there must be"


def frame_event():
    return Struct({"frames": frames, "packet_numbers?": array(u64)},
                  rules=(same_length,))


def key_event(**more):
    return Struct({
        "key_type": one_of(*(f"{side}_{level}_secret"
                             for side in ("server", "client") for level in
                             ("initial", "handshake", "0rtt", "1rtt"))),
        "key_phase?": u64,
        "trigger?": one_of("tls", "remote_update", "local_update"),
        **{k + "?": t for k, t in more.items()}})


def loglevel(code):
    fields = {"message": text}
    if code:
        fields = {"code?": u64, "message?": text}
    return Struct(fields)


location = one_of("application", "transport", "network")
blocked = one_of("blocked", "unblocked")
blocked_reason = one_of("scheduling", "pacing", "amplification_protection",
                        "congestion_control", "connection_flow_control",
                        "stream_flow_control", "stream_id", "application")
migration = one_of("probing_started", "probing_abandoned",
                   "probing_successful", "migration_started",
                   "migration_abandoned", "migration_complete")
ecn_state = one_of("testing", "unknown", "failed", "capable")
stream_state = one_of("idle", "open", "closed", "half_closed_local",
                      "half_closed_remote", "ready", "send", "data_sent",
                      "reset_sent", "reset_received", "receive", "size_known",
                      "data_read", "reset_read", "data_received", "destroyed")
alpn = Struct({"byte_value?": hexes, "string_value?": text})

restorable = {
    "disable_active_migration?": flag, "max_idle_timeout?": u64,
    "max_udp_payload_size?": u64, "active_connection_id_limit?": u64,
    "initial_max_data?": u64, "initial_max_stream_data_bidi_local?": u64,
    "initial_max_stream_data_bidi_remote?": u64,
    "initial_max_stream_data_uni?": u64, "initial_max_streams_bidi?": u64,
    "initial_max_streams_uni?": u64, "max_datagram_frame_size?": u64,
    "grease_quic_bit?": flag,
}
preferred = Struct({
    "ip_v4?": text, "port_v4?": u16, "ip_v6?": text, "port_v6?": u16,
    "connection_id": hexes, "stateless_reset_token": reset_token,
})

h3_parameters = {
    "max_field_section_size?": u64, "max_table_capacity?": u64,
    "blocked_streams_count?": u64, "extended_connect?": u16,
    "h3_datagram?": u16,
    # ours: settings without a name
    "unknown_parameters?": array(Struct({"id": u64, "value": u64})),
}
http_field = Struct({"name?": text, "name_bytes?": hexes, "value?": text,
                     "value_bytes?": hexes},
                    rules=(at_least("name", "name_bytes"),))
setting = Struct({
    "name?": one_of("settings_qpack_max_table_capacity",
                    "settings_max_field_section_size",
                    "settings_qpack_blocked_streams",
                    "settings_enable_connect_protocol",
                    "settings_h3_datagram", "reserved", "unknown"),
    "name_bytes?": u64, "value": u64,
}, rules=(only_if("name_bytes", "name", "unknown"),))
h3_frame = Tagged("frame_type", {
    "data": frame(),
    "headers": frame(headers=array(http_field)),
    "cancel_push": frame(push_id=u64),
    "settings": frame(settings=array(setting)),
    "push_promise": frame(push_id=u64, headers=array(http_field)),
    "goaway": frame(id=u64),
    "max_push_id": frame(push_id=u64),
    "reserved": frame(frame_type_bytes=u64),
    "unknown": frame(frame_type_bytes=u64),
    "priority_update": frame_of({"stream_id?": u64, "push_id?": u64,
                                 "priority_field_value": text}),
    "origin": frame(origin_entries=array(Struct({"origin_len": u16,
                                                 "ascii_origin?": text}))),
})
capsule = Tagged("capsule_type", {
    "datagram": frame(),
    "unknown": frame_of({"capsule_type_value?": u64}),
})


def closed_code(v):
    if "error_code" in v and "unknown" not in (v.get("connection_error"),
                                               v.get("application_error")):
        return "error_code stands only with an unknown error"


EVENTS = {
    "quic:server_listening": Struct({
        "ip_v4?": text, "port_v4?": u16, "ip_v6?": text, "port_v6?": u16,
        "retry_required?": flag}),
    "quic:connection_started": Struct({"local": endpoint, "remote": endpoint}),
    "quic:connection_closed": Struct({
        "initiator?": initiator, "connection_error?": transport_error,
        "application_error?": app_error, "error_code?": u64,
        "internal_code?": u64, "reason?": text,
        "trigger?": one_of("idle_timeout", "application", "error",
                           "version_mismatch", "stateless_reset", "aborted",
                           "unspecified")}, rules=(closed_code,)),
    "quic:connection_id_updated": Struct({
        "initiator": initiator, "old?": hexes, "new?": hexes}),
    "quic:spin_bit_updated": Struct({**sided, "state": flag}),
    "quic:connection_state_updated": Struct({
        **sided, "old?": text, "new": text}),
    "quic:tuple_assigned": Struct({
        "tuple_id": text, "tuple_remote?": endpoint, "tuple_local?": endpoint}),
    "quic:mtu_updated": Struct({"old?": u32, "new": u32, "done?": flag}),
    "quic:version_information": Struct({
        "server_versions?": array(version, 1),
        "client_versions?": array(version, 1), "chosen_version?": version}),
    "quic:alpn_information": Struct({
        "server_alpns?": array(alpn), "client_alpns?": array(alpn),
        "chosen_alpn?": alpn}),
    "quic:parameters_set": Struct({
        "initiator?": initiator, "resumption_allowed?": flag,
        "early_data_enabled?": flag, "tls_cipher?": text,
        "original_destination_connection_id?": hexes,
        "initial_source_connection_id?": hexes,
        "retry_source_connection_id?": hexes,
        "stateless_reset_token?": reset_token, "ack_delay_exponent?": u64,
        "max_ack_delay?": u64, "preferred_address?": preferred,
        "unknown_parameters?": array(Struct({"id": u64, "value?": hexes})),
        "reset_stream_at?": flag, **restorable}),
    "quic:parameters_restored": Struct(restorable),
    "quic:packet_sent": packet_event(
        "retransmit_reordered", "retransmit_timeout", "pto_probe",
        "retransmit_crypto", "cc_bandwidth_probe", is_mtu_probe_packet=flag),
    "quic:packet_received": packet_event("keys_available"),
    "quic:packet_dropped": Struct({**packet(
        False, "internal_error", "rejected", "unsupported", "invalid",
        "duplicate", "connection_unknown", "decryption_failure",
        "key_unavailable", "general", raw=raw, details=mapping), **checksum}),
    "quic:packet_buffered": Struct({**packet(
        False, "backpressure", "keys_unavailable", raw=raw), **checksum}),
    "quic:packets_acked": Struct({
        "packet_number_space?": space, "packet_numbers?": array(u64, 1),
        "acked_ranges?": array(ack_range, 1)}),  # ours
    "quic:udp_datagrams_sent": datagrams(),
    "quic:udp_datagrams_received": datagrams(),
    "quic:udp_datagram_dropped": Struct({"raw?": raw}),
    "quic:stream_state_updated": Struct({
        "stream_id": u64, "stream_type?": stream_kind, "old?": stream_state,
        "new": stream_state, "stream_side": one_of("sending", "receiving"),
        "trigger?": initiator}),
    "quic:frames_created": frame_event(),
    "quic:frames_parsed": frame_event(),
    "quic:stream_data_moved": Struct({
        "stream_id?": u64, "offset?": u64, "from?": location, "to?": location,
        "additional_info?": one_of("fin_set", "stream_reset"), "raw?": raw}),
    "quic:datagram_data_moved": Struct({
        "from?": location, "to?": location, "raw?": raw}),
    "quic:connection_data_blocked_updated": Struct({
        "old?": blocked, "new": blocked, "reason?": blocked_reason}),
    "quic:stream_data_blocked_updated": Struct({
        "old?": blocked, "new": blocked, "stream_id": u64,
        "reason?": blocked_reason}),
    "quic:datagram_data_blocked_updated": Struct({
        "old?": blocked, "new": blocked, "reason?": blocked_reason}),
    "quic:migration_state_updated": Struct({
        "old?": migration, "new": migration, "tuple_id?": text,
        "tuple_remote?": endpoint, "tuple_local?": endpoint}),
    "quic:timer_updated": Struct({
        "timer_type?": one_of("ack", "pto", "loss_timeout", "path_validation",
                              "handshake_timeout", "idle_timeout"),
        "timer_id?": u64, "packet_number_space?": space,
        "event_type": one_of("set", "expired", "cancelled"), "delta?": number},
        rules=(only_if("delta", "event_type", "set"),)),
    "quic:key_updated": key_event(old=hexes, new=hexes, side=one_of("client", "server")),
    "quic:key_discarded": key_event(key=hexes),
    "quic:recovery_parameters_set": Struct({
        "reordering_threshold?": u16, "time_threshold?": number,
        "timer_granularity": u16, "initial_rtt?": number,
        "max_datagram_size?": u32, "initial_congestion_window?": u64,
        "minimum_congestion_window?": u64, "loss_reduction_factor?": number,
        "persistent_congestion_threshold?": u16}, open=True),
    "quic:recovery_metrics_updated": Struct({
        "min_rtt?": number, "smoothed_rtt?": number, "latest_rtt?": number,
        "rtt_variance?": number, "pto_count?": u16, "congestion_window?": u64,
        "bytes_in_flight?": u64, "ssthresh?": u64, "packets_in_flight?": u64,
        "pacing_rate?": u64, "inferred?": flag, **sided}, open=True),
    "quic:congestion_state_updated": Struct({
        "old?": text, "new": text, "trigger?": text}),
    "quic:packet_lost": Struct(packet(
        False, "reordering_threshold", "time_threshold", "pto_expired",
        frames=frames, is_mtu_probe_packet=flag)),
    "quic:marked_for_retransmit": Struct({"frames": some_frames}),
    "quic:ecn_state_updated": Struct({"old?": ecn_state, "new": ecn_state}),
    "http3:parameters_set": Struct({
        "initiator?": initiator, "waits_for_settings?": flag,
        **h3_parameters}, open=True),
    "http3:parameters_restored": Struct(h3_parameters),
    "http3:stream_type_set": Struct({
        "initiator?": initiator, "stream_id": u64,
        "stream_type": one_of("request", "control", "push", "reserved",
                              "unknown", "qpack_encode", "qpack_decode"),
        "stream_type_bytes?": u64, "associated_push_id?": u64},
        rules=(only_if("stream_type_bytes", "stream_type", "unknown"),
               only_if("associated_push_id", "stream_type", "push"))),
    "http3:priority_updated": Struct({
        "stream_id?": u64, "push_id?": u64, "old?": text, "new": text,
        "trigger?": one_of("client_signal_received", "local", "other"),
        "reason?": one_of("client_signal_only", "client_server_merged",
                          "local_policy", "other")}),
    "http3:frame_created": Struct({"stream_id": u64, "frame": h3_frame}),
    "http3:frame_parsed": Struct({"stream_id": u64, "frame": h3_frame}),
    "http3:datagram_created": Struct({"quarter_stream_id": u64, "raw?": raw}),
    "http3:datagram_parsed": Struct({"quarter_stream_id": u64, "raw?": raw}),
    "http3:push_resolved": Struct({
        "push_id?": u64, "stream_id?": u64,
        "decision": one_of("claimed", "abandoned")}),
    "http:capsule_created": Struct({"stream_id": u64, "capsule": capsule}),
    "http:capsule_parsed": Struct({"stream_id": u64, "capsule": capsule}),
    "loglevel:error": loglevel(True),
    "loglevel:warning": loglevel(True),
    "loglevel:info": loglevel(False),
    "loglevel:debug": loglevel(False),
    "loglevel:verbose": loglevel(False),
    "simulation:scenario": Struct({"name?": text, "details?": mapping}),
    "simulation:marker": Struct({"type?": text, "message?": text}),
}
NAMESPACES = {name.split(":")[0] for name in EVENTS}

# --- files -------------------------------------------------------------------


def date(v, _):
    if not isinstance(v, str) or not re.fullmatch(
            r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", v):
        return f"{v!r} is no date of RFC 3339"


def monotonic_epoch(v):
    if v["clock_type"] == "monotonic" and v["epoch"] != "unknown":
        return "a monotonic clock has no known epoch"


time_format = one_of("relative_to_epoch", "relative_to_previous_event")
reference = Struct({
    "clock_type": text, "epoch": either(date, one_of("unknown")),
    "wall_clock_time?": date}, rules=(monotonic_epoch,))


def network_flow(v):
    if v["type"] == "network" and "flow" not in v:
        return "a network needs a flow"


vantage = Struct({
    "name?": text, "type": one_of("client", "server", "network", "unknown"),
    "flow?": one_of("client", "server", "unknown")}, rules=(network_flow,))
head = Struct({
    "file_schema": one_of("urn:ietf:params:qlog:file:sequential"),
    "serialization_format": lambda v, c: one_of(
        "application/qlog+json-seq")(str(v).lower(), c),
    "title?": text, "description?": text,
    "trace": Struct({
        "title?": text, "description?": text, "vantage_point?": vantage,
        "common_fields?": Struct({
            "tuple?": text, "time_format?": time_format,
            "reference_time?": reference, "group_id?": text}, open=True),
        "event_schemas": array(text, 1)}),
})
event = Struct({
    "time": number, "name": text, "data": mapping, "tuple?": text,
    "time_format?": time_format, "group_id?": text,
    "system_info?": Struct({"processor_id?": u32, "process_id?": u32,
                            "thread_id?": u32})}, open=True)


def unique(pairs):
    seen = dict(pairs)
    if len(seen) != len(pairs):
        names = [k for k, _ in pairs]
        twice = next(k for k in names if names.count(k) > 1)
        raise ValueError(f"{twice} is there twice")
    return seen


def no_constant(name):
    raise ValueError(f"{name} is no JSON")


def parse(octet_string):
    return json.loads(octet_string.decode("utf-8"), object_pairs_hook=unique,
                      parse_constant=no_constant)


def upper_case(v, path=""):
    """The first field name that is not in lower case, but for free maps."""
    if isinstance(v, list):
        for one in v:
            bad = upper_case(one)
            if bad:
                return bad
    elif isinstance(v, dict):
        for key, value in v.items():
            if key != key.lower():
                return key
            bad = None if key == "details" else upper_case(value)
            if bad:
                return bad


class Checker:
    def __init__(self, allowed):
        self.allowed = set(allowed)
        self.problems = 0
        self.records = 0

    def problem(self, path, record, what):
        self.problems += 1
        print(f"{path}:{record}: {what}")

    # A JSON text sequence.

    def sequence(self, path, data):
        if not data.startswith(b"\x1e"):
            self.problem(path, 0, "begins with no record separator")
            return
        start = data[:256].replace(b" ", b"")
        for name in (b'"file_schema":"urn:', b'"serialization_format":"'):
            if name not in start:
                self.problem(path, 0, f"{name.decode()} is not in the first "
                             "256 octets")
        self.last = None
        self.common = {}
        for i, record in enumerate(data[1:].split(b"\x1e")):
            self.records += 1
            if not record.endswith(b"\n"):
                self.problem(path, i, "does not end with a line feed")
            try:
                value = parse(record)
            except ValueError as e:
                self.problem(path, i, str(e))
                continue
            bad = self.head(value) if i == 0 else self.event(value)
            if bad:
                self.problem(path, i, bad)

    def head(self, value):
        bad = head(value, self) or upper_case(value)
        if not bad:
            self.common = value["trace"].get("common_fields", {})
        return bad

    def event(self, value):
        bad = event(value, self)
        if bad:
            return bad
        form = value.get("time_format", self.common.get("time_format"))
        if form != "relative_to_previous_event":
            if self.last is not None and value["time"] < self.last:
                return f"time {value['time']} is before {self.last}"
            self.last = value["time"]
        for name in ("group_id", "tuple", "time_format"):
            if name in self.common and name in value and \
                    value[name] != self.common[name]:
                # Only the default tuple has reason to be a common one.
                if name != "tuple" or self.common[name] != "":
                    return f"{name} is not the common one"
        name = value["name"]
        if name not in EVENTS:
            known = name.split(":")[0] in NAMESPACES or ":" not in name
            return f"{name} is no event" if known and \
                name not in self.allowed else None
        bad = EVENTS[name](value["data"], self) or upper_case(value["data"])
        return f"{name}: {bad}" if bad else None

    # A JSON text in the format 0.3.

    def compat(self, path, data):
        try:
            value = parse(data)
            bad = compat_file(value, self)
            if bad:
                self.problem(path, 0, bad)
                return
            events = value["traces"][0]["events"]
        except ValueError as e:
            self.problem(path, 0, str(e))
            return
        last = None
        for i, e in enumerate(events, 1):
            self.records += 1
            bad = compat_event(e, self)
            if not bad and last is not None and e["time"] < last:
                bad = f"time {e['time']} is before {last}"
            if bad:
                self.problem(path, i, bad)
            else:
                last = e["time"]


# --- format 0.3: what readers of that time look at --------------------------------

COMPAT_CATEGORIES = ("connectivity", "transport", "security", "recovery",
                     "http", "qpack", "generic", "simulation")
integer = uint(64)
compat_file = Struct({
    "qlog_version": one_of("0.3"), "qlog_format": one_of("JSON"),
    "title?": text, "description?": text,
    "traces": array(Struct({
        "title?": text, "description?": text, "vantage_point": vantage,
        "common_fields": Struct({
            "ODCID?": text, "group_id?": text, "protocol_type?": array(text),
            "time_format": one_of("relative"), "reference_time": number}),
        "events": array(mapping)}), 1)})
compat_head = Struct({"time": number, "name": text, "data": mapping,
                      "tuple?": text, "group_id?": text})
compat_frames = array(Tagged("frame_type", {
    **{name: Struct({}, open=True) for name in {**FRAMES, **FRAMES_OURS}},
    "padding": Struct({"payload_length": integer}),
    "ack": Struct(acks),
    "crypto": Struct({"offset": integer, "length": integer, "raw?": raw}),
    "stream": Struct({"stream_id": integer, "offset": integer,
                      "length": integer, "fin?": flag, "raw?": raw}),
    "datagram": Struct({"length": integer, "raw?": raw}),
    "max_data": Struct({"maximum": integer}),
    "max_stream_data": Struct({"stream_id": integer, "maximum": integer}),
    "reset_stream": Struct({"stream_id": integer, "final_size": integer,
                            "error_code": either(integer, text)}),
    "connection_close": Struct({
        "error_space": one_of("transport", "application"),
        "error_code": either(integer, text), "reason": text,
        "trigger_frame_type?": either(integer, text)}),
}))
compat_packet = Struct({
    "header": Struct({"packet_type": header.fields["packet_type"],
                      "packet_number?": integer}, open=True),
    "frames?": compat_frames, "raw?": raw}, open=True)
COMPAT_EVENTS = {
    "transport:packet_sent": compat_packet,
    "transport:packet_received": compat_packet,
    "recovery:packet_lost": Struct({"header?": compat_packet.fields["header"],
                                    "frames?": compat_frames}, open=True),
    "recovery:metrics_updated": EVENTS["quic:recovery_metrics_updated"],
    "transport:parameters_set": Struct({"owner?": initiator}, open=True),
    "http:frame_created": Struct({"stream_id": integer, "length": integer,
                                  "frame": h3_frame}),
}
COMPAT_EVENTS["http:frame_parsed"] = Struct(
    {"stream_id": integer, "length": integer,
     "frame": Struct({"frame_type": text}, open=True)})
COMPAT_EVENTS["http:frame_created"] = COMPAT_EVENTS["http:frame_parsed"]


def compat_event(v, ctx):
    bad = compat_head(v, ctx)
    if bad:
        return bad
    category = v["name"].split(":")[0]
    if category not in COMPAT_CATEGORIES:
        return f"{v['name']} is of no category"
    for word in ("initiator", "connection_error", "frame_type_bytes"):
        if word in v["data"]:
            return f"{word} is a newer name"
    check = COMPAT_EVENTS.get(v["name"])
    bad = check(v["data"], ctx) if check else None
    return f"{v['name']}: {bad}" if bad else None


def main(args):
    compat, allowed, paths = False, [], []
    while args:
        arg = args.pop(0)
        if arg == "--compat":
            compat = True
        elif arg == "--allow" and args:
            allowed.append(args.pop(0))
        elif arg.startswith("-") and arg != "-":
            sys.exit(__doc__.strip().splitlines()[0])
        else:
            paths.append(arg)
    checker = Checker(allowed)
    for path in paths:
        try:
            with open(path, "rb") as f:
                data = f.read()
        except OSError as e:
            print(e, file=sys.stderr)
            return 2
        (checker.compat if compat else checker.sequence)(path, data)
    print(f"{checker.records} records, {checker.problems} problems")
    return 1 if checker.problems or not checker.records else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
