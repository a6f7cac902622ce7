#!/usr/bin/env python3
"""Lists and extracts the records of a Strongroom archive, without any of Strongroom's code.

Written from the specification (the article "Format"), to show that it suffices and to be there
when nothing else is. What is read is verified on the way: headers, Merkle roots, the chain of
commits, MACs, seals, digests. Nothing in the archive is changed. It needs `cryptography` and
`zstandard` from PyPI, and for FHIR records dictionary 1 of the Strongroom project.
"""
import argparse, functools, hashlib, hmac, json, mmap, os, re, struct, sys, urllib.parse, zlib
from datetime import datetime, timedelta

import zstandard
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

RECORDS, CHUNK, COMMIT, DIRECTORY, SEAL, DICTIONARY = 1, 2, 3, 4, 5, 6
FRAME_PLAINTEXT = 16 << 20
FRAME_BODY = FRAME_PLAINTEXT + FRAME_PLAINTEXT // 8 + 4
BATCH = FRAME_BODY + (1 << 20)
BUILT_IN = "../Sources/CCodecs/dictionaries/fhir-json-1.dict"
BUILT_IN_SHA256 = "bf32f62ddbd1b52d5c2cc8975c25630a28d9d1770786287e64e5927e63317149"

COMMON = {"sequence", "collection", "subject", "media_type", "recorded"}

class Problem(Exception):
    """What is wrong, and the exit status that says so."""

class Erased(Exception):
    """The frame is of a subject whose key was destroyed."""

def need(condition, message, status=20):
    if not condition:
        raise Problem(message, status)

def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()

def mac(key, *parts):
    return hmac.digest(key, b"".join(parts), "sha256")

def hkdf(secret, label, salt=b""):
    return mac(mac(salt, secret), label + b"\x01")  # one block of output is enough everywhere

def xor(left, right):
    return bytes(a ^ b for a, b in zip(left, right))

def aes(key, blocks):
    return Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(blocks)

@functools.lru_cache(maxsize=4096)
def xaes_key(key, half):
    """The AES-256-GCM key that XAES-256-GCM derives from a key and half a nonce."""
    doubled = int.from_bytes(aes(key, bytes(16)), "big") << 1
    k1 = (doubled & (1 << 128) - 1 ^ (doubled >> 128) * 0x87).to_bytes(16, "big")
    return aes(key, xor(b"\0\x01X\0" + half, k1) + xor(b"\0\x02X\0" + half, k1))

def unseal(key, nonce, sealed, associated, what):
    try:
        return AESGCM(xaes_key(key, nonce[:12])).decrypt(nonce[12:], bytes(sealed), associated)
    except InvalidTag:
        raise Problem(f"{what} is not authentic", 20) from None

def check_signature(key, signature, message, what):
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        raise Problem(f"the signature of {what} does not verify", 20) from None

class Tree:
    """A Merkle tree of RFC 9162, of which the roots of the full subtrees are kept."""

    def __init__(self, leaves=()):
        self.size, self.peaks = 0, []
        for leaf in leaves:
            self.append(leaf)

    def append(self, leaf):
        rest, self.size = self.size, self.size + 1
        while rest & 1:
            leaf, rest = sha256(b"\x01", self.peaks.pop(), leaf), rest >> 1
        self.peaks.append(leaf)

    def root(self):
        if not self.peaks:
            return sha256()
        return functools.reduce(lambda right, left: sha256(b"\x01", left, right), self.peaks[::-1])

class Cursor:
    """Reads bytes from front to back and never beyond their end."""

    def __init__(self, data, what):
        self.data, self.at, self.what = data, 0, what

    def take(self, count):
        need(count <= len(self.data) - self.at, f"{self.what} is cut short")
        self.at += count
        return self.data[self.at - count:self.at]

    def varint(self, limit=2**64 - 1):
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 127) << shift
            need(value <= limit, f"{self.what} has a number above its limit")
            if byte < 128:
                return value
            shift += 7

    def text(self, count=None):
        data = self.data[self.at:] if count is None else self.take(count)
        try:
            return bytes(data).decode()
        except UnicodeDecodeError:
            raise Problem(f"{self.what} has a text that is not UTF-8", 20) from None

    def ended(self):
        return self.at == len(self.data)

@functools.lru_cache
def dictionary(path):
    with open(path, "rb") as file:
        data = file.read()
    need(sha256(data).hex() == BUILT_IN_SHA256, f"{path} is not dictionary 1 of Strongroom", 1)
    return zstandard.ZstdCompressionDict(data, dict_type=zstandard.DICT_TYPE_FULLDICT)

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

class Keys:
    """The opened keyring: every key of the archive."""

    def __init__(self, document, credential):
        covered = without(document, "digest")
        need(sha256(canonical(covered)).hex() == document["digest"], "keyring.json is damaged")
        self.archive_id = bytes.fromhex(document["archive_id"])
        sealed = bytes.fromhex(document["keyring"])
        associated = b"strongroom/v1/keyring\0" + canonical(without(covered, "keyring"))
        kek = self.open_slot(document, *credential)
        plain = unseal(kek, sealed[:24], sealed[24:], associated, "keyring.json")
        plain = Cursor(plain, "the keyring")
        root, _, _ = plain.take(32), plain.take(32), plain.take(32)  # then signing seed, index salt
        self.epochs = {struct.unpack("<I", plain.take(4))[0]: plain.take(32)
                       for _ in range(plain.varint())}
        self.nodes = {plain.take(13): plain.take(32) for _ in range(plain.varint())}
        self.log, self.tag_key, self.mask = (
            hkdf(root, b"strongroom/v1/" + label) for label in (b"log", b"tag", b"mask"))
        self.collections = {}
        for name in ("records", "system", "sources"):
            self.learn(name)

    def open_slot(self, document, kind, given):
        for slot in document["slots"]:
            if slot["kind"] != kind:
                continue
            salt = bytes.fromhex(slot["parameters"]["salt"])
            if kind == "passphrase":
                log_n, r, p = (slot["parameters"][key] for key in ("log_n", "r", "p"))
                need(10 <= log_n <= 20 and r <= 16 and p <= 4 and 128 * r << log_n <= 1 << 30,
                     "a key slot asks for too much memory")
                secret = hashlib.scrypt(given, salt=salt, n=1 << log_n, r=r, p=p, dklen=32,
                                        maxmem=(128 * r << log_n) + (1 << 24))
            else:
                secret = hkdf(given, b"strongroom/v1/slot/key-file", salt)
            if hkdf(secret, b"strongroom/v1/slot/commitment").hex() != slot["commitment"]:
                continue
            sealed = bytes.fromhex(slot["sealed_kek"])
            associated = (b"strongroom/v1/slot\0" + self.archive_id + struct.pack(
                "<Q", document["generation"]) + canonical(without(slot, "sealed_kek")))
            return unseal(hkdf(secret, b"strongroom/v1/slot/wrap"), sealed[:24], sealed[24:],
                          associated, f"key slot {slot['id']}")
        raise Problem("no key slot opens with this passphrase or key file", 12)

    def tag(self, subject, collection):
        text = b"\0" + collection.encode() if subject is None else b"\x01" + subject.encode()
        return mac(self.tag_key, text)[:12]

    def learn(self, collection):
        self.collections[self.tag(None, collection)] = collection.encode()

    def unmasked(self, masked, nonce):
        return xor(masked, aes(self.mask, nonce[8:]))

    def domain_key(self, tag, epoch):
        need(epoch in self.epochs, f"the keyring has no key of epoch {epoch}", 12)
        if tag in self.collections:
            return hkdf(self.epochs[epoch], b"strongroom/v1/common/" + self.collections[tag])
        bits = int.from_bytes(tag, "big")
        for depth in range(49):
            rest = 96 - 2 * depth
            key = self.nodes.get(bytes([depth]) + (bits >> rest << rest).to_bytes(12, "big"))
            if key is not None:
                for level in range(depth, 48):
                    key = mac(key, bytes([bits >> (94 - 2 * level) & 3]))
                return hkdf(key, b"strongroom/v1/subject", self.epochs[epoch])
        raise Erased()

class Frame:
    """A frame's header, checked, and where the frame ends."""

    def __init__(self, data, at, archive_id, number):
        self.data, self.at, self.number = data, at, number
        self.what = f"segment {number}, offset {at}"
        head = data[at:at + 64]
        need(len(head) == 64 and head[:4] == b"SRF1", f"{self.what}: no frame begins here")
        (self.kind, self.codec, self.dictionary, count, self.masked, self.nonce, self.sequence,
         self.epoch, check) = struct.unpack("<4xBBHI12s24sQI4s", head)
        self.associated = archive_id + head[:60]
        need(check == sha256(self.associated)[:4], f"{self.what}: the frame header is damaged")
        need(1 <= self.kind <= 6, f"{self.what}: frame kind {self.kind} is unknown", 1)
        need(count <= FRAME_BODY, f"{self.what}: the frame is too long")
        self.body = slice(at + 64, at + 64 + count)
        self.tag = slice(at + 64 + count, at + 80 + count)
        self.end = at + (80 + count + 7 & ~7)
        need(self.end <= len(data), f"{self.what}: the file ends within a frame")

    def leaf(self):
        return sha256(b"\0", self.data[self.at:self.end])

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

class Archive:
    """Reads and verifies the whole log, and knows where every record is."""

    def __init__(self, path, credential, dictionary_path):
        self.path, self.dictionary_path = path, dictionary_path
        document = read_document(os.path.join(path, "archive.json"))
        self.archive_id, self.public_key = (
            bytes.fromhex(document[key]) for key in ("archive_id", "public_key"))
        message = b"strongroom/v1/archive\0" + canonical(without(document, "signature"))
        digits = document["signature"]
        need(digits == digits.lower(), "archive.json is not in canonical form")
        check_signature(self.public_key, bytes.fromhex(digits), message, "archive.json")
        self.keys = Keys(read_document(os.path.join(path, "keyring.json")), credential)
        need(self.keys.archive_id == self.archive_id, "keyring.json is of another archive")
        self.records, self.chunks, self.dictionaries = [], {}, {}
        self.erased, self.torn = 0, 0
        # The log so far: the last commit, the hash of each, their tree, the last segment's end.
        self.sequence, self.hashes, self.tree = 0, [bytes(32)], Tree()
        self.predecessor, self.seal_hash = (0, 0, bytes(32)), bytes(32)
        names = sorted(os.listdir(os.path.join(path, "segments")))
        stems = {name[:-5]: ".open" for name in names if name.endswith(".open")}
        stems |= {name[:-4]: ".seg" for name in names if name.endswith(".seg")}  # that one holds
        for stem, ending in sorted(stems.items()):
            with open(os.path.join(path, "segments", stem + ending), "rb") as file:
                size = os.fstat(file.fileno()).st_size
                data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if size else b""
            self.read_segment(int(stem, 16), data, ending == ".seg")
        self.check_head()

    def read_segment(self, number, data, is_sealed):
        what, head = f"segment {number}", data[:4096]
        is_whole = head[:8] == b"STRONGRM" and sha256(head[:4064]) == head[4064:]
        if not is_whole and not is_sealed and not any(data[4096:]):
            return  # created when the machine stopped: it never held a commit
        need(is_whole, f"{what}: the header is damaged")
        (version, incompatible, archive_id, stated, commit, sequence, *predecessor) = struct.unpack(
            "<8xI4xQ16x16sQ8xQQ8xQQ32s", head[:144])
        need(version == 1 and incompatible == 0, f"{what} is of a newer format", 1)
        need((archive_id, stated) == (self.archive_id, number), f"{what} is another segment")
        need(tuple(predecessor) == self.predecessor
             and (commit, sequence) == (len(self.hashes), self.sequence + 1),
             f"{what} does not follow what stands before it; a segment is missing or not whole")
        totals = {"first": commit, "header": head[4064:], "frames": 0, "records": 0, "bytes": 0,
                  "erased": self.erased, "commits": [], "directories": []}
        at = 4096
        try:
            while at < len(data):
                frame = Frame(data, at, self.archive_id, number)
                if frame.kind == SEAL:
                    return self.check_seal(frame, totals)
                at = self.read_batch(frame, totals)
        except Problem:
            if is_sealed:
                raise
        need(not is_sealed, f"{what} has no seal")
        # What follows the last commit is reserved space, or a batch that a crash has cut.
        torn = len(data[at:].rstrip(b"\0"))
        need(torn <= BATCH, f"{what}, offset {at}: {torn} bytes are damaged")
        self.torn += torn
        self.predecessor = (number, at, self.hashes[-1])

    def read_batch(self, frame, totals):
        """Proves one batch and reads what is in it; returns its end."""
        start, frames = frame.at, []
        while frame.kind != COMMIT:
            need(frame.kind != SEAL, f"{frame.what}: a seal stands within a batch")
            need(frame.end - start <= BATCH and len(frames) < 65_536, f"{frame.what}: too long")
            frames.append(frame)
            frame = Frame(frame.data, frame.end, self.archive_id, frame.number)
        body = self.public_body(frame)
        need(len(body) == 112, f"{frame.what}: a commit has 112 bytes")
        (commit, sequence, _, count, zero, size, root, previous, durable) = struct.unpack(
            "<QQqIIQ32s32sQ", body)
        need((commit, previous) == (len(self.hashes), self.hashes[-1]) and zero == 0
             and durable < commit and sequence >= self.sequence,
             f"{frame.what}: commit {commit} does not follow commit {len(self.hashes) - 1}")
        need((count, size) == (len(frames), frame.at - start)
             and root == Tree(one.leaf() for one in frames).root(),
             f"{frame.what}: the frames of commit {commit} are not its own")
        self.sequence = sequence
        self.hashes.append(frame.leaf())
        self.tree.append(frame.leaf())
        totals["commits"].append((frame.at, frame.leaf()))
        totals["frames"] += count + 1
        # Records of `system` come first: they make known the collections of the others.
        system = self.keys.tag(None, "system")
        rank = lambda one: self.keys.unmasked(one.masked, one.nonce) != system
        for one in sorted(frames, key=rank):
            try:
                self.read_frame(one, totals)
            except Erased:
                self.erased += 1
        return frame.end

    def public_body(self, frame):
        body, tag = frame.data[frame.body], frame.data[frame.tag]
        expected = mac(self.keys.log, frame.associated, body)[:16]
        need(hmac.compare_digest(expected, tag), f"{frame.what}: the frame is not authentic")
        return body

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
            self.public_body(frame)
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

    def check_seal(self, frame, totals):
        body, commits, folders = self.public_body(frame), totals["commits"], totals["directories"]
        message = b"strongroom/v1/seal\0" + self.archive_id + body[:-64]
        check_signature(self.public_key, body[-64:], message, f"segment {frame.number}")
        counts = struct.pack("<QQ", totals["records"], totals["bytes"])
        if self.erased > totals["erased"]:
            counts = body[40:56]  # what is erased cannot be counted
        expected = struct.pack("<QQQQQ", frame.number, totals["first"], len(self.hashes) - 1,
                               self.sequence, totals["frames"]) + counts
        expected += struct.pack("<Q", frame.at) + body[64:72] + totals["header"]
        expected += Tree(leaf for _, leaf in commits).root() + struct.pack("<Q", self.tree.size)
        expected += self.seal_hash + struct.pack("<II", len(folders), len(commits))
        expected += b"".join(self.tree.peaks) + struct.pack(f"<{len(folders)}Q", *folders)
        expected += b"".join(struct.pack("<Q", at) + leaf for at, leaf in commits)
        need(body[:-64] == expected, f"{frame.what}: the seal does not belong to the segment")
        need(not any(frame.data[frame.tag.stop:frame.end])
             and frame.data[frame.end:] == struct.pack("<Q", frame.at) + b"SEALED01",
             f"{frame.what}: the segment does not end with its trailer")
        self.seal_hash = sha256(frame.data[frame.at:frame.end])
        self.predecessor = (frame.number, frame.at, self.hashes[-1])

    def check_head(self):
        """The log must reach as far as the head remembers."""
        try:
            with open(os.path.join(self.path, "head"), "rb") as file:
                slots = [file.read(512), file.read(512)]
        except OSError:
            return
        found = [struct.unpack("<QQ8x32s", slot[24:80]) for slot in slots
                 if slot[:24] == b"SRHEAD01" + self.archive_id and sha256(slot[:480]) == slot[480:]
                 and mac(self.keys.log, slot[:448]) == slot[448:480]]
        need(found or not any(slots[0] + slots[1]), "both slots of head are damaged")
        _, commit, leaf = max(found, default=(0, 0, bytes(32)))
        last = len(self.hashes) - 1
        need(commit <= last, f"commits {last + 1} to {commit} are missing, though head knows them "
             "to have been durable: the log was cut or put back", 24)
        need(leaf == self.hashes[commit], f"head knows another commit {commit} than the log", 24)

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

def selected(archive, everything):
    """All versions in order; or of each name the newest, unless that is a deletion."""
    records = sorted(archive.records, key=lambda record: record["sequence"])
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
        for piece in archive.body(record):
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
    parser.add_argument("--dictionary", metavar="FILE", default=os.path.join(
        os.path.dirname(os.path.abspath(__file__)), BUILT_IN))
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
            "commits": len(archive.hashes) - 1, "records": len(archive.records),
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
