"""Makes the corpus: generated FHIR records, patient by patient, a line each."""

import pathlib
import re
import shutil
import subprocess
import sys

from building import say

# Records of an average patient, less a margin, so that there are always enough.
RECORDS_A_PATIENT = 70
IMPORT_RECORDS = 50_000
CHUNK = 250

SUBJECT = re.compile(rb'"(?:subject|patient)":\{"reference":"(Patient/[^"]+)"')
PATIENT = re.compile(rb'\{"resourceType":"Patient","id":"([^"]+)"')


class Corpus:
    """Where a run's records are: lines of subject, tab, record; and FHIR bulk data to import."""

    def __init__(self, path, count, source, dictionary, library):
        self.path, self.count, self.source = str(path), count, str(source)
        self.dictionary = str(dictionary)
        self.library_dictionary = str(library)


def generate(root, directory, patients, scan_rate):
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    subprocess.run(
        [sys.executable, str(root / "tools/gen_fhir.py"), "--out", str(directory),
         "--patients", str(patients), "--chunk", str(CHUNK), "--no-truth", "--seed", "42",
         "--scan-rate", str(scan_rate), "--edge-rate", "0"],
        check=True, stdout=subprocess.DEVNULL)


def chunks(directory):
    """The bulk files of the same patients together."""
    by_number = {}
    for path in sorted(directory.glob("*.ndjson")):
        by_number.setdefault(path.name.split(".")[1], []).append(path)
    return [by_number[number] for number in sorted(by_number)]


def lines_by_patient(paths):
    """Records as they come to be in a clinic: one patient's together. Shared ones are left out."""
    patients = {}
    for path in paths:
        for line in path.read_bytes().splitlines():
            subject = SUBJECT.search(line)
            patient = PATIENT.match(line)
            if patient:
                patients.setdefault(b"Patient/" + patient[1], []).append(line)
            elif subject:
                patients.setdefault(subject[1], []).append(line)
    for subject, lines in patients.items():
        for line in lines:
            yield subject + b"\t" + line + b"\n"


def write(path, directory, count):
    written = 0
    part = path.with_suffix(".part")
    with open(part, "wb") as file:
        for paths in chunks(directory):
            for line in lines_by_patient(paths):
                file.write(line)
                written += 1
                if written == count:
                    part.rename(path)
                    return
    sys.exit(f"compare: the generator made {written} records only")


def make(root, out, count, scan_rate):
    """The corpus of so many records, made unless it is there from an earlier run."""
    out.mkdir(exist_ok=True)
    tag = f"{count}-{scan_rate:g}"
    path, source = out / f"corpus-{tag}.tsv", out / f"import-{tag}"
    dictionary = out / f"corpus-{tag}.dict"
    if not path.exists():
        say(f"making a corpus of {count} records")
        everything = out / f"generated-{tag}"
        generate(root, everything, count // RECORDS_A_PATIENT + 20, scan_rate)
        write(path, everything, count)
        shutil.rmtree(everything)
    if not source.exists():
        patients = min(count, IMPORT_RECORDS) // RECORDS_A_PATIENT
        generate(root, source.with_suffix(".part"), patients, scan_rate)
        source.with_suffix(".part").rename(source)
    if not dictionary.exists():
        every = max(1, count // 12_000)
        subprocess.run([str(out / "bin/raw"), "train", str(path), str(dictionary), str(every)],
                       check=True)
    library = root / "Sources/CCodecs/dictionaries/fhir-json-1.dict"
    return Corpus(path, count, source, dictionary, library)
