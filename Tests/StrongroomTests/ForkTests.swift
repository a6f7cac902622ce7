import ArchiveFileIO
import Foundation
import Support
import SystemPackage
import Testing

@testable import Strongroom

/// A program that has an archive open makes a copy of itself: locks and files are both's.
@Suite struct `A copy of a process` {
    private typealias Fork = @convention(c) () -> Int32

    /// The child may not write, and its end may not give up the parent's lock.
    @Test func `writes nothing, and the first goes on`() async {
        await #expect(processExitsWith: .exitCode(0)) {
            try TemporaryDirectory.with { directory in
                let archive = SmallArchive(path: directory.appending("A"))
                var configuration = ArchiveConfiguration()
                configuration.threadCount = 1
                let engine = try Engine.create(try archive.address(configuration))
                try engine.put("before")
                // Swift hides it, for good reasons; a program around this library may well do it.
                guard let symbol = unsafe dlsym(nil, "fork") else {
                    exit(9)
                }
                let fork = unsafe unsafeBitCast(symbol, to: Fork.self)
                let child = fork()
                if child == 0 {
                    var refusal: ArchiveError.Code?
                    do throws(ArchiveError) {
                        _ = try engine.commit([NewRecord(name: "child", body: [1])])
                    } catch {
                        refusal = error.code
                    }
                    try engine.close()
                    _exit(refusal == .poisoned ? 0 : 1)
                }
                var status: Int32 = 0
                guard unsafe waitpid(child, &status, 0) == child, status == 0 else { exit(2) }
                // The lock is still held.
                guard (try? Engine.open(archive.address())) == nil else { exit(3) }
                try engine.put("behind")
                try engine.close()
                guard try archive.bodies().keys.sorted() == ["before", "behind"] else { exit(4) }
            }
            exit(0)
        }
    }
}
