/// What a full check of an index found.
package struct IndexReport: Equatable, Sendable {
    /// The number of the checkpoint that made the version which was checked.
    package internal(set) var transaction: UInt64 = 0
    package internal(set) var treeCount = 0
    /// The pages of the current trees.
    package internal(set) var usedPageCount = 0
    /// The pages that later checkpoints may use.
    package internal(set) var freePageCount = 0
    /// The entries counted in the leaves.
    package internal(set) var entryCount: UInt64 = 0
    package internal(set) var leafCount = 0
    /// The bytes in use on the leaves, headers of their entries included.
    package internal(set) var leafByteCount = 0
    /// The pages of filters, branches not counted.
    package internal(set) var filterPageCount = 0
    /// The levels of the highest tree, 0 if there is none.
    package internal(set) var levelCount = 0
    package internal(set) var damages: [IndexDamage] = []

    /// Whether nothing is wrong.
    package var isSound: Bool { damages.isEmpty }
}

/// One thing that is wrong with an index file.
package enum IndexDamage: Hashable, Sendable {
    /// A page of a tree, or one that is free and yet not harmless.
    case page(UInt64, PageFinding)
    /// A meta slot holds neither zeros nor a meta of this index: 0 or 1.
    case metaSlot(Int)
    /// The unused bytes between the meta slots and the first page are not zeros.
    case gap
    /// The meta counts other entries than there are.
    case entryCount(recorded: UInt64, found: UInt64)
    /// The meta is no longer the one in memory: somebody else changed the file.
    case replaced
}

extension IndexDamage: CustomStringConvertible {
    package var description: String {
        switch self {
        case .page(let number, let finding): "page \(number): \(finding.rawValue)"
        case .metaSlot(let slot): "meta slot \(slot) is damaged"
        case .gap: "the bytes before the first page are not zeros"
        case .entryCount(let recorded, let found):
            "a tree has \(found) entries where its meta counts \(recorded)"
        case .replaced: "the file was changed by another writer"
        }
    }
}
