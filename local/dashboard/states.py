"""What an alarm would say, by CloudWatch's rules for missing data."""

from __future__ import annotations

from enum import StrEnum

from local.dashboard.body import Alarm
from local.dashboard.curves import curves
from local.dashboard.measurements import Measurements


class State(StrEnum):
    """The states of an alarm."""

    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


def state(alarm: Alarm, measurements: Measurements, now: float) -> State:
    """Return an alarm's state at a moment.

    All of the template's alarms compare with "greater than or equal to".

    Parameters
    ----------
    alarm
        What is watched.
    measurements
        What was measured.
    now
        The moment, in seconds since 1970; the period in which it lies is the last.
    """
    (curve,) = curves(alarm.lines, measurements)
    period = next(line.period for line in alarm.lines if line.visible)
    last = int(now // period) * period
    window = [curve.points.get(last - period * back) for back in range(alarm.periods)]
    if not any(value is not None for value in window) and alarm.missing in ("ignore", "missing"):
        return State.INSUFFICIENT_DATA
    breaching = [
        alarm.missing == "breaching" if value is None else value >= alarm.threshold
        for value in window
    ]
    return State.ALARM if sum(breaching) >= alarm.datapoints else State.OK
