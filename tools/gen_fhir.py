#!/usr/bin/env python3
"""Deterministic synthetic FHIR R4 bulk-export generator (own code, stdlib only).

  gen_fhir.py --out DIR (--patients N | --target-mb M) [--seed S] [--jobs J] [--chunk 250]
              [--delta K] [--scan-rate 0.03] [--edge-rate 0.02] [--hl7] [--ccda] [--no-truth]

Writes <Type>.<chunk>.ndjson (one resource a line, UTF-8, LF), manifest.json in the shape of a Bulk Data
status answer (plus count/bytes/sha256 for each file), and truth.<chunk>.ndjson: what an index built
from the files must contain (the oracle for search, retention, merge and audit tests).  --hl7 adds
messages.<chunk>.hl7 (ER7, CR-terminated segments, BHS/BTS batch), --ccda one CCD header document a patient.

Same seed => same bytes, whatever --jobs is; patient i does not depend on N (a larger run is a superset,
chunk by chunk).  --delta K writes the K-th follow-up export instead: new encounters, amended documents
(versionId 2+), merges and deletions, for the same patients.  No real person's data: every value is made up.

Its parts are in `fhir_generator`, beside it.
"""

import argparse, os, sys, time
from multiprocessing import Pool

# Python looks beside a script by itself, but not if it was told to be safe (-P, -I).
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
from fhir_generator.chunks import Settings, byte_count, chunk
from fhir_generator.manifest import write_manifest, write_shared

# So many patients tell how long an average one is.
SAMPLE = 150


def options():
    ap = argparse.ArgumentParser()
    A = ap.add_argument
    A("--out", required=True)
    A("--patients", type=int)
    A("--target-mb", type=float)
    A("--seed", default="1")
    A("--jobs", type=int, default=os.cpu_count())
    A("--chunk", type=int, default=250)
    A("--delta", type=int, default=0)
    A("--scan-rate", type=float, default=0.03)
    A("--edge-rate", type=float, default=0.02)
    A("--hl7", action="store_true")
    A("--ccda", action="store_true")
    A("--no-truth", action="store_true")
    o = ap.parse_args()
    if not o.patients and not o.target_mb:
        ap.error("--patients or --target-mb is needed")
    return o


def main():
    o = options()
    settings = Settings(
        o.seed, o.out, o.delta, o.scan_rate, o.edge_rate, not o.no_truth, o.hl7, o.ccda
    )
    t = time.time()
    if o.target_mb:
        o.patients = max(1, int(o.target_mb * 1e6 / (byte_count(settings, SAMPLE) / SAMPLE)))
    os.makedirs(o.out, exist_ok=True)
    files = [] if o.delta else write_shared(o.out)
    jobs = [
        (settings, lo // o.chunk, lo, min(lo + o.chunk, o.patients))
        for lo in range(0, o.patients, o.chunk)
    ]
    with Pool(o.jobs) as pool:
        for r in pool.imap(chunk, jobs):
            files += r
    write_manifest(settings, o.patients, files)
    b = sum(f[3] for f in files if f[0][0] != "_")
    dt = time.time() - t
    print(
        "%d patients, %d resources, %.1f MB in %.1f s (%.1f MB/s)"
        % (o.patients, sum(f[2] for f in files if f[0][0] != "_"), b / 1e6, dt, b / 1e6 / dt)
    )


if __name__ == "__main__":
    main()
