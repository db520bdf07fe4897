"""Shared by the three programs when they run standalone: sample rows, and a deliberate failure."""

from __future__ import annotations

import argparse
import json
import os
import signal


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("prefix", help="location of the snapshot, such as file:///tmp/snapshot")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--shards", type=int, default=8)
    parser.add_argument("--kill-once", metavar="FILE", help="kill the first worker that reads a row, and create this file")
    return parser.parse_args()


def value_of(key: int) -> bytes:
    """The value of a key: about 100 bytes, unique per key."""
    return f"{key}:{key * 2654435761 % 2**32:032x}".ljust(100, ".").encode()


def die_once(marker: str | None) -> None:
    """Kills this worker process once, so that its work must be retried."""
    if marker is None:
        return
    try:
        os.close(os.open(marker, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return
    os.kill(os.getpid(), signal.SIGKILL)


def report(published: dict) -> None:
    print(json.dumps(published))
