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

[store]
url = "postgresql://callcentre:the-hidden-word@db.example:5433/calls"
"""

TOLD = """\
pbx "main": callcentre at 127.0.0.1:5038, without TLS
  menus, no line's: 01632960620
  no queue_log: calls hidden by a gap stay lost
If the account reads class dialplan, let manager.conf pass only VarSet of VMSTATUS, QUEUESTATUS, DIALSTATUS and \
Newexten of Queue, Dial and VoiceMail: unfiltered, a caller can put lines into events that look genuine.
line "reception" on pbx "main", charter cmi version 1
  claims DIDs 01632960600, 01632960601; telephones PJSIP/101; mailboxes 600@default
  open mon-fri 09:00-17:00 (Europe/London), closed on bank holidays (SCT)
  The charter names 09:00-17:00 Monday-Friday but no bank holidays: without bank holidays is our assumption.
  no target for answering: the charter promises none, so none is judged
  messages: answered within a working day
line "nurse" on pbx "main", charter hct version 1
  claims mailboxes 630@default; WARNING: no call can reach it, give it dids, queues or extensions
  open mon 09:00-12:30 and 13:30-17:00, sat 00:00-24:00 (Europe/London), closed on bank holidays (WLS)
  Closed on bank holidays is our assumption; added_days opens some.
  90 % of calls answered within 15 seconds and 5 rings of 3 s, judged by the strict service level
  messages: answered in 24 hours, or by the close of the next working day
What no line names goes to "reception".
store: postgresql://db.example:5433/calls, at most 64 MB kept while it is away
web: http://127.0.0.1:8090
"""


def test_each_claim_target_and_assumption_is_told_and_no_secret(tmp_path: Path) -> None:
    path = tmp_path / "callcentre.toml"
    path.write_text(OFFICE, "utf-8")
    told = describe(load(path, {}))
    assert "\n".join(told) + "\n" == TOLD
    assert "the-hidden-word" not in TOLD
