import ArchiveBytes
import ArchiveFormat

/// As of when an archive is recovered.
public enum RecoveryMoment: Equatable, Sendable {
    /// At the newest snapshot.
    case newest
    /// At a snapshot.
    case snapshot(String)
    /// When everything recorded up to a time, in microseconds since 1970, was there and nothing later.
    case time(Int64)
    /// After the last commit that ends with this record version or before it.
    case sequence(UInt64)

    /// What decides within the log; nil at a snapshot, which always stands between two segments.
    var cut: LogCut? {
        switch self {
        case .newest, .snapshot: nil
        case .time(let time): .time(time)
        case .sequence(let sequence): .sequence(sequence)
        }
    }
}

/// Where the log is to end.
///
/// Commits stay whole: that is what the archive's tree proves.
enum LogCut: Equatable, Sendable {
    case time(Int64)
    case sequence(UInt64)

    /// Whether the commit that ended so is kept.
    func includes(_ link: CommitLink) -> Bool {
        switch self {
        case .time(let time): link.time.microseconds <= time
        case .sequence(let sequence): link.lastSequence <= sequence
        }
    }

    /// Whether a snapshot holds everything that is kept.
    func isWithin(_ manifest: SnapshotManifest) -> Bool {
        switch self {
        case .time(let time): manifest.time.microseconds >= time
        case .sequence(let sequence): manifest.lastSequence >= sequence
        }
    }

    /// As `recovery.json` keeps it.
    var text: String {
        switch self {
        case .time(let time): "time:\(time)"
        case .sequence(let sequence): "sequence:\(sequence)"
        }
    }

    init?(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 1)
        guard parts.count == 2 else { return nil }
        switch parts[0] {
        case "time":
            guard let time = Int64(parts[1]) else { return nil }
            self = .time(time)
        case "sequence":
            guard let sequence = UInt64(parts[1]) else { return nil }
            self = .sequence(sequence)
        default: return nil
        }
    }
}
