import Synchronization

/// Hands out bytes that are in memory already, a piece at a time.
final class BodyPieces: Sendable {
    private let bytes: [UInt8]
    private let position = Mutex(0)

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    func next() -> [UInt8]? {
        position.withLock { position in
            guard position < bytes.count else { return nil }
            let end = min(position + (1 << 20), bytes.count)
            defer { position = end }
            return Array(bytes[position..<end])
        }
    }
}
