import StrongroomVaults

/// Reads an object from front to back, with some pieces under way ahead of the one that is used: a
/// store's answer takes its time however small it is.
struct ObjectStream: Sendable {
    let store: any ObjectStore
    let name: ObjectName
    let byteCount: UInt64

    /// Bytes asked of the store at a time: what a server looks up costs the same for a byte.
    static let pieceByteCount: UInt64 = 8 << 20
    /// Pieces that are in memory or under way.
    static let aheadLimit = 3

    /// Hands all pieces to `body`, in order and one at a time.
    ///
    /// - Throws: `VaultError` if a piece cannot be read; what `body` throws.
    func forEachPiece(_ body: ([UInt8]) async throws -> Void) async throws {
        let count = Int(clamping: (byteCount + Self.pieceByteCount - 1) / Self.pieceByteCount)
        guard count > 1 else {
            if count == 1 { try await body(try await piece(0)) }
            return
        }
        try await withThrowingTaskGroup(of: (Int, [UInt8]).self) { group in
            var waiting: [Int: [UInt8]] = [:]
            var asked = 0
            for number in 0..<count {
                while asked < count, asked < number + Self.aheadLimit {
                    let next = asked
                    group.addTask { (next, try await piece(next)) }
                    asked += 1
                }
                while waiting[number] == nil, let (found, bytes) = try await group.next() {
                    waiting[found] = bytes
                }
                guard let bytes = waiting.removeValue(forKey: number) else { return }
                try await body(bytes)
            }
        }
    }

    private func piece(_ number: Int) async throws(VaultError) -> [UInt8] {
        let start = UInt64(number) * Self.pieceByteCount
        let end = min(start + Self.pieceByteCount, byteCount)
        return try await store.read(name, range: start..<end)
    }
}
