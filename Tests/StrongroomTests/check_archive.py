#!/usr/bin/env python3
"""Checks of an archive what tools/read_archive.py passes over, from the specification alone.

Directories must say what the packs say; snapshots, their labels and checkpoint notes must be those
of the log; the index must hold exactly the entries that the records make.
"""
import base64, os, struct, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools"))
import zstandard
from archive_reader import merkle
from archive_reader.checking import Cursor, need
from archive_reader.ciphers import check_signature, hkdf, mac, sha256, unseal
from archive_reader.contents import BUILT_IN
from archive_reader.documents import canonical, read_document, without
from archive_reader.frames import DIRECTORY, SEAL, Frame
from archive_reader.log import Archive

def zigzag(cursor):
    value = cursor.varint()
    return value >> 1 ^ -(value & 1)

def parse_block(plain):
    """Records as tuples, and chunks, of one directory block."""
    cursor = Cursor(plain, "a directory block")
    is_subject, domain = cursor.take(1) == b"\1", cursor.text(cursor.varint())
    collection, subject = ("records", domain) if is_subject else (domain, None)
    sequence = offset = recorded = 0
    event = None
    name, records, chunks = b"", [], []
    for _ in range(cursor.varint()):
        flags = cursor.take(1)[0]
        sequence, offset = sequence + zigzag(cursor), offset + zigzag(cursor)
        slot = cursor.varint()
        recorded += zigzag(cursor)
        before = (event or 0) // 1_000_000
        event = zigzag(cursor) if flags & 2 else None
        if flags & 10 == 10:  # whole seconds, behind those of the event before
            event = (event + before) * 1_000_000
        if flags & 4:
            collection = cursor.text(cursor.varint())
        name = name[:cursor.varint()] + cursor.take(cursor.varint())
        terms = [cursor.text(cursor.varint()) for _ in range(cursor.varint())]
        records.append((sequence, offset * 8, slot, collection, name.decode(), subject, recorded,
                        event, bool(flags & 1), terms))
    for _ in range(cursor.varint()):
        chunks.append((cursor.take(32), cursor.varint() * 8))
    need(cursor.ended(), "a directory block has bytes behind its last chunk")
    return records, chunks

class Check:
    def __init__(self, path, key_file):
        with open(key_file, "rb") as file:
            self.credential = ("key-file", file.read())
        self.path, self.archive = path, Archive(path, self.credential, BUILT_IN)
        self.places, slots = {}, {}
        for record in self.archive.contents.records:
            frame = record["frame"][0]
            slot = slots[frame] = slots.get(frame, -1) + 1
            self.places[record["sequence"]] = (frame.number, frame.at, slot, record)

    def segment(self, number):
        with open(os.path.join(self.path, "segments", f"{number:016x}.seg"), "rb") as file:
            return file.read()

    def check_directories(self):
        keys, archive_id, count = self.archive.keys, self.archive.archive_id, 0
        for name in sorted(os.listdir(os.path.join(self.path, "segments"))):
            if not name.endswith(".seg"):
                continue
            number = int(name[:-4], 16)
            frame, listed = Frame(self.segment(number), 4096, archive_id, number), []
            while frame.kind != SEAL:
                if frame.kind == DIRECTORY:
                    totals, blocks = self.open_directory(frame, keys, archive_id)
                    listed += blocks
                frame = Frame(frame.data, frame.end, archive_id, number)
            records = {record[0]: record for block in listed for record in block[0]}
            chunks = {chunk: at for block in listed for chunk, at in block[1]}
            expected = {s: self.row(s) for s, place in self.places.items() if place[0] == number}
            need(records == expected, f"the directory of {name} says something else than its packs")
            held = {chunk: frame.at for chunk, (frame, _) in self.archive.contents.chunks.items()
                    if frame.number == number}
            need(chunks == held, f"the directory of {name} lists other chunks")
            sizes = sum(self.places[s][3]["size"] for s in expected)
            need(totals == (len(expected), sizes), f"the directory of {name} counts otherwise")
            count += len(records)
        return count

    def row(self, sequence):
        _, at, slot, record = self.places[sequence]
        return (sequence, at, slot, record["collection"], record["name"], record.get("subject"),
                record["recorded"], record.get("event_start"), "deleted" in record, record["terms"])

    def open_directory(self, frame, keys, archive_id):
        body, at, blocks = frame.public_body(keys.log), 16, []
        while at < len(body):
            head, length = body[at:at + 16], struct.unpack_from("<I", body, at + 12)[0]
            nonce = frame.nonce[:20] + struct.pack(">I", len(blocks))
            key = keys.domain_key(keys.unmasked(head[:12], nonce), frame.epoch)
            sealed = body[at + 16:at + 16 + length]
            content = unseal(key, nonce, sealed, archive_id + nonce + head, frame.what)
            codec, count, plain = content[0], struct.unpack_from("<I", content, 1)[0], content[5:]
            if codec == 2:
                plain = zstandard.ZstdDecompressor(
                    format=zstandard.FORMAT_ZSTD1_MAGICLESS
                ).decompress(plain, max_output_size=count)
            need(len(plain) == count, f"{frame.what}: a block has another length")
            blocks.append(parse_block(plain))
            at += 16 + length
        return struct.unpack_from("<QQ", body), blocks

    def check_snapshots(self):
        archive, labels = self.archive, []
        for name in sorted(os.listdir(os.path.join(self.path, "snapshots"))):
            document = read_document(os.path.join(self.path, "snapshots", name))
            message = canonical(without(document, "signature"))
            check_signature(archive.public_key, bytes.fromhex(document["signature"]),
                            b"strongroom/v1/snapshot\0" + message, name)
            root = merkle.Tree(archive.hashes[1:document["tree_size"] + 1]).root()
            need(document["tree_root"] == root.hex(), f"{name} has another root")
            for segment in document["segments"]:
                data = self.segment(segment["number"])
                seal = struct.unpack("<Q", data[-16:-8])[0]
                need((segment["bytes"], segment["sha256"], segment["seal"], segment["root"])
                     == (len(data), sha256(data).hex(), sha256(data[seal:-16]).hex(),
                         data[seal + 168:seal + 200].hex()), f"{name} names another segment")
            known = [place[3]["size"] for sequence, place in self.places.items()
                     if sequence <= document["last_sequence"]]
            need((document["records"], document["record_bytes"]) == (len(known), sum(known)),
                 f"{name} counts other records")
            self.check_note(document, root)
            label = bytes.fromhex(document["sealed_label"])
            key = archive.keys.domain_key(
                archive.keys.tag(None, "system"), struct.unpack_from("<I", label)[0])
            bound = b"strongroom/v1/label\0" + archive.archive_id + document["id"].encode()
            labels.append(unseal(key, label[4:28], label[28:], bound, name).decode())
        return sorted(labels)

    def check_note(self, document, root):
        origin, key = f"strongroom/{self.archive.archive_id.hex()}", self.archive.public_key
        text = f"{origin}\n{document['tree_size']}\n{base64.b64encode(root).decode()}\n"
        head, word = document["checkpoint"].rsplit(" ", 1)
        need(head == f"{text}\n\u2014 {origin}", "the checkpoint note is of another tree")
        blob = base64.b64decode(word)
        need(blob[:4] == sha256(origin.encode() + b"\n\x01" + key)[:4], "another key's note")
        check_signature(key, blob[4:], text.encode(), "the checkpoint note")

    def check_index(self):
        document = read_document(os.path.join(self.path, "keyring.json"))
        sealed = bytes.fromhex(document["keyring"])
        kek = self.archive.keys.open_slot(document, *self.credential)
        bound = canonical(without(document, "digest", "keyring"))
        plain = unseal(kek, sealed[:24], sealed[24:], b"strongroom/v1/keyring\0" + bound, "")
        key = hkdf(plain[:32], b"strongroom/v1/index", plain[64:96])
        with open(os.path.join(self.path, "index", "records.btree"), "rb") as file:
            data = file.read()
        slots = [data[:4096], data[4096:8192]]
        meta_key = mac(key, b"strongroom/v1/index/meta\x01")
        for slot in filter(any, slots):
            need(slot[:12] == b"SRTREE01\3\0\0\0" and slot[16:32] == self.archive.archive_id
                 and mac(meta_key, slot[:4064]) == slot[4064:], "a meta slot is damaged")
        meta = max(slots, key=lambda slot: struct.unpack_from("<Q", slot, 40))
        transaction = struct.unpack_from("<Q", meta, 40)[0]
        need(slots.index(meta) == transaction % 2, "the meta slot is not the transaction's")
        length, tree_count = struct.unpack_from("<II", meta, 56)
        _, _, commit, _, leaf, _ = struct.unpack("<QQQQ32sq", meta[64:64 + length])
        need(self.archive.hashes[commit] == leaf, "the index covers another log")
        end = 576 + 80 * tree_count
        need(tree_count <= 24 and not any(meta[end:4064]), "the meta slot is not as it should be")
        entries = {}
        for at in range(576, end, 80):
            tree = Tree(data, key, meta)
            level, filter_level, count = struct.unpack_from("<IIQ", meta, at + 64)
            tree.walk(meta[at:at + 32], level, b"")
            if any(meta[at + 32:at + 64]):
                tree.walk(meta[at + 32:at + 64], filter_level, b"")
                tree.check_filter(struct.unpack_from("<Q", meta, 32)[0])
            else:
                need(level == 0 or not tree.stems(), "a tree of several pages has no filter")
            need(len(tree.entries) == count, "the index counts other entries than it has")
            entries |= tree.entries
        entries = dict(single for entry in entries.items() for single in records_of(*entry))
        need(entries == self.entries(), "the index has other entries than the records make")
        return len(entries)

    def entries(self):
        """What the index must hold once it covers the whole log."""
        found = {}
        for sequence, (number, at, slot, record) in self.places.items():
            place = place_of(number, at, slot)
            end = ordered(record.get("event_start", record["recorded"])) + ordered_number(sequence)
            turned = bytes(255 - byte for byte in ordered_number(sequence))
            name = text(record["collection"]) + name_code(record["name"]) + turned
            found[b"\1" + name] = place_of(number, at, slot, int("deleted" in record))
            if "subject" in record:
                found[b"\2" + text(record["subject"]) + end] = place
            found[b"\3" + ordered(record["recorded"]) + ordered_number(sequence)] = place
            for term in record["terms"]:
                found[b"\4" + text(term) + end] = place
        for name, (frame, _) in self.archive.contents.chunks.items():
            found[b"\5" + name] = place_of(frame.number, frame.at, 0)
        return found

class Tree:
    """The pages of an index, opened and checked from the root down."""

    def __init__(self, data, key, meta):
        self.data, self.key, self.entries, self.filter = data, key, {}, []
        self.page_size = struct.unpack_from("<I", meta, 12)[0]
        self.bound = meta[16:40]
        first = max(1, 8192 // self.page_size) * self.page_size
        need(not any(data[8192:first]), "the gap before the first page is not zero")

    def walk(self, reference, level, fence):
        number, transaction = struct.unpack_from("<QQ", reference)
        what, page = f"page {number}", self.data[number * self.page_size:][:self.page_size]
        need(page[:4] == b"SRGP" and struct.unpack_from("<IQ", page, 4) == (level, transaction)
             and page[-16:] == reference[16:], f"{what} is not the one that its parent names")
        body = unseal(self.key, page[16:40], page[40:],
                      self.bound + struct.pack("<QQB", number, transaction, level), what)
        if level == 16:
            need(not any(body[len(body) // 64 * 64:]), f"{what}: bytes behind the blocks")
            self.filter.append((fence, body))
            return
        count, used, common = struct.unpack_from("<HHH", body)
        starts = (count + 15) // 16
        offsets = struct.unpack_from(f"<{starts}H", body, 6 + 4 * starts)
        cursor = Cursor(body[:used], what)
        cursor.take(6 + 6 * starts)
        need(not any(body[used:]), what)
        keys, payloads = [], []
        for index in range(count):
            if index % 16 == 0:
                need(offsets[index // 16] == cursor.at, f"{what}: an offset")
            other = b"" if index == 0 else keys[0 if index % 16 == 0 else -1]
            shared, word = cursor.varint(), cursor.varint()
            length = word % 4 + 4 if word % 4 < 3 else cursor.take(1)[0]
            need(shared <= len(other), f"{what}: a key shares more than there is")
            keys.append(other[:shared] + cursor.take(word // 4))
            payloads.append(cursor.take(length))
        need(cursor.ended() and keys == sorted(set(keys)), f"{what}: the keys are out of order")
        need(common == len(os.path.commonprefix([keys[0], keys[-1]])), f"{what}: its common bytes")
        for index, key in enumerate(keys[::16]):
            head = key[common:common + 4].ljust(4, b"\0")
            need(body[6 + 4 * index:][:4] == head, f"{what}: a head")
        if level == 0:
            need(keys[0] >= fence, f"{what}: its keys")
            self.entries |= zip(keys, payloads)
            return
        need(keys[0] == fence, f"{what}: its first separator is not its fence")
        for key, payload in zip(keys, payloads):
            self.walk(payload, level - 1, key)

    def stems(self):
        return {stem for stem in map(stem_of, sorted(self.entries)) if stem}

    def check_filter(self, generation):
        for stem in self.stems():
            body = next(body for fence, body in reversed(self.filter) if fence <= stem)
            value = stem_hash(stem, generation)
            block = body[64 * ((value >> 32) * (len(body) // 64) >> 32):][:64]
            bits = [value >> 9 * probe & 511 for probe in range(6)]
            need(all(block[bit // 8] >> bit % 8 & 1 for bit in bits), "a filter lacks a stem")

def stem_of(key):
    if key[0] == 5:
        return key
    return key[:-(9, 5, 4, 3)[key[-1] & 3]] if key[0] == 1 else b""

def stem_hash(stem, generation):
    def mixed(word):
        product = word * 0x9e3779b97f4a7c15 % (1 << 64)
        return product ^ product >> 32
    value = mixed(generation ^ len(stem))
    for at in range(0, len(stem), 8):
        value = mixed(value ^ int.from_bytes(stem[at:at + 8], "little"))
    return value

def varint(value):
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])

def place_of(number, at, slot, note=0):
    offset = at // 8
    return (varint(2 * slot + bool(note)) + (varint(note) if note else b"") + varint(number)
            + offset.to_bytes((offset.bit_length() + 7) // 8, "little"))

def records_of(key, value):
    """The entries of a run of times as if each record version had its own; any other as it is."""
    cursor = Cursor(value, "a value")
    slot = cursor.varint()
    if key[:1] != b"\3" or slot % 2 == 0:
        yield key, value
        return
    count, place = cursor.varint() + 1, value[cursor.at:]
    end = -(3, 4, 5, 9)[key[-1] & 3]
    number = int.from_bytes(key[end:], "big") >> 2 & (1 << -8 * end - 4) - 1
    for more in range(count):
        yield key[:end] + ordered_number(number + more), varint(slot - 1 + 2 * more) + place

def ordered_number(value):
    form = next(form for form, bits in enumerate((20, 28, 36, 64)) if value < 1 << bits)
    count = (3, 4, 5, 9)[form]
    return (form << 8 * count - 2 | value << 2 | form).to_bytes(count, "big")

def ordered(microseconds):
    seconds, rest = divmod(microseconds, 1_000_000)
    word = ((seconds + (1 << 46)) * 2 + (rest != 0)).to_bytes(6, "big")
    return word + (rest.to_bytes(3, "big") if rest else b"")

CODE_LENGTHS = ((0, 6), (0x2c, 11), (0x2f, 7), (0x37, 4), (0x39, 5), (0x40, 10), (0x5a, 9),
                (0x60, 11), (0x66, 5), (0x6d, 9), (0x75, 8), (0x7a, 9), (0xff, 11))

def name_codes():
    codes, taken = [], 0
    for byte in range(256):
        length = next(length for last, length in CODE_LENGTHS if byte <= last)
        code = -(-taken >> 11 - length)
        codes.append(f"{code:0{length}b}")
        taken = code + 1 << 11 - length
    return codes

def name_code(value, codes=name_codes()):
    bits = "".join(codes[byte] for byte in value.encode() + b"\0")
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")

def text(value):
    return value.encode() + b"\0"

if __name__ == "__main__":
    check = Check(*sys.argv[1:])
    print(check.check_directories(), check.check_index(), *check.check_snapshots(), sep="\n")
