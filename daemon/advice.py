"""What a person can do about an error, by the error's type.

The words are the same on the status page and the command line. `tests/unit/test_advice.py` holds
that every error of the tree has its own or its parent's.
"""

from __future__ import annotations

from typing import Final

from ..schema import errors

_ADVICE: Final[dict[str, str]] = {
    "WetgateError": "Look at the log for this job's number, then try it again: wetgate retry {id}.",
    "ConfigError": "Correct the setting that is named (wetgate config shows where each value comes from), "
    "then restart.",
    "ConnectorError": "See that tracker and storage can be reached: wetgate doctor names what is wrong.",
    "TrackerUnavailable": "Nothing to do: it is tried again by itself. If it lasts, check the site's address "
    "and the network.",
    "TrackerRejected": "Compare the site's fields, statuses and the API user's rights: wetgate doctor names "
    "what to change.",
    "NotPermitted": "Give the API user the right that is named: wetgate doctor says which it lacks. What waits for it "
    "then goes out by itself.",
    "EntityNotFound": "See whether the task, shot or project was deleted or renamed in the tracker.",
    "IngestError": "Copy the file again from its source, or see whether it plays in another program.",
    "UnreadableMedia": "Copy the file again from the card; if the original is broken too, it can be left: "
    "nothing else waits for it.",
    "ChecksumMismatch": "The copy differs from what was shot: copy this file again from the card.",
    "NamingMismatch": "Rename the file by the show's naming, or change the show's naming pattern.",
    "SourceOffline": "Mount the storage again: nothing was forgotten, and work goes on by itself.",
    "ProcessorError": "Read the reason; correct the brief with a reply on the task, or try it again: "
    "wetgate retry {id}.",
    "RetryLater": "Nothing to do: it is tried again by itself.",
    "OutOfMemory": "Give the worker more memory, or run fewer at once ([workers] in wetgate.toml), then: "
    "wetgate retry {id}.",
    "WeightsMissing": "Put the network's weights in place, as wetgate doctor says, then: wetgate retry {id}.",
    "BriefIncomplete": "Reply on the task with the missing line; the work starts by itself.",
    "FootageMissing": "Nothing to do if it is on its way: the work starts when it is indexed. Else correct its name in "
    "the brief.",
    "NeedsPull": "Pull the frames in the note's EDL or ALE from the camera original, or index the original itself; "
    "the work goes on by itself.",
    "NotConfident": "Read why in the report. Another take, a clean plate or a smaller matte named in a reply "
    "on the task may help.",
    "QueueError": "Look at the job's state: wetgate jobs.",
    "AlreadyQueued": "Nothing to do: the same work is queued already.",
    "LeaseLost": "Nothing to do: another run has taken this job over.",
    "PublishError": "The result is safe on disk. See what the tracker said, then: wetgate publish.",
    "VersionExists": "The version is in the tracker already; delete it there if it should be made again.",
    "AmbiguousResult": "Nothing to do: it is looked up in the tracker and goes on by itself.",
}


def advice(error_type: str | None, job_id: int | str = "NUMBER") -> str:
    """What to do about an error of this type; a foreign type gets the advice of the tree's root."""
    kind = getattr(errors, error_type or "", errors.WetgateError)
    lineage = kind.__mro__ if isinstance(kind, type) else ()
    found = next((_ADVICE[parent.__name__] for parent in lineage if parent.__name__ in _ADVICE), None)
    return (found or _ADVICE["WetgateError"]).format(id=job_id)
