"""The files that all patients share, and the list of all files."""

import json, os

from .chunks import write
from .codes import BASE
from .names import FAMILY_NAMES, GIVEN_NAMES


def write_shared(out):
    """Organizations and practitioners; gives what the manifest says of them."""
    org = "".join(
        '{"resourceType":"Organization","id":"org-%d","active":true,"name":"Example Health %d"}\n'
        % (k, k)
        for k in range(1, 5)
    )
    pr = "".join(
        '{"resourceType":"Practitioner","id":"prac-%03d","identifier":[{"system":"http://hl7.org/fhir/sid/us-npi","value":"99999%05d"}],"active":true,"name":[{"family":"%s","given":["%s"],"prefix":["Dr."]}]}\n'
        % (k, k, FAMILY_NAMES[k % 50], GIVEN_NAMES[k % 40])
        for k in range(1, 401)
    )
    return [
        write(out, kind + ".00000.ndjson", text.encode(), text.count("\n"), kind)
        for kind, text in (("Organization", org), ("Practitioner", pr))
    ]


def write_manifest(settings, patients, files):
    """The answer of a Bulk Data server to the question for the state of an export."""
    delta = settings.delta
    row = lambda f: dict(type=f[0], url="file:" + f[1], count=f[2], bytes=f[3], sha256=f[4])
    m = dict(
        transactionTime="2026-%02d-01T00:00:00Z" % (1 + delta),
        request="%sGroup/all/$export%s"
        % (BASE, "?_since=2026-%02d-01T00:00:00Z" % delta if delta else ""),
        requiresAccessToken=False,
        output=[row(f) for f in files if f[0][0] != "_"],
        deleted=[row(f) for f in files if f[0] == "_deleted"],
        error=[],
        extension=dict(
            other=[row(f) for f in files if f[0] in ("_truth", "_hl7")],
            seed=settings.seed,
            patients=patients,
            delta=delta,
        ),
    )
    with open(os.path.join(settings.out, "manifest.json"), "w") as f:
        json.dump(m, f, indent=1)
