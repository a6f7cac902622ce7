"""What the frames hold: records, chunks and dictionaries."""
import functools, hashlib, os, struct, zlib

import zstandard

from .checking import Cursor, Problem, need
from .ciphers import hkdf, mac, sha256, unseal
from .frames import CHUNK, DICTIONARY, DIRECTORY, FRAME_PLAINTEXT, RECORDS
from .packs import parse_chunk_list, parse_pack

TOOLS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILT_IN = os.path.join(TOOLS, "../Sources/CCodecs/dictionaries/fhir-json-1.dict")
BUILT_IN_SHA256 = "bf32f62ddbd1b52d5c2cc8975c25630a28d9d1770786287e64e5927e63317149"

@functools.lru_cache
def dictionary(path):
    with open(path, "rb") as file:
        data = file.read()
    need(sha256(data).hex() == BUILT_IN_SHA256, f"{path} is not dictionary 1 of Strongroom", 1)
    return zstandard.ZstdCompressionDict(data, dict_type=zstandard.DICT_TYPE_FULLDICT)

class Contents:
    """The records that were read so far, and where the body of each is."""

    def __init__(self, keys, dictionary_path):
        self.keys, self.dictionary_path = keys, dictionary_path
        self.records, self.chunks, self.dictionaries = [], {}, {}

    def open_frame(self, frame):
        """The plaintext of a records or chunk frame, and the key of its domain."""
        key = self.keys.domain_key(self.keys.unmasked(frame.masked, frame.nonce), frame.epoch)
        sealed = frame.data[frame.body.start:frame.tag.stop]
        content = unseal(key, frame.nonce, sealed, frame.associated, frame.what)
        count, plain = struct.unpack("<I", content[:4])[0], content[4:]
        need(count <= FRAME_PLAINTEXT and frame.codec <= 3 and not 1 < frame.dictionary < 256,
             f"{frame.what}: codec {frame.codec} with dictionary {frame.dictionary}", 1)
        stored = b""
        if frame.codec == 3:  # the first bytes as they are
            cursor = Cursor(plain, frame.what)
            stored = cursor.take(cursor.varint(count))
            plain = plain[cursor.at:]
        try:
            if frame.codec == 0:
                plain, padding = plain[:count], plain[count:]
            else:
                if frame.codec == 1:
                    stream = zlib.decompressobj()
                else:
                    shared = self.dictionary(frame)
                    stream = zstandard.ZstdDecompressor(
                        dict_data=shared, format=zstandard.FORMAT_ZSTD1_MAGICLESS
                    ).decompressobj()
                plain = stored + stream.decompress(plain)
                padding = stream.unused_data
        except (zstandard.ZstdError, zlib.error) as error:
            raise Problem(f"{frame.what} does not decompress ({error})", 20) from None
        need(len(plain) == count, f"{frame.what} has another length than it declares")
        need(not any(padding), f"{frame.what}: its padding is not zeros")
        return plain, key

    def dictionary(self, frame):
        """What a frame is compressed with: a dictionary frame holds the one that it names."""
        if frame.dictionary == 0 or frame.kind == DICTIONARY:
            return None
        if frame.dictionary == 1:
            return dictionary(self.dictionary_path)
        own = self.dictionaries.get((frame.number, frame.dictionary))
        need(own, f"{frame.what}: its segment holds no dictionary {frame.dictionary} before it")
        return own

    def read_frame(self, frame, totals):
        if frame.kind == DIRECTORY:  # it says again, for an index, what the packs say
            frame.public_body(self.keys.log)
            totals["directories"].append(frame.at)
        elif frame.kind == CHUNK:
            plain, key = self.open_frame(frame)
            cursor = Cursor(plain, frame.what)
            is_subject, domain = cursor.take(1) != b"\0", cursor.text(cursor.varint(256))
            self.check_domain(frame, domain if is_subject else None, domain)
            name = cursor.take(32)
            need(name == mac(hkdf(key, b"content"), plain[cursor.at:]),
                 f"{frame.what} holds another chunk than it says")
            self.chunks[name] = (frame, cursor.at)
        elif frame.kind == DICTIONARY:
            need(frame.dictionary >= 256, f"{frame.what} holds dictionary {frame.dictionary}")
            cursor = Cursor(self.open_frame(frame)[0], frame.what)
            self.check_domain(frame, None, "system")
            cursor.text(cursor.varint(256))  # the media type: for writers
            self.dictionaries[frame.number, frame.dictionary] = zstandard.ZstdCompressionDict(
                cursor.data[cursor.at:], dict_type=zstandard.DICT_TYPE_FULLDICT)
        elif frame.kind == RECORDS:
            for entry in parse_pack(self.open_frame(frame)[0], frame.what):
                self.check_domain(frame, entry.get("subject"), entry["collection"])
                if entry["collection"] == "system" and entry["name"].startswith("collection/"):
                    self.keys.learn(entry["name"].removeprefix("collection/"))
                self.records.append(entry | {"frame": (frame, entry.pop("body"))})
                totals["records"] += 1
                totals["bytes"] += entry["size"]

    def check_domain(self, frame, subject, collection):
        need(self.keys.tag(subject, collection) == self.keys.unmasked(frame.masked, frame.nonce),
             f"{frame.what} is sealed for another subject or collection than it holds")

    def chunk(self, name, count):
        need(name in self.chunks, "a chunk is missing")
        frame, start = self.chunks[name]
        plain = self.open_frame(frame)[0][start:]
        need(len(plain) == count, f"{frame.what}: the chunk has another length than it should")
        return plain

    def body(self, record):
        """The pieces of a record's body; its digest is checked behind the last."""
        (frame, inline), (kind, places) = record["frame"], record["place"]
        pieces = [self.open_frame(frame)[0][inline]]
        if kind > 0:
            chunks = parse_chunk_list(places, frame.what)
            if kind == 2:
                chunks = [chunk for one in chunks
                          for chunk in parse_chunk_list(self.chunk(*one), frame.what)]
            pieces = (self.chunk(*one) for one in chunks)
        digest, count = hashlib.sha256(), 0
        for piece in pieces:
            digest.update(piece)
            count += len(piece)
            yield piece
        need((count, digest.hexdigest()) == (record["size"], record["sha256"]),
             f"the body of record {record['sequence']} is not what was put")
