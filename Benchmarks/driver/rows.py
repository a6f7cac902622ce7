"""What is compared with what, and the goals."""

import statistics

SHOWN = {
    "sqlcipher": "SQLCipher", "sqlite": "SQLite (plaintext)",
    "lmdb-sealed": "LMDB, zstd + GCM by the application", "rocksdb": "RocksDB (plaintext)",
    "rocksdb-zstd": "RocksDB, zstd dictionary (plaintext)",
    "append": "bare append + fdatasync", "floor": "libraries alone, in C", "c": "the same in C", "speed": "openssl speed sha256",
    "single": "one such caller", "one-core": "one core",
    "in-memory": "the same in memory, never synced",
}
STORES = ["sqlcipher", "sqlite", "lmdb-sealed", "rocksdb", "rocksdb-zstd"]

# Work, unit, our figure, and the goals by peer: at least (+) or at most (-) so many times it.
STORE_ROWS = [
    ("bulk insert, 1,000 a synced commit", "records/s", "insert.per_s",
     {"sqlcipher": +12, "rocksdb": +2, "lmdb-sealed": +4}),
    ("one record a synced commit, p50", "µs", "single.p50_us", {"sqlcipher": -0.6}),
    ("point read, warm", "1/s", "read.per_s", {"sqlcipher": +2.5, "lmdb-sealed": +0.75}),
    ("point read, warm, p99", "µs", "read.p99_us", {"sqlcipher": -1}),
    ("point read, cold, p50", "µs", "cold.p50_us", {}),
    ("absent name", "1/s", "absent.per_s", {"sqlcipher": +2}),
    ("full verified scan", "records/s", "scan.per_s", {"sqlcipher": +4, "lmdb-sealed": +2}),
    ("range of 100 in name order", "1/s", "range.per_s", {"sqlcipher": +3}),
    ("size on disk", "MB", "size.mb", {"sqlcipher": -0.125, "rocksdb-zstd": -0.8}),
    ("open + first read", "ms", "open.ms", {}),
    ("processor time, bulk insert", "s", "insert.cpu_s", {}),
    ("processor time, scan", "s", "scan.cpu_s", {}),
    ("peak memory, bulk insert", "MB", "insert.memory_mb", {}),
    ("peak memory, point reads", "MB", "read.memory_mb", {}),
    ("peak memory, scan", "MB", "scan.memory_mb", {}),
]
# The same against something else than a store: the peer, its engine's name and its figure.
OTHER_ROWS = [
    ("one record a synced commit, p50", "µs", "single.p50_us",
     "append", "raw", "append.p50_us", -1.2),
    ("the same from one of Swift's threads", "µs", "pooled.p50_us",
     "append", "raw", "append.p50_us", None),
    ("64 callers, one record each", "records/s", "callers.per_s",
     "single", "ours", "pooled.per_s", +20),
    ("two cores ÷ one, bulk insert", "records/s", "insert.commits_per_s",
     "one-core", "ours-one-core", "insert.commits_per_s", +1.6),
    ("compress", "MB/s", "codec.mb_per_s", "c", "raw", "codec.mb_per_s", None),
    ("compress + seal", "MB/s", "pack.mb_per_s", "c", "raw", "pack.mb_per_s", +0.88),
    ("open + decompress", "MB/s", "unpack.mb_per_s", "c", "raw", "unpack.mb_per_s", None),
    ("keyless verify", "MB/s", "keyless.mb_per_s", "speed", "raw", "sha256.mb_per_s", +0.85),
    ("full verify", "MB/s", "verify.mb_per_s", "c", "raw", "verify.mb_per_s", +0.8),
]
# What libraries, disk and processors alone reach in C at the same work, without index, entries or interface.
FLOOR = {
    "insert.per_s": "floor.insert.per_s", "read.per_s": "floor.read.per_s",
    "range.per_s": "floor.range.per_s", "scan.per_s": "floor.scan.per_s",
    "verify.mb_per_s": "floor.verify.mb_per_s", "keyless.mb_per_s": "floor.keyless.mb_per_s",
    "import.mb_per_s": "floor.import.mb_per_s",
}
BATCHES = [1, 10, 100, 1_000, 10_000]
SIZES = [256, 1024, 4096, 16384, 65536, 1048576]
# What has to stay below or above a number.
LIMITS = [
    ("open + first read", "ms", "open.ms", -3),
    ("open for writing", "ms", "open.writing_ms", None),
    ("open after a kill, 64 MiB to replay", "ms", "reopen.ms", -1000),
    ("index rebuild", "ms", "rebuild.ms", -3000),
    ("import of FHIR NDJSON", "MB/s", "import.mb_per_s", +100),
    ("peak memory, bulk insert", "MB", "insert.memory_mb", -128),
    ("peak memory, point reads", "MB", "read.memory_mb", -96),
    ("peak memory, scan", "MB", "scan.memory_mb", -64),
    ("peak memory, import", "MB", "import.memory_mb", -128),
    ("heap allocations a record, append", "", "allocations.append", -1),
    ("heap allocations a record, get", "", "allocations.get", -1),
]


def make(figures):
    """Rows in the order of the tables above; what was not measured has no row."""
    made = []
    for work, unit, name, goals in STORE_ROWS:
        for peer in STORES:
            made.append(against(figures, work, unit, name, peer, peer, name, goals.get(peer)))
    for work, unit, name, peer, engine, other, goal in OTHER_ROWS:
        made.append(against(figures, work, unit, name, peer, engine, other, goal))
    made += floor_rows(figures)
    for count in BATCHES:
        name = f"append.{count}.per_s"
        made.append(against(figures, f"append, batches of {count:,}", "records/s", name,
                            "in-memory", "ours-in-memory", name, None))
    for verb in ("seal", "open"):
        for size in SIZES:
            name = f"{verb}.{size}.ns"
            # In times, where 0.97 of the speed is 1 / 0.97 of the time.
            made.append(against(figures, f"{verb} {size} bytes", "ns", name, "c", "raw", name,
                                -1 / 0.97))
    for work, unit, name, limit in LIMITS:
        values = figures.get("ours", {}).get(name)
        if values:
            ours = statistics.median(values)
            made.append(row(work, unit, ours, None, None, None, limit, ours))
    return [one for one in made if one]


def floor_rows(figures):
    """Rows of our figures beside the floor, and of the floor beside the peers that have a goal."""
    made, alone = [], {"ours": figures.get("raw", {})}
    for work, unit, name, goals in STORE_ROWS:
        if name in FLOOR:
            made.append(against(figures, work, unit, name, "floor", "raw", FLOOR[name], None))
            for peer in goals:
                theirs = dict(alone, **{peer: figures.get(peer, {})})
                made.append(against(theirs, f"{work}, libraries alone", unit, FLOOR[name], peer,
                                    peer, name, None))
    for work, unit, name in [one[:3] for one in OTHER_ROWS + LIMITS]:
        if name in FLOOR:
            made.append(against(figures, work, unit, name, "floor", "raw", FLOOR[name], None))
    return made


def against(figures, work, unit, name, peer, engine, other, goal):
    ours = figures.get("ours", {}).get(name)
    theirs = figures.get(engine, {}).get(other)
    if not ours or not theirs:
        return None
    # Engines of one round saw the same machine: ratios are taken there, and then their median.
    ratio = statistics.median(a / b for a, b in zip(ours, theirs) if b)
    return row(work, unit, statistics.median(ours), SHOWN[peer], statistics.median(theirs), ratio,
               goal, ratio)


def row(work, unit, ours, peer, peer_value, ratio, goal, judged):
    """One row; a goal below zero is an upper bound."""
    text, met = None, None
    if goal is not None:
        text = f"{'≥' if goal > 0 else '≤'} {abs(goal):.4g}"
        judged = rounded(judged)  # as it is shown
        met = judged >= goal if goal > 0 else judged <= -goal
    return dict(work=work, unit=unit, ours=rounded(ours), peer=peer,
                peer_value=rounded(peer_value), ratio=rounded(ratio), goal=text, met=met)


def rounded(value):
    return None if value is None else float(f"{value:.4g}")
