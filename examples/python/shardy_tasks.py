"""Building a shardyfusion snapshot with the tasks of a cluster.

Plain Python on top of the `shardy` command: `plan` once, `write_shard` in each task, `publish` once. Cluster engines
differ only in how they move the rows of a shard to one task; see spark_build.py, ray_build.py and dask_build.py.

Needs `xxhash` (https://pypi.org/project/xxhash/) and the `shardy` command on every machine. The
variable SHARDY overrides the command, for example `SHARDY="node /opt/shardy/dist/bin.js"`. Storage credentials come from
the environment.
"""

from __future__ import annotations

import json
import os
import shlex
import struct
import subprocess
import tempfile
from collections.abc import Iterable

import xxhash

Key = int | str | bytes

_END = 2**64 - 1
_PIPE_BYTES = 1 << 20


def command() -> list[str]:
    """The command that runs `shardy` on this machine."""
    return shlex.split(os.environ.get("SHARDY", "shardy"))


def shard_of(key: Key, shards: int) -> int:
    """The shard of a key, computed as in every reader: XXH3-64 of its routing bytes, modulo the number of shards."""
    if isinstance(key, int):
        data = key.to_bytes(8, "little", signed=True)
    elif isinstance(key, str):
        data = key.encode()
    else:
        data = key
    return xxhash.xxh3_64_intdigest(data) % shards


def stored_key(key: Key, encoding: str) -> bytes:
    """The stored key bytes: a big-endian integer, UTF-8 text, or the bytes unchanged."""
    if encoding == "u64be":
        return key.to_bytes(8, "big")
    if encoding == "u32be":
        return key.to_bytes(4, "big")
    return key.encode() if isinstance(key, str) else key


def plan(prefix: str, shards: int, *options: str) -> dict:
    """Starts a build. `options` are more arguments for `shardy plan`, such as "--key-encoding", "utf8"."""
    words = [*command(), "plan", "--prefix", prefix, "--shards", str(shards), *options]
    return json.loads(_run(words, b""))


def write_shard(
    plan: dict,
    shard: int,
    rows: Iterable[tuple],
    *,
    attempt: int = 0,
    task_attempt_id: int | None = None,
    stage_id: int | None = None,
) -> str:
    """Writes the rows of one shard through `shardy write-shard`, and gives its result, one line of JSON.

    A row is `(key, value)`. With a plan that has dimensions, it may be `(key, value, vector)` or `(key, value, vector, payload)`:
    numbers (`None` for a row without a vector) and JSON data that search results repeat.

    May be called any number of times for one shard, at the same time too: pass on whatever it gives, and `publish` picks.
    """
    words = [*command(), "write-shard", "--plan", json.dumps(plan), "--shard", str(shard), "--attempt", str(attempt)]
    if task_attempt_id is not None:
        words += ["--task-attempt-id", str(task_attempt_id)]
    if stage_id is not None:
        words += ["--stage-id", str(stage_id)]
    # stderr goes to a file: a pipe that is not read could fill up and block the command.
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors)
        try:
            try:
                _send(process.stdin, rows, plan)
            except BrokenPipeError:
                pass  # It has given up; why is on its stderr.
            result = process.stdout.read()
            if process.wait() == 0:
                return result.decode().strip()
            errors.seek(0)
            raise RuntimeError(f"shardy write-shard {shard}: {errors.read().decode(errors='replace').strip()}")
        finally:
            # This also runs if the task is cancelled, or fails while it produces rows.
            process.kill()
            process.stdout.close()
            process.wait()


def publish(plan: dict, results: Iterable[str]) -> dict:
    """Ends a build: publishes one attempt per shard and deletes all others. It is safe to call again."""
    lines = "".join(f"{line}\n" for line in results).encode()
    return json.loads(_run([*command(), "publish", "--plan", json.dumps(plan)], lines))


def _send(pipe, rows: Iterable[tuple], plan: dict) -> None:
    """Encodes rows as frames: the lengths of key and value as two little-endian u64, key, value. At the end come 2^64-1 and
    the number of rows. With vectors, the lengths of vector (float32) and payload (JSON) follow the first two, and both
    follow the value."""
    encoding, has_vectors = plan["keyEncoding"], plan.get("vector") is not None
    parts: list[bytes] = []
    size = count = 0
    for key, value, *more in rows:
        stored = stored_key(key, encoding)
        if has_vectors:
            vector, payload = _vector_parts(*more)
            parts += (struct.pack("<QQQQ", len(stored), len(value), len(vector), len(payload)), stored, value, vector, payload)
            size += len(vector) + len(payload)
        else:
            parts += (struct.pack("<QQ", len(stored), len(value)), stored, value)
        size += len(stored) + len(value)
        count += 1
        if size >= _PIPE_BYTES:
            pipe.write(b"".join(parts))
            parts.clear()
            size = 0
    parts.append(struct.pack("<QQQQ", _END, count, 0, 0) if has_vectors else struct.pack("<QQ", _END, count))
    pipe.write(b"".join(parts))
    pipe.close()


def _vector_parts(vector=None, payload=None) -> tuple[bytes, bytes]:
    if vector is None:
        return b"", b""
    return struct.pack(f"<{len(vector)}f", *vector), b"" if payload is None else json.dumps(payload).encode()


def _run(words: list[str], stdin: bytes) -> bytes:
    done = subprocess.run(words, input=stdin, capture_output=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(words[:2])}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout
