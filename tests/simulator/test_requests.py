"""What a client sends, however it is cut into reads, is the same requests."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from callcentre_simulator.requests import MAX_LINE, TOO_LONG, TOO_MANY, RequestReader

TEXT = (
    b"Action: Ping\r\nActionID: 1\r\n\r\nAction: UserEvent\nNote:  a: b\n\n\r\n"
    b"X: " + b"y" * 1100 + b"\r\n\r\nAction: Ping\r\n\r\n"
)


def requests(pieces: list[bytes]) -> list[tuple[str, str | None, tuple[tuple[str, str], ...], str | None]]:
    reader = RequestReader()
    found = [request for piece in pieces for request in reader.feed(piece)]
    return [(one.action, one.action_id, one.headers.pairs, one.fault) for one in found]


@given(st.lists(st.integers(0, len(TEXT)), max_size=12))
def test_any_split_gives_the_same_requests(places: list[int]) -> None:
    edges = [0, *sorted(places), len(TEXT)]
    assert requests([TEXT[a:b] for a, b in pairwise(edges)]) == requests([TEXT])


def test_requests_are_read_as_asterisk_reads_them() -> None:
    assert requests([TEXT]) == [
        ("Ping", "1", (("Action", "Ping"), ("ActionID", "1")), None),
        ("UserEvent", None, (("Action", "UserEvent"), ("Note", "a: b")), None),
        ("", None, (), None),
        ("", None, (), TOO_LONG),
        ("Ping", None, (("Action", "Ping"),), None),
    ]


def test_a_line_fits_with_its_end_or_not_at_all() -> None:
    fits = b"X" * (MAX_LINE - 4) + b": " + b"\r\n\r\n"
    assert [one[3] for one in requests([fits])] == [None]
    assert [one[3] for one in requests([b"Y" + fits])] == [TOO_LONG, None]


def test_a_hundred_and_twenty_nine_headers_are_too_many() -> None:
    assert [one[3] for one in requests([b"A: b\r\n" * 128 + b"\r\n", b"A: b\r\n" * 129 + b"\r\n"])] == [None, TOO_MANY]
