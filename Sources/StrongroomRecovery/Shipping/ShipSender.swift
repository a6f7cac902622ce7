import ArchiveFileIO
import ArchiveSealing
import StrongroomVaults
import SystemPackage

/// Sends one object after the other to a vault.
struct ShipSender: Sendable {
    private let store: any ObjectStore
    private let files: any FileSystem
    private let meter: ProgressMeter

    init(_ store: any ObjectStore, _ files: any FileSystem, _ meter: ProgressMeter) {
        self.store = store
        self.files = files
        self.meter = meter
    }

    func send(_ step: ShipPlan.Step) async throws(RecoveryError) {
        let source = try await source(of: step)
        let digest: [UInt8]? =
            if case .file(_, let sha256) = step.content { sha256.bytes } else { nil }
        do {
            try await store.put(
                step.object.name,
                from: MeteredSource(source, meter),
                mode: step.isReplacement ? .replace : .writeOnce,
                expectedDigest: digest
            )
        } catch {
            try await accept(error, of: step)
        }
        meter.add(byteCount: 0, objectCount: 1)
    }

    private func source(of step: ShipPlan.Step) async throws(RecoveryError) -> any ByteSource {
        switch step.content {
        case .bytes(let bytes): return MemorySource(bytes)
        case .file(let path, _):
            let files = files
            return try await LocalFiles.pool.run { () throws(RecoveryError) in
                try Self.open(path, of: step, on: files)
            }
        }
    }

    private static func open(
        _ path: FilePath,
        of step: ShipPlan.Step,
        on files: any FileSystem
    ) throws(RecoveryError) -> FileSource {
        let source: FileSource
        do {
            let file = try files.open(path, .read)
            file.adviseSequential()
            source = try FileSource(file)
        } catch  where error.errno == .noSuchFileOrDirectory {
            throw RecoveryError(
                .integrity,
                "cannot ship \(path.string): a snapshot lists it and it is missing; run "
                    + "`strongroom verify`"
            )
        } catch {
            throw RecoveryError(error)
        }
        guard source.byteCount == step.byteCount else {
            throw RecoveryError(
                .integrity,
                "cannot ship \(path.string): it has \(source.byteCount) bytes, its snapshot says "
                    + "\(step.byteCount); run `strongroom verify`"
            )
        }
        return source
    }

    /// Another run may have sent the same object meanwhile; anything else is an error.
    private func accept(
        _ error: any Error,
        of step: ShipPlan.Step
    ) async throws(RecoveryError) {
        if let failure = error as? VaultError {
            if failure.code == .alreadyExists, !step.isReplacement {
                let present = try? await store.status(step.object.name)
                if present?.byteCount == step.byteCount { return }
            }
            if failure.code == .sourceFailed, let cause = failure.underlying as? SystemError {
                throw RecoveryError(cause)
            }
        }
        throw RecoveryError.wrapping(error, in: step.name)
    }
}

/// Counts what is read of a source, each byte once.
final class MeteredSource: ByteSource {
    private let source: any ByteSource
    private let meter: ProgressMeter
    private let reached = Reached()

    init(_ source: any ByteSource, _ meter: ProgressMeter) {
        self.source = source
        self.meter = meter
    }

    var byteCount: UInt64 { source.byteCount }

    func read(at offset: UInt64, into target: inout MutableSpan<UInt8>) throws -> Int {
        let count = try source.read(at: offset, into: &target)
        meter.add(byteCount: reached.advance(to: offset + UInt64(count)))
        return count
    }
}
