"""Searches tables with LanceDB for Python. In: JSON lines of path, queries, k and metric. Out: one line each."""
import json
import sys

import lancedb
import numpy as np


def judged(job):
    table = lancedb.connect(job["path"]).open_table("vector_index")
    found = []
    for query in job["queries"]:
        # As the Python project searches: the metric is the one of the index, if there is one.
        search = table.search(np.array(query, dtype=np.float32)).limit(job["k"])
        if job["metric"] is not None:
            search = search.distance_type(job["metric"])
        found.append([[row["id"], row["_distance"], row["payload"]] for row in search.to_arrow().to_pylist()])
    fields = [[field.name, str(field.type)] for field in table.schema]
    return {"count": table.count_rows(), "fields": fields, "found": found}


for line in sys.stdin:
    print(json.dumps(judged(json.loads(line))), flush=True)
