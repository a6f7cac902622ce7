import ArchiveFileIO
import Synchronization

/// Threads on which this room waits for the local disk.
enum LocalFiles {
    static let pool = BlockingPool(label: "strongroom.recovery", width: 4)
}

/// The furthest byte that was reached of an object that may be read again.
final class Reached: Sendable {
    private let offset = Mutex<UInt64>(0)

    /// How many bytes are new.
    func advance(to end: UInt64) -> UInt64 {
        offset.withLock { offset in
            guard end > offset else { return 0 }
            defer { offset = end }
            return end - offset
        }
    }
}

/// Runs `body` for each item, some at a time, in order of the items.
///
/// The first error stops the rest.
func forEach<Item: Sendable>(
    _ items: [Item],
    atATime width: Int,
    _ place: String,
    _ body: @escaping @Sendable (Item) async throws -> Void
) async throws(RecoveryError) {
    do {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, item) in items.enumerated() {
                if index >= max(1, width) { try await group.next() }
                try RecoveryError.checkCancellation(place)
                group.addTask { try await body(item) }
            }
            try await group.waitForAll()
        }
    } catch {
        throw RecoveryError.wrapping(error, in: place)
    }
}
