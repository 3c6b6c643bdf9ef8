"""What a configuration says, ready for use: the office for the core, the rest for the shells. Frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import SecretStr

from callcentre.core.charter import Office


@dataclass(frozen=True, slots=True, kw_only=True)
class PbxSettings:
    """How to reach one Asterisk. Without `username` and `secret` it can be replayed, not connected to."""

    name: str
    host: str
    port: int
    username: str | None
    secret: SecretStr | None
    tls: bool
    ca_file: Path | None
    server_name: str | None
    queue_log: Path | None

    @property
    def can_connect(self) -> bool:
        """Whether there is an account to log in with."""
        return self.username is not None and self.secret is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSettings:
    """The database: `url` is `sqlite:///ABSOLUTE/FILE` or `postgresql://…`, and may hold a password."""

    url: str = field(repr=False)
    buffer_mb: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """Where pages, metrics and the API listen."""

    host: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AmiSettings:
    """How much may wait between reading and handling, in MB."""

    inbox_mb: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """A whole configuration. `hours_notes` holds, for each line that takes its charter's hours, what is assumed."""

    path: Path
    office: Office
    pbxs: tuple[PbxSettings, ...]
    store: StoreSettings
    web: WebSettings
    ami: AmiSettings
    hours_notes: Mapping[str, str] = field(default_factory=dict)
