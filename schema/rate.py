"""Frame rates: exact fractions inside, nominal spellings only at the edge."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Final

from pydantic import BeforeValidator, PlainSerializer

from .errors import ConfigError

_NTSC: Final = {24: "23.976", 30: "29.97", 48: "47.952", 60: "59.94", 120: "119.88"}
_WHOLE: Final = (8, 10, 12, 15, 16, 18, 20, 24, 25, 30, 48, 50, 60, 72, 90, 96, 100, 120)

NTSC_RATES: Final[frozenset[Fraction]] = frozenset(Fraction(n * 1000, 1001) for n in _NTSC)

_NOMINAL: Final[dict[str, Fraction]] = {
    **{str(n): Fraction(n) for n in _WHOLE},
    **{text: Fraction(n * 1000, 1001) for n, text in _NTSC.items()},
    "23.98": Fraction(24000, 1001),
    "47.95": Fraction(48000, 1001),
}
"""The closed table of spellings that a tracker, an EDL or a person may use."""


def snap_rate(value: str | int | Fraction) -> Fraction:
    """The exact rate meant by a nominal spelling such as `23.976`, `25` or `24000/1001`.

    A float is refused: `float` has no exact NTSC rate, so by then the information is lost.

    Raises ConfigError for a spelling outside the table.
    """
    if isinstance(value, bool | float):
        raise ConfigError(f"A frame rate must not be a float ({value!r}); write it as text or a fraction.")
    if isinstance(value, Fraction):
        return value
    if isinstance(value, int):
        return Fraction(value)
    text = value.strip().lower().removesuffix("fps").strip()
    if "/" in text:
        numerator, _, denominator = text.partition("/")
        if numerator.strip().isdigit() and denominator.strip().isdigit() and int(denominator):
            return Fraction(int(numerator), int(denominator))
    elif "." in text:
        text = text.rstrip("0").rstrip(".")
    if text in _NOMINAL:
        return _NOMINAL[text]
    raise ConfigError(
        f"{value!r} is no known frame rate. Known: {', '.join(sorted(_NOMINAL, key=float))}, or n/d.",
        value=value,
    )


def rate_text(rate: Fraction) -> str:
    """A rate for JSON: `24000/1001`, `25`."""
    return str(rate.numerator) if rate.denominator == 1 else f"{rate.numerator}/{rate.denominator}"


def rate_label(rate: Fraction) -> str:
    """A rate for people: `23.976`, `25`; a rate outside the table keeps its fraction."""
    if rate.denominator == 1:
        return str(rate.numerator)
    nominal = round(rate * 1001 / 1000)
    return _NTSC.get(nominal, rate_text(rate)) if rate in NTSC_RATES else rate_text(rate)


Rate = Annotated[Fraction, BeforeValidator(snap_rate), PlainSerializer(rate_text, return_type=str)]
"""A frame rate as a field of a `Value`: text in JSON, `Fraction` in memory."""
