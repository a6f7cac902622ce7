import ArchiveBytes
import ArchiveSealing
import Strongroom

/// Tells whether the archive holds a record already, byte for byte under the same name.
///
/// The archive's index answers for everything that is committed; the last two batches, which are
/// being written or filled meanwhile, are remembered here.
struct DuplicateCheck {
    private struct Recent {
        var place: RecentRecord
        var body: [UInt8]
        var digest: Digest?

        var again: PieceDraft.Content { .onItsWay(place, isNew: false) }

        func isSame(_ other: Span<UInt8>) -> Bool {
            digest == nil && body.span.isEqual(to: other)
        }
    }

    private var older: [String: [Recent]] = [:]
    private var newer: [String: [Recent]] = [:]
    private let hasher = SHA256()

    /// Forgets all but the batch before the one that begins: those are in the index by now.
    mutating func beginBatch() {
        older = newer
        newer = [:]
    }

    /// Remembers a record that is on its way.
    ///
    /// A body that is not held comes as its digest.
    mutating func note(
        _ name: String,
        _ body: [UInt8],
        digest: Digest? = nil,
        _ place: RecentRecord
    ) {
        newer[name, default: []].append(Recent(place: place, body: body, digest: digest))
    }

    /// Where the same record is, or nil if it is new.
    func find(
        _ name: String,
        _ body: Span<UInt8>,
        in view: ArchiveView
    ) throws(ArchiveError) -> PieceDraft.Content? {
        for recent in newer[name] ?? [] where recent.isSame(body) { return recent.again }
        for recent in older[name] ?? [] where recent.isSame(body) { return recent.again }
        guard try view.place(of: name, in: RecordMaker.collection) != nil else { return nil }
        return try stored(name, hasher.hash(body), in: view)
    }

    /// The same for a body of which only the digest is known.
    func find(
        _ name: String,
        digest: Digest,
        in view: ArchiveView
    ) throws(ArchiveError) -> PieceDraft.Content? {
        for recent in (newer[name] ?? []) + (older[name] ?? [])
        where recent.digest ?? hasher.hash(recent.body.span) == digest {
            return recent.again
        }
        guard try view.place(of: name, in: RecordMaker.collection) != nil else { return nil }
        return try stored(name, digest, in: view)
    }

    /// Any version counts, not only the newest: an old export must not bring back what is known.
    private func stored(
        _ name: String,
        _ digest: Digest,
        in view: ArchiveView
    ) throws(ArchiveError) -> PieceDraft.Content? {
        let digest = digest.hex
        for version in try view.versions(of: name, in: RecordMaker.collection)
        where !version.isDeleted && version.sha256 == digest {
            return .known(sequence: version.sequence, recorded: version.recorded)
        }
        return nil
    }
}
