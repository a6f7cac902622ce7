/// What an archive is made for: chosen once, when it is created.
///
/// The sizes and speeds behind it are in <doc:Tuning>.
public enum ArchiveProfile: String, CaseIterable, Sendable {
    /// Least work for a record: packs of 4 KiB, level 1.
    case fast
    /// Packs of 8 KiB, level 3.
    case balanced
    /// Least space: packs of 64 KiB, level 9, at about six times the work of compressing.
    case dense

    var packByteCount: Int {
        switch self {
        case .fast: 4 << 10
        case .balanced: 8 << 10
        case .dense: 64 << 10
        }
    }

    var compressionLevel: Int {
        switch self {
        case .fast: 1
        case .balanced: 3
        case .dense: 9
        }
    }
}
