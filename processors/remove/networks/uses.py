"""What networks made of a fix: shares, names and hashes for the report, and what the verdict must know."""

from __future__ import annotations

from collections import Counter
from typing import Any

from ....schema.approval import Consent, today
from ....schema.outcome import NetworkUse
from ..fill import Origin, unseen_share
from ..shot import Shot
from ..unseen.open import TRAINED_ON
from .candidate import candidate_name

Origins = Counter[int]
"""The holes' pixels by `Origin` or take."""


def trained_share(origins: Origins) -> float:
    """Share (0..1) of the holes' pixels that any network made."""
    return (origins[Origin.NETWORK] + origins[Origin.TRAINED]) / max(origins.total(), 1)


def network_uses(shot: Shot, origins: Origins, chosen: str) -> tuple[NetworkUse, ...]:
    """Every network with its share; *chosen* is the candidate that filled the holes, which may be one of them."""
    total = max(origins.total(), 1)
    filler = next((network.name for network in shot.networks if candidate_name(network.name) == chosen), "")
    if not filler and origins[Origin.NETWORK] and shot.unseen is not None:
        filler = shot.unseen.painter.name
    uses = [
        NetworkUse(
            name=network.name,
            consent=Consent.NETWORK,
            share=round(origins[Origin.NETWORK] / total, 5) if network.name == filler else 0.0,
            licence=network.licence,
            trained_on=network.trained_on,
            sha256=network.digest,
        )
        for network in shot.networks
    ]
    if origins[Origin.TRAINED] and shot.unseen is not None:
        painter = shot.unseen.painter
        uses.append(
            NetworkUse(
                name=painter.name,
                consent=Consent.TRAINED,
                share=round(origins[Origin.TRAINED] / total, 5),
                licence=painter.licence,
                trained_on=TRAINED_ON,
                sha256=painter.digest,
            )
        )
    return tuple(uses)


def network_reasons(shot: Shot, origins: Origins) -> tuple[list[str], bool]:
    """Sentences about network-made pixels, and whether the fix is weak for them."""
    share = trained_share(origins)
    if not share:
        return [], False
    approval, on = shot.request.approval, today()
    makers = {Origin.NETWORK: Consent.NETWORK, Origin.TRAINED: Consent.TRAINED}
    lacking = [
        str(consent) for origin, consent in makers.items() if origins[origin] and not approval.covers(consent, on)
    ]
    words = f"{share:.1%} of the filled pixels were made by a network, {approval.words}"
    if lacking:
        return [f"{words}; on {on} that does not cover {', '.join(lacking)}: somebody must approve it."], True
    return [f"{words}."], False


def unseen_words(shot: Shot, origins: Origins) -> dict[str, Any]:
    """For the report: who painted what no source showed, and how each painter did where the truth is known."""
    if shot.unseen is None or not unseen_share(origins):
        return {}
    return {"painter": shot.unseen.painter.name, "tried": [one.as_json() for one in shot.unseen.tried]}
