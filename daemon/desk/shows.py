"""What the desk needs for one show."""

from __future__ import annotations

from pathlib import Path

from ...schema.settings import ShowSettings
from .landing import Landing
from .orders import Orders
from .planning import Planner
from .repulls import Repulls
from .reviews import Reviews


class ShowDesk:
    """One show's settings and rooms."""

    def __init__(
        self,
        name: str,
        settings: ShowSettings,
        *,
        planner: Planner,
        orders: Orders,
        landing: Landing,
        repulls: Repulls,
        reviews: Reviews,
        folder: Path,
    ) -> None:
        """The show *name*; attachments are fetched below its *folder*."""
        self.name, self.settings = name, settings
        self.planner, self.orders, self.folder = planner, orders, folder
        self.landing, self.repulls, self.reviews = landing, repulls, reviews

    @property
    def project(self) -> str:
        """The project's name in the tracker."""
        return self.settings.project_of(self.name)
