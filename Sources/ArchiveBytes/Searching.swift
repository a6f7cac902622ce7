import Glibc

extension Span where Element == UInt8 {
    /// The first place of `byte` at or after `start`, or nil.
    package func firstIndex(ofByte byte: UInt8, from start: Int = 0) -> Int? {
        guard start < count else { return nil }
        return unsafe extracting(start...).withUnsafeBufferPointer { bytes in
            guard let base = bytes.baseAddress,
                let found = unsafe memchr(base, CInt(byte), bytes.count)
            else { return nil }
            return unsafe start + (UnsafeRawPointer(found) - UnsafeRawPointer(base))
        }
    }

    /// Tells whether `byte` is among these.
    package func contains(byte: UInt8) -> Bool { firstIndex(ofByte: byte) != nil }
}
