import ArchiveFileIO
import Support
import SystemPackage

@testable import Strongroom

extension Life {
    /// One bit of a file of a twin of this machine turns, after the twin has ended in order: the right
    /// records come of it, or an error.
    func rot(_ seed: UInt64) throws {
        guard !isImpaired, !mustReopen, model.uncertain == nil, !machine.hasCrashed else { return }
        let twin = try Life(on: machine.clone(), configuration, model: model)
        try twin.engine?.close()
        twin.engine = nil
        let disk = twin.machine
        // What damage makes of a frame is no second text of the archive's.
        disk.observeWrites { _, _ in }
        var generator = SeededGenerator(seed: seed)
        let paths = disk.filePaths.filter { disk.bytes(of: $0)?.isEmpty == false }
        guard let path = paths.randomElement(using: &generator), let bytes = disk.bytes(of: path)
        else { return }
        let offset = Int.random(in: 0..<bytes.count, using: &generator)
        let turned = bytes[offset] ^ (1 << UInt8.random(in: 0..<8, using: &generator))
        disk.replaceBytes(of: path, at: offset, with: [turned])
        do { _ = try DamageExamination.run(disk, twin.model) } catch {
            throw BrokenPromise("a bit of byte \(offset) of \(path) turned: \(error)")
        }
    }

    /// A sector of some file cannot be read any more.
    func spoil(_ seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let paths = machine.filePaths.filter { machine.bytes(of: $0)?.isEmpty == false }
        guard let path = paths.randomElement(using: &generator),
            let byteCount = machine.bytes(of: path)?.count
        else { return }
        machine.spoil(path, at: Int.random(in: 0..<byteCount, using: &generator))
    }
}
