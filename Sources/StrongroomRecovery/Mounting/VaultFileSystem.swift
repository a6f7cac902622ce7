import ArchiveBytes
import ArchiveFileIO
import Dispatch
import StrongroomVaults
import Synchronization
import SystemPackage

/// A vault seen as a directory that can only be read, for code that reads an archive's files.
///
/// Its calls wait for the store and must be made on threads that may block. What a file system's
/// errors cannot say is kept in ``failure``.
final class VaultFileSystem: FileSystem {
    /// Where the vault seems to be, for messages.
    let root: FilePath
    private let rootText: String

    private let store: any ObjectStore
    /// Objects that are as if they were not there.
    private let hidden: Set<VaultObject>
    /// Segments and manifests that are not among these came later, and are as if not there either.
    private let known: VaultContents?
    private let cancellation: Cancellation
    private let firstFailure = Mutex<VaultError?>(nil)

    init(
        _ store: any ObjectStore,
        hiding hidden: Set<VaultObject> = [],
        asOf known: VaultContents? = nil,
        _ cancellation: Cancellation
    ) {
        self.store = store
        self.hidden = hidden
        self.known = known
        self.cancellation = cancellation
        root = (store as? DirectoryStore)?.path ?? "vault"
        rootText = root.string + (root.string.hasSuffix("/") ? "" : "/")
    }

    /// The first error of the store that made a call here fail.
    var failure: VaultError? { firstFailure.withLock { $0 } }

    // MARK: Reading

    func open(_ path: FilePath, _ access: FileAccess) throws(SystemError) -> any File {
        guard case .read = access else { throw SystemError(.open, path, .readOnlyFileSystem) }
        guard let name = name(path), let status = try find(name, .open, path) else {
            throw SystemError(.open, path, .noSuchFileOrDirectory)
        }
        return VaultFile(self, name, path: path, byteCount: status.byteCount)
    }

    func names(in path: FilePath) throws(SystemError) -> [FilePath.Component] {
        let start = prefix(path).utf8.count
        var last: Substring = ""
        var names: [FilePath.Component] = []
        for text in try list(path) {
            // The first part behind the prefix; objects further down share it.
            let part = text.dropFirst(start).prefix { $0 != "/" }
            guard part != last, let name = FilePath.Component(String(part)) else { continue }
            last = part
            names.append(name)
        }
        return names
    }

    /// The objects below a path, by name.
    private func list(_ path: FilePath) throws(SystemError) -> [String] {
        let prefix = prefix(path)
        let found = try ask(.list, path) { [store] () async throws(VaultError) in
            try await store.list(prefix: prefix)
        }
        return found.filter { !isHidden($0.name) }.map(\.name.text)
    }

    func status(of path: FilePath) throws(SystemError) -> FileStatus? {
        if let name = name(path), let found = try find(name, .status, path) {
            return Self.status(.file, found.byteCount)
        }
        // What begins names is a directory; with nothing in it, a vault has none.
        let listed = try list(path)
        return listed.isEmpty ? nil : Self.status(.directory, 0)
    }

    func read(
        _ name: ObjectName,
        _ path: FilePath,
        _ range: Range<UInt64>
    ) throws(SystemError) -> [UInt8] {
        try ask(.read, path) { [store] () async throws(VaultError) in
            try await store.read(name, range: range)
        }
    }

    /// Fills `target` with an object's bytes from `offset` on.
    func read(
        _ name: ObjectName,
        _ path: FilePath,
        at offset: UInt64,
        into target: inout MutableSpan<UInt8>
    ) throws(SystemError) {
        guard let local = store as? any BlockingStore else {
            let bytes = try read(name, path, offset..<(offset + UInt64(target.count)))
            return target.copy(bytes.span)
        }
        if cancellation.isCancelled { throw SystemError(.read, path, .canceled) }
        do throws(VaultError) {
            try local.read(name, at: offset, into: &target)
        } catch {
            throw failed(.read, path, error)
        }
    }

    private static func status(_ kind: FileStatus.Kind, _ byteCount: UInt64) -> FileStatus {
        FileStatus(kind: kind, byteCount: byteCount, device: 0, inode: 0, modified: 0)
    }

    private func find(
        _ name: ObjectName,
        _ operation: SystemError.Operation,
        _ path: FilePath
    ) throws(SystemError) -> ObjectStatus? {
        if isHidden(name) { return nil }
        return try ask(operation, path) { [store] () async throws(VaultError) in
            try await store.status(name)
        }
    }

    private func isHidden(_ name: ObjectName) -> Bool {
        guard let object = VaultObject(name.text) else { return false }
        if hidden.contains(object) { return true }
        return switch object {
        case .segment, .manifest: known.map { $0.objects[object] == nil } ?? false
        default: false
        }
    }

    /// A path below the root as an object's name; nil if no object can have it.
    private func name(_ path: FilePath) -> ObjectName? {
        let text = path.string
        guard text.hasPrefix(rootText) else { return nil }
        return try? ObjectName(String(text.dropFirst(rootText.count)))
    }

    private func prefix(_ path: FilePath) -> String {
        name(path).map { $0.text + "/" } ?? ""
    }

    // MARK: Waiting

    /// Waits for a store's answer on a thread that may block.
    private func ask<Answer: Sendable>(
        _ operation: SystemError.Operation,
        _ path: FilePath,
        _ body: @escaping @Sendable () async throws(VaultError) -> Answer
    ) throws(SystemError) -> Answer {
        if cancellation.isCancelled { throw SystemError(operation, path, .canceled) }
        let answer = Mutex<Result<Answer, VaultError>?>(nil)
        let arrived = DispatchSemaphore(value: 0)
        Task.detached {
            let result: Result<Answer, VaultError>
            do throws(VaultError) {
                result = .success(try await body())
            } catch {
                result = .failure(error)
            }
            answer.withLock { $0 = result }
            arrived.signal()
        }
        arrived.wait()
        switch answer.withLock({ $0 }) {
        case .success(let value): return value
        case .failure(let error):
            throw failed(operation, path, error)
        case nil: throw SystemError(operation, path, .ioError)
        }
    }

    /// Keeps what a store says, and says it as a file system does.
    private func failed(
        _ operation: SystemError.Operation,
        _ path: FilePath,
        _ error: VaultError
    ) -> SystemError {
        firstFailure.withLock { $0 = $0 ?? error }
        return SystemError(operation, path, Self.errno(error), detail: error.message)
    }

    private static func errno(_ error: VaultError) -> Errno {
        switch error.code {
        case .notFound: .noSuchFileOrDirectory
        case .refused: .permissionDenied
        case .cancelled: .canceled
        default: .ioError
        }
    }
}

// Whatever would change something is refused: a vault is written to by shipping alone.
extension VaultFileSystem {
    func rename(_ source: FilePath, to target: FilePath) throws(SystemError) {
        throw SystemError(.rename, source, .readOnlyFileSystem)
    }

    func rename(_ source: FilePath, toNew target: FilePath) throws(SystemError) {
        throw SystemError(.rename, source, .readOnlyFileSystem)
    }

    func remove(_ path: FilePath) throws(SystemError) {
        throw SystemError(.remove, path, .readOnlyFileSystem)
    }

    func makeDirectory(_ path: FilePath) throws(SystemError) {
        throw SystemError(.makeDirectory, path, .readOnlyFileSystem)
    }

    func removeDirectory(_ path: FilePath) throws(SystemError) {
        throw SystemError(.removeDirectory, path, .readOnlyFileSystem)
    }

    func synchronizeDirectory(_ path: FilePath) throws(SystemError) {
        throw SystemError(.synchronizeDirectory, path, .readOnlyFileSystem)
    }

    func availableByteCount(at path: FilePath) throws(SystemError) -> UInt64 { 0 }
}
