"""Telling people: what waits in the outbox, sent by e-mail, webhook or chat until it is there."""

from callcentre.notify.answers import NotSent
from callcentre.notify.notifier import Notifier, Told
from callcentre.notify.outbox import Delivery, Marks, Waiting
from callcentre.notify.trial import send_test

__all__ = ["Delivery", "Marks", "NotSent", "Notifier", "Told", "Waiting", "send_test"]
