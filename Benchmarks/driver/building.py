"""Builds the engine's program and the peers, and says what is missing for it."""

import pathlib
import shutil
import subprocess
import sys

# What has to be there, and the Debian package that brings it.
HEADERS = {
    "/usr/include/sqlcipher/sqlite3.h": "libsqlcipher-dev",
    "/usr/include/sqlite3.h": "libsqlite3-dev",
    "/usr/include/lmdb.h": "liblmdb-dev",
    "/usr/include/rocksdb/c.h": "librocksdb-dev",
    "/usr/include/zstd.h": "libzstd-dev",
    "/usr/include/openssl/evp.h": "libssl-dev",
}
TOOLS = {"cc": "gcc", "openssl": "openssl", "taskset": "util-linux"}

FLAGS = ["-std=c11", "-D_GNU_SOURCE", "-O3", "-march=native", "-Wall", "-Wextra", "-Wconversion",
         "-Wshadow", "-Werror"]
STORE = ["main.c", "bench.c", "corpus.c"]
# What each program of `peers` is made of.
PROGRAMS = {
    "sqlcipher": STORE + ["sqlite.c", "-DCIPHERED", "-lsqlcipher"],
    "sqlite": STORE + ["sqlite.c", "-lsqlite3"],
    "lmdb-sealed": STORE + ["lmdb.c", "sealing.c", "-llmdb", "-lzstd", "-lcrypto"],
    "rocksdb": STORE + ["rocksdb.c", "-lrocksdb"],
    "rocksdb-zstd": STORE + ["rocksdb.c", "-DCOMPRESSED", "-lrocksdb"],
    "raw": ["raw.c", "raw-sealing.c", "raw-xaes.c", "raw-packs.c", "raw-floor.c", "bench.c", "corpus.c",
            "-lzstd", "-lcrypto", "-lpthread"],
    "measured": ["measured.c", "bench.c"],
    "counting.so": ["counting.c", "-shared", "-fPIC", "-ldl"],
}


def missing(needs_strace):
    tools = dict(TOOLS, **({"strace": "strace"} if needs_strace else {}))
    packages = [name for path, name in HEADERS.items() if not pathlib.Path(path).exists()]
    packages += [name for tool, name in tools.items() if not shutil.which(tool)]
    return packages


def fail(message):
    sys.exit("compare: " + message)


def build(here, out, needs_strace=False):
    """The paths of the programs by name; `ours` is the engine's."""
    packages = missing(needs_strace)
    if packages:
        fail("these Debian packages are missing; install them with\n"
             "    apt-get install --no-install-recommends " + " ".join(packages))
    if not shutil.which("swift"):
        fail("there is no Swift; tools/setup says how to install it")
    say("building the peers")
    build_peers(here / "peers", out / "bin")
    say("building the engine (minutes, the first time)")
    build = ["swift", "build", "-c", "release", "--package-path", str(here)]
    run(build + ["--product", "Benchmarks"])
    shown = subprocess.run(build + ["--show-bin-path"], capture_output=True, text=True, check=True)
    programs = {path.name: str(path) for path in (out / "bin").iterdir()}
    programs["ours"] = str(pathlib.Path(shown.stdout.strip()) / "Benchmarks")
    return programs


def build_peers(sources, programs):
    """Makes those programs of which a source is newer."""
    programs.mkdir(parents=True, exist_ok=True)
    newest = max(path.stat().st_mtime for path in sources.iterdir())
    for name, parts in PROGRAMS.items():
        program = programs / name
        if not program.exists() or program.stat().st_mtime < newest:
            run(["cc", *FLAGS, *parts, "-o", str(program)], cwd=sources)


def run(command, cwd=None):
    done = subprocess.run(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        fail(f"{' '.join(command)} failed:\n{done.stdout}")


def say(message):
    print("compare: " + message, file=sys.stderr, flush=True)
