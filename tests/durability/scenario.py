"""The office that is killed: callers who reach a mailbox at once and speak, several a second, as long as it takes."""

from pathlib import Path

BOXES = ("600", "610", "620", "630", "640")
PER_SECOND = 3
_DAYS = ", ".join(f'{day} = ["00:00-24:00"]' for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun"))


def write(path: Path, *, seconds: int) -> None:
    """Write the scenario: every fifth caller is one of 200, so that messages join tasks; every ninth is withheld."""
    parts = [
        'title = "Messages without end"',
        "start = 2026-11-24T10:00:00+00:00",
        f"seconds = {seconds}.0",
        'office = ""',
        'fallback_line = "600"',
        "[dialplan.from-trunk]",
        *(f'01632960{box} = ["VoiceMail({box}@default)"]' for box in BOXES),
    ]
    for box in BOXES:
        parts += [f'[[mailbox]]\nnumber = "{box}"\ngreeting = 0.4\nmaxmsg = 9999']
        parts += [f'[[line]]\nname = "{box}"\ncharter = "hct"\nnation = "ENG"\ndids = ["01632960{box}"]']
        parts += [f'mailboxes = ["{box}@default"]\nhours = {{ {_DAYS} }}']
    for number in range((seconds - 10) * PER_SECOND):
        caller = number % 200 if number % 5 == 0 else 1000 + number
        withheld = "withheld = true\n" if number % 9 == 4 else ""
        parts.append(
            f'[[call]]\nat = {1 + number / PER_SECOND:.2f}\nto = "01632960{BOXES[number % len(BOXES)]}"\n'
            f'number = "0161496{caller:04d}"\nspeak = {2.3 + number % 7 / 10:.1f}\n{withheld}'
        )
    path.write_text("\n".join(parts) + "\n", encoding="utf-8")
