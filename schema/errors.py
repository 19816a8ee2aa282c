"""Every error of Wetgate, drawn as a tree.

    WetgateError
     ConfigError
     ConnectorError
      TrackerUnavailable *      EntityNotFound
      TrackerRejected
       NotPermitted
     IngestError
      UnreadableMedia           NamingMismatch
      ChecksumMismatch          SourceOffline *
     ProcessorError
      RetryLater *              BriefIncomplete
      OutOfMemory *              FootageMissing, NeedsPull
      WeightsMissing            NotConfident
     QueueError
      AlreadyQueued             LeaseLost
     PublishError
      VersionExists             AmbiguousResult *

    * = worth trying again later; everything else stays wrong until a person acts.

The docstring of a class is its default message, and what a caller may need is an attribute.
The worker decides by type, never by message.
"""

from __future__ import annotations

from typing import ClassVar


class WetgateError(Exception):
    """Something in Wetgate went wrong."""

    retryable: ClassVar[bool] = False
    retry_after: float | None = None
    """Seconds for which another try is of no use, where that was told."""

    def __init__(self, message: str | None = None, **data: object) -> None:
        """Keep *data* as attributes; without *message* the class's docstring speaks."""
        self.data = data
        for name, value in data.items():
            setattr(self, name, value)
        super().__init__(message or (type(self).__doc__ or "").strip())


class ConfigError(WetgateError):
    """A setting is wrong."""


class ConnectorError(WetgateError):
    """The tracker, a storage or an editorial file could not be used."""


class TrackerUnavailable(ConnectorError):
    """The tracker does not answer; it will be tried again."""

    retryable = True


class TrackerRejected(ConnectorError):
    """The tracker refused the request."""


class NotPermitted(TrackerRejected):
    """The tracker does not let our user do this; when it does again, it is done by itself."""


class EntityNotFound(ConnectorError):
    """The tracker has no such entity."""


class IngestError(WetgateError):
    """A file could not be taken into the index."""


class UnreadableMedia(IngestError):
    """The file is not media that can be read."""


class ChecksumMismatch(IngestError):
    """The file's checksum differs from the one that came with it."""


class NamingMismatch(IngestError):
    """The name does not follow the show's naming."""


class SourceOffline(IngestError):
    """The storage that holds the file is not mounted."""

    retryable = True


class ProcessorError(WetgateError):
    """A processor could not do its work."""


class RetryLater(ProcessorError):
    """A passing fault; the job will be tried again."""

    retryable = True


class OutOfMemory(ProcessorError):
    """The job ran out of memory."""

    retryable = True


class WeightsMissing(ProcessorError):
    """A network's weights are not on this machine."""


class BriefIncomplete(ProcessorError):
    """The brief lacks something that the work needs."""


class FootageMissing(BriefIncomplete):
    """Footage that the brief names is not here (yet); the brief may well be right."""


class NeedsPull(BriefIncomplete):
    """The work needs frames that are here only as a proxy; `pulls` (a `PullList`) says which."""


class NotConfident(ProcessorError):
    """The result is not good enough to be published."""


class QueueError(WetgateError):
    """The queue refused."""


class AlreadyQueued(QueueError):
    """The same work is queued already."""


class LeaseLost(QueueError):
    """Another run holds this job now; this one's report is dropped."""


class PublishError(WetgateError):
    """A version could not be published."""


class VersionExists(PublishError):
    """The version is in the tracker already."""


class AmbiguousResult(PublishError):
    """The tracker broke off; whether the write arrived has to be looked up."""

    retryable = True
