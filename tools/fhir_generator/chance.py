"""The one source of chance, and dates and times from it."""

import random

MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
TIME_ZONES = ["-05:00", "-05:00", "-05:00", "-06:00", "-08:00", "Z", "+00:00", "+05:30"]


class Chance:
    """A stream of draws that a seed, a patient's number and a purpose determine."""

    def __init__(self, seed, i, tag=""):
        r = random.Random("%s/%d/%s" % (seed, i, tag))
        self.r = r.random
        self.bits = r.getrandbits

    def n(self, a, b):
        """A number from a to b."""
        return a + int(self.r() * (b - a + 1))

    def pick(self, s):
        """One of a list."""
        return s[int(self.r() * len(s))]

    def uid(self):
        """A UUID."""
        h = "%032x" % self.bits(128)
        return "%s-%s-4%s-a%s-%s" % (h[:8], h[8:12], h[13:16], h[17:20], h[20:])

    def some(self, lam):
        """A small count, of a mean about lam and with a long tail."""
        n = 0
        while self.r() < lam / (lam + 1) and n < 60:
            n += 1
        return n


def date(p, y0, y1):
    """A day of the years from y0 to y1."""
    y, m = p.n(y0, y1), p.n(1, 12)
    return "%04d-%02d-%02d" % (y, m, p.n(1, MONTH_DAYS[m - 1]))


def inst(p, d):
    """A moment of a day."""
    return "%sT%02d:%02d:%02d%s%s" % (
        d,
        p.n(6, 20),
        p.n(0, 59),
        p.n(0, 59),
        ".%03d" % p.n(0, 999) if p.r() < 0.3 else "",
        p.pick(TIME_ZONES),
    )
