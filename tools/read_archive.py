#!/usr/bin/env python3
"""Lists and extracts the records of a Strongroom archive, without any of Strongroom's code.

Written from the specification (the article "Format"), to show that it suffices and to be there
when nothing else is. What is read is verified on the way: headers, Merkle roots, the chain of
commits, MACs, seals, digests. Nothing in the archive is changed. It needs `cryptography` and
`zstandard` from PyPI, and for FHIR records dictionary 1 of the Strongroom project. Its parts are in
`archive_reader`, beside it: a copy needs both.
"""
import argparse, json, os, re, struct, sys, urllib.parse
from datetime import datetime, timedelta

# Python looks beside a script by itself, but not if it was told to be safe (-P, -I).
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
try:
    from archive_reader.checking import Problem
    from archive_reader.contents import BUILT_IN
    from archive_reader.documents import without
    from archive_reader.log import Archive
except ModuleNotFoundError as missing:
    sys.exit(f"{sys.argv[0]}: Python has no module {missing.name}. Needed are the folder archive_reader "
             "beside this file, and: pip install cryptography zstandard")

def selected(archive, everything):
    """All versions in order; or of each name the newest, unless that is a deletion."""
    records = sorted(archive.contents.records, key=lambda record: record["sequence"])
    newest = {(record["collection"], record["name"]): record for record in records}
    return records if everything else [one for one in newest.values() if "deleted" not in one]

def moment(microseconds):
    try:
        text = (datetime(1970, 1, 1) + timedelta(microseconds=microseconds)).isoformat()
    except OverflowError:
        return microseconds
    return (text.rstrip("0") if "." in text else text) + "Z"

def show(record, **more):
    hidden = ["place", "frame"] + ["attributes"] * (not record["attributes"])
    shown = without(record, *hidden) | more
    for key in ("recorded", "event_start", "event_end"):
        if key in shown:
            shown[key] = moment(shown[key])
    print(json.dumps(shown))

def target(folder, record, everything):
    """A path for a record: its name, with what a file system could mistake written as %XX."""
    collection, name = (re.sub("^[.]", "%2E", urllib.parse.quote(record[key], safe=" "))
                        for key in ("collection", "name"))
    name += f"~{record['sequence']}" if everything else ""
    if len(name) > 240:
        name = f"%{record['sequence']}"  # no other name becomes this one
    os.makedirs(os.path.join(folder, collection), exist_ok=True)
    return os.path.join(folder, collection, name)

def extract(archive, record, path):
    with open(path + "%part", "wb") as file:
        for piece in archive.contents.body(record):
            file.write(piece)
    os.replace(path + "%part", path)

def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("command", choices=["list", "extract"])
    parser.add_argument("archive")
    parser.add_argument("--to", metavar="DIR", help="where `extract` puts the bodies")
    key = parser.add_mutually_exclusive_group(required=True)
    key.add_argument("--password-file", metavar="FILE")
    key.add_argument("--key-file", metavar="FILE")
    parser.add_argument("--all", action="store_true", help="every version, deletions as well")
    parser.add_argument("--dictionary", metavar="FILE", default=BUILT_IN)
    options = parser.parse_args()
    if (options.command == "extract") != (options.to is not None):
        parser.error("`extract`, and only that, needs --to")
    try:
        with open(options.password_file or options.key_file, "rb") as file:
            secret = file.read()
        credential = ("key-file", secret)
        if options.password_file:
            credential = ("passphrase", secret.removesuffix(b"\n").removesuffix(b"\r"))
        archive = Archive(options.archive, credential, options.dictionary)
        for record in selected(archive, options.all):
            if options.to is None:
                show(record)
            else:
                path = target(options.to, record, options.all)
                extract(archive, record, path)
                show(record, path=path)
        print(json.dumps({
            "message_type": "summary", "archive_id": archive.archive_id.hex(),
            "commits": len(archive.hashes) - 1, "records": len(archive.contents.records),
            "erased_frames": archive.erased, "torn_bytes": archive.torn}))
        if archive.erased:
            print(f"read_archive: {archive.erased} frames are of erased subjects", file=sys.stderr)
        return 0
    except Problem as problem:
        message, status = problem.args
    except OSError as error:
        message, status = error, 1
    except (KeyError, TypeError, ValueError, struct.error) as error:
        message, status = f"a document or structure is malformed ({error!r})", 20
    print(f"read_archive: {message}", file=sys.stderr)
    return status

if __name__ == "__main__":
    sys.exit(main())
