package import ArchiveFormat

/// Entries of records and chunks that are committed but stand in no directory frame yet.
package struct PendingDirectory: Sendable {
    /// Estimated bytes a block is filled to; its plaintext is smaller.
    private static let blockTarget = DirectoryBlock.plaintextLimit / 2

    /// Blocks in the order in which their domains first appeared.
    package private(set) var blocks: [DirectoryBlock] = []
    private var place: [KeyDomainName: Int] = [:]
    private var blockFootprints: [Int] = []
    package private(set) var footprint = 0

    package init() {}

    package var isEmpty: Bool { blocks.isEmpty }

    package mutating func append(_ record: DirectoryRecord) {
        let index = block(for: record.domain, adding: record.footprint)
        blocks[index].records.append(record)
    }

    package mutating func append(_ chunk: DirectoryChunk, domain: KeyDomainName) {
        let index = block(for: domain, adding: 48)
        blocks[index].chunks.append(chunk)
    }

    package mutating func removeAll() { self = PendingDirectory() }

    private mutating func block(for domain: KeyDomainName, adding byteCount: Int) -> Int {
        footprint += byteCount
        if let index = place[domain], blockFootprints[index] < Self.blockTarget {
            blockFootprints[index] += byteCount
            return index
        }
        blocks.append(DirectoryBlock(domain: domain))
        blockFootprints.append(byteCount)
        place[domain] = blocks.count - 1
        return blocks.count - 1
    }
}
