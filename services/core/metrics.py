"""The names of all metrics, once. The dashboard and the alarms are built on this list."""

from __future__ import annotations

from enum import StrEnum


class Metric(StrEnum):
    """What the functions count and time, in the order of an upload's way."""

    UPLOADS_RECEIVED = "UploadsReceived"  # uploads announced by S3, duplicates included
    UPLOADS_IGNORED = "UploadsIgnored"  # folder markers and keys outside uploads/
    UPLOADS_DUPLICATE = "UploadsDuplicate"  # announced again after they were dealt with
    UPLOADS_REJECTED = "UploadsRejected"  # by Dimension.REASON
    UPLOADS_LAUNCHED = "UploadsLaunched"
    MESSAGES_FOREIGN = "MessagesForeign"  # no S3 notification; on their way to the DLQ
    MESSAGES_FAILED = "MessagesFailed"  # will be delivered again
    EXECUTIONS_LAUNCHED = "ExecutionsLaunched"
    LAUNCH_ERRORS = "LaunchErrors"  # executions that could not be launched; and by Dimension.CODE
    LAUNCH_RETRIES = "LaunchRetries"  # calls of CreateExecution beyond the first
    FLYTE_CALLS = "FlyteCalls"  # requests to FlyteAdmin, by Dimension.OUTCOME
    LEDGER_ERRORS = "LedgerErrors"  # reads and writes that DynamoDB did not do
    QUEUE_SECONDS = "QueueSeconds"  # per upload: from its event to the start of the invocation
    LAUNCH_SECONDS = "LaunchSeconds"  # per execution: from its claim to its launch
    BATCH_FILL = "BatchFill"  # per execution: its uploads in percent of the most it may have
    EXECUTIONS_IN_FLIGHT = "ExecutionsInFlight"  # as each patrol finds them, by Dimension.AGE
    EXECUTIONS_NOT_SEEN = "ExecutionsNotSeen"  # in flight, and Flyte or the ledger did not tell
    EXECUTIONS_FINISHED = "ExecutionsFinished"  # by Dimension.STATUS
    UPLOADS_FINISHED = "UploadsFinished"  # by Dimension.STATUS, each once
    RUN_SECONDS = "RunSeconds"  # per execution: from its launch to its end
    UPLOAD_SECONDS = "UploadSeconds"  # per upload: from its arrival in S3 to its end
    PAINT_SECONDS = "PaintSeconds"  # per picture: what its task took
    CPU_SECONDS = "CpuSeconds"  # per picture: what its task kept processors busy


class Dimension(StrEnum):
    """What metrics are split by; each takes a handful of values, never an id or a key."""

    REASON = "reason"  # a RejectionCode
    CODE = "code"  # a gRPC status, or one of ours beside them
    STATUS = "status"  # an UploadStatus or an ExecutionStatus at the end
    OUTCOME = "outcome"  # an Outcome
    AGE = "age"  # an Age


class Outcome(StrEnum):
    """Whether Flyte was there. An answer may be an error: that is no matter of availability."""

    ANSWERED = "answered"
    UNANSWERED = "unanswered"


class Age(StrEnum):
    """How long an execution has been in flight; the last is longer than any should be."""

    MINUTES = "under 10 min"
    HALF_AN_HOUR = "10 to 30 min"
    HOURS = "30 to 120 min"
    OVERDUE = "over 120 min"

    @classmethod
    def of(cls, seconds: float) -> Age:
        """Sort an age."""
        limits = {cls.MINUTES: 600, cls.HALF_AN_HOUR: 1800, cls.HOURS: 7200}
        return next((age for age, limit in limits.items() if seconds < limit), cls.OVERDUE)
