import Strongroom

/// What an import that fills a batch sees of the archive, and what must be looked at first.
///
/// The view shows all but the last two batches handed over: one of them may just be written, and to
/// wait until the other is in the index would leave a processor idle.
struct ImportSight: Sendable {
    var view: ArchiveView
    /// Records that the view shows, unlike those before, and that are not the import's.
    var foreign: [ForeignRecords] = []
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

    /// What was accounted for so far, as `view` shows it.
    mutating func sight(_ view: ArchiveView) -> ImportSight {
        defer { foreign = [] }
        return ImportSight(view: view.limited(to: last), foreign: foreign)
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
