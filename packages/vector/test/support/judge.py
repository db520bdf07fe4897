"""Searches files with SQLite and the extension sqlite-vec. In: JSON lines of path, queries and k. Out: one line each."""
import json
import struct
import sys

import apsw
import sqlite_vec


def opened(path):
    connection = apsw.Connection(path)
    connection.enable_load_extension(True)
    connection.load_extension(sqlite_vec.loadable_path())
    return connection


def blob(values):
    return struct.pack(f"<{len(values)}f", *values)


def knn(db, query, k):
    sql = "SELECT rowid, distance FROM vec_index WHERE embedding MATCH ? AND k = ?"
    return list(db.execute(sql, (blob(query), k)))


def judged(job):
    db = opened(job["path"])
    queries = job["queries"]
    out = {
        "integrity": [row[0] for row in db.execute("PRAGMA integrity_check")],
        "count": db.execute("SELECT count(*) FROM vec_index").fetchone()[0],
        "found": [knn(db, query, job["k"]) for query in queries],
        "ids": dict((str(i), t) for i, t in db.execute("SELECT internal_id, original_id FROM vec_id_map")),
        "kv": db.execute("SELECT count(*) FROM kv").fetchone()[0],
    }
    # The extension can go on with the file.
    rowid = out["count"]
    db.execute("INSERT INTO vec_index(rowid, embedding) VALUES (?, ?)", (rowid, blob(queries[0])))
    out["inserted"] = knn(db, queries[0], 1)[0][0]
    db.execute("DELETE FROM vec_index WHERE rowid = ?", (rowid,))
    if rowid > 1:
        db.execute("DELETE FROM vec_index WHERE rowid IN (0, 1)")
    out["afterDelete"] = [knn(db, query, job["k"]) for query in queries]
    db.execute("VACUUM")
    out["integrityAfter"] = [row[0] for row in db.execute("PRAGMA integrity_check")]
    return out


for line in sys.stdin:
    print(json.dumps(judged(json.loads(line))), flush=True)
