"""What `check-config` prints of a good configuration."""

from pathlib import Path

from callcentre.config import describe, load

OFFICE = """
fallback_line = "reception"

[[pbx]]
name = "main"
username = "callcentre"
secret = "the-hidden-word"
menus = ["01632960620"]

[[line]]
name = "reception"
pbx = "main"
charter = "cmi"
nation = "SCT"
dids = ["01632960601", "01632960600"]
extensions = ["PJSIP/101"]
mailboxes = ["600"]

[[line]]
name = "nurse"
pbx = "main"
nation = "WLS"
mailboxes = ["630"]
hours = { mon = ["09:00-12:30", "13:30-17:00"], sat = ["00:00-24:00"] }
warn_before = "90m"
tell = ["duty", "reception desk"]
escalation = [{ after = "1d", tell = ["program", "local"] }, { after = "0m", tell = ["duty"] }]
merge = false
callback_abandoned = true

[[line]]
name = "late"
pbx = "main"
nation = "NIR"
queues = ["late"]
callback_abandoned = true
escalation = [{ after = "1h30m", tell = ["duty"] }]

[[contact]]
name = "duty"
chat = "slack://the-hidden-word/the-hidden-word"

[[contact]]
name = "reception desk"
email = ["reception@office.example", "desk@office.example"]

[[contact]]
name = "program"
webhook = "http://us:the-hidden-word@hooks.example:8443/the-hidden-word?token=the-hidden-word"

[[contact]]
name = "local"
webhook = "http://127.0.0.1:8443/the-hidden-word"

[mail]
host = "smtp.office.example"
sender = "callcentre@office.example"
username = "callcentre"
password = "the-hidden-word"

[callbacks]
lease = "1h"
attempts = 5
nearly_full = 0.75

[store]
url = "postgresql://callcentre:the-hidden-word@db.example:5433/calls"
"""

TOLD = """\
pbx "main": callcentre at 127.0.0.1:5038, without TLS
  no acting account: nothing is changed on it, and its dialplan keeps hours and bank holidays of its own
  menus, no line's: 01632960620
  no queue_log: calls hidden by a gap stay lost
  no voicemail_spool: what is in the mailboxes comes from AMI where the PBX has VoicemailBoxSummary (18.20, 20.5, 21 \
and later), else only counts do; recordings cannot be played
If the account reads class dialplan, let manager.conf pass only VarSet of VMSTATUS, QUEUESTATUS, DIALSTATUS and \
Newexten of Queue, Dial and VoiceMail: unfiltered, a caller can put lines into events that look genuine.
line "reception" on pbx "main", charter cmi version 1
  claims DIDs 01632960600, 01632960601; telephones PJSIP/101; mailboxes 600@default
  open mon-fri 09:00-17:00 (Europe/London), closed on bank holidays (SCT)
  The charter names 09:00-17:00 Monday-Friday but no bank holidays: without bank holidays is our assumption.
  no target for answering: the charter promises none, so none is judged
  messages: answered within a working day
  WARNING: tell names nobody: deadlines of its callbacks are only logged and shown on pages
  attended while 1 or more are there; not after 3 calls in a row that rang out; people are told when it is unattended \
for 1m in core hours
  observe: nothing is done on the PBX
  WARNING: nobody is told at mon-fri 09:00-17:00 that it is unattended; name contacts in tell or [[line.shift]]
  cases: enquiry about delivery or process or support answered on the same working day; complaint answered in 3 \
working days; certificate answered in 5 working days; membership answered in 3 working days; all by email or letter \
or social or web answered in 3 working days
line "nurse" on pbx "main", charter hct version 1
  claims mailboxes 630@default; WARNING: no call can reach it, give it dids, queues or extensions
  open mon 09:00-12:30 and 13:30-17:00, sat 00:00-24:00 (Europe/London), closed on bank holidays (WLS)
  Closed on bank holidays is our assumption; added_days opens some.
  90 % of calls answered within 15 seconds and 5 rings of 3 s, judged by the strict service level
  60 % of enquiries resolved at first contact
  messages: answered in 24 hours, or by the close of the next working day
  callers who gave up are called back too
  each message is a task of its own, also of one caller
  duty, reception desk told 1h30m before, and when overdue
  duty told when overdue by 0m
  program, local told when overdue by 1d
  attendance: unknown for ever, as it has neither queues nor extensions
  cases: complaint acknowledged in 5 working days and answered in 15 working days; correspondence by email or fax or \
letter answered in 15 working days; enquiry by email or fax or letter answered in 15 working days
  the role Unit Manager is nobody's in [roles]: duty, reception desk told instead
line "late" on pbx "main", charter hct version 1
  claims queues late
  open mon-fri 07:00-18:00 (Europe/London), closed on bank holidays (NIR)
  The charter names core hours 07:00-18:00 but no days: Monday-Friday without bank holidays is our assumption.
  90 % of calls answered within 15 seconds and 5 rings of 3 s, judged by the strict service level
  60 % of enquiries resolved at first contact
  callers who gave up are called back too
  WARNING: tell names nobody: deadlines of its callbacks are only logged and shown on pages until the first step of \
escalation
  duty told when overdue by 1h30m
  attended while 1 or more are there; not after 3 calls in a row that rang out; people are told when it is unattended \
for 1m in core hours
  observe: nothing is done on the PBX
  WARNING: nobody is told at mon-fri 07:00-18:00 that it is unattended; name contacts in tell or [[line.shift]]
  cases: complaint acknowledged in 5 working days and answered in 15 working days; correspondence by email or fax or \
letter answered in 15 working days; enquiry by email or fax or letter answered in 15 working days
  the role Unit Manager is nobody's in [roles]: nobody told instead
What no line names goes to "reception".
contact "duty": chat by slack
contact "reception desk": e-mail to reception@office.example, desk@office.example
contact "program": webhook at http://hooks.example; WARNING: notices cross the network in the clear
contact "local": webhook at http://127.0.0.1
mail: from callcentre@office.example by smtp.office.example:587, STARTTLS, certificate verified
callbacks: a claim lapses after 1h, no answer may end a task after 5 attempts, a mailbox is nearly full at 75 %
calling back with a click: nobody can, no PBX has an acting account
abusive callers: marked for 365 days, reviewed after 183
  marks are reviewed by administrators, as nobody has a role for it: reception, nurse, late
  by the code alone, not by the button, on main: no acting account
store: postgresql://db.example:5433/calls, at most 64 MB kept while it is away
retention: what is over its term is counted, NOT removed, daily at 03:15; kept for ever: certificates
  callcentre retention says what would go; retention.apply = true removes it
enforcement: at most 30 actions in an hour
web: http://127.0.0.1:8090; no url: notices have no link
  logged in for 1d at most, 8h unused; codes asked of those who chose it
"""

OFFICE_OF_ONE = """
fallback_line = "enquiries"

[[pbx]]
name = "main"

[[line]]
name = "enquiries"
pbx = "main"
nation = "ENG"
queues = ["enquiries"]
"""


def test_each_claim_target_and_assumption_is_told_and_no_secret(tmp_path: Path) -> None:
    path = tmp_path / "callcentre.toml"
    path.write_text(OFFICE, "utf-8")
    told = describe(load(path, {}))
    assert "\n".join(told) + "\n" == TOLD
    assert "the-hidden-word" not in TOLD


WATCHED = """
fallback_line = "enquiries"

[[pbx]]
name = "main"
act_username = "callcentre-act"
act_secret = "the-hidden-word"

[[contact]]
name = "early"
webhook = "http://127.0.0.1/"

[[contact]]
name = "manager"
webhook = "http://127.0.0.1/"

[enforcement]
actions_per_hour = 12

[web]
url = "https://callcentre.office.example/"

[[line]]
name = "enquiries"
pbx = "main"
nation = "ENG"
queues = ["welfare", "enquiries"]
min_agents = 2
ring_out_limit = 4
added_days = [2026-12-28]
removed_days = [2027-01-04]
special_hours = { 2026-12-24 = ["07:00-12:00", "13:00-14:00"], 2026-12-31 = [] }
MODE
grace = "90s"
recovery = "45s"
standby = ["PJSIP/109", "PJSIP/108"]
may_unpause = ["PJSIP/102", "PJSIP/101"]
divert = true
supervisors = ["PJSIP/110", "PJSIP/111"]
attendance_escalation = [{ after = "1h", tell = ["manager", "early"] }, { after = "10m", tell = ["manager"] }]

[[line.shift]]
hours = { mon = ["07:00-13:00"], tue = ["00:00-24:00"] }
tell = ["early"]

[[line.shift]]
hours = { wed = ["18:00-19:00"], sat = ["09:00-12:00"] }
tell = ["manager", "early"]
"""

CASES = (
    "  cases: complaint acknowledged in 5 working days and answered in 15 working days; "
    "correspondence by email or fax or letter answered in 15 working days; "
    "enquiry by email or fax or letter answered in 15 working days"
)
DEEDS = (
    "unpause PJSIP/101, PJSIP/102; add PJSIP/109, PJSIP/108 to enquiries, welfare; divert callers; "
    "ring PJSIP/110, then PJSIP/111"
)


def watched(folder: Path, mode: str, old: str = "", new: str = "") -> list[str]:
    path = folder / "callcentre.toml"
    path.write_text(WATCHED.replace("MODE", mode).replace(old, new) if old else WATCHED.replace("MODE", mode), "utf-8")
    return describe(load(path, {}))


def test_what_is_done_when_nobody_is_there_and_who_is_told(tmp_path: Path) -> None:
    told = watched(tmp_path, 'mode = "enforce"')
    begin = told.index(
        "  90 % of calls answered within 15 seconds and 5 rings of 3 s, judged by the strict service level"
    )
    assert told[begin - 1] == (
        "  by date: 2026-12-24 07:00-12:00 and 13:00-14:00, 2026-12-28 open, 2026-12-31 closed, 2027-01-04 closed"
    )
    assert told[begin + 1 : begin + 13] == [
        "  60 % of enquiries resolved at first contact",
        "  attended while 2 or more are there; not after 4 calls in a row that rang out; people are told when it is \
unattended for 1m30s in core hours",
        f"  enforce: {DEEDS}; undone when its own people are back for 45s",
        "  unattended: early told mon 07:00-13:00, tue 00:00-24:00",
        "  unattended: manager, early told wed 18:00-19:00, sat 09:00-12:00",
        "  WARNING: shift 2 lies outside core hours; nobody is told then: change its hours",
        "  WARNING: nobody is told at mon 13:00-18:00, wed-fri 07:00-18:00 that it is unattended; name contacts in \
tell or [[line.shift]]",
        "  unattended: manager told after 10m",
        "  unattended: manager, early told after 1h",
        CASES,
        "  the role Unit Manager is nobody's in [roles]: nobody told instead",
        'What no line names goes to "enquiries".',
    ]
    assert told[1] == (
        "  acting as callcentre-act: whether each line is open is written to AstDB, unattended lines are acted on"
    )
    assert "enforcement: at most 12 actions in an hour" in told
    assert "web: http://127.0.0.1:8090, in notices https://callcentre.office.example/" in told
    assert "the-hidden-word" not in "\n".join(told)


def test_in_observe_it_says_what_would_be_done(tmp_path: Path) -> None:
    told = watched(tmp_path, 'tell = ["manager"]')
    assert f"  observe: nothing is done on the PBX; enforce would: {DEEDS}" in told
    assert "  unattended: manager told otherwise" in told
    assert told[1] == "  acting as callcentre-act: whether each line is open is written to AstDB"
    assert not any("nobody is told at" in line for line in told)


def test_a_shift_on_a_day_that_one_date_opens_is_used(tmp_path: Path) -> None:
    told = watched(tmp_path, "", "added_days = [2026-12-28]", "added_days = [2026-12-19]")
    assert not any("shift 2" in line for line in told)
    assert any("sat 07:00-09:00 and 12:00-18:00 that it is unattended" in line for line in told)
    special = watched(tmp_path, "", "2026-12-31 = []", '2026-12-19 = ["09:00-12:00"]')
    assert not any("shift 2" in line or "sat 0" in line for line in special if "WARNING" in line)


def test_shifts_that_cover_all_core_hours_need_no_other(tmp_path: Path) -> None:
    week = ", ".join(f'{day} = ["07:00-18:00"]' for day in ("mon", "tue", "wed", "thu", "fri"))
    told = watched(tmp_path, 'tell = ["manager"]', 'mon = ["07:00-13:00"], tue = ["00:00-24:00"]', week)
    assert "  unattended: early told mon-fri 07:00-18:00" in told
    assert not any("otherwise" in line or "nobody is told at" in line for line in told)


def test_a_name_that_the_dialplan_cannot_read_is_warned_of(tmp_path: Path) -> None:
    path = tmp_path / "callcentre.toml"
    text = WATCHED.replace("MODE", "").replace("divert = true", "").replace('"enquiries"', '"front desk"')
    path.write_text(text, "utf-8")
    (warning,) = (line for line in describe(load(path, {})) if "WARNING: the dialplan" in line)
    assert "asks for cover, nor reads from AstDB whether it is open; name it of letters" in warning
    path.write_text("".join(line for line in text.splitlines(keepends=True) if not line.startswith("act_")), "utf-8")
    (warning,) = (line for line in describe(load(path, {})) if "WARNING: the dialplan" in line)
    assert "somebody is here or asks for cover; name it of letters" in warning, "without an account that acts, too"
    assert not any("WARNING: the dialplan" in line for line in watched(tmp_path, ""))


def test_a_line_that_is_not_called_as_its_queue_must_be_named_to_the_dialplan(tmp_path: Path) -> None:
    """Its codes and AstDB would else be about a line that is not there, and nobody would say so."""
    said = '  the dialplan must be given its name, "enquiries": left empty, it takes the queue\'s'
    assert said not in watched(tmp_path, "")
    assert said in watched(tmp_path, "", 'queues = ["welfare", "enquiries"]', 'queues = ["enq", "enq-cy"]')


def told_of(folder: Path, old: str, new: str) -> list[str]:
    path = folder / "callcentre.toml"
    path.write_text(OFFICE.replace(old, new), "utf-8")
    return describe(load(path, {}))


def test_mail_without_tls_is_warned_of_unless_the_server_is_this_machine(tmp_path: Path) -> None:
    far = told_of(tmp_path, "[mail]", '[mail]\ntls = "none"')
    near = told_of(tmp_path, '[mail]\nhost = "smtp.office.example"', '[mail]\ntls = "none"\nhost = "127.0.0.1"')
    tls = told_of(tmp_path, "[mail]", '[mail]\ntls = "tls"')
    assert any(line.startswith("mail: ") and ":25, without TLS; WARNING: messages" in line for line in far)
    assert "mail: from callcentre@office.example by 127.0.0.1:25, without TLS" in near
    assert "mail: from callcentre@office.example by smtp.office.example:465, TLS, certificate verified" in tls


def test_a_spool_that_cannot_be_read_is_warned_of(tmp_path: Path) -> None:
    (tmp_path / "spool").mkdir()
    (tmp_path / "file").write_text("")
    given = 'menus = ["01632960620"]'
    assert not [line for line in told_of(tmp_path, given, 'voicemail_spool = "spool"') if "voicemail_spool" in line]
    for wrong in ("none", "file"):
        told = told_of(tmp_path, given, f'voicemail_spool = "{wrong}"')
        assert any(line.startswith("  WARNING: voicemail_spool is no folder") for line in told)


def test_who_may_be_dialled_with_a_click_is_told_and_what_can_cost_a_lot(tmp_path: Path) -> None:
    usual = [line for line in watched(tmp_path, 'mode = "enforce"') if line.startswith("calling back")]
    assert usual == [
        (
            "calling back with a click: geographic (01, 02), UK-wide (03), mobile (07), freephone (0800, 0808, 116); "
            "at most 30 in an hour each and 200 in all, through callcentre-callback on main"
        )
    ]
    more = (
        '[calling]\nkinds = ["international", "mobile"]\nalso = ["01632960"]\ncontext = "ours"\n'
        "per_agent_hour = 2\noverall_hour = 3\n\n[enforcement]"
    )
    hours = 'queues = ["welfare", "enquiries"]\ncalling_hours = { tue = ["10:00-12:00"] }'
    path = tmp_path / "callcentre.toml"
    text = WATCHED.replace("MODE", "").replace("[enforcement]", more)
    path.write_text(text.replace('queues = ["welfare", "enquiries"]', hours), "utf-8")
    told = describe(load(path, {}))
    assert [line for line in told if line.startswith("calling back")] == [
        (
            "calling back with a click: mobile (07), international, numbers that begin with 01632960; at most 2 in an "
            "hour each and 3 in all, through ours on main; WARNING: international can cost a lot, the limits are all "
            "that holds them"
        )
    ]
    assert "  callers are dialled tue 10:00-12:00 on its working days" in told


def test_the_pages_walls_and_whom_they_believe_are_told(tmp_path: Path) -> None:
    def told(*keys: str) -> list[str]:
        file = tmp_path / "callcentre.toml"
        file.write_text("\n".join([OFFICE_OF_ONE, "[web]", *keys]))
        return describe(load(file, {}))

    assert told(
        'host = "0.0.0.0"',
        "plain_http = true",
        'proxies = ["10.0.0.1", "10.1.0.0/16"]',
        'trusted_header = "X-Remote-User"',
        "require_totp = true",
        'session_idle = "30m"',
    )[-4:] == [
        "web: http://0.0.0.0:8090; no url: notices have no link",
        "  behind 10.0.0.1, 10.1.0.0/16: the caller's address is believed, who is logged in by X-Remote-User",
        "  WARNING: passwords cross the network in the clear",
        "  logged in for 1d at most, 30m unused; codes asked of every account",
    ]
    safe = told('host = "0.0.0.0"', 'tls_cert = "c.pem"', 'tls_key = "k.pem"')
    assert safe[-2] == "web: https://0.0.0.0:8090; no url: notices have no link"
