"""What a problem is, and how bytes are read that may be anything."""

class Problem(Exception):
    """What is wrong, and the exit status that says so."""

class Erased(Exception):
    """The frame is of a subject whose key was destroyed."""

def need(condition, message, status=20):
    if not condition:
        raise Problem(message, status)

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
