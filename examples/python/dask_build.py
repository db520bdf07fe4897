"""A snapshot from a Dask DataFrame: one partition a shard, each written by its task.

    python dask_build.py file:///tmp/snapshot --rows 1000000 --shards 8

needs dask[dataframe,distributed]. In your job, call `build_snapshot(frame, prefix, shards)`.
"""

from __future__ import annotations

import cloudpickle
import dask
import dask.dataframe as dd
import pandas as pd
import pyarrow as pa
from dask.distributed import Client, LocalCluster

import sample_rows
import shardy_tasks

# Dask would convert bytes in object columns to text.
BINARY = pd.ArrowDtype(pa.binary())


def build_snapshot(frame: dd.DataFrame, prefix: str, shards: int, *options: str) -> dict:
    """Publishes the columns `key` (integer or text), `value` (bytes, as an Arrow type) and, with `"--dimensions", "3"`, `vector`
    (lists, as an Arrow type) of `frame`.

    A shard must fit into the memory of one worker. Dask runs the tasks of a worker that died again, here up to its
    `allowed-failures`; each run takes the next free attempt number.
    """
    plan = shardy_tasks.plan(prefix, shards, *options)
    # Pickle the module with the functions below, so that workers do not need the file.
    cloudpickle.register_pickle_by_value(shardy_tasks)

    def place(part: pd.DataFrame) -> pd.DataFrame:
        return part.assign(shard=[shardy_tasks.shard_of(key, shards) for key in part["key"].tolist()])

    @dask.delayed
    def write(part: pd.DataFrame, shard: int) -> str:
        columns = [name for name in ("key", "value", "vector") if name in part.columns]
        pairs = zip(*(part[name].tolist() for name in columns), strict=True)
        return shardy_tasks.write_shard(plan, shard, pairs)

    like = frame._meta.assign(shard=pd.Series(dtype="int64"))
    placed = frame.map_partitions(place, meta=like)
    # Partition i contains the index values from i up to i + 1, which is exactly shard i.
    by_shard = placed.set_index("shard", divisions=list(range(shards + 1)))
    results = dask.compute(*(write(part, shard) for shard, part in enumerate(by_shard.to_delayed())))
    return shardy_tasks.publish(plan, results)


def main() -> None:
    args = sample_rows.arguments()
    cloudpickle.register_pickle_by_value(sample_rows)
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster):

        def rows(start: int, end: int) -> pd.DataFrame:
            sample_rows.die_once(args.kill_once)
            keys = range(start, end)
            values = pd.array([sample_rows.value_of(key) for key in keys], dtype=BINARY)
            return pd.DataFrame({"key": keys, "value": values})

        step = -(-args.rows // 8)
        starts = range(0, args.rows, step)
        ends = [min(start + step, args.rows) for start in starts]
        frame = dd.from_map(rows, starts, ends, meta={"key": "int64", "value": BINARY})
        sample_rows.report(build_snapshot(frame, args.prefix, args.shards))


if __name__ == "__main__":
    main()
