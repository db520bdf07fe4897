"""Exchanges SQLite files with the tests of sqlite-file, through apsw and Python's own sqlite3.

    make FOLDER      writes files of many kinds, each with FOLDER/NAME.json: the rows of its tables
    check FILE ...   runs the integrity check of both libraries; prints the rows of each file as JSON
    integrity FILE   runs the integrity check of both libraries and no more
"""

import json
import os
import sqlite3
import sys

import apsw


def cell(value):
    if isinstance(value, bytes):
        return {"blob": value.hex()}
    if isinstance(value, float):
        return {"real": value.hex()}
    if isinstance(value, int):
        return {"integer": str(value)}
    return value


def rows_of(connection, table):
    columns = [row[1] for row in connection.execute(f'PRAGMA table_info("{table}")')]
    keyed = connection.execute(
        "SELECT sql FROM sqlite_master WHERE name = ?", (table,)
    ).fetchone()[0]
    order = "" if "WITHOUT ROWID" in keyed else " ORDER BY rowid"
    names = ", ".join(f'"{column}"' for column in columns)
    query = f'SELECT {names} FROM "{table}" NOT INDEXED{order}'
    if not order:
        query = f'SELECT {names} FROM "{table}"'
    return [[cell(value) for value in row] for row in connection.execute(query)]


def tables_of(connection):
    query = "SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage > 0 ORDER BY rowid"
    return {name: rows_of(connection, name) for (name,) in list(connection.execute(query))}


def fill(connection, rows):
    connection.execute("BEGIN")
    connection.execute(
        "CREATE TABLE plain (id INTEGER PRIMARY KEY, name TEXT, size REAL, data BLOB, any)"
    )
    connection.execute("CREATE TABLE bare (a, b INTEGER, c NUMERIC DEFAULT 3)")
    connection.execute(
        "CREATE TABLE keyed (x TEXT, y INTEGER, z BLOB, PRIMARY KEY (y DESC, x COLLATE NOCASE)) WITHOUT ROWID"
    )
    connection.execute("CREATE TABLE uniques (id TEXT PRIMARY KEY, u INTEGER UNIQUE, w, UNIQUE (w, u))")
    connection.execute("CREATE INDEX by_name ON plain (name COLLATE NOCASE DESC, size)")
    connection.execute("CREATE INDEX by_data ON plain (data)")
    connection.execute("CREATE UNIQUE INDEX by_z ON keyed (z, x)")
    texts = ["", "a", "A", "é", "\U0001f600 smile", "b\x00c", "\uffff", "zz  ", "x" * 3000]
    numbers = [0, 1, -1, 127, 128, -129, 32768, -(2**23), 2**31, -(2**40), 2**47, 2**53 + 1, 2**63 - 1, -(2**63)]
    for i in range(rows):
        text = texts[i % len(texts)] + (str(i) if i % 3 else "")
        number = numbers[i % len(numbers)]
        real = [0.5, -0.0, 1e300, 3.0, float("inf"), i / 7][i % 6]
        blob = bytes((i * 31 + n) % 256 for n in range((i * i) % 5000 if i % 10 == 0 else i % 60))
        connection.execute(
            "INSERT INTO plain VALUES (?, ?, ?, ?, ?)",
            (i * 3 - 50, text, real, blob, [None, number, text, real, blob][i % 5]),
        )
        connection.execute("INSERT INTO bare (a, b) VALUES (?, ?)", (number, i))
        connection.execute("INSERT INTO keyed VALUES (?, ?, ?)", (text, i // 4 * 4 + i % 4, blob + bytes([i % 256, i // 256])))
        connection.execute("INSERT INTO uniques VALUES (?, ?, ?)", (f"{i * 7919 % 100003}-{text[:20]}", i * 17, text))
    connection.execute("COMMIT")
    connection.execute("ALTER TABLE bare ADD COLUMN added TEXT DEFAULT 'later'")
    connection.execute("ALTER TABLE bare ADD COLUMN more REAL DEFAULT 2")
    if rows > 20:
        connection.execute("DELETE FROM plain WHERE id % 9 = 0")
        connection.execute("DELETE FROM keyed WHERE y > 40 AND y < 90")
        connection.execute("DELETE FROM bare WHERE rowid BETWEEN 10 AND 60")


def make(folder):
    def one(name, rows=300, before=(), reserve=None, after=()):
        path = os.path.join(folder, name + ".db")
        connection = apsw.Connection(path)
        if reserve is not None:
            connection.reserve_bytes(reserve=reserve)
        for statement in before:
            connection.execute(statement)
        fill(connection, rows)
        for statement in after:
            connection.execute(statement)
        expected = tables_of(connection)
        connection.close()
        with open(os.path.join(folder, name + ".json"), "w") as out:
            json.dump(expected, out)

    for size in (512, 1024, 2048, 4096, 8192, 16384, 32768, 65536):
        one(f"page-{size}", before=[f"PRAGMA page_size = {size}"])
    for encoding in ("UTF-16le", "UTF-16be"):
        one(encoding.lower(), before=[f"PRAGMA encoding = '{encoding}'"])
        one(f"{encoding.lower()}-512", before=["PRAGMA page_size = 512", f"PRAGMA encoding = '{encoding}'"])
    one("reserved-32", reserve=32)
    one("reserved-12-of-512", before=["PRAGMA page_size = 512"], reserve=12)
    one("reserved-255", before=["PRAGMA page_size = 1024"], reserve=255)
    one("auto-vacuum-full", rows=700, before=["PRAGMA page_size = 512", "PRAGMA auto_vacuum = FULL"])
    one("auto-vacuum-incremental", rows=500, before=["PRAGMA auto_vacuum = INCREMENTAL"])
    one("wal-mode", before=["PRAGMA journal_mode = WAL"], after=["PRAGMA wal_checkpoint(TRUNCATE)"])
    one("vacuumed", after=["VACUUM"])
    one("empty-tables", rows=0)


def integrity(path):
    ours = apsw.Connection(path, flags=apsw.SQLITE_OPEN_READONLY)
    found = [row[0] for row in ours.execute("PRAGMA integrity_check")]
    ours.close()
    theirs = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    found += [row[0] for row in theirs.execute("PRAGMA integrity_check")]
    theirs.close()
    return found


def check(paths):
    results = []
    for path in paths:
        ours = apsw.Connection(path, flags=apsw.SQLITE_OPEN_READONLY)
        theirs = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        pragmas = {
            name: next(ours.execute(f"PRAGMA {name}"))[0]
            for name in ("page_size", "application_id", "user_version", "encoding", "freelist_count")
        }
        results.append({"integrity": integrity(path), "pragmas": pragmas, "tables": tables_of(theirs)})
        theirs.close()
        ours.close()
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    command, *rest = sys.argv[1:]
    if command == "make":
        make(rest[0])
    elif command == "integrity":
        json.dump(integrity(rest[0]), sys.stdout)
    else:
        check(rest)
