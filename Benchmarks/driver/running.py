"""Runs the phases of every engine, round by round, each phase a process of its own."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import files
from building import fail, say

# The program of each engine that keeps records, in the order of the first round.
ENGINES = ["ours", "sqlcipher", "sqlite", "lmdb-sealed", "rocksdb", "rocksdb-zstd"]
READS, COLD_READS, SINGLES, APPENDS = 50_000, 300, 300, 300
REPLAY_MIB = 64
# A corpus has to hold five batches of the largest size that is appended.
SMALLEST_APPENDED, IN_MEMORY = 50_000, "/dev/shm"
TURNS = 3


class Figures:
    """All figures of all rounds: by engine, then by name, a value a round."""

    def __init__(self):
        self.values = {}

    def add(self, engine, output):
        for line in output.splitlines():
            name, _, value = line.partition(" ")
            self.values.setdefault(engine, {}).setdefault(name, []).append(float(value))


class Runner:
    def __init__(self, programs, corpus, out):
        self.programs, self.corpus = programs, corpus
        self.place = out / "run"
        # What a run that was stopped has left.
        shutil.rmtree(self.place, ignore_errors=True)
        self.figures = Figures()
        self.environment = dict(os.environ, BENCH_DICTIONARY=corpus.dictionary)

    def phase(self, engine, *arguments, before=(), preload=None, into=None, survives=True):
        """Runs one program and notes what it prints; a program that fails ends the run."""
        measured = [self.programs["measured"], str(arguments[0])]
        command = [*measured, *before, self.programs[engine], *map(str, arguments)]
        environment = dict(self.environment, **({"LD_PRELOAD": preload} if preload else {}))
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        if survives and done.returncode != 0:
            fail(f"{engine} {arguments[0]} failed: {done.stdout}{done.stderr}")
        self.figures.add(into or engine, done.stdout)

    def fresh(self, name):
        path = self.place / name
        shutil.rmtree(path, ignore_errors=True)
        self.place.mkdir(parents=True, exist_ok=True)
        return path

    def store(self, engine, seed):
        """What every engine does."""
        corpus, count = self.corpus, self.corpus.count
        path = self.fresh(engine)
        if engine.startswith("rocksdb") or engine == "ours":
            path.mkdir(parents=True)
        self.phase(engine, "insert", corpus.path, path)
        if engine != "ours":
            self.phase(engine, "settle", path)
        self.figures.add(engine, f"size.mb {files.disk_bytes(path) / 1e6}")
        reads = min(READS, count)
        files.warm(path)
        self.phase(engine, "read", path, count, reads, seed)
        files.cool(path)
        self.phase(engine, "cold", path, count, COLD_READS, seed)
        files.warm(path)
        self.phase(engine, "scan", path)
        self.phase(engine, "open", path, count, seed)
        self.phase(engine, "single", corpus.path, path, count, SINGLES)
        if engine == "ours":
            self.phase(engine, "callers", corpus.path, path, count + 2 * SINGLES)
            self.phase(engine, "rebuild", path)
            megabytes = self.figures.values["ours"]["corpus.mb"][-1]
            self.phase(engine, "verify", path, megabytes)
            self.phase(engine, "keyless", path)
        shutil.rmtree(path)

    def own(self, is_first):
        """What only the archive does."""
        corpus = self.corpus
        one = (shutil.which("taskset"), "-c", "0")
        path = self.fresh("one-core")
        self.phase("ours", "insert", corpus.path, path, 1, before=one, into="ours-one-core")
        if corpus.count >= SMALLEST_APPENDED:
            self.append()
        path = self.fresh("import")
        self.phase("ours", "import", corpus.source, path)
        if is_first:
            path = self.fresh("allocations")
            self.phase("ours", "allocations", corpus.path, path,
                       preload=self.programs["counting.so"])
            path = self.fresh("killed")
            mebibytes = min(REPLAY_MIB, max(1, corpus.count * REPLAY_MIB // 200_000))
            self.phase("ours", "killed", corpus.path, path, mebibytes, survives=False)
            self.phase("ours", "reopen", path)
        shutil.rmtree(self.place)

    def append(self):
        """Batches of several sizes, on the disk and where a sync costs nothing."""
        self.place.mkdir(parents=True, exist_ok=True)
        self.phase("ours", "append", self.corpus.path, self.place / "append-of")
        with tempfile.TemporaryDirectory(dir=IN_MEMORY) as place:
            self.phase("ours", "append", self.corpus.path, pathlib.Path(place) / "append-of",
                       into="ours-in-memory")

    def raw(self):
        """What the libraries and the disk give without any engine."""
        cores = len(os.sched_getaffinity(0))
        self.place.mkdir(parents=True, exist_ok=True)
        self.phase("raw", "append", self.place / "append", APPENDS)
        # Short and in turn, because the machine's speed changes from second to second.
        for _ in range(TURNS):
            self.phase("ours", "seal", self.corpus.path)
            self.phase("raw", "seal")
            self.phase("raw", "pack", self.corpus.path, self.corpus.library_dictionary, cores)
        self.phase("raw", "floor", self.corpus.path, self.corpus.library_dictionary, cores,
                   self.place / "floor")
        self.figures.add("raw", f"sha256.mb_per_s {openssl_speed(cores)}")


def openssl_speed(cores):
    """Millions of bytes a second that `openssl speed` hashes on all cores."""
    command = ["openssl", "speed", "-seconds", "1", "-bytes", "16384", "-multi", str(cores),
               "-evp", "sha256"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = re.findall(r"^sha256\s+([0-9.]+)k", done.stdout, re.MULTILINE | re.IGNORECASE)
    if not found:
        fail(f"`{' '.join(command)}` printed no figure:\n{done.stdout}")
    return float(found[-1]) / 1000


def run(programs, corpus, out, rounds):
    """The figures of all rounds, by engine and name. Each round begins with another engine."""
    runner = Runner(programs, corpus, out)
    for number in range(rounds):
        turn = number % len(ENGINES)
        say(f"round {number + 1} of {rounds}")
        for engine in ENGINES[turn:] + ENGINES[:turn]:
            runner.store(engine, 1000 * number)
        runner.raw()
        runner.own(is_first=number == 0)
    return runner.figures.values


def count_syncs(programs, corpus, out):
    """Prints how often each engine asks the system to sync while it commits ten batches."""
    runner = Runner(programs, corpus, out)
    calls = "fsync,fdatasync,msync,sync_file_range,sync,syncfs"
    for engine in ENGINES:
        path = runner.fresh(engine)
        if engine.startswith("rocksdb") or engine == "ours":
            path.mkdir(parents=True)
        done = subprocess.run(
            ["strace", "-f", "-c", "-e", f"trace={calls}", programs[engine], "insert",
             corpus.path, str(path)],
            env=runner.environment, capture_output=True, text=True)
        counts = re.findall(r"^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+\d*\s*(\w+)$", done.stderr,
                            re.MULTILINE)
        shown = ", ".join(f"{count} {call}" for count, call in counts if call != "total")
        print(f"{engine}: {shown or 'none'} in {corpus.count // 1000} commits, with close")
        shutil.rmtree(path)
    sys.stdout.flush()
