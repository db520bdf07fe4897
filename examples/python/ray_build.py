"""A snapshot from a Ray Data dataset: one group a shard, each written by its task.

    python ray_build.py file:///tmp/snapshot --rows 1000000 --shards 8

needs ray[data]. In your job, call `build_snapshot(dataset, prefix, shards)`.
"""

from __future__ import annotations

import pyarrow as pa
import ray
from ray.data import Dataset

import sample_rows
import shardy_tasks


def build_snapshot(rows: Dataset, prefix: str, shards: int, *options: str) -> dict:
    """Publishes the columns `key` (integer or text), `value` (bytes) and, with `"--dimensions", "3"`, `vector` (list) of `rows`.

    A shard must fit into the memory of one worker, as Ray hands a group over whole. Ray runs the task of a worker that died
    again; each run takes the next free attempt number.
    """
    plan = shardy_tasks.plan(prefix, shards, *options)
    # Pickle the module with the functions below, so that workers do not need the file.
    ray.cloudpickle.register_pickle_by_value(shardy_tasks)

    def place(block: pa.Table) -> pa.Table:
        shard = [shardy_tasks.shard_of(key, shards) for key in block["key"].to_pylist()]
        return block.append_column("shard", pa.array(shard, pa.int32()))

    def write(group: pa.Table) -> pa.Table:
        shard = group["shard"][0].as_py()
        columns = [name for name in ("key", "value", "vector") if name in group.column_names]
        pairs = zip(*(group[name].to_pylist() for name in columns), strict=True)
        return pa.table({"shard": [shard], "result": [shardy_tasks.write_shard(plan, shard, pairs)]})

    placed = rows.map_batches(place, batch_format="pyarrow")
    written = placed.groupby("shard").map_groups(write, batch_format="pyarrow").take_all()
    results = {row["shard"]: row["result"] for row in written}
    # A shard without rows has no group and no task, but publishing needs its result.
    for shard in range(shards):
        if shard not in results:
            results[shard] = shardy_tasks.write_shard(plan, shard, [])
    return shardy_tasks.publish(plan, results.values())


def main() -> None:
    args = sample_rows.arguments()
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    ray.cloudpickle.register_pickle_by_value(sample_rows)
    ray.data.DataContext.get_current().enable_progress_bars = False

    def value(block: pa.Table) -> pa.Table:
        sample_rows.die_once(args.kill_once)
        keys = block["id"]
        values = pa.array([sample_rows.value_of(key) for key in keys.to_pylist()], pa.binary())
        return pa.table({"key": keys, "value": values})

    rows = ray.data.range(args.rows).map_batches(value, batch_format="pyarrow")
    sample_rows.report(build_snapshot(rows, args.prefix, args.shards))
    ray.shutdown()


if __name__ == "__main__":
    main()
