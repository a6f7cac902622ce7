import ArchiveBytes
import ArchiveFileIO
import Support
import Synchronization
import SystemPackage

/// A clock that a life can set; it moves on by a second whenever it is asked.
final class LifeClock: Sendable {
    private let time = Mutex(Int64(1_700_000_000_000_000))

    func now() -> Timestamp {
        time.withLock {
            $0 += 1_000_000
            return Timestamp(microseconds: $0)
        }
    }

    func move(by seconds: Int64) { time.withLock { $0 = max(0, $0 + seconds * 1_000_000) } }
}

/// One thing that happens in the life of an archive: work, failures, a stop.
enum LifeStep: Equatable, Sendable {
    case put(UInt64)
    case batch(UInt64)
    case largePut(UInt64)
    case delete(UInt64)
    case checkpoint
    case advanceHead
    case seal
    case snapshot
    /// Closing in order and opening again.
    case reopen
    /// The process is killed and started again; the machine runs on.
    case kill
    /// The index is made anew while opening.
    case rebuild
    /// The power fails now, or at a change to come.
    case powerCut(seed: UInt64)
    case powerCutAhead(changes: Int, seed: UInt64)
    /// Calls begin to fail.
    case fault(Fault, call: Int, errno: Int32, isForever: Bool)
    /// A bit of some file turns while nobody has the archive open, on a twin of the machine.
    case bitRot(seed: UInt64)
    /// A sector of some file cannot be read any more.
    case badSector(seed: UInt64)
    /// The disk takes so many bytes more.
    case fill(byteCount: UInt64)
    /// What failed works again, and there is room.
    case heal
    /// The clock is set.
    case clock(deltaSeconds: Int64)
    /// The virtual machine's state is saved, and the machine set back to it.
    case save
    case setBack

    enum Fault: Int, CaseIterable, Sendable {
        case any, write, synchronize, directory, open, allocate, rename, remove, resize, read
    }

    /// The eight of the small scope.
    static let alphabet: [LifeStep] = [
        .put(1), .batch(2), .largePut(3), .delete(1), .checkpoint, .seal, .snapshot, .reopen,
    ]
}

extension LifeStep {
    /// Any step, work most often.
    static func random(_ generator: inout SeededGenerator) -> LifeStep {
        let seed = generator.next() % 1_000_000
        switch Int.random(in: 0..<100, using: &generator) {
        case 0..<26: return .put(seed)
        case 26..<38: return .batch(seed)
        case 38..<40: return .largePut(seed)
        case 40..<48: return .delete(seed)
        case 48..<53: return .checkpoint
        case 53..<56: return .advanceHead
        case 56..<60: return .seal
        case 60..<64: return .snapshot
        case 64..<69: return .reopen
        case 69..<70: return .bitRot(seed: seed)
        case 70..<74: return .kill
        case 74..<76: return .rebuild
        case 76..<80: return .powerCut(seed: seed)
        case 80..<85:
            return .powerCutAhead(changes: Int.random(in: 1...30, using: &generator), seed: seed)
        case 85..<91:
            return .fault(
                Fault.allCases.randomElement(using: &generator) ?? .any,
                call: Int.random(in: 1...6, using: &generator),
                errno: [
                    Errno.ioError, .ioError, .noSpace, .tooManyOpenFiles, .diskQuotaExceeded,
                ].randomElement(using: &generator).map(\.rawValue) ?? 5,
                isForever: Int.random(in: 0..<4, using: &generator) == 0
            )
        case 91..<93: return .fill(byteCount: generator.next() % 200_000)
        case 93..<96: return .heal
        case 96..<97:
            return .clock(deltaSeconds: Int64(generator.next() % 2_000_000) - 1_000_000)
        case 97..<98: return .save
        case 98..<99: return .badSector(seed: seed)
        default: return .setBack
        }
    }
}

extension LifeStep.Fault {
    func simulated(_ call: Int, _ errno: Errno, _ isForever: Bool) -> SimulatedFault {
        let operation: SystemError.Operation? =
            switch self {
            case .any: nil
            case .write: .write
            case .synchronize: .synchronize
            case .directory: .synchronizeDirectory
            case .open: .open
            case .allocate: .allocate
            case .rename: .rename
            case .remove: .remove
            case .resize: .resize
            case .read: .read
            }
        return SimulatedFault(
            operation,
            call: call,
            errno: errno,
            duration: isForever ? .forever : .once
        )
    }
}
