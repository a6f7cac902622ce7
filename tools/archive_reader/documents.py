"""The documents in JSON: `archive.json`, `keyring.json` and those of snapshots."""
import json, os

from .checking import Problem, need

def canonical(document):
    """RFC 8785 for what these documents hold: texts, integers, null, keys in ASCII."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

def without(document, *keys):
    return {key: value for key, value in document.items() if key not in keys}

def read_document(path):
    name = os.path.basename(path)
    try:
        with open(path, "rb") as file:
            data = file.read()
        document = json.loads(data)
    except OSError as error:
        raise Problem(f"{name} cannot be read ({error})", 10) from None
    except ValueError as error:
        raise Problem(f"{name} is not JSON ({error})", 20) from None
    need(canonical(document) + b"\n" == data, f"{name} is not in canonical form")
    need(document["format_version"] == 1, f"{name} is of another format version", 1)
    return document
