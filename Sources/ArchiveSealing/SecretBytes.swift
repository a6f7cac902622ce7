internal import ArchiveBytes
internal import CSealing

/// Secret bytes on the heap that are wiped before they are freed.
///
/// There is one owner, no description and no implicit copy. The pages are kept out of swap where
/// the system allows it. They stay locked until the process ends, because other secrets may lie on
/// the same page.
@safe package struct SecretBytes: ~Copyable, @unchecked Sendable {
    // Sendable: the buffer has one owner, and only a mutating method writes to it.
    private let storage: UnsafeMutableBufferPointer<UInt8>

    /// Makes `count` zeros, to be filled in place.
    package init(zeroed count: Int) {
        if count == KeyRooms.roomByteCount {
            let room = unsafe KeyRooms.shared.take()
            unsafe storage = UnsafeMutableBufferPointer(start: room, count: count)
            return
        }
        unsafe storage = .allocate(capacity: count)
        unsafe storage.initialize(repeating: 0)
        cs_lock(unsafe UnsafeBufferPointer(storage).span)
    }

    /// Copies `source`, which its owner wipes.
    package init(copying source: Span<UInt8>) {
        self.init(zeroed: source.count)
        withMutableSpan { $0.copy(source) }
    }

    deinit {
        unsafe cs_wipe(storage.count, storage.baseAddress)
        if unsafe storage.count == KeyRooms.roomByteCount, let room = unsafe storage.baseAddress {
            unsafe KeyRooms.shared.giveBack(room)
        } else {
            unsafe storage.deallocate()
        }
    }

    /// Draws `count` random bytes.
    package static func random(_ count: Int) throws(SealingError) -> SecretBytes {
        var secret = SecretBytes(zeroed: count)
        try secret.withMutableSpan { bytes throws(SealingError) in
            try Randomness.fill(&bytes)
        }
        return secret
    }

    /// The number of bytes, which is no secret.
    package var count: Int { unsafe storage.count }

    /// Lends the bytes to `body`.
    package borrowing func withSpan<Result: ~Copyable, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(unsafe UnsafeBufferPointer(storage).span)
    }

    /// Lends the bytes to `body`, which may change them.
    package mutating func withMutableSpan<Result: ~Copyable, Failure: Error>(
        _ body: (inout MutableSpan<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        var bytes = unsafe storage.mutableSpan
        return try body(&bytes)
    }

    /// Makes a second secret of the same bytes.
    package borrowing func copy() -> SecretBytes { withSpan { SecretBytes(copying: $0) } }

    /// Tells whether both hold the same bytes, in a time that depends on the counts only.
    package borrowing func constantTimeEquals(_ other: borrowing SecretBytes) -> Bool {
        withSpan { left in other.withSpan { right in ConstantTime.areEqual(left, right) } }
    }
}

/// A key of 32 bytes that several owners share.
///
/// It is a reference, so that keys can lie in dictionaries and caches while their bytes exist once
/// and are wiped when the last owner lets go.
package final class SecretKey: Sendable {
    /// The length of every symmetric key and seed.
    package static let byteCount = 32

    private let secret: SecretBytes

    /// Takes over `secret`.
    ///
    /// - Throws: ``SealingError/invalidKey`` unless it has 32 bytes.
    package init(_ secret: consuming SecretBytes) throws(SealingError) {
        guard secret.count == Self.byteCount else { throw .invalidKey }
        self.secret = secret
    }

    /// Copies `bytes`, which their owner wipes.
    ///
    /// - Throws: ``SealingError/invalidKey`` unless there are 32.
    package convenience init(copying bytes: Span<UInt8>) throws(SealingError) {
        try self.init(SecretBytes(copying: bytes))
    }

    /// Draws a new key.
    package static func random() throws(SealingError) -> SecretKey {
        try SecretKey(SecretBytes.random(byteCount))
    }

    /// Lends the bytes to `body`.
    package func withSpan<Result: ~Copyable, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try secret.withSpan(body)
    }

    /// Tells whether both hold the same bytes, in constant time.
    package func constantTimeEquals(_ other: SecretKey) -> Bool {
        secret.constantTimeEquals(other.secret)
    }
}

/// Comparison that does not tell an attacker where the first difference lies.
package enum ConstantTime {
    /// Compares in a time that depends on the counts only.
    package static func areEqual(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
        unsafe lend(left, right) { left, right in
            unsafe cs_equal(left.count, left.baseAddress, right.count, right.baseAddress)
        } == 1
    }
}
