"""The keyring: a key slot opens it, and it has the key of every subject and collection."""
import hashlib, struct

from .checking import Cursor, Erased, Problem, need
from .ciphers import aes, hkdf, mac, sha256, unseal, xor
from .documents import canonical, without

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
