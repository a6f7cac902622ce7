"""The tree that makes one digest of many, of RFC 9162."""
import functools

from .ciphers import sha256

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
