"""Evaluates CEL programs with the library of the Python project: one JSON program a line in, one answer a line out.

In: {"expr": text, "columns": {name: type}, "rows": [{name: tagged value}]}.
Out: {"refused": text} or {"results": [tagged value or {"error": text}]}.
Tagged: ["i", "12"], ["s", text], ["b", hex], ["d", hex of the big-endian double], ["t", bool], ["n"], ["o", type name].
"""
import json
import struct
import sys

from cel_expr_python import cel

TYPES = {name: getattr(cel.Type, name.upper()) for name in ("int", "uint", "string", "bytes", "double", "bool")}
ERRORS = ("INVALID_ARGUMENT: ", "OUT_OF_RANGE: ", "NOT_FOUND: ", "UNKNOWN: ", "INTERNAL: ", "FAILED_PRECONDITION: ", "RESOURCE_EXHAUSTED: ", "UNIMPLEMENTED: ")


def untag(tagged):
    kind, *rest = tagged
    if kind == "i":
        return int(rest[0])
    if kind == "b":
        return bytes.fromhex(rest[0])
    if kind == "d":
        return struct.unpack(">d", bytes.fromhex(rest[0]))[0]
    return None if kind == "n" else rest[0]


def tag(value):
    if value is None:
        return ["n"]
    if isinstance(value, bool):
        return ["t", value]
    if isinstance(value, int):
        return ["i", str(value)]
    if isinstance(value, float):
        return ["d", struct.pack(">d", value).hex()]
    if isinstance(value, (bytes, bytearray)):
        return ["b", value.hex()]
    if isinstance(value, str):
        return {"error": value} if value.startswith(ERRORS) else ["s", value]
    return ["o", type(value).__name__]


def hashes():
    try:
        import xxhash
    except ImportError:
        return []

    def shard_hash(x):
        if isinstance(x, int):
            x = x.to_bytes(8, "little", signed=True)
        elif isinstance(x, str):
            x = x.encode()
        return xxhash.xxh3_64_intdigest(x)

    takes = [cel.Type.INT, cel.Type.UINT, cel.Type.STRING, cel.Type.BYTES]
    overloads = [cel.Overload(f"shard_hash_{i}", cel.Type.UINT, [t], impl=shard_hash) for i, t in enumerate(takes)]
    return [cel.CelExtension("shardyfusion", [cel.FunctionDecl("shard_hash", overloads)])]


def answer(program):
    try:
        variables = {name: TYPES[type_] for name, type_ in program["columns"].items()}
        env = cel.NewEnv(variables=variables, extensions=hashes())
        compiled = env.compile(program["expr"])
    except Exception as error:
        return {"refused": str(error)}
    results = []
    for row in program["rows"]:
        try:
            data = {name: untag(value) for name, value in row.items()}
            results.append(tag(compiled.eval(data=data).plain_value()))
        except Exception as error:
            results.append({"error": f"{type(error).__name__}: {error}"})
    return {"results": results}


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
