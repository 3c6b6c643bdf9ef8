"""All reads, in pages of at most 1,000 rows: no cursor outlives one await. Each subject has a module of its own."""

from callcentre.store.acknowledgements import AcknowledgementQueries
from callcentre.store.attendance_queries import BreachWithSteps
from callcentre.store.call_search import CallSearch
from callcentre.store.callback_queries import OPEN_STATES, CallbackQueries, OutboxQueries
from callcentre.store.caller_queries import CallerQueries
from callcentre.store.case_causes import CaseCauses
from callcentre.store.figure_queries import FigureQueries
from callcentre.store.first_contact import FirstContactQueries
from callcentre.store.reader import PAGE
from callcentre.store.restart import RestartQueries
from callcentre.store.results import (
    AttendanceRow,
    CallCount,
    Delivery,
    DeliveryState,
    Gap,
    MissedCaller,
    Order,
    TaskDetail,
    VoicemailUseCount,
)
from callcentre.store.satisfaction import SatisfactionQueries
from callcentre.store.staffing_queries import StaffingQueries
from callcentre.store.task_pages import TaskPages
from callcentre.store.voicemail_queries import Voicemail, VoicemailQueries

__all__ = [
    "OPEN_STATES",
    "PAGE",
    "AttendanceRow",
    "BreachWithSteps",
    "CallCount",
    "Delivery",
    "DeliveryState",
    "Gap",
    "MissedCaller",
    "Order",
    "Queries",
    "TaskDetail",
    "Voicemail",
    "VoicemailUseCount",
]


class Queries(
    RestartQueries,
    CallbackQueries,
    OutboxQueries,
    VoicemailQueries,
    StaffingQueries,
    FigureQueries,
    FirstContactQueries,
    SatisfactionQueries,
    CallSearch,
    TaskPages,
    CallerQueries,
    CaseCauses,
    AcknowledgementQueries,
):
    """All reads of one database; may be shared by many tasks. Every method may raise StoreUnavailable."""
