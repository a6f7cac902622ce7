"""Digests and MACs, keys that are derived, and what is sealed and signed with them."""
import functools, hashlib, hmac

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .checking import Problem

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
