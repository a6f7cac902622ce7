"""The log: segments of batches of frames, each batch ended by a commit."""
import mmap, os, struct

from .checking import Erased, Problem, need
from .ciphers import check_signature, mac, sha256
from .contents import Contents
from .documents import canonical, read_document, without
from .frames import COMMIT, FRAME_BODY, SEAL, Frame
from .keyring import Keys
from .merkle import Tree

BATCH = FRAME_BODY + (1 << 20)

class Archive:
    """Reads and verifies the whole log; `contents` knows where every record is."""

    def __init__(self, path, credential, dictionary_path):
        self.path = path
        document = read_document(os.path.join(path, "archive.json"))
        self.archive_id, self.public_key = (
            bytes.fromhex(document[key]) for key in ("archive_id", "public_key"))
        message = b"strongroom/v1/archive\0" + canonical(without(document, "signature"))
        digits = document["signature"]
        need(digits == digits.lower(), "archive.json is not in canonical form")
        check_signature(self.public_key, bytes.fromhex(digits), message, "archive.json")
        self.keys = Keys(read_document(os.path.join(path, "keyring.json")), credential)
        need(self.keys.archive_id == self.archive_id, "keyring.json is of another archive")
        self.contents = Contents(self.keys, dictionary_path)
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
        body = frame.public_body(self.keys.log)
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
                self.contents.read_frame(one, totals)
            except Erased:
                self.erased += 1
        return frame.end

    def check_seal(self, frame, totals):
        body = frame.public_body(self.keys.log)
        commits, folders = totals["commits"], totals["directories"]
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
