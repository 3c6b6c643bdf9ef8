"""Outgoing values are checked, and no error repeats them."""

import hashlib
from datetime import UTC, datetime

import pytest
from asterisk.ami import Action

from callcentre.ami.actions import act, challenge, login_md5, login_plain, render, simple
from callcentre.core.breach import BreachStep
from callcentre.core.commands import Act, AddMember, CallBack, PauseMember, RemoveMember, RingTelephone, StoreValue
from callcentre.core.errors import ActionRefused
from callcentre.core.terms import ActionKind, ActionResult, instant


def test_rendered_as_asterisk_reads_it() -> None:
    assert render(simple("Ping"), "a-1") == b"Action: Ping\r\nActionID: a-1\r\n\r\n"
    assert render(challenge(), "a-2") == b"Action: Challenge\r\nActionID: a-2\r\nAuthType: MD5\r\n\r\n"


def test_md5_sends_the_answer_and_not_the_secret() -> None:
    sent = render(login_md5("listener", "open sesame", "42"), "a-1")
    assert f"Key: {hashlib.md5(b'42open sesame').hexdigest()}\r\n".encode() in sent
    assert b"sesame" not in sent


def test_a_secret_may_hold_any_printable_character() -> None:
    assert "Secret: pä: $\\w0rd\r\n".encode() in render(login_plain("listener", "pä: $\\w0rd"), "a-1")


@pytest.mark.parametrize(
    "evil", ["x\r\nAction: Command", "x\nVariable: y", "x\0", "x\r", "", "x" * 201, "\ud800" * 400]
)
def test_values_that_would_break_out(evil: str) -> None:
    with pytest.raises(ActionRefused) as refused:
        render(login_plain("listener", evil), "a-1")
    assert "Secret" in str(refused.value)
    assert not evil or evil not in str(refused.value)


@pytest.mark.parametrize(
    "action",
    [
        Action("Command", {"Command": "core stop now"}),
        Action("Ping", {"Command": "x"}),
        Action("Ping", {"ActionID": "x\r\n"}),
        Action("Login", {"Username": "x", "Secret": "y", "Events": "maybe"}),
        Action("Ping", {}, {"CHANNEL(x)": "y"}),
        Action("Ping", {f"H{n}": "x" for n in range(200)}),
    ],
    ids=["action", "field", "id", "word", "variable", "count"],
)
def test_what_is_not_allowed_is_not_sent(action: Action) -> None:
    with pytest.raises(ActionRefused, match="nothing was sent"):
        render(action, "a-1")


# --- what changes something on the PBX -----------------------------------------------------------------------------

KEY = "breach-20261123100000000000-0123456789ab-1"


def sent(command: Act) -> list[str]:
    """The lines that are sent for a command, without the last, empty one."""
    text = render(act(command), "not-this").decode()
    assert text.endswith("\r\n\r\n")
    return text.removesuffix("\r\n\r\n").split("\r\n")


def ring(**changed: object) -> RingTelephone:
    usual: dict[str, object] = {
        "pbx": "lab",
        "key": KEY,
        "telephone": "PJSIP/110",
        "context": "callcentre-alarm",
        "exten": "s",
        "seconds": 25,
        "variables": (("__CALLCENTRE_LINE", "Front desk"),),
    }
    return RingTelephone(**{**usual, **changed})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("command", "lines"),
    [
        (
            AddMember(pbx="lab", key=KEY, queue="enquiries", interface="PJSIP/109"),
            ["Action: QueueAdd", f"ActionID: {KEY}", "Queue: enquiries", "Interface: PJSIP/109", "Penalty: 0"],
        ),
        (
            RemoveMember(pbx="lab", key=KEY, queue="enquiries", interface="Local/101@agents/n"),
            ["Action: QueueRemove", f"ActionID: {KEY}", "Queue: enquiries", "Interface: Local/101@agents/n"],
        ),
        (
            PauseMember(pbx="lab", key=KEY, queue="front desk", interface="SIP/101", paused=True, reason="callcentre"),
            [
                *("Action: QueuePause", f"ActionID: {KEY}", "Queue: front desk", "Interface: SIP/101"),
                *("Paused: true", "Reason: callcentre"),
            ],
        ),
        (
            PauseMember(pbx="lab", key=KEY, queue="enquiries", interface="PJSIP/101", paused=False),
            ["Action: QueuePause", f"ActionID: {KEY}", "Queue: enquiries", "Interface: PJSIP/101", "Paused: false"],
        ),
        (
            StoreValue(pbx="lab", key="open-1", name="line/Front desk/open", value="closed"),
            ["Action: DBPut", "ActionID: open-1", "Family: callcentre", "Key: line/Front desk/open", "Val: closed"],
        ),
        (
            StoreValue(pbx="lab", key="beat-1", name="heartbeat", value="1795363300"),
            ["Action: DBPut", "ActionID: beat-1", "Family: callcentre", "Key: heartbeat", "Val: 1795363300"],
        ),
        (
            StoreValue(pbx="lab", key=KEY, name="line/enquiries/divert", value=None),
            ["Action: DBDel", f"ActionID: {KEY}", "Family: callcentre", "Key: line/enquiries/divert"],
        ),
        (
            ring(),
            [
                *(
                    "Action: Originate",
                    f"ActionID: {KEY}",
                    "Channel: PJSIP/110",
                    "Context: callcentre-alarm",
                    "Exten: s",
                ),
                *("Priority: 1", "Timeout: 25000", 'CallerID: "Unattended line" <>', "EarlyMedia: false"),
                *("Async: true", f"ChannelId: {KEY}", "Variable: __CALLCENTRE_LINE=Front desk"),
            ],
        ),
    ],
    ids=["add", "remove", "pause", "unpause", "open", "beat", "undivert", "ring"],
)
def test_each_command_as_asterisk_reads_it(command: Act, lines: list[str]) -> None:
    assert sorted(sent(command)) == sorted(lines)
    assert sent(command)[0] == lines[0]


def test_several_variables_are_several_headers() -> None:
    lines = sent(ring(variables=(("CALLCENTRE_LINE", "enquiries"), ("CALLCENTRE_SINCE", "10:02"))))
    assert lines[-2:] == ["Variable: CALLCENTRE_LINE=enquiries", "Variable: CALLCENTRE_SINCE=10:02"]


def test_a_steps_own_name_may_be_sent() -> None:
    step = BreachStep(
        pbx="lab",
        line="Front desk",
        since=instant(1795363300.123456),
        seq=999,
        at=instant(1795363301),
        action=ActionKind.RING_SUPERVISOR,
        target="PJSIP/110",
        result=ActionResult.WANTED,
    )
    assert f"ChannelId: {step.key}" in sent(ring(key=step.key))


BREAKOUTS = ["x\r\nAction: Command", "x\nVariable: A=b", "x\0", "x\r", "", "x" * 201, "a b\u2028c", "$" + "{SHELL(ls)}"]
_TEL = "PJSIP/1"


@pytest.mark.parametrize("evil", [*BREAKOUTS, "101", "PJSIP", "PJSIP/", "/101", "PJSIP/1&PJSIP/2", "PJSIP/1,2"])
def test_only_a_telephone_is_rung_or_added(evil: str) -> None:
    for command in (
        ring(telephone=evil),
        AddMember(pbx="lab", key=KEY, queue="q", interface=evil),
        RemoveMember(pbx="lab", key=KEY, queue="q", interface=evil),
        PauseMember(pbx="lab", key=KEY, queue="q", interface=evil, paused=True),
    ):
        refused(command, evil)


def call_back(**changed: object) -> CallBack:
    usual: dict[str, object] = {
        "pbx": "lab",
        "key": "k-1",
        "telephone": "PJSIP/101",
        "context": "callcentre-callback",
        "number": "07700900123",
        "task": 12,
        "not_after": datetime(2026, 11, 24, tzinfo=UTC),
    }
    return CallBack(**{**usual, **changed})  # type: ignore[arg-type]


def test_a_caller_is_called_back_by_the_agents_own_telephone() -> None:
    assert sent(call_back()) == [
        *("Action: Originate", "ActionID: callcentre-click-k-1", "Channel: PJSIP/101", "Context: callcentre-callback"),
        *("Exten: 07700900123", "Priority: 1", "Timeout: 25000", 'CallerID: "Callback 12" <>', "EarlyMedia: false"),
        *("Async: true", "ChannelId: k-1", "Variable: CALLCENTRE_TASK=12"),
    ]


def test_the_longest_key_fits_as_the_channels_id_and_as_the_actions_name() -> None:
    lines = sent(call_back(key="k" * 64))
    assert {f"ActionID: callcentre-click-{'k' * 64}", f"ChannelId: {'k' * 64}"} <= set(lines)


@pytest.mark.parametrize(
    "evil",
    [*BREAKOUTS, "+447700900123", "07700 900123", "0770090012x", "07700900123,1", "*98", "٠٧", "1" * 18, "101@trunk"],
)
def test_nothing_but_digits_is_called_back_and_no_error_holds_them(evil: str) -> None:
    refused(call_back(number=evil), evil)


@pytest.mark.parametrize(
    "evil",
    [*BREAKOUTS, "PJSIP/0909@trunk", "Local/101@agents", "Local/101", "PJSIP/1&PJSIP/2", "PJSIP/1,2", "SIP/trunk/0909"],
)
def test_nothing_is_rung_for_a_callback_through_which_a_number_could_be_dialled(evil: str) -> None:
    refused(call_back(telephone=evil), evil)


@pytest.mark.parametrize("evil", [*BREAKOUTS, "a,b", "../x"])
def test_a_callback_goes_to_a_plain_context_under_a_plain_key(evil: str) -> None:
    refused(call_back(context=evil), evil)
    refused(call_back(key=evil), evil)


@pytest.mark.parametrize("task", [0, -1, 10**9])
def test_only_the_number_of_a_task_is_shown(task: int) -> None:
    refused(call_back(task=task), "")


@pytest.mark.parametrize("evil", [*BREAKOUTS, " q", "q,t", "q|t"])
def test_only_a_queue_is_named(evil: str) -> None:
    refused(AddMember(pbx="lab", key=KEY, queue=evil, interface=_TEL), evil)
    refused(RemoveMember(pbx="lab", key=KEY, queue=evil, interface=_TEL), evil)
    refused(PauseMember(pbx="lab", key=KEY, queue=evil, interface=_TEL, paused=False), evil)


@pytest.mark.parametrize("evil", [*BREAKOUTS, "s,1", "s@x", "../x"])
def test_only_a_place_in_the_dialplan_is_named(evil: str) -> None:
    refused(ring(context=evil), evil)
    refused(ring(exten=evil), evil)


@pytest.mark.parametrize(
    "evil",
    [*BREAKOUTS, "cidname/07700900001", "line/x", "line//open", "line/a/b/open", "line/x/secret", "line/x,y/open"],
)
def test_only_our_own_keys_of_astdb_are_written(evil: str) -> None:
    refused(StoreValue(pbx="lab", key=KEY, name=evil, value="1"), evil)
    refused(StoreValue(pbx="lab", key=KEY, name=evil, value=None), evil)


def test_the_heartbeat_is_never_deleted() -> None:
    refused(StoreValue(pbx="lab", key=KEY, name="heartbeat", value=None), "")


@pytest.mark.parametrize(
    ("name", "good"),
    [
        ("wrapped/PJSIP/101", True),
        ("wrapped/SIP/alice-1", True),
        ("wrapped/101", False),
        ("wrapped/PJSIP/101\r\nX: 1", False),
        ("wrapped/PJSIP/../asked", False),
    ],
)
def test_a_telephone_is_told_that_its_word_was_kept(name: str, *, good: bool) -> None:
    command = StoreValue(pbx="lab", key=KEY, name=name, value="363959123")
    if not good:
        with pytest.raises(ActionRefused):
            sent(command)
        return
    assert sent(command)[2:] == ["Family: callcentre", f"Key: {name}", "Val: 363959123"]


@pytest.mark.parametrize("evil", [*BREAKOUTS, "perhaps", "1" * 13])
def test_only_our_own_values_are_written(evil: str) -> None:
    refused(StoreValue(pbx="lab", key=KEY, name="line/x/open", value=evil), evil)


@pytest.mark.parametrize("evil", [*BREAKOUTS[:5], "breach 1", "breach/1", "x" * 65])
def test_only_a_name_of_ours_is_an_actions_name(evil: str) -> None:
    refused(ring(key=evil), evil)
    refused(AddMember(pbx="lab", key=evil, queue="q", interface=_TEL), evil)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CHANNEL(x)", "y"),
        ("callcentre_line", "y"),
        ("CALLCENTRE_", "y"),
        ("FORWARD_CONTEXT", "y"),
        ("", "y"),
        ("A=B", "y"),
        ("X\r\nA", "y"),
        ("CALLCENTRE_LINE", "a,OTHER=b"),
        ("CALLCENTRE_LINE", "a\r\nAction: Command"),
        ("CALLCENTRE_LINE", "a\n"),
        ("CALLCENTRE_LINE", "$" + "{SHELL(ls)}"),
        ("CALLCENTRE_LINE", 'a"b'),
        ("CALLCENTRE_LINE", "x" * 129),
    ],
)
def test_no_variable_is_more_than_a_plain_one(name: str, value: str) -> None:
    refused(ring(variables=((name, value),)), value)


@pytest.mark.parametrize("seconds", [0, -1, 1000])
def test_a_telephone_is_rung_for_a_time_that_ends(seconds: int) -> None:
    refused(ring(seconds=seconds), "")


def test_what_nobody_knows_how_to_do_is_refused() -> None:
    refused(Act(pbx="lab", key=KEY), "")


def refused(command: Act, evil: str) -> None:
    with pytest.raises(ActionRefused, match="nothing was sent") as told:
        render(act(command), "a-1")
    assert len(evil) < 3 or evil not in str(told.value)
