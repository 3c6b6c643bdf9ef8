"""Every key of the configuration, with type, default and meaning (docs/reference/config.md).

Strict: an unknown key or a wrong type is an error. What concerns several keys at once is checked in `load`.
"""

from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr

from callcentre.config.abuse import AbuseSection
from callcentre.config.reporting import ReportSection
from callcentre.config.retention import FlagsSection, RetentionSection
from callcentre.config.section import Section
from callcentre.config.transcripts import TranscriptsSection
from callcentre.config.values import (
    AccountName,
    Address,
    Announcement,
    Beginning,
    Context,
    Duration,
    Greeting,
    Header,
    HoursByDate,
    HoursByDay,
    Interface,
    Language,
    Lease,
    Mailbox,
    Megabytes,
    Name,
    Network,
    Page,
    Port,
    Ringing,
    Roles,
    Sitting,
    Telephone,
    Text,
    Title,
    Tone,
    Wait,
    Zone,
    some,
)


class PbxSection(Section):
    """One Asterisk."""

    name: Name = Field(description="The PBX's name in pages, metrics and `[[line]] pbx`.", examples=['"main"'])
    host: Text = Field("127.0.0.1", description="Where its manager interface (AMI) listens.", examples=['"127.0.0.1"'])
    port: Port = Field(5038, description="The port of its manager interface; 5039 is usual with TLS.")
    username: Text | None = Field(None, description="The listening account of manager.conf. Not needed for `replay`.")
    secret: SecretStr | None = Field(None, description="The account's secret; better in a file or the environment.")
    secret_file: Text | None = Field(None, description="A file that holds the secret and nothing else.")
    secret_env: Text | None = Field(None, description="The environment variable that holds the secret.")
    act_username: Text | None = Field(
        None,
        description="The acting account: a second one of manager.conf, which may change queues and ring telephones.",
    )
    act_secret: SecretStr | None = Field(None, description="Its secret; better in a file or the environment.")
    act_secret_file: Text | None = Field(None, description="A file that holds its secret and nothing else.")
    act_secret_env: Text | None = Field(None, description="The environment variable that holds its secret.")
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
    voicemail_spool: Text | None = Field(
        None,
        description="Asterisk's folder of voicemail, `/var/spool/asterisk/voicemail`, where it can be read from here.",
    )
    sounds: Text | None = Field(
        None,
        description="Asterisk's folder of sounds, `/var/lib/asterisk/sounds`, where it can be read from here.",
    )


class EscalationSection(Section):
    """One step of a line's escalation."""

    after: Duration = Field(
        description="How long after its deadline a callback is still not made; `0m` is at once.", examples=['"1h"']
    )
    tell: Annotated[list[Name], AfterValidator(some)] = Field(
        description="The contacts told then.", examples=['["manager"]']
    )


class AbsenceSection(Section):
    """One step of a line's escalation when nobody is there."""

    after: Duration = Field(
        description="How long after the first unattended moment the line is still unattended.", examples=['"10m"']
    )
    tell: Annotated[list[Name], AfterValidator(some)] = Field(
        description="The contacts told then.", examples=['["manager"]']
    )


class ShiftSection(Section):
    """Whom to tell at what times of the week."""

    hours: HoursByDay = Field(
        description="Its times on each day, in the line's zone; days left out have none.",
        examples=['{ mon = ["07:00-13:00"] }'],
    )
    tell: Annotated[list[Name], AfterValidator(some)] = Field(
        description="The contacts told while it lasts.", examples=['["early"]']
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
    special_hours: HoursByDate = Field(
        {}, description='The hours of single days, before all else: `{ 2026-12-24 = ["07:00-12:00"] }`; `[]`: closed.'
    )
    warn_before: Duration = Field(
        "2h", description="How long before a callback must be made it is warned of: `90m`, `2h`, `1h30m`, `1d`."
    )
    tell: list[Name] = Field(
        [],
        description="Who is told of warnings, deadlines passed and mailboxes; outside of shifts, that nobody is there.",
    )
    escalation: list[EscalationSection] = Field([], description="Who else is told, the longer a callback is overdue.")
    merge: bool = Field(
        True, description="Messages of one caller join one task; `false` where many share a number (switchboards)."
    )
    callback_abandoned: bool = Field(False, description="A caller who gave up gets a callback task too.")
    calling_hours: HoursByDay | None = Field(
        None,
        description="When its callers may be dialled with a click, on its working days; without it, its core hours.",
        examples=['{ mon = ["09:00-17:00"] }'],
    )
    greeting: Greeting = Field(
        "",
        description="What to say when answering, with `{time}` (Good morning), `{line}` and `{name}`; else the usual.",
    )
    title: Title = Field("", description="What people call the line; else its name.")
    languages: Annotated[list[Language], AfterValidator(some)] = Field(
        ["en"], description="The languages that its callers are set to in Asterisk: `en`, `en_GB`, `cy`."
    )
    announcements: list[Announcement] = Field(
        [],
        description="Recorded messages that callers hear besides greetings, as Playback() names them: `custom/closed`.",
    )
    mode: Literal["observe", "enforce"] = Field(
        "observe", description="Unattended in core hours: `observe` tells people, `enforce` acts on the PBX too."
    )
    grace: Wait = Field("60s", description="How long it is unattended before people are told: `60s`, `2m`.")
    recovery: Wait = Field("30s", description="How long its own people must be back before what was done is undone.")
    standby: list[Telephone] = Field(
        [], description="Telephones added to its queues while it is unattended: `PJSIP/109`."
    )
    may_unpause: list[Telephone] = Field([], description="Telephones whose agents agreed to be unpaused.")
    divert: bool = Field(False, description="The dialplan is told to divert its callers; its telephones ring first.")
    supervisors: list[Telephone] = Field(
        [], description="Telephones rung with an announcement, one after the other until one answers."
    )
    shift: list[ShiftSection] = Field([], description="Who is told that it is unattended, and when; else `tell`.")
    attendance_escalation: list[AbsenceSection] = Field(
        [], description="Who else is told, the longer it is unattended."
    )


class ContactSection(Section):
    """Somebody to tell."""

    name: Name = Field(description="The contact's name in `tell` and `escalation`.", examples=['"supervisors"'])
    email: Annotated[list[Address], AfterValidator(some)] | None = Field(None, description="Their e-mail addresses.")
    webhook: SecretStr | None = Field(None, description="A web address that takes each notice as JSON by POST.")
    webhook_file: Text | None = Field(None, description="A file that holds the web address, for one with a token.")
    webhook_env: Text | None = Field(None, description="The environment variable that holds the web address.")
    chat: SecretStr | None = Field(None, description="An address of apprise: `slack://…`, `msteams://…`, `tgram://…`.")
    chat_file: Text | None = Field(None, description="A file that holds the address of apprise.")
    chat_env: Text | None = Field(None, description="The environment variable that holds the address of apprise.")
    accounts: list[AccountName] | None = Field(
        None,
        description="The accounts of its people, who hold its roles; without it, the one of its own name.",
    )


class MailSection(Section):
    """The mail server that takes notices."""

    host: Text = Field(description="The mail server.", examples=['"smtp.example.org"'])
    port: Port | None = Field(None, description="Its port; without it 587, with `tls` 465, without TLS 25.")
    sender: Address = Field(description="The address that notices come from.", examples=['"callcentre@example.org"'])
    username: Text | None = Field(None, description="The account to send with, where the server wants one.")
    password: SecretStr | None = Field(None, description="The account's password; better in a file or the environment.")
    password_file: Text | None = Field(None, description="A file that holds the password and nothing else.")
    password_env: Text | None = Field(None, description="The environment variable that holds the password.")
    tls: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="`starttls`, `tls` from the first byte, or `none`; the certificate is always verified."
    )
    ca_file: Text | None = Field(None, description="The certificates to trust (PEM); without it, the system's.")


class CallbacksSection(Section):
    """Callback tasks, on all lines."""

    lease: Lease = Field("15m", description="How long a claimed task is held without a sign of its agent.")
    attempts: Annotated[int, Field(ge=1, le=100)] = Field(
        3, description="After so many calls without an answer a task may be closed as `no_answer`."
    )
    nearly_full: Annotated[float, Field(gt=0, le=1)] = Field(
        0.8, description="The share of a mailbox's messages from which it is told of as nearly full."
    )


class CallingSection(Section):
    """Callers dialled with a click: who may be, how often, and through what."""

    kinds: list[
        Literal[
            "geographic",
            "uk_wide",
            "mobile",
            "freephone",
            "shared_cost",
            "premium",
            "personal",
            "pager",
            "voip",
            "corporate",
            "international",
            "internal",
        ]
    ] = Field(
        ["geographic", "uk_wide", "mobile", "freephone"],
        description="The kinds of number that may be dialled; see below.",
    )
    also: list[Beginning] = Field(
        [], description="How numbers begin that may be dialled whatever their kind: `01632960`, `+353`."
    )
    per_agent_hour: Annotated[int, Field(ge=1, le=1000)] = Field(
        30, description="So many dials in any hour at most, for each person."
    )
    overall_hour: Annotated[int, Field(ge=1, le=10_000)] = Field(
        200, description="So many dials in any hour at most, for everybody together."
    )
    context: Context = Field(
        "callcentre-callback", description="The context of the dialplan that dials the caller: the second wall."
    )
    ring_agent: Ringing = Field("25s", description="How long the agent's own telephone rings, `5s` to `2m`.")


class EnforcementSection(Section):
    """What may be done about unattended lines, on each PBX."""

    actions_per_hour: Annotated[int, Field(ge=1, le=1000)] = Field(
        30, description="So many actions in an hour at most, on all lines together; what takes one back always may."
    )


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
    url: Page | None = Field(None, description="Where people reach its pages, `https://HOST`; notices link to it.")
    tls_cert: Text | None = Field(None, description="The certificate to serve with, and those above it (PEM).")
    tls_key: Text | None = Field(None, description="Its private key (PEM), without a password.")
    plain_http: bool = Field(False, description="Serve other machines without TLS and without a proxy all the same.")
    proxies: list[Network] = Field(
        [], description="Addresses or networks of proxies, such as `10.0.0.1`: who they say asks is believed."
    )
    trusted_header: Header | None = Field(
        None, description="The header by which those proxies name the account that is logged in: `X-Remote-User`."
    )
    require_totp: bool = Field(False, description="Every account needs a code from an authenticator app to log in.")
    session_idle: Sitting = Field("8h", description="A session unused for so long ends.")
    session_longest: Sitting = Field("24h", description="A session ends after so long, used or not.")


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
    contact: list[ContactSection] = Field([], description="One table for each contact: people, a channel, a program.")
    mail: MailSection | None = Field(None, description="The mail server; needed where a contact has `email`.")
    report: list[ReportSection] = Field([], description="One table for each charter whose monthly report is sent.")
    roles: Roles = Field({}, description='Who holds each role that a charter names: `"Chief Executive" = ["chief"]`.')
    callbacks: CallbacksSection = Field(default_factory=CallbacksSection, description="Callback tasks, on all lines.")
    calling: CallingSection = Field(
        default_factory=CallingSection, description="Callers dialled with a click: who may be, and how often."
    )
    enforcement: EnforcementSection = Field(
        default_factory=EnforcementSection, description="What may be done about unattended lines."
    )
    store: StoreSection = Field(default_factory=StoreSection, description="The database.")
    web: WebSection = Field(default_factory=WebSection, description="Pages, metrics and the API.")
    ami: AmiSection = Field(default_factory=AmiSection, description="Reading the PBXs.")
    retention: RetentionSection = Field(default_factory=RetentionSection, description="How long what is kept.")
    flags: FlagsSection = Field(default_factory=FlagsSection, description="How to speak with callers: how long, who.")
    abuse: AbuseSection = Field(default_factory=AbuseSection, description="Abusive callers: how long they are marked.")
    transcripts: TranscriptsSection | None = Field(
        None, description="Drafts of what voicemails say; without it none are made."
    )
