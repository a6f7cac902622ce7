import ArchiveBytes
import ArchiveFormat
import ArchiveSealing
import StrongroomVaults

/// A piece of the active segment in a vault: whole batches, from one offset to another.
///
/// Its name says what it is and begins its SHA-256, so that what is in the vault can be held against
/// the archive without reading it.
struct SegmentPart: Hashable, Sendable {
    static let prefix = "parts/"

    let segment: SegmentNumber
    let start: UInt64
    let end: UInt64
    /// The first half of the SHA-256 of its bytes, in hexadecimal digits.
    let digest: String

    var byteCount: UInt64 { end - start }

    var text: String {
        let numbers = [segment.value, start, end].map { SegmentNumber($0).stem }
        return Self.prefix + numbers.joined(separator: "-") + "-" + digest + ".part"
    }

    init(segment: SegmentNumber, start: UInt64, end: UInt64, sha256: Digest) {
        self.segment = segment
        self.start = start
        self.end = end
        digest = Self.digest(sha256)
    }

    /// The part whose name that is; nil if it is none's.
    init?(_ text: String) {
        guard text.hasPrefix(Self.prefix), text.hasSuffix(".part") else { return nil }
        let words = text.dropFirst(Self.prefix.count).dropLast(5).split(separator: "-")
        let numbers = words.prefix(3).filter { $0.utf8.count == 16 }.compactMap {
            UInt64($0, radix: 16)
        }
        guard words.count == 4, numbers.count == 3, words[3].utf8.count == Digest.byteCount,
            numbers[1] < numbers[2], numbers[2] <= Limits.segment * 2
        else { return nil }
        segment = SegmentNumber(numbers[0])
        (start, end) = (numbers[1], numbers[2])
        digest = String(words[3])
    }

    func isRight(_ bytes: [UInt8]) -> Bool {
        UInt64(bytes.count) == byteCount && Self.digest(SHA256.hash(bytes.span)) == digest
    }

    static func digest(_ sha256: Digest) -> String { String(sha256.hex.prefix(Digest.byteCount)) }

    /// What a vault has below ``prefix``.
    struct Listing {
        /// By segment and start, of those with the same start the longest first.
        var parts: [SegmentPart] = []
        /// Those whose object has another length than their name tells.
        var spoiled: [SegmentPart] = []

        /// Whether somebody follows the archive into the vault.
        var isFollowed: Bool { !parts.isEmpty || !spoiled.isEmpty }

        /// Tells of those that stand behind a segment.
        func findings(behind last: SegmentNumber) -> [VaultFinding] {
            spoiled.filter { $0.segment > last }.map {
                VaultFinding(
                    damagedPart: $0.text,
                    "it does not have the \($0.byteCount) bytes that its name tells; "
                        + "`strongroom ship --follow` sends them again"
                )
            }
        }
    }

    static func listing(_ store: any ObjectStore) async throws(RecoveryError) -> Listing {
        var listing = Listing()
        for object in try await VaultContents.listing(store, prefix: prefix) {
            guard let part = SegmentPart(object.name.text) else { continue }
            if part.byteCount == object.byteCount {
                listing.parts.append(part)
            } else {
                listing.spoiled.append(part)
            }
        }
        listing.parts.sort { ($0.segment, $0.start, $1.end) < ($1.segment, $1.start, $0.end) }
        return listing
    }

    /// All whole parts in a vault.
    static func list(_ store: any ObjectStore) async throws(RecoveryError) -> [SegmentPart] {
        try await listing(store).parts
    }

    /// Those of one segment that lead from its beginning as far as possible without a gap.
    static func chain(_ parts: [SegmentPart], of segment: SegmentNumber) -> [SegmentPart] {
        let own = parts.filter { $0.segment == segment }
        var chain: [SegmentPart] = []
        var end: UInt64 = 0
        while let next = own.filter({ $0.start == end }).max(by: { $0.end < $1.end }) {
            chain.append(next)
            end = next.end
        }
        return chain
    }

    /// Where the next part is to begin, and which parts it replaces.
    ///
    /// A part takes in those before it that are no longer than it is itself, so that there are never
    /// many, and no byte is sent often: both grow with the logarithm.
    static func join(
        _ chain: [SegmentPart],
        upTo end: UInt64
    ) -> (start: UInt64, replaced: [SegmentPart]) {
        var start = chain.last?.end ?? 0
        var replaced: [SegmentPart] = []
        for part in chain.reversed() {
            guard part.byteCount <= end - start else { break }
            start = part.start
            replaced.append(part)
        }
        return (start, replaced)
    }
}
