"""What a configuration says, ready for use: the office for the core, the rest for the shells. Frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

from pydantic import SecretStr

from callcentre.config.reporting import ReportSettings
from callcentre.config.retention import RetentionSettings
from callcentre.config.transcripts import TranscriptSettings
from callcentre.core.charter import Office


@dataclass(frozen=True, slots=True, kw_only=True)
class PbxSettings:
    """How to reach one Asterisk. Without `username` and `secret` it can be replayed, not connected to.

    `act_username` and `act_secret` are the second account, which changes something there; without it nothing is.
    """

    name: str
    host: str
    port: int
    username: str | None
    secret: SecretStr | None
    tls: bool
    ca_file: Path | None
    server_name: str | None
    queue_log: Path | None
    voicemail_spool: Path | None = None
    sounds: Path | None = None
    act_username: str | None = None
    act_secret: SecretStr | None = None

    @property
    def can_connect(self) -> bool:
        """Whether there is an account to log in with."""
        return self.username is not None and self.secret is not None

    @property
    def can_act(self) -> bool:
        """Whether there is an account to change something with."""
        return self.act_username is not None and self.act_secret is not None


class MailTls(StrEnum):
    """How the connection to the mail server is encrypted."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Somebody to tell, in exactly one way: `email` addresses, a `webhook` URL, or a `chat` URL of apprise."""

    name: str
    email: tuple[str, ...] = ()
    webhook: SecretStr | None = None
    chat: SecretStr | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSettings:
    """The mail server. Its certificate is verified against `ca_file`, else the system's, unless `tls` is none."""

    host: str
    port: int
    sender: str
    username: str | None = None
    password: SecretStr | None = None
    tls: MailTls = MailTls.STARTTLS
    ca_file: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSettings:
    """The database: `url` is `sqlite:///ABSOLUTE/FILE` or `postgresql://…`, and may hold a password."""

    url: str = field(repr=False)
    buffer_mb: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """Where pages, metrics and the API listen, and whom they believe.

    `url` is where people reach them, without a slash at its end. `tls_cert` and `tls_key` come together. What the
    `proxies` say of who asks is believed, `trusted_header` included.
    """

    host: str
    port: int
    url: str = ""
    tls_cert: Path | None = None
    tls_key: Path | None = None
    plain_http: bool = False
    proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    trusted_header: str | None = None
    require_totp: bool = False
    session_idle: timedelta = timedelta(hours=8)
    session_longest: timedelta = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class AmiSettings:
    """How much may wait between reading and handling, in MB."""

    inbox_mb: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """A whole configuration. `hours_notes` holds, for each line that takes its charter's hours, what is assumed.

    `flags_always`: agents see how to speak with a caller also while they do not handle a task or call of theirs.
    """

    path: Path
    office: Office
    pbxs: tuple[PbxSettings, ...]
    store: StoreSettings
    web: WebSettings
    ami: AmiSettings
    contacts: tuple[Contact, ...] = ()
    mail: MailSettings | None = None
    transcripts: TranscriptSettings | None = None
    retention: RetentionSettings = field(default_factory=RetentionSettings)
    flags_always: bool = False
    reports: tuple[ReportSettings, ...] = ()
    hours_notes: Mapping[str, str] = field(default_factory=dict)
