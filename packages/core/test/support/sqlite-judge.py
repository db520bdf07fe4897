"""Runs the query of the reference reader on SQLite shards: `sqlite-judge.py <module> <json>`.

The JSON is a list of {"path", "rows": [[key hex, SHA-256 of the value or null], ...], "count"}. Prints one line for each
problem, and at the end the number of answers.
"""

import hashlib
import json
import sys

QUERY = "SELECT v FROM kv WHERE k = ?"


def connect(module, path):
    if module == "apsw":
        import apsw

        connection = apsw.Connection(f"file:{path}?mode=ro", flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)
        return connection.cursor().execute
    import sqlite3

    return sqlite3.connect(f"file:{path}?mode=ro", uri=True).execute


def main(module, cases):
    answers = 0
    for case in cases:
        execute = connect(module, case["path"])
        [[verdict]] = list(execute("PRAGMA integrity_check"))
        if verdict != "ok":
            print(case["path"], verdict)
        [[count]] = list(execute("SELECT count(*) FROM kv"))
        if count != case["count"]:
            print(case["path"], "has", count, "rows instead of", case["count"])
        for key, expected in case["rows"]:
            row = next(iter(execute(QUERY, (bytes.fromhex(key),))), None)
            found = None if row is None else hashlib.sha256(row[0]).hexdigest()
            if found != expected or (row is not None and not isinstance(row[0], bytes)):
                print(case["path"], key, "is", found, "instead of", expected)
            answers += 1
    print(answers)


with open(sys.argv[2], encoding="utf-8") as file:
    main(sys.argv[1], json.load(file))
