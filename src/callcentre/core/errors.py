"""Every error of the product, with what happened and what to do next in its docstring and message."""


class CallcentreError(Exception):
    """The root of all errors that callcentre raises on purpose."""


class ConfigError(CallcentreError):
    """The configuration cannot be used as it is; the message names file, key and what to write instead."""


class AmiError(CallcentreError):
    """The manager interface of a PBX could not be used."""


class LoginRefused(AmiError):
    """The PBX refused user or secret; it will be tried again, slowly, until it accepts."""


class LinkLost(AmiError):
    """The connection to the PBX ended, or went silent past its deadline."""


class ProtocolError(AmiError):
    """The far end does not speak AMI as Asterisk does (a wrong port, or a broken stream)."""


class ActionRefused(AmiError):
    """An action's value would break the protocol, or is not in its field's allow-list; it was not sent."""


class StoreUnavailable(CallcentreError):
    """The database cannot be reached now; what is measured is kept in memory until it can."""


class StoreConflict(CallcentreError):
    """The database refused a row that breaks a constraint; trying again would not help."""


class IllegalTransition(CallcentreError):
    """A state table has no such step; the state was left as it was."""


class NotTheirRole(IllegalTransition):
    """Only who holds a certain role decides that; the message names it. The state was left as it was."""


class NaiveTime(CallcentreError):
    """A time without an offset was given where an aware one is required."""


class Held(CallcentreError):
    """A legal hold was placed while an erasure ran: the rest of it is not carried out. The message says which."""
