package import ArchiveFormat

/// Entries of records and chunks that are committed but stand in no directory frame yet.
package struct PendingDirectory: Sendable {
    /// Estimated bytes a block is filled to; its plaintext is smaller.
    private static let blockTarget = DirectoryBlock.plaintextLimit / 2

    /// Whole batches: what a commit costs here does not depend on how many records it has.
    private var batches: [[DirectoryRecord]] = []
    private var chunks: [(chunk: DirectoryChunk, domain: KeyDomainName)] = []
    package private(set) var footprint = 0

    package init() {}

    package var isEmpty: Bool { batches.isEmpty && chunks.isEmpty }

    package mutating func append(_ records: [DirectoryRecord]) {
        guard !records.isEmpty else { return }
        let span = records.span
        for index in span.indices { footprint += span[index].footprint }
        batches.append(records)
    }

    package mutating func append(_ chunk: DirectoryChunk, domain: KeyDomainName) {
        footprint += DirectoryChunk.footprint
        chunks.append((chunk, domain))
    }

    package mutating func removeAll() { self = PendingDirectory() }

    /// The entries as blocks of one domain each, in the order in which the domains first appeared.
    package func blocks() -> [DirectoryBlock] {
        var grouping = Grouping()
        for batch in batches {
            for record in batch {
                let index = grouping.block(for: record.domain, adding: record.footprint)
                grouping.blocks[index].records.append(record)
            }
        }
        for (chunk, domain) in chunks {
            let index = grouping.block(for: domain, adding: DirectoryChunk.footprint)
            grouping.blocks[index].chunks.append(chunk)
        }
        return grouping.blocks
    }

    private struct Grouping {
        var blocks: [DirectoryBlock] = []
        private var footprints: [Int] = []
        private var place: [KeyDomainName: Int] = [:]
        private var last = 0

        mutating func block(for domain: KeyDomainName, adding byteCount: Int) -> Int {
            // Mostly a person's records come one after the other.
            let isSame = last < blocks.count && blocks[last].domain == domain
            if let index = isSame ? last : place[domain], footprints[index] < blockTarget {
                footprints[index] += byteCount
                last = index
                return index
            }
            last = blocks.count
            place[domain] = last
            blocks.append(DirectoryBlock(domain: domain))
            footprints.append(byteCount)
            return last
        }
    }
}
