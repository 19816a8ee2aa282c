"""Reading a request's options as a processor's own."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel, ValidationError

from ..schema.errors import BriefIncomplete
from ..schema.request import Request

Options = TypeVar("Options", bound=BaseModel)


def read_options(model: type[Options], request: Request, who: str) -> Options:
    """The brief's parameters. Raises BriefIncomplete, which names *who* cannot use it and each one that is wrong."""
    try:
        return model.model_validate(request.options)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, e['loc']))!r}: {e['msg']}" for e in error.errors())
        raise BriefIncomplete(f"{who} cannot use this brief: {faults}.") from error
