"""Builds a snapshot from a Spark DataFrame. Each partition is one shard, which its task writes.

    python spark_build.py file:///tmp/snapshot --rows 1000000 --shards 8

needs pyspark 4.1 or newer and pyarrow. In your job, call `build_snapshot(df, prefix, shards)`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pandas as pd
import pyarrow as pa
from pyspark import TaskContext
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.functions import col, pandas_udf

import sample_rows
import shardy_tasks


def build_snapshot(df: DataFrame, prefix: str, shards: int, *options: str) -> dict:
    """Publishes the columns `key` (long or string), `value` (binary) and, with `"--dimensions", "3"`, `vector` (array) of `df`.

    Spark may repeat and speculate as it likes: attempts are told apart by the number and the id Spark gives them.
    """
    plan = shardy_tasks.plan(prefix, shards, *options)
    df.sparkSession.sparkContext.addPyFile(shardy_tasks.__file__)

    @pandas_udf("int")
    def shard(keys: pd.Series) -> pd.Series:
        return keys.map(lambda key: shardy_tasks.shard_of(key, shards))

    def write(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        task = TaskContext.get()
        result = shardy_tasks.write_shard(
            plan,
            # The partition is the shard, even if the shard has no rows.
            task.partitionId(),
            rows_of(batches),
            attempt=task.attemptNumber(),
            task_attempt_id=task.taskAttemptId(),
            stage_id=task.stageId(),
        )
        yield pa.RecordBatch.from_pydict({"result": [result]})

    columns = [name for name in ("key", "value", "vector") if name in df.columns]
    placed = df.select(*columns, shard(col("key")).alias("shard")).repartitionById(shards, col("shard"))
    written = placed.select(*columns).mapInArrow(write, "result string").collect()
    return shardy_tasks.publish(plan, [row.result for row in written])


def rows_of(batches: Iterator[pa.RecordBatch]) -> Iterator[tuple]:
    for batch in batches:
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def main() -> None:
    args = sample_rows.arguments()
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    # The second number is the number of task failures allowed. In local mode, one failure ends the job by default.
    spark = SparkSession.builder.master("local[2,4]").config("spark.ui.enabled", "false").getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    spark.sparkContext.addPyFile(sample_rows.__file__)

    @pandas_udf("binary")
    def value(keys: pd.Series) -> pd.Series:
        sample_rows.die_once(args.kill_once)
        return keys.map(sample_rows.value_of)

    keys = spark.range(args.rows).withColumnRenamed("id", "key")
    sample_rows.report(build_snapshot(keys.withColumn("value", value(col("key"))), args.prefix, args.shards))
    spark.stop()


if __name__ == "__main__":
    main()
