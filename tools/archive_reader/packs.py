"""The records that a frame of records holds, and the chunks of which a body consists."""
from .checking import Cursor, need
from .frames import FRAME_PLAINTEXT

COMMON = {"sequence", "collection", "subject", "media_type", "recorded"}

def parse_time(data):
    """Microseconds: 8 bytes of them, or fewer of whole seconds."""
    need(len(data) == 8 or 1 <= len(data) <= 5, "a time of a record has a wrong length")
    return int.from_bytes(data, "little", signed=True) * (1 if len(data) == 8 else 1_000_000)

def parse_fields(cursor, entry, what):
    """Puts the fields of a record entry into `entry`; unknown tags are passed over."""
    texts = {2: "collection", 3: "name", 4: "subject", 5: "media_type"}
    times = {6: "recorded", 7: "event_start", 8: "event_end"}
    while not cursor.ended():
        tag, field = cursor.varint(), Cursor(cursor.take(cursor.varint(8 << 20)), what)
        if tag == 1:
            entry["sequence"] += field.varint()
        elif tag in texts:
            entry[texts[tag]] = field.text()
        elif tag in times:
            entry[times[tag]] = parse_time(field.data)
        elif tag == 11:
            kind = field.take(1)[0]
            entry["size"] = field.varint()
            entry["place"] = (kind, field.data[field.at:])
        elif tag == 12:
            entry["attributes"].append([field.text(field.varint(512 << 10)), field.text()])
        elif tag == 13:
            entry["terms"].append(field.text())
        elif tag == 14:
            entry["deleted"] = True
        elif tag == 15:
            line = field.varint()
            path = bytes(field.data[field.at:]).decode("utf-8", "surrogateescape")
            entry["source"] = {"path": path, "line": line}

def parse_pack(plain, what):
    """The entries of a pack, each with where its inline body stands in it."""
    cursor = Cursor(plain, what)
    count = cursor.varint(65_536)
    digests = [bytes(cursor.take(32)).hex() for _ in range(count)]
    first, common, entries = cursor.varint(1 << 62), {"sequence": 0}, []
    parse_fields(Cursor(cursor.take(cursor.varint(8 << 20)), what), common, what)
    need(common["sequence"] == 0 and common.keys() <= COMMON, f"{what}: fields that no pack shares")
    for slot in range(count):
        length, inline = cursor.varint(8 << 20), cursor.varint(FRAME_PLAINTEXT)
        entry = {"collection": "records", "size": inline, "inline": inline, "terms": [],
                 "attributes": [], "place": (0, b"")} | common
        entry |= {"sequence": first + slot, "sha256": digests[slot]}
        parse_fields(Cursor(cursor.take(length), what), entry, what)
        if "event_start" in entry:
            entry.setdefault("event_end", entry["event_start"])
        need(entry["sequence"] and entry.get("name") and (inline == 0 or entry["place"][0] == 0),
             f"{what}: a record has no sequence, name or place of its body")
        entries.append(entry)
    for entry in entries:
        start = cursor.at
        cursor.take(entry.pop("inline"))
        entry["body"] = slice(start, cursor.at)
    need(cursor.ended(), f"{what} has bytes behind its last body")
    return entries

def parse_chunk_list(data, what):
    cursor, chunks = Cursor(data, what), []
    while not cursor.ended():
        chunks.append((bytes(cursor.take(32)), cursor.varint(FRAME_PLAINTEXT)))
    return chunks
