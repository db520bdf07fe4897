"""Writes and reads one shard with SlateDB's own binding for Python, as the Python project does.

    slatedb_peer.py write <url> <seal> [<setting>=<json> ...]   rows as JSON lines [key, value] on stdin, both in hex;
                                                                 a value of null deletes the key; an empty line flushes
    slatedb_peer.py read <url>                                   rows as JSON lines on stdout

<seal> is "log" (the log is flushed and nothing else) or "tables".
"""

import asyncio
import json
import sys

from slatedb.uniffi import (
    DbBuilder,
    DbReaderBuilder,
    FlushOptions,
    FlushType,
    KeyRange,
    ObjectStore,
    Settings,
    WriteBatch,
    WriteOptions,
)


async def write(url, seal, pairs):
    settings = Settings.default()
    for pair in pairs:
        name, value = pair.split("=", 1)
        settings.set(name, value)
    builder = DbBuilder("", ObjectStore.resolve(url))
    builder.with_settings(settings)
    db = await builder.build()
    flush = FlushOptions(flush_type=FlushType.WAL if seal == "log" else FlushType.MEM_TABLE)
    batch, size = WriteBatch(), 0
    for line in sys.stdin:
        if line.strip() == "":
            await db.write_with_options(batch, WriteOptions(await_durable=False))
            await db.flush_with_options(flush)
            batch, size = WriteBatch(), 0
            continue
        key, value = json.loads(line)
        if value is None:
            batch.delete(bytes.fromhex(key))
        else:
            batch.put(bytes.fromhex(key), bytes.fromhex(value))
        size += 1
    if size > 0:
        await db.write_with_options(batch, WriteOptions(await_durable=False))
    await db.flush_with_options(flush)
    await db.shutdown()


async def read(url):
    reader = await DbReaderBuilder("", ObjectStore.resolve(url)).build()
    rows = await reader.scan(KeyRange(start=None, start_inclusive=True, end=None, end_inclusive=False))
    while (row := await rows.next()) is not None:
        found = await reader.get(row.key)
        if found != row.value:
            raise SystemExit(f"get and scan differ at {row.key.hex()}")
        print(json.dumps([row.key.hex(), row.value.hex()]))
    await reader.shutdown()


def main(command, url, *rest):
    if command == "write":
        asyncio.run(write(url, rest[0], rest[1:]))
    else:
        asyncio.run(read(url))


main(*sys.argv[1:])
