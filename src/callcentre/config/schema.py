"""Every key of the configuration and of charter files, with type, default and meaning (docs/reference/config.md).

Strict: an unknown key or a wrong type is an error. What concerns several keys at once is checked in `load`.
"""

from datetime import date
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from callcentre.config.hours import week_of
from callcentre.config.tones import RING_CADENCES
from callcentre.core.rings import cycle_of


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f'"{name}" is no time zone; write one such as Europe/London') from None
    return name


def _tone(tone: str) -> str:
    if tone not in RING_CADENCES:
        if "/" not in tone:
            raise ValueError(f'"{tone}" is no tone zone; write a country such as "uk" or a cadence of indications.conf')
        cycle_of(tone)
    return tone


def _interface(name: str) -> str:
    if name.count("/") < 1 or name.startswith("/") or name.endswith("/"):
        raise ValueError(f'"{name}" is no telephone; write technology/name, such as PJSIP/101')
    return name


def _mailbox(name: str) -> str:
    box, at, context = name.partition("@")
    if not box or (at and not context):
        raise ValueError(f'"{name}" is no mailbox; write number@context, such as 600@default')
    return name if at else f"{name}@default"


def _hours(days: dict[str, list[str]]) -> dict[str, list[str]]:
    week_of(days)
    return days


Name = Annotated[str, Field(pattern=r"^\w[\w .-]{0,63}$")]
Text = Annotated[str, Field(min_length=1)]
Port = Annotated[int, Field(ge=1, le=65535)]
Megabytes = Annotated[int, Field(ge=1, le=65536)]
Zone = Annotated[str, AfterValidator(_zone)]
Tone = Annotated[str, AfterValidator(_tone)]
Interface = Annotated[str, AfterValidator(_interface)]
Mailbox = Annotated[str, AfterValidator(_mailbox)]
HoursByDay = Annotated[dict[str, list[str]], AfterValidator(_hours)]


class Section(BaseModel):
    """A table of the file: no unknown keys, no guessing at types, and no value in an error text."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class PbxSection(Section):
    """One Asterisk."""

    name: Name = Field(description="The PBX's name in pages, metrics and `[[line]] pbx`.", examples=['"main"'])
    host: Text = Field("127.0.0.1", description="Where its manager interface (AMI) listens.", examples=['"127.0.0.1"'])
    port: Port = Field(5038, description="The port of its manager interface; 5039 is usual with TLS.")
    username: Text | None = Field(None, description="The listening account of manager.conf. Not needed for `replay`.")
    secret: SecretStr | None = Field(None, description="The account's secret; better in a file or the environment.")
    secret_file: Text | None = Field(None, description="A file that holds the secret and nothing else.")
    secret_env: Text | None = Field(None, description="The environment variable that holds the secret.")
    tls: bool = Field(False, description="Connect by TLS; the PBX's certificate is always verified.")
    ca_file: Text | None = Field(None, description="The certificates to trust (PEM); without it, the system's.")
    server_name: Text | None = Field(None, description="The name its certificate must bear; without it, `host`.")
    trunks: list[Interface] = Field(
        [], description="Devices that carry outside calls, such as `PJSIP/trunk`. Empty: all but known telephones."
    )
    menus: list[Text] = Field(
        [],
        description="DIDs of menus: hanging up there is `menu_abandoned`. Empty: any number that no line claims.",
    )
    queue_log: Text | None = Field(
        None,
        description="Asterisk's queue_log, to heal calls whose end a gap hid and add those that came and went in it.",
    )


class LineSection(Section):
    """One service that the office answers."""

    name: Name = Field(description="The line's name in pages and metrics.", examples=['"enquiries"'])
    pbx: Name = Field(description="The name of the `[[pbx]]` that carries it.", examples=['"main"'])
    charter: Text = Field("hct", description="The charter it is judged by: `hct`, `cmi`, `wme` or one of yours.")
    nation: Literal["ENG", "WLS", "SCT", "NIR"] = Field(
        description="Whose bank holidays it keeps: England, Wales, Scotland or Northern Ireland.",
        examples=['"ENG", "WLS", "SCT" or "NIR"'],
    )
    dids: list[Text] = Field(
        [], description="The numbers it is dialled by, as Asterisk sees them; they outrank queues."
    )
    queues: list[Text] = Field([], description="Its queues.")
    extensions: list[Interface] = Field([], description="Telephones that answer it without a queue: `PJSIP/101`.")
    mailboxes: list[Mailbox] = Field([], description="Its voicemail boxes, `600@default`; `600` means the same.")
    hours: HoursByDay | None = Field(
        None,
        description="Core hours of each day, `24:00` allowed, days left out closed; without it, the charter's.",
        examples=['{ mon = ["09:00-12:30", "13:30-17:00"] }'],
    )
    zone: Zone = Field("Europe/London", description="The time zone of its hours and working days.")
    tone: Tone = Field(
        "uk", description="The tone zone its callers hear: a country, or a cadence as in indications.conf."
    )
    ring_cycle_seconds: Annotated[float, Field(gt=0, le=60)] | None = Field(
        None, description="Seconds from the start of a ring to the next, instead of `tone`."
    )
    min_agents: Annotated[int, Field(ge=1)] = Field(1, description="So many must be there for it to be attended.")
    ring_out_limit: Annotated[int, Field(ge=1)] = Field(
        3, description="After so many calls in a row that rang out, it is unattended."
    )
    added_days: list[date] = Field([], description="Days worked although they are bank holidays or closed weekdays.")
    removed_days: list[date] = Field([], description="Days closed although they are working days.")


class StoreSection(Section):
    """The database."""

    url: SecretStr = Field(
        SecretStr("sqlite:///callcentre.sqlite"),
        description="`sqlite:///FILE` or `postgresql://USER:PASSWORD@HOST/NAME`.",
    )
    url_file: Text | None = Field(None, description="A file that holds the URL, for one with a password.")
    url_env: Text | None = Field(None, description="The environment variable that holds the URL.")
    buffer_mb: Megabytes = Field(64, description="Facts kept in memory at most while the database is away, in MB.")


class WebSection(Section):
    """Pages, metrics and the API."""

    host: Text = Field("127.0.0.1", description="The address to listen on.")
    port: Port = Field(8090, description="The port to listen on.")


class AmiSection(Section):
    """Reading the PBXs."""

    inbox_mb: Megabytes = Field(
        32, description="Events waiting to be handled at most, in MB; past it the link is dropped and read again."
    )


class FileSection(Section):
    """The whole configuration file."""

    fallback_line: Name = Field(
        description="The line that takes messages and telephones that no line names.", examples=['"enquiries"']
    )
    charter_files: list[Text] = Field([], description="Charters of your own: copies of ours, with names of their own.")
    pbx: Annotated[list[PbxSection], Field(min_length=1)] = Field(description="One table for each Asterisk.")
    line: Annotated[list[LineSection], Field(min_length=1)] = Field(description="One table for each line.")
    store: StoreSection = Field(default_factory=StoreSection, description="The database.")
    web: WebSection = Field(default_factory=WebSection, description="Pages, metrics and the API.")
    ami: AmiSection = Field(default_factory=AmiSection, description="Reading the PBXs.")


class RuleSection(Section):
    """A deadline rule."""

    name: Literal["elapsed_or_next_working_day", "working_days", "same_working_day", "within_a_working_day"] = Field(
        description="The rule (docs/reference/charters.md).", examples=['"working_days"']
    )
    n: Annotated[int, Field(ge=1, le=366)] | None = Field(
        None, description="Hours for `elapsed_or_next_working_day`, working days for `working_days`, else left out."
    )


class CharterSection(Section):
    """A charter file: what an office promises."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,32}$")] = Field(
        description="The charter's name, as `[[line]] charter` gives it.", examples=['"hct"']
    )
    version: Annotated[int, Field(ge=1)] = Field(
        description="Raise it with every change: it is kept with each call.", examples=["1"]
    )
    title: str = Field("", description="Its title, for pages and reports.")
    answer_seconds: Annotated[float, Field(gt=0)] | None = Field(
        None, description="Calls are answered within so many seconds; left out: not promised, never judged."
    )
    answer_rings: Annotated[int, Field(ge=1)] | None = Field(
        None, description="Calls are answered within so many rings; left out: not promised, never judged."
    )
    answer_fraction: Annotated[float, Field(gt=0, le=1)] | None = Field(
        None, description="The share of calls that must be answered in time, such as 0.9; left out: no share promised."
    )
    judged_by: Literal["strict", "headline", "answered"] = Field(
        "strict", description="The service level it is judged by: `strict`, `headline` or `answered`."
    )
    short_abandon_seconds: Annotated[float, Field(ge=0)] = Field(
        5.0, description="A caller who hangs up sooner is a short abandon."
    )
    hours: HoursByDay = Field(
        description="Core hours of each day, unless the line has its own; days left out are closed.",
        examples=['{ mon = ["09:00-17:00"], … }'],
    )
    hours_note: str = Field("", description="What about the hours is assumed; `check-config` prints it.")
    message_rule: RuleSection = Field(
        description="By when a message must be answered.", examples=['{ name = "working_days", n = 15 }']
    )
