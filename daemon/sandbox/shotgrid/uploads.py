"""The form posts under `/upload/` and the storage behind direct uploads."""

from __future__ import annotations

import hashlib
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from starlette.datastructures import UploadFile

from .refusal import Refusal
from .site import Site

Form = Mapping[str, Any]

SMALLEST_PART = 5 << 20
"""Bytes below which a storage takes only the last part."""


def upload_file(site: Site, form: Form, base: str) -> str:
    """A file for an entity; answers `1:<attachment id>`."""
    stream, name = _file(form, "file")
    caller = site.auth.caller(_credentials(form), base)
    number = site.attach(
        str(form.get("entity_type")),
        _number(form, "entity_id"),
        stream,
        name,
        caller,
        field=_text(form, "field_name"),
        display_name=_text(form, "display_name"),
        more=_more(form),
    )
    return f"1:{number}\n"


def publish_thumbnail(site: Site, form: Form, base: str) -> str:
    """A picture for an entity."""
    stream, name = _file(form, "thumb_image")
    caller = site.auth.caller(_credentials(form), base)
    field = "filmstrip_image" if _text(form, "filmstrip") == "True" else "image"
    kind, number = str(form.get("entity_type")), _number(form, "entity_id")
    return f"1:{site.attach(kind, number, stream, name, caller, field=field)}\n"


def share_thumbnail(site: Site, form: Form, base: str) -> str:
    """One entity's picture for others too; `2` while it is transient."""
    caller = site.auth.caller(_credentials(form), base)
    source = _entity(str(form.get("source_entity")))
    filmstrip = _text(form, "filmstrip_thumbnail") in {"1", "True"}
    record = site.writes.existing(*source, "share_thumbnail")
    image = record.get("filmstrip_image" if filmstrip else "image")
    if not image:
        raise Refusal(f"{source[0]} {source[1]} has no thumbnail to share.")
    if image.get("ready_at", 0) > site.now():
        return "2:The thumbnail is still being processed.\n"
    for text in str(form.get("entities")).split(","):
        kind, number = _entity(text)
        caller.may.demand("share_thumbnail", kind)
        site.writes.existing(kind, number, "share_thumbnail")
        name = "filmstrip_image" if filmstrip else "image"
        site.writes.put_field(kind, number, name, dict(image), caller, is_transient=False)
    return f"1:{image['attachment']}\n"


def get_link_info(site: Site, form: Form, base: str) -> str:
    """Where a direct upload may be put: answers `1`, the address, a timestamp, the type, the upload's id."""
    caller = site.auth.caller(_credentials(form), base)
    caller.may.demand("upload", "Attachment")
    if not site.direct_uploads:
        raise Refusal("Direct uploads are not enabled on this site.")
    upload = secrets.token_hex(12)
    at = site.writes.at()
    site.storage.set(f"upload:{upload}", {"filename": str(form.get("filename")), "whole": False})
    return (
        "\n".join(["1", base + _address(site, f"/storage/{upload}"), at, str(form.get("upload_type")), upload]) + "\n"
    )


def get_link_for_part(site: Site, form: Form, base: str) -> str:
    """Where one part of a large upload may be put."""
    site.auth.caller(_credentials(form), base).may.demand("upload", "Attachment")
    upload = _upload(site, str(form.get("upload_id")))
    address = _address(site, f"/storage/{upload}/{_number(form, 'part_number')}")
    return f"1\n{base}{address}\n"


def complete_multipart(site: Site, form: Form, base: str) -> str:
    """Join the parts, each proved by its ETag."""
    site.auth.caller(_credentials(form), base).may.demand("upload", "Attachment")
    upload = _upload(site, str(form.get("upload_id")))
    if site.storage.setting(f"upload:{upload}")["whole"]:
        raise Refusal("There is no such upload: its parts are joined already.")
    etags = [tag.strip().strip('"') for tag in str(form.get("etags")).split(",")]
    with _incoming(site, upload).open("wb") as out:
        for number, etag in enumerate(etags, start=1):
            part = _incoming(site, upload, number)
            if not part.exists() or _md5(part.read_bytes()) != etag:
                raise Refusal(f"Part {number} of the upload is missing or differs from its ETag.")
            if number < len(etags) and part.stat().st_size < SMALLEST_PART:
                raise Refusal(f"Part {number} of the upload is smaller than {SMALLEST_PART} bytes.")
            with part.open("rb") as stream:
                shutil.copyfileobj(stream, out, 1 << 20)
    _whole(site, upload)
    for number in range(1, len(etags) + 1):
        _incoming(site, upload, number).unlink(missing_ok=True)
    return "1\n"


def link_file(site: Site, form: Form, base: str) -> str:
    """Give a finished direct upload to an entity."""
    caller = site.auth.caller(_credentials(form), base)
    info = str(form.get("upload_link_info")).split("\n")
    upload = _upload(site, info[4] if len(info) > 4 else "")
    kept = site.storage.setting(f"upload:{upload}")
    file = _incoming(site, upload)
    if not kept["whole"] or not file.exists():
        raise Refusal("The upload has not arrived in the storage.")
    field = _text(form, "field_name")
    if info[3] == "Thumbnail":
        field = "filmstrip_image" if _text(form, "filmstrip") == "True" else "image"
    with file.open("rb") as stream:
        number = site.attach(
            str(form.get("entity_type")),
            _number(form, "entity_id"),
            stream,
            kept["filename"],
            caller,
            field=field,
            display_name=_text(form, "display_name"),
            more=_more(form),
        )
    site.storage.set(f"upload:{upload}", None)
    file.unlink()
    return f"1:{number}\n"


def put(site: Site, path: str, until: str, signature: str, upload: str, part: int | None, body: bytes) -> str:
    """Take what is PUT into the storage under an address that is still good; gives the ETag."""
    if not site.media.signed(f"{path}?until={until}", signature) or float(until) < site.now():
        raise Refusal("Request has expired")
    _upload(site, upload)
    target = _incoming(site, upload, part)
    half = target.with_suffix(".half")
    half.write_bytes(body)
    half.rename(target)
    if part is None:
        with site.storage.transaction():
            _whole(site, upload)
    return f'"{_md5(body)}"'


def _address(site: Site, path: str) -> str:
    until = site.now() + site.address_seconds
    return f"{path}?until={until:.0f}&sig={site.media.signature(f'{path}?until={until:.0f}')}"


def _whole(site: Site, upload: str) -> None:
    kept = site.storage.setting(f"upload:{upload}")
    site.storage.set(f"upload:{upload}", {**kept, "whole": True})


def _incoming(site: Site, upload: str, part: int | None = None) -> Path:
    folder = site.media.folder / "incoming"
    folder.mkdir(exist_ok=True)
    return folder / (upload if part is None else f"{upload}.{part:04d}.bin")


def _upload(site: Site, upload: str) -> str:
    if site.storage.setting(f"upload:{upload}") is None:
        raise Refusal("There is no such upload.")
    return upload


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def _credentials(form: Form) -> dict[str, Any]:
    return {name: value for name, value in form.items() if isinstance(value, str)}


def _file(form: Form, name: str) -> tuple[BinaryIO, str]:
    given = form.get(name)
    if not isinstance(given, UploadFile):
        raise Refusal(f"The form lacks the file '{name}'.")
    if not given.size:
        raise Refusal("The file is empty.")
    return given.file, given.filename or name


def _text(form: Form, name: str) -> str | None:
    value = form.get(name)
    return value if isinstance(value, str) and value else None


def _number(form: Form, name: str) -> int:
    try:
        return int(str(form.get(name)))
    except ValueError as error:
        raise Refusal(f"The form's '{name}' must be a number.") from error


def _entity(text: str) -> tuple[str, int]:
    kind, _, number = text.strip().rpartition("_")
    if not number.isdigit():
        raise Refusal(f"'{text}' is not an entity.")
    return kind, int(number)


def _more(form: Form) -> dict[str, Any]:
    more: dict[str, Any] = {}
    if _text(form, "tag_list"):
        more["tag_list"] = [tag.strip() for tag in str(_text(form, "tag_list")).split(",")]
    if _text(form, "created_at"):
        more["created_at"] = str(_text(form, "created_at"))[:19].replace(" ", "T") + "Z"
    return more


ACTIONS = {
    "upload_file": upload_file,
    "publish_thumbnail": publish_thumbnail,
    "share_thumbnail": share_thumbnail,
    "api_get_upload_link_info": get_link_info,
    "api_get_upload_link_for_part": get_link_for_part,
    "api_complete_multipart_upload": complete_multipart,
    "api_link_file": link_file,
}


def answer(site: Site, action: str, form: Form, base: str) -> str:
    """Answer one form post; a refusal is `0:<message>`."""
    try:
        with site.storage.lock:
            site.settle()
            with site.storage.transaction():
                reply = ACTIONS[action](site, form, base)
            site.settle()
            return reply
    except Refusal as refusal:
        return f"0:{refusal}\n"
