"""The frames that a segment consists of."""
import hmac, struct

from .checking import need
from .ciphers import mac, sha256

RECORDS, CHUNK, COMMIT, DIRECTORY, SEAL, DICTIONARY = 1, 2, 3, 4, 5, 6
FRAME_PLAINTEXT = 16 << 20
FRAME_BODY = FRAME_PLAINTEXT + FRAME_PLAINTEXT // 8 + 4

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

    def public_body(self, log_key):
        """The body of a commit, directory or seal, once its MAC has proved it."""
        body, tag = self.data[self.body], self.data[self.tag]
        expected = mac(log_key, self.associated, body)[:16]
        need(hmac.compare_digest(expected, tag), f"{self.what}: the frame is not authentic")
        return body

    def leaf(self):
        return sha256(b"\0", self.data[self.at:self.end])
