"""Every metric (docs/reference/metrics.md): counters rise by committed facts, gauges are read when scraped.

Counters of a call rise together, when its outcome is decided. Series without an `origin` label count outside calls
only: a colleague ringing a line shows in `callcentre_calls_total{origin="internal"}` and nowhere else. Labels come from
the configuration or from an enumeration, never from what a caller or a PBX may say.
"""

from callcentre.metrics.counting import Metrics
from callcentre.metrics.gauges import Service

__all__ = ["Metrics", "Service"]
