"""What telephones and callers do, as data, and the sipp scenario of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.pbx.lab.sipp import Script

NEVER = 3600.0
"""Seconds that outlast every case."""

REFUSALS = ("403", "404", "408", "480", "486", "487", "500", "503", "603")
SDP = """v=0
o=lab 1 [version] IN IP4 127.0.0.1
s=-
c=IN IP4 127.0.0.1
t=0 0
m=audio [port] RTP/AVP 0
a=rtpmap:0 PCMU/8000
a=[direction]"""


@dataclass(frozen=True, slots=True)
class Wait:
    """Talk (or listen) for some seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Press:
    """Press keys: a menu's digit, a queue's exit key, a feature code."""

    digits: str


@dataclass(frozen=True, slots=True)
class Refer:
    """Transfer the other party blindly, by SIP REFER."""

    to: str


@dataclass(frozen=True, slots=True)
class Consult:
    """Ring a colleague beside the call, talk to them, then join the two by REFER with Replaces."""

    to: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Hold:
    """Put the other party on hold, or take it back."""

    on: bool = True


@dataclass(frozen=True, slots=True)
class Speak:
    """Start to speak: a tone, until the call ends."""


@dataclass(frozen=True, slots=True)
class Bye:
    """Hang up."""


Act = Wait | Press | Refer | Consult | Hold | Speak | Bye


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """What a telephone does with one INVITE.

    It rings as `ring` says (180, 180 with SDP, 183, or not at all); `after` seconds later it does
    `then`: "answer", a refusal such as "486", or "forward:102" (a 302). `after` None: never.
    Once answered it does `acts`, then waits for the other side's BYE.
    """

    ring: str = "180"
    after: float | None = None
    then: str = "answer"
    acts: tuple[Act, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialling:
    """One call made by a caller (or a desk telephone): whom it dials, and what it does.

    `patience`: seconds from the INVITE until it gives up unanswered. `acts` start when the PBX answers.
    """

    to: str
    number: str
    name: str = "Caller"
    patience: float = NEVER
    acts: tuple[Act, ...] = ()
    withheld: bool = False


@dataclass(frozen=True, slots=True)
class _Dialog:
    """The headers with which a party speaks inside its dialog."""

    uri: str
    own: str
    other: str
    port_word: str
    first_cseq: int

    def headers(self, cseq: int, method: str, *extra: str) -> list[str]:
        return [
            "Via: SIP/2.0/UDP 127.0.0.1:[local_port];branch=[branch]",
            f"From: {self.own}",
            f"To: {self.other}",
            "Call-ID: [call_id]",
            f"CSeq: {cseq} {method}",
            "Contact: <sip:lab@127.0.0.1:[local_port]>",
            "Max-Forwards: 70",
            *extra,
        ]


def _sdp(port_word: str, direction: str = "sendrecv", version: int = 1) -> str:
    text = SDP.replace("[port]", port_word).replace("[direction]", direction)
    return text.replace("[version]", str(version)).replace("\n", "\n      ")


def _ereg(header: str, regexp: str, name: str) -> str:
    return f'<ereg regexp="{regexp}" search_in="hdr" header="{header}" check_it="false" assign_to="{name}"/>'


def _talk(script: Script, dialog: _Dialog, acts: tuple[Act, ...], voice: Path | None) -> None:
    """Play `acts` in an answered dialog, then wait for BYE; a BYE meanwhile ends it at once."""
    hung_up = script.label()
    done = script.label()
    cseq = dialog.first_cseq
    for act in acts:
        match act:
            case Wait(seconds):
                go_on = script.label()
                timeout = str(round(seconds * 1000))
                script.recv(request="BYE", timeout=timeout, ontimeout=go_on, next_=hung_up)
                script.mark(go_on)
            case Press(digits):
                for digit in digits:
                    cseq += 1
                    kind = "Content-Type: application/dtmf-relay"
                    script.send(
                        f"INFO {dialog.uri} SIP/2.0",
                        dialog.headers(cseq, "INFO", kind),
                        f"Signal={digit}\n      Duration=120",
                        retrans="500",
                    )
                    script.recv(response="200")
            case Refer(to):
                cseq += 1
                target = f"Refer-To: <sip:{to}@127.0.0.1:[remote_port]>"
                by = "Referred-By: <sip:lab@127.0.0.1:[local_port]>"
                script.send(
                    f"REFER {dialog.uri} SIP/2.0",
                    dialog.headers(cseq, "REFER", target, by),
                    retrans="500",
                )
                script.recv(response="202")
            case Consult(to, seconds):
                cseq += 1
                _consult(script, dialog, to, seconds, cseq)
            case Hold(on):
                cseq += 1
                direction = "sendonly" if on else "sendrecv"
                kind = "Content-Type: application/sdp"
                script.send(
                    f"INVITE {dialog.uri} SIP/2.0",
                    dialog.headers(cseq, "INVITE", kind),
                    _sdp(dialog.port_word, direction, cseq),
                    retrans="500",
                )
                script.recv(response="100", optional="true")
                script.recv(response="200")
                script.send(f"ACK {dialog.uri} SIP/2.0", dialog.headers(cseq, "ACK"))
            case Speak():
                script.nop(f'<exec rtp_stream="{voice},-1,0"/>')
            case Bye():
                cseq += 1
                script.send(f"BYE {dialog.uri} SIP/2.0", dialog.headers(cseq, "BYE"), retrans="500")
                script.recv(request="BYE", optional="true", next_=hung_up)
                script.recv(response="200")
                script.nop(next_=done)
    script.recv(request="BYE")
    script.mark(hung_up)
    replies = ["[last_Via:]", "[last_From:]", "[last_To:]", "[last_Call-ID:]", "[last_CSeq:]"]
    script.send("SIP/2.0 200 OK", replies)
    script.mark(done)


def _consult(script: Script, dialog: _Dialog, to: str, seconds: float, cseq: int) -> None:
    """A second dialog of the same party. sipp takes it for the same call by what follows `///`."""
    asked = f"sip:{to}@127.0.0.1:[remote_port]"

    def beside(method: str, other: str, *extra: str) -> list[str]:
        return [
            f"Via: SIP/2.0/UDP 127.0.0.1:[local_port];branch=z9hG4bK-[pid]-[call_number]-{method}",
            f"From: {dialog.own}",
            other,
            "Call-ID: beside///[call_id]",
            f"CSeq: 1 {method}",
            "Contact: <sip:lab@127.0.0.1:[local_port]>",
            "Max-Forwards: 70",
            *extra,
        ]

    lines = beside("INVITE", f"To: <{asked}>", SDP_KIND)
    script.send(f"INVITE {asked} SIP/2.0", lines, _sdp(dialog.port_word), retrans="500")
    script.recv(response="100", optional="true")
    script.recv(response="180", optional="true")
    found = _ereg("To:", ".*", "asked") + _ereg("To:", "tag=.*", "whole")
    own_tag = '<ereg regexp="[^=]+$" search_in="var" variable="whole" check_it="false" assign_to="asktag"/>'
    script.recv(found + own_tag, response="200")
    script.send(f"ACK {asked} SIP/2.0", beside("ACK", "To: [$asked]"))
    script.pause(seconds)
    replaces = "beside%2F%2F%2F[call_id]%3Bto-tag%3D[$asktag]%3Bfrom-tag%3D[pid]t[call_number]"
    target = f"Refer-To: <{asked}?Replaces={replaces}>"
    by = "Referred-By: <sip:lab@127.0.0.1:[local_port]>"
    script.send(f"REFER {dialog.uri} SIP/2.0", dialog.headers(cseq, "REFER", target, by), retrans="500")
    script.recv(response="202")
    # Asterisk hangs up both of the dialogs: the second BYE is the one that every talk ends with.
    script.recv(request="BYE")
    replies = ["[last_Via:]", "[last_From:]", "[last_To:]", "[last_Call-ID:]", "[last_CSeq:]"]
    script.send("SIP/2.0 200 OK", replies)
    script.steps.append('<Reference variables="asked,whole,asktag"/>')


PHONE_REPLY = [
    "[last_Via:]",
    "[last_From:]",
    "[last_To:];tag=[pid]t[call_number]",
    "[last_Call-ID:]",
    "[last_CSeq:]",
    "Contact: <sip:phone@127.0.0.1:[local_port]>",
]
SDP_KIND = "Content-Type: application/sdp"


def phones_script(phones: Mapping[str, tuple[Ring, ...]], name: str = "phones") -> Script:
    """All desk telephones of a case (or all numbers outside) in one sipp, told apart by the user of the To header.

    The first INVITE of a telephone is treated as its first Ring, and so on; the last one repeats.
    """
    script = Script(name=name)
    counters = [f"n{extension}" for extension in phones]
    script.steps.append(f'<Global variables="{",".join(counters)}"/>')
    script.recv(
        _ereg("From:", ".*", "from")
        + _ereg("To:", ".*", "to")
        + _ereg("Contact:", "sip:[^>;]*", "uri")
        + _ereg("CSeq:", "[0-9]+", "cseq")
        + "".join(_ereg("To:", f"sip:{extension}@", f"is{extension}") for extension in phones),
        request="INVITE",
    )
    doors = {extension: script.label() for extension in phones}
    for extension, door in doors.items():
        script.nop(next_=door, test=f"is{extension}")
    end = script.label()
    for extension, rings in phones.items():
        script.mark(doors[extension])
        script.nop(f'<add assign_to="n{extension}" value="1"/>')
        for nth, ring in enumerate(rings, start=1):
            later = script.label()
            if nth < len(rings):
                test = f'compare="not_equal" value="{nth}"'
                script.nop(f'<test assign_to="other" variable="n{extension}" {test}/>')
                script.nop(next_=later, test="other")
            _phone_ring(script, ring, end)
            script.mark(later)
    script.mark(end)
    names = ["from", "to", "uri", "cseq"]
    if any(len(rings) > 1 for rings in phones.values()):
        names.append("other")
    script.steps.append(f'<Reference variables="{",".join(names)}"/>')
    return script


def _phone_ring(script: Script, ring: Ring, end: str) -> None:
    """One INVITE of a telephone, from ringing to the last BYE."""
    if ring.ring == "180":
        script.send("SIP/2.0 180 Ringing", PHONE_REPLY)
    elif ring.ring == "180sdp":
        script.send("SIP/2.0 180 Ringing", [*PHONE_REPLY, SDP_KIND], _sdp("[media_port]"))
    elif ring.ring == "183":
        script.send("SIP/2.0 183 Session Progress", [*PHONE_REPLY, SDP_KIND], _sdp("[media_port]"))
    cancelled = script.label()
    act = script.label()
    seconds = NEVER if ring.after is None else ring.after
    timeout = str(round(seconds * 1000))
    if seconds > 0:
        script.recv(request="CANCEL", timeout=timeout, ontimeout=act, next_=cancelled)
    script.mark(act)
    if ring.then == "answer":
        script.send("SIP/2.0 200 OK", [*PHONE_REPLY, SDP_KIND], _sdp("[media_port]"), retrans="500")
        # In a race the CANCEL may cross the 200: Asterisk then acknowledges and hangs up.
        crossed = script.label()
        script.recv(request="CANCEL", optional="true", next_=crossed)
        script.recv(request="ACK")
        own = "[$to];tag=[pid]t[call_number]"
        dialog = _Dialog("[$uri]", own, "[$from]", "[media_port]", 1000)
        _talk(script, dialog, ring.acts, None)
        script.nop(next_=end)
        script.mark(crossed)
        script.send("SIP/2.0 200 OK", PHONE_REPLY)
        script.recv(request="ACK")
        script.recv(request="BYE")
        script.send("SIP/2.0 200 OK", [*PHONE_REPLY[:2], "[last_To:]", *PHONE_REPLY[3:]])
    elif ring.then.startswith("forward:"):
        to = ring.then.partition(":")[2]
        reply = [*PHONE_REPLY[:5], f"Contact: <sip:{to}@127.0.0.1:[remote_port]>"]
        script.send("SIP/2.0 302 Moved Temporarily", reply, retrans="500")
        script.recv(request="ACK")
    else:
        script.send(f"SIP/2.0 {ring.then} Refused", PHONE_REPLY, retrans="500")
        script.recv(request="ACK")
    script.nop(next_=end)
    script.mark(cancelled)
    script.send("SIP/2.0 200 OK", PHONE_REPLY)
    cseq = [*PHONE_REPLY[:4], "CSeq: [$cseq] INVITE", PHONE_REPLY[5]]
    script.send("SIP/2.0 487 Request Terminated", cseq, retrans="500")
    script.recv(request="ACK")
    script.nop(next_=end)


def register_script(extension: str, port: int, expires: int) -> Script:
    """One REGISTER of a telephone's contact; `expires` 0 takes it away."""
    script = Script(name=f"register-{extension}-{expires}")
    script.send(
        "REGISTER sip:127.0.0.1:[remote_port] SIP/2.0",
        [
            "Via: SIP/2.0/UDP 127.0.0.1:[local_port];branch=[branch]",
            f"From: <sip:{extension}@127.0.0.1>;tag=[pid]r[call_number]",
            f"To: <sip:{extension}@127.0.0.1>",
            "Call-ID: [call_id]",
            "CSeq: 1 REGISTER",
            f"Contact: <sip:{extension}@127.0.0.1:{port}>",
            f"Expires: {expires}",
            "Max-Forwards: 70",
        ],
        retrans="500",
    )
    script.recv(response="200")
    return script


def caller_script(name: str, dialling: Dialling, voice: Path | None) -> Script:
    """One call to the PBX, from the INVITE to the end; `voice` is what Speak plays (raw mu-law)."""
    script = Script(name=name)
    port_word = "[rtpstream_audio_port]" if voice else "[media_port]"
    shown = f'"{dialling.name}" <sip:{dialling.number}@127.0.0.1:[local_port]>'
    privacy: tuple[str, ...] = ()
    if dialling.withheld:
        shown = '"Anonymous" <sip:anonymous@anonymous.invalid>'
        privacy = ("Privacy: id",)
    own = f"{shown};tag=[pid]c[call_number]"
    uri = f"sip:{dialling.to}@127.0.0.1:[remote_port]"

    def first(method: str, to: str, *extra: str) -> list[str]:
        return [
            "Via: SIP/2.0/UDP 127.0.0.1:[local_port];branch=z9hG4bK-[pid]-[call_number]-invite",
            f"From: {own}",
            to,
            "Call-ID: [call_id]",
            f"CSeq: 1 {method}",
            "Contact: <sip:lab@127.0.0.1:[local_port]>",
            "Max-Forwards: 70",
            *extra,
        ]

    script.send(
        f"INVITE {uri} SIP/2.0",
        first("INVITE", f"To: <{uri}>", *privacy, SDP_KIND),
        _sdp(port_word),
        retrans="500",
    )
    give_up, refused, end = script.label(), script.label(), script.label()
    clock = {"timeout": str(round(dialling.patience * 1000)), "ontimeout": give_up}
    for code in ("100", "180", "181", "183"):
        script.recv(response=code, optional="true", **clock)
    for code in REFUSALS:
        script.recv(response=code, optional="true", next_=refused, **clock)
    remember = _ereg("To:", ".*", "other") + _ereg("Contact:", "sip:[^>;]*", "uri")
    script.recv(remember, response="200", **clock)
    dialog = _Dialog("[$uri]", own, "[$other]", port_word, 1)
    script.send("ACK [$uri] SIP/2.0", dialog.headers(1, "ACK"))
    _talk(script, dialog, dialling.acts, voice)
    script.nop(next_=end)
    script.mark(give_up)
    script.send(f"CANCEL {uri} SIP/2.0", first("CANCEL", f"To: <{uri}>"), retrans="500")
    script.recv(response="200")
    script.recv(response="487")
    script.mark(refused)
    script.send(f"ACK {uri} SIP/2.0", first("ACK", "[last_To:]"))
    script.mark(end)
    script.steps.append('<Reference variables="other,uri"/>')
    return script
