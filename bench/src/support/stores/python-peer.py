"""Reads the shards of a snapshot with SlateDB's binding for Python, as the Python project does.

    python-peer.py <url of shard 0> <url of shard 1> ...

A command is a JSON line on stdin: ["get", keys, lanes], ["getMany", keys, batch] or ["scan", [], 0]. The answer is a JSON line
{wall, cpu, digest}: nanoseconds, and the SHA-256 of the values in their order (of keys and values for a scan).
"""

import asyncio
import hashlib
import json
import sys
import time

import xxhash
from slatedb.uniffi import DbReaderBuilder, KeyRange, ObjectStore


async def main(urls):
    readers = []
    for url in urls:
        readers.append(await DbReaderBuilder("", ObjectStore.resolve(url)).build())

    def route(key):
        return readers[xxhash.xxh3_64_intdigest(key.to_bytes(8, "little", signed=True)) % len(readers)]

    async def get(key):
        return await route(key).get(key.to_bytes(8, "big"))

    async def in_lanes(keys, lanes):
        values = [None] * len(keys)
        positions = iter(range(len(keys)))

        async def lane():
            for at in positions:
                values[at] = await get(keys[at])

        await asyncio.gather(*(lane() for _ in range(lanes)))
        return values

    async def rows_of(reader):
        found = []
        rows = await reader.scan(KeyRange(start=None, start_inclusive=True, end=None, end_inclusive=False))
        while (row := await rows.next()) is not None:
            found.append((row.key, row.value))
        return found

    for line in sys.stdin:
        command, keys, size = json.loads(line)
        wall, cpu = time.perf_counter_ns(), time.process_time_ns()
        if command == "get":
            values = await in_lanes(keys, size)
        elif command == "getMany":
            values = []
            for at in range(0, len(keys), size):
                values += await asyncio.gather(*(get(key) for key in keys[at : at + size]))
        else:
            shards = [await rows_of(reader) for reader in readers]
            values = [part for row in sorted(sum(shards, [])) for part in row]
        wall, cpu = time.perf_counter_ns() - wall, time.process_time_ns() - cpu
        digest = hashlib.sha256(b"".join(values)).hexdigest()
        print(json.dumps({"wall": wall, "cpu": cpu, "digest": digest}), flush=True)
    for reader in readers:
        await reader.shutdown()


asyncio.run(main(sys.argv[1:]))
