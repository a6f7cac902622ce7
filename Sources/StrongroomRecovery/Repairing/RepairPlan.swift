import ArchiveBytes
import ArchiveFormat
import ArchiveSegments

/// What is damaged in a vault or archive, and how it would be mended.
///
/// A value: it can be printed, shown as a dry run, and carried out by ``Repair``.
public struct RepairPlan: Sendable {
    /// One object that is to be mended.
    public struct Step: Sendable {
        /// What is wrong with it.
        public let kind: VaultFinding.Kind
        /// The parts that are fetched from elsewhere; nil for the whole object.
        public let ranges: [Range<UInt64>]?
        /// The object's name.
        public var name: String { object.text }
        /// Bytes that are fetched.
        public var byteCount: UInt64 {
            ranges.map { $0.reduce(0) { $0 + UInt64($1.count) } } ?? content.byteCount
        }

        let object: VaultObject
        let content: Content
    }

    /// What an object must be.
    enum Content: Sendable {
        case bytes([UInt8])
        /// With the seal that says what each part must be, where it is known.
        case segment(SnapshotManifest.Segment, SealedSegment?)

        var byteCount: UInt64 {
            switch self {
            case .bytes(let bytes): UInt64(bytes.count)
            case .segment(let segment, _): segment.byteCount
            }
        }
    }

    /// The archive's identity in hexadecimal digits.
    public let archive: String
    /// What is to be mended, manifests last.
    public internal(set) var steps: [Step] = []
    /// Damage for which no source has what is needed.
    public internal(set) var hopeless: [VaultFinding] = []
    /// Segments that were held against their snapshots.
    public internal(set) var checkedSegmentCount = 0
    /// Their bytes.
    public internal(set) var checkedByteCount: UInt64 = 0
    /// Segments of a thin archive that live in a vault, and are mended there.
    public internal(set) var remoteSegmentCount = 0

    init(archive: String) { self.archive = archive }

    /// Whether nothing is damaged.
    public var isSound: Bool { steps.isEmpty && hopeless.isEmpty }
}

extension RepairPlan: CustomStringConvertible {
    /// One line for each object, and a sum.
    public var description: String {
        let lines = steps.map { step in
            let part = step.ranges.map { "\(Counted.text($0.count, "part")) of " } ?? "all of "
            return "\(step.kind.rawValue): fetch \(part)\(step.name) (\(step.byteCount) bytes)\n"
        }
        let lost = hopeless.map { "no source has what is needed: \($0)\n" }
        return lines.joined() + lost.joined()
            + "\(Counted.text(checkedSegmentCount, "segment")) checked, "
            + "\(Counted.text(steps.count, "object")) to mend\n"
    }
}

/// What mending has done.
public struct RepairResult: Sendable {
    /// One object that was mended.
    public struct Mend: Sendable {
        /// Its name.
        public let name: String
        /// The parts that were replaced; nil for the whole object.
        public let ranges: [Range<UInt64>]?
        /// Bytes that were fetched.
        public let fetchedByteCount: UInt64
        /// Where the damaged bytes are kept, if there were any.
        public let quarantine: String?
    }

    /// What was mended.
    public internal(set) var mended: [Mend] = []
    /// What could not be, and why.
    public internal(set) var findings: [VaultFinding] = []
    /// How long it took.
    public internal(set) var duration: Duration = .zero
}
