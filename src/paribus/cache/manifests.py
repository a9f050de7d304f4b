"""Lists of what data consist of, each kept once under its digest, so that one can say later what has changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from paribus.cache import paths
from paribus.errors import ParibusError
from paribus.files import write_shared

Manifest = Mapping[str, tuple[str, ...]]  # name → checksum of the content, label, split, group


def digest_of(manifest: Manifest) -> str:
    """32 hexadecimal digits that change when any entry does."""
    return hashlib.sha256(_text(manifest)).hexdigest()[:32]


def keep(manifest: Manifest) -> str:
    """Keep a list, if it is not kept yet; returns its digest."""
    digest = digest_of(manifest)
    if not any((root / _name(digest)).exists() for root in paths.caches()):
        with suppress(ParibusError, OSError):  # without it only counts can be compared
            write_shared(paths.writable_cache() / _name(digest), _text(manifest))
    return digest


def find(digest: str) -> Manifest | None:
    """The list with this digest, if it is kept here and whole."""
    for root in paths.caches():
        with suppress(OSError, ValueError, AttributeError):
            content = Path(root / _name(digest)).read_bytes()
            if hashlib.sha256(content).hexdigest()[:32] == digest:
                return {name: tuple(entry) for name, entry in json.loads(content).items()}
    return None


def _text(manifest: Manifest) -> bytes:
    return json.dumps({name: list(manifest[name]) for name in sorted(manifest)}, separators=(",", ":")).encode()


def _name(digest: str) -> str:
    return f"manifests/{digest}.json"
