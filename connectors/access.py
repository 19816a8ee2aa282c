"""What every connector needs to reach its site."""

from __future__ import annotations

from ..schema.errors import ConfigError


def check_access(url: str, api_key: str) -> None:
    """Raise ConfigError for an address or a key that is missing."""
    if not url.startswith(("http://", "https://")):
        raise ConfigError(f"The tracker's url must begin with https://, got {url!r}.")
    if not api_key:
        raise ConfigError("The tracker's api_key is empty: set api_key_file, or the key in the environment.")
