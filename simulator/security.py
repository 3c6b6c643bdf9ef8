"""The events of class security that a manager session raises, header by header as recorded from Asterisk 16 and 22."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from callcentre_simulator.wire import AmiEvent


def _tv(at: float) -> str:
    moment = datetime.fromtimestamp(at, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}+0000"


@dataclass(slots=True)
class SecurityLog:
    """What one session says of itself to accounts that read class security. `report` takes the event."""

    report: Callable[[AmiEvent], None]
    now: Callable[[], float]
    session_id: str
    local: str
    remote: str
    account: str = ""
    since: float = 0.0
    """When the session logged in; the epoch until then."""

    def _event(self, name: str, severity: str, *tail: tuple[str, str], version: int = 1, account: bool = True) -> None:
        identity = (("AccountID", self.account),) if account else ()
        self.report(
            AmiEvent(
                name,
                "security,all",
                (
                    ("EventTV", _tv(self.now())),
                    ("Severity", severity),
                    ("Service", "AMI"),
                    ("EventVersion", str(version)),
                    *identity,
                    ("SessionID", self.session_id),
                    ("LocalAddress", f"IPV4/TCP/{self.local}"),
                    ("RemoteAddress", f"IPV4/TCP/{self.remote}"),
                    *tail,
                ),
            )
        )

    @property
    def _session(self) -> tuple[str, str]:
        return ("SessionTV", _tv(self.since))

    def accepted(self, account: str) -> None:
        """A login succeeded."""
        self.account, self.since = account, self.now()
        self._event("SuccessfulAuth", "Informational", ("UsingPassword", "0"), self._session)

    def refused(self, account: str, *, known: bool) -> None:
        """A login named nobody, or not with its secret."""
        self.account, before = account, self.account
        self._event("InvalidPassword" if known else "InvalidAccountID", "Error", self._session, version=1 + known)
        self.account = before

    def challenge_failed(self, challenge: str, response: str, expected: str) -> None:
        """An MD5 login gave the wrong answer."""
        tail = (("Challenge", challenge), ("Response", response), ("ExpectedResponse", expected), self._session)
        self._event("ChallengeResponseFailed", "Error", *tail)

    def session_limit(self) -> None:
        """An account that may log in once did so twice."""
        self._event("SessionLimit", "Error", self._session)

    def not_allowed(self, action: str) -> None:
        """An action for which the account has no right."""
        self._event("RequestNotAllowed", "Error", ("RequestType", f"Action: {action}"), self._session)

    def bad_format(self, action: str) -> None:
        """An action that is missing or unknown."""
        tail = (("RequestType", f"Action: {action or 'NONE'}"), self._session, ("AccountID", self.account))
        self._event("RequestBadFormat", "Error", *tail, account=False)
