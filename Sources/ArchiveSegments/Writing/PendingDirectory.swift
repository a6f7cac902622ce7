package import ArchiveFormat
import Synchronization

/// Entries of records and chunks that are committed but stand in no directory frame yet, encoded as
/// that will hold them.
///
/// Who follows the commits adds to it, which need not be the writer's thread.
package final class PendingDirectory: Sendable {
    /// Estimated bytes a block is filled to; its plaintext is smaller.
    private static let blockTarget = DirectoryBlock.plaintextLimit / 2

    private let grouping = Mutex(Grouping())

    package init() {}

    package var isEmpty: Bool { grouping.withLock { $0.blocks.isEmpty } }

    /// Lets `body` add entries.
    package func add<Result>(_ body: (inout Grouping) -> sending Result) -> sending Result {
        grouping.withLock { body(&$0) }
    }

    package func removeAll() { grouping.withLock { $0 = Grouping() } }

    /// The entries as blocks of one domain each, in the order in which the domains first appeared.
    func blocks() -> [Block] { grouping.withLock { $0.blocks } }

    /// A block that grows.
    struct Block: Sendable {
        var encoder: DirectoryBlockEncoder
        /// Estimated bytes.
        var byteCount = 0
    }

    /// The blocks by their domains.
    package struct Grouping: Sendable {
        fileprivate var blocks: [Block] = []
        private var place: [KeyDomainName: Int] = [:]
        private var last = 0
        /// Apart from its block, which would be copied for it.
        private var lastDomain: KeyDomainName?

        package mutating func append(_ record: borrowing DirectoryRecord) {
            // Mostly a person's records come one after the other.
            let isSame = lastDomain?.isDomain(of: record) == true
            let index = isSame ? last : place[record.domain]
            grow(index, adding: record.footprint, record.domain)
            blocks[last].encoder.append(record)
        }

        package mutating func append(_ chunk: DirectoryChunk, domain: KeyDomainName) {
            grow(place[domain], adding: DirectoryChunk.footprint, domain)
            blocks[last].encoder.append(chunk)
        }

        /// Makes the block at `index` the last one, or a new one if that is full or there is none.
        private mutating func grow(
            _ index: Int?,
            adding byteCount: Int,
            _ domain: @autoclosure () -> KeyDomainName
        ) {
            if let index, blocks[index].byteCount < PendingDirectory.blockTarget {
                blocks[index].byteCount += byteCount
                guard index != last else { return }
                last = index
                lastDomain = domain()
                return
            }
            let domain = domain()
            lastDomain = domain
            last = blocks.count
            place[domain] = last
            blocks.append(
                Block(encoder: DirectoryBlockEncoder(domain: domain), byteCount: byteCount)
            )
        }
    }
}
