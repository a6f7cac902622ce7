import Strongroom

/// What an import that fills a batch sees of the archive, and what must be looked at first.
///
/// The view shows all but the batches handed over last: one of them may just be written, some wait for
/// that, and to wait until the one before is in the index would leave a processor idle.
struct ImportSight: Sendable {
    var view: ArchiveView
    /// Records that the view shows, unlike those before, and that are not the import's.
    var foreign: [ForeignRecords] = []
}

/// What will be seen once the index shows what was committed: a commit need not wait for that.
struct ComingSight: Sendable {
    fileprivate let latest: Task<ArchiveView, Never>
    fileprivate let last: UInt64
    fileprivate let foreign: [ForeignRecords]

    var sight: ImportSight {
        get async { ImportSight(view: await latest.value.limited(to: last), foreign: foreign) }
    }
}

/// Records that stand in a commit before those of an import.
struct ForeignRecords: Sendable {
    var sequence: UInt64
    var count: UInt64
    var recorded: Int64
}

/// Keeps account of the numbers that an import's records got, and of those between them.
struct SequenceWatch {
    /// The number up to which all is known.
    private var last: UInt64
    private var foreign: [ForeignRecords] = []

    init(_ view: ArchiveView) { last = view.lastSequence }

    /// What was accounted for so far, as the view that is on its way will show it.
    mutating func sight(_ latest: Task<ArchiveView, Never>) -> ComingSight {
        defer { foreign = [] }
        return ComingSight(latest: latest, last: last, foreign: foreign)
    }

    mutating func note(_ receipts: [Receipt]) {
        for receipt in receipts {
            if receipt.sequence > last + 1 {
                foreign.append(
                    ForeignRecords(
                        sequence: last + 1,
                        count: receipt.sequence - last - 1,
                        recorded: receipt.recorded
                    )
                )
            }
            last = receipt.sequence
        }
    }
}
