"""The configuration: one TOML file, strictly read, to an Office for the core and settings for the shells."""

from callcentre.config.describe import describe
from callcentre.config.load import load
from callcentre.config.settings import (
    AmiSettings,
    Config,
    Contact,
    MailSettings,
    MailTls,
    PbxSettings,
    StoreSettings,
    WebSettings,
)
from callcentre.config.template import TEMPLATE

__all__ = [
    "TEMPLATE",
    "AmiSettings",
    "Config",
    "Contact",
    "MailSettings",
    "MailTls",
    "PbxSettings",
    "StoreSettings",
    "WebSettings",
    "describe",
    "load",
]
