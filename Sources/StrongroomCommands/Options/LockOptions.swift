import ArgumentParser
import StrongroomVaults

/// A lock's mode, as the command line says it.
enum LockChoice: String, ExpressibleByArgument, CaseIterable {
    case compliance
    case governance

    var mode: ObjectLock.Mode { self == .compliance ? .compliance : .governance }
}
