/// How the program ends, for scripts.
///
/// The numbers are promised: they never change their meaning.
enum ExitStatus: Int32, CaseIterable {
    case ok = 0
    case failed = 1
    case usage = 2
    case partial = 3
    case noArchive = 10
    case locked = 11
    case wrongKey = 12
    case integrity = 20
    case drillFailed = 21
    case drillInconclusive = 22
    case rollback = 24
    case interrupted = 130

    /// What it means, in a few words.
    var meaning: String {
        switch self {
        case .ok: "done"
        case .failed: "failed"
        case .usage: "the command line makes no sense"
        case .partial: "done in part"
        case .noArchive: "no archive or vault there"
        case .locked: "another process writes to the archive"
        case .wrongKey: "wrong passphrase or key file"
        case .integrity: "damaged: bytes are not what was written"
        case .drillFailed: "the drill failed"
        case .drillInconclusive: "the drill proved nothing"
        case .rollback: "put back to an old state"
        case .interrupted: "interrupted"
        }
    }
}
