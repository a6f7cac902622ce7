"""The files of some hundreds of patients, which one process writes while others write others."""

import hashlib, json, os
from typing import NamedTuple

from .messages import batch
from .patients import patient


class Settings(NamedTuple):
    """What is to be made, the same for every chunk."""

    seed: str
    out: str
    delta: int
    scan_rate: float
    edge_rate: float
    truth: bool
    hl7: bool
    ccda: bool


def make(settings, lo, hi):
    """The lines of patients by type, their messages, their documents and their truth."""
    lines, truths = {}, []
    messages = [] if settings.hl7 else None
    summaries = [] if settings.ccda else None
    for i in range(lo, hi):
        truth = patient(settings, i, lines, messages, summaries)
        if truth:
            truths.append(json.dumps(truth, ensure_ascii=False, separators=(",", ":")))
    return lines, messages, summaries, truths


def byte_count(settings, count):
    """How long the lines of the first patients are, without writing them."""
    lines = make(settings._replace(hl7=False, ccda=False, delta=0), 0, count)[0]
    return sum(len(line.encode()) + 1 for some in lines.values() for line in some)


def write(out, name, data, count, kind):
    """Writes a file; gives what the manifest says of it."""
    with open(os.path.join(out, name), "wb") as f:
        f.write(data)
    return (kind, name, count, len(data), hashlib.sha256(data).hexdigest())


def chunk(job):
    """Writes the files of the patients from lo to hi; gives what the manifest says of them."""
    settings, number, lo, hi = job
    lines, messages, summaries, truths = make(settings, lo, hi)
    out, n, written = settings.out, "%05d" % number, []

    def wr(name, some, kind):
        data = ("\n".join(some) + "\n").encode()
        written.append(write(out, name, data, len(some), kind))

    for t in sorted(lines):
        wr("%s.%s.ndjson" % (t.lstrip("_"), n), lines[t], t)
    if settings.truth and truths:
        wr("truth.%s.ndjson" % n, truths, "_truth")
    if messages:
        data = batch(messages).encode()
        written.append(write(out, "messages.%s.hl7" % n, data, len(messages), "_hl7"))
    if summaries:
        os.makedirs(os.path.join(out, "ccda"), exist_ok=True)
        for pid, text in summaries:
            with open(os.path.join(out, "ccda", pid + ".xml"), "wb") as f:
                f.write(text.encode())
    return written
