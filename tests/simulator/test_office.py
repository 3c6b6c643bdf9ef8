"""The office's model by itself: strategies, queue_log, voicemail, AMI's actions, the truth."""

import array
import wave
from collections import Counter
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from callcentre_simulator.pbx import Pbx
from callcentre_simulator.people import Act, Caller, Ring
from callcentre_simulator.playing import run
from callcentre_simulator.scenario import build, bundled, find, read
from callcentre_simulator.schema import MailboxTable, QueueTable, Scenario, ShiftTable
from callcentre_simulator.spool import Spool
from callcentre_simulator.voice import RATE, speech
from callcentre_simulator.wire import ActionHeaders, AmiEvent, Reply

ANSWERS = Ring(after=2.0, acts=(Act("talk", seconds=3.0), Act("hang up")))


def office(**changes: object) -> Pbx:
    """The usual office, with nothing happening in it; `changes` are of the scenario."""
    scenario = read(find("sixth_ring"))
    return build(scenario.model_copy(update={"call": [], "telephone": _telephones(scenario), **changes}))


def _telephones(scenario: Scenario) -> list[object]:
    return [table.model_copy(update={"registered": True, "rings": []}) for table in scenario.telephone]


def ask(pbx: Pbx, action: str, **headers: str) -> Reply:
    return pbx.act(action, ActionHeaders([("Action", action), *headers.items()]))


def events(pbx: Pbx) -> list[AmiEvent]:
    heard: list[AmiEvent] = []
    pbx.listen(lambda _, event: heard.append(event))
    return heard


def call_later(pbx: Pbx, seconds: float) -> None:
    def call() -> None:
        pbx.call(Caller(to="01632960600", number="07700900001"))

    pbx.engine.after(seconds, call)


def strategy_queue(strategy: str, members: list[str]) -> list[QueueTable]:
    return [QueueTable(name="enquiries", strategy=strategy, timeout=4, retry=1, members=members)]


def rung(pbx: Pbx) -> list[str]:
    return [attempt.interface.removeprefix("PJSIP/") for call in pbx.truth.calls.values() for attempt in call.attempts]


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("linear", ["101", "102", "103", "101", "102", "103"]),
        ("rrmemory", ["101", "102", "103", "101", "102", "103"]),
        ("leastrecent", ["101", "101", "101", "101", "101", "101"]),
        ("fewestcalls", ["101", "101", "101", "101", "101", "101"]),
    ],
)
def test_one_at_a_time_in_the_order_of_the_strategy(strategy: str, expected: list[str]) -> None:
    pbx = office(queue=strategy_queue(strategy, ["101", "102", "103"]))
    pbx.call(Caller(to="01632960600", number="07700900001", patience=29.0))
    run(pbx, pbx.now + 60.0, to_the_end=True)
    assert rung(pbx) == expected


def test_ring_all_rings_the_lowest_penalty_that_is_free() -> None:
    pbx = office(queue=strategy_queue("ringall", ["101", "102", "103 2"]))
    pbx.call(Caller(to="01632960600", number="07700900001", patience=4.0))
    run(pbx, pbx.now + 30.0, to_the_end=True)
    assert sorted(rung(pbx)) == ["101", "102"]
    pbx.members.pause("PJSIP/101", on=True)
    pbx.members.pause("PJSIP/102", on=True)
    pbx.call(Caller(to="01632960600", number="07700900002", patience=4.0))
    run(pbx, pbx.now + 30.0, to_the_end=True)
    assert sorted(rung(pbx)) == ["101", "102", "103"]


def test_fewest_calls_and_least_recent_even_out() -> None:
    for strategy in ("fewestcalls", "leastrecent"):
        pbx = office(queue=strategy_queue(strategy, ["101", "102", "103"]))
        for telephone in pbx.telephones.all.values():
            telephone.rings = (ANSWERS,)
        for place in range(6):
            call_later(pbx, 20.0 * place)
        run(pbx, pbx.now + 200.0, to_the_end=True)
        assert Counter(rung(pbx)) == {"101": 2, "102": 2, "103": 2}, strategy


def test_wrap_up_keeps_an_agent_free() -> None:
    queue = strategy_queue("ringall", ["101"])[0].model_copy(update={"wrapup": 30})
    pbx = office(queue=[queue])
    pbx.telephones.all["PJSIP/101"].rings = (ANSWERS,)
    for after in (0.0, 15.0):
        call_later(pbx, after)
    run(pbx, pbx.now + 120.0, to_the_end=True)
    first, second = pbx.truth.calls.values()
    assert first.ended is not None
    assert second.first_ring is not None
    assert 29.0 <= second.first_ring - first.ended <= 32.0


def test_queue_log_tells_each_call_as_asterisk_does() -> None:
    pbx = build(read(find("ring_all")))
    run(pbx, pbx.now + 120.0, to_the_end=True)
    lines = [line.split("|") for line in pbx.log.lines]
    first = [line[2:5] for line in lines if line[1] == lines[0][1]]
    assert first == [
        ["enquiries", "NONE", "ENTERQUEUE"],
        ["enquiries", "Bob Brown", "CONNECT"],
        ["enquiries", "Bob Brown", "COMPLETEAGENT"],
    ]
    assert all(line[0].isdigit() for line in lines)


def test_a_message_is_kept_as_app_voicemail_keeps_it() -> None:
    pbx = build(read(find("voicemail")))
    stored: list[str] = []
    pbx.voicemail.changed = lambda box: stored.extend(one.text("Mon Nov 23") for one in box.folders["INBOX"])
    run(pbx, pbx.now + 60.0, to_the_end=False)
    assert len(stored) == 1
    lines = stored[0].splitlines()
    assert [line.partition("=")[0] for line in lines] == [
        ";", "; Message Information file", ";", "[message]", "origmailbox", "context", "exten", "rdnis", "priority",
        "callerchan", "callerid", "origdate", "origtime", "category", "msg_id", "flag", "duration",
    ]  # fmt: skip
    assert 'callerid="Caller" <07700900701>' in lines
    assert lines[-1] == "duration=5"
    counts = dict(ask(pbx, "MailboxCount", Mailbox="610@default").headers)
    assert (counts["NewMessages"], counts["OldMessages"]) == ("1", "0")
    pbx.voicemail.hear("610@default")
    counts = dict(ask(pbx, "MailboxCount", Mailbox="610@default").headers)
    assert (counts["NewMessages"], counts["OldMessages"]) == ("0", "1")


def test_queue_actions_say_what_asterisk_says() -> None:
    pbx = office()
    heard = events(pbx)
    assert ask(pbx, "QueueAdd", Queue="dynamic", Interface="PJSIP/101", MemberName="Alice").success
    assert dict(ask(pbx, "QueueAdd", Queue="dynamic", Interface="PJSIP/101").headers)["Message"] == (
        "Unable to add interface: Already there"
    )
    assert ask(pbx, "QueuePause", Interface="PJSIP/101", Paused="true", Reason="lunch").success
    assert not ask(pbx, "QueuePause", Interface="PJSIP/999", Paused="true").success
    assert ask(pbx, "QueueRemove", Queue="dynamic", Interface="PJSIP/101").success
    assert dict(ask(pbx, "QueueRemove", Queue="enquiries", Interface="PJSIP/101").headers)["Message"] == (
        "Member not dynamic"
    )
    names = [event.name for event in heard if event.name.startswith("QueueMember")]
    assert names[0] == "QueueMemberAdded"
    assert names[-1] == "QueueMemberRemoved"
    assert set(names[1:-1]) == {"QueueMemberPause"}


def test_lists_count_what_they_list() -> None:
    pbx = office()
    pbx.call(Caller(to="01632960600", number="07700900001"))
    pbx.advance(pbx.now + 5.0)
    for action in ("QueueStatus", "QueueSummary", "CoreShowChannels", "DeviceStateList", "VoicemailUsersList"):
        reply = ask(pbx, action)
        assert dict(reply.headers)["EventList"] == "start"
        assert dict(reply.events[-1].headers)["ListItems"] == str(len(reply.events) - 1)
        assert len(reply.events) > 1
    assert any(event.name == "QueueEntry" for event in ask(pbx, "QueueStatus").events)


def test_what_a_version_lacks_it_does_not_know() -> None:
    old = build(read(find("sixth_ring")), version=16)
    assert "Invalid/unknown command" in dict(ask(old, "VoicemailBoxSummary", Mailbox="600", Context="default").headers)[
        "Message"
    ]  # fmt: skip
    assert ask(office(), "VoicemailBoxSummary", Mailbox="600", Context="default").success


def test_originate_rings_then_runs_the_dialplan() -> None:
    pbx = office()
    pbx.telephones.all["PJSIP/101"].rings = (Ring(after=2.0),)
    pbx.telephones.all["PJSIP/102"].rings = (ANSWERS,)
    heard = events(pbx)
    headers = {"Channel": "PJSIP/101", "Context": "internal", "Exten": "102", "Priority": "1", "ChannelId": "attempt-7"}
    assert ask(pbx, "Originate", **headers, ActionID="a1").success
    run(pbx, pbx.now + 30.0, to_the_end=True)
    response = next(dict(event.headers) for event in heard if event.name == "OriginateResponse")
    assert (response["ActionID"], response["Response"], response["Uniqueid"]) == ("a1", "Success", "attempt-7")
    dialled = [dict(event.headers)["DestChannel"] for event in heard if event.name == "DialEnd"]
    assert [name.split("-")[0] for name in dialled] == ["PJSIP/101", "PJSIP/102"]
    assert not pbx.channels.alive


def test_the_database_keeps_what_it_is_given() -> None:
    pbx = office()
    assert ask(pbx, "DBPut", Family="f", Key="k", Val="v").success
    assert dict(ask(pbx, "DBGet", Family="f", Key="k").events[0].headers)["Val"] == "v"
    assert ask(pbx, "DBDel", Family="f", Key="k").success
    assert not ask(pbx, "DBGet", Family="f", Key="k").success


def test_time_never_runs_back_and_every_channel_ends() -> None:
    for name in bundled():
        scenario = read(find(name))
        pbx = build(scenario)
        stamps: list[float] = []
        pbx.listen(lambda at, _, stamps=stamps: stamps.append(at))  # type: ignore[misc]
        run(pbx, pbx.now + scenario.seconds, to_the_end=True)
        assert stamps == sorted(stamps), name
        assert not pbx.channels.alive, name
        assert not any(queue.entries for queue in pbx.queueing.queues.values()), name


def test_a_caller_who_does_not_wait_is_never_answered() -> None:
    caller = Caller(to="01632960600", number="07700900001", patience=1.0)
    pbx = office()
    for telephone in pbx.telephones.all.values():
        telephone.rings = (replace(ANSWERS, after=5.0),)
    pbx.call(caller)
    run(pbx, pbx.now + 30.0, to_the_end=True)
    (call,) = pbx.truth.calls.values()
    assert call.outcome == "short_abandoned"
    assert {attempt.result for attempt in call.attempts} == {"cancelled"}


def test_the_spool_has_sound_and_is_renumbered(tmp_path: Path) -> None:
    pbx = office(mailbox=[MailboxTable(number="600")])
    pbx.voicemail.changed = Spool(tmp_path).synchronise
    for after in (0.0, 20.0, 40.0):
        caller = Caller(to="01632960699", number=f"07700900{int(after):03d}", speak=5.0 + after / 10)
        pbx.engine.after(after, partial(_call, pbx, caller))
    run(pbx, pbx.now + 60.0, to_the_end=True)
    inbox = tmp_path / "default" / "600" / "INBOX"
    assert sorted(path.name for path in inbox.iterdir()) == [
        f"msg000{number}.{kind}" for number in range(3) for kind in ("txt", "wav")
    ]
    with wave.open(str(inbox / "msg0002.wav")) as sound:
        assert sound.getnframes() / sound.getframerate() == 9.0
    second = (inbox / "msg0001.txt").read_text(encoding="utf-8")
    pbx.voicemail.erase("600@default")
    assert (inbox / "msg0000.txt").read_text(encoding="utf-8") == second
    assert len(list(inbox.iterdir())) == 4
    pbx.voicemail.hear("600@default")
    assert list(inbox.iterdir()) == []
    assert (tmp_path / "default" / "600" / "Old" / "msg0000.txt").read_text(encoding="utf-8") == second


def _call(pbx: Pbx, caller: Caller) -> None:
    pbx.call(caller)


def test_what_lies_in_a_spool_is_in_the_mailboxes_of_the_next_start(tmp_path: Path) -> None:
    before, after = (office(mailbox=[MailboxTable(number="600")]) for _ in range(2))
    before.voicemail.changed = Spool(tmp_path).synchronise
    for at in (0.0, 20.0):
        before.engine.after(at, partial(_call, before, Caller(to="01632960699", number="07700900001", speak=4.0)))
    run(before, before.now + 40.0, to_the_end=True)
    spool = Spool(tmp_path)
    box = after.voicemail.boxes["600@default"]
    spool.prepare(box)
    assert box.folders == before.voicemail.boxes["600@default"].folders
    after.voicemail.changed = spool.synchronise
    after.voicemail.erase("600@default")
    inbox = tmp_path / "default" / "600" / "INBOX"
    assert sorted(path.name for path in inbox.iterdir()) == ["msg0000.txt", "msg0000.wav"]


def test_two_messages_do_not_sound_alike(tmp_path: Path) -> None:
    one, other = speech(3, "1795370619-00000000"), speech(3, "1795370640-00000001")
    assert len(one) == len(other) == 3 * 2 * RATE
    assert one != other
    assert speech(3, "1795370619-00000000") == one
    samples = array.array("h", one)
    assert max(map(abs, samples)) > 1000, "it can be heard"


def test_who_refuses_calls_still_answers_what_they_asked_for() -> None:
    pbx = office(shift=[ShiftTable(telephones=["101"], ends=1e9, refuse=1.0, ignore=0.0)])
    run(pbx, pbx.now + 1.0, to_the_end=False)
    asked = {"Channel": "PJSIP/101", "Application": "Wait", "Data": "20", "Async": "true", "ChannelId": "click-1"}
    heard: list[AmiEvent] = []
    pbx.listen(lambda _at, event: heard.append(event))
    assert pbx.act("Originate", asked).success
    run(pbx, pbx.now + 10.0, to_the_end=False)
    told = {event.name: dict(event.headers) for event in heard}
    assert told["OriginateResponse"]["Response"] == "Success"
    assert "Hangup" not in told
