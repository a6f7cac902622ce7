import Foundation
import Testing

/// Places that only root can make; elsewhere these tests are skipped, and say so.
private let canMount = getuid() == 0 && canMountHere()

private func canMountHere() -> Bool {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/unshare")
    process.arguments = ["--mount", "mount", "-t", "tmpfs", "none", "/mnt"]
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
}

@Suite(.enabled(if: canMount, "needs root and the right to mount"))
struct `File systems that refuse` {
    /// Runs a script in which `$S` is the program, with mounts that nobody else sees.
    private func script(_ text: String, in workshop: Workshop) throws -> Outcome {
        try workshop.execute(
            "/usr/bin/unshare",
            ["--mount", "/bin/sh", "-c", "S='\(Workshop.program)'; mkdir m; \(text)"]
        )
    }

    @Test func `a full disk refuses the record and keeps the rest`() throws {
        try Workshop.with { workshop in
            workshop.write("large", noise(3_000_000))
            workshop.write("small", "small")
            let outcome = try script(
                """
                mount -t tmpfs -o size=2500k none m || exit 99
                $S init -r m/A -q || exit 1
                $S put -r m/A -q first small || exit 2
                $S put -r m/A large large
                [ $? -eq 1 ] || exit 3
                $S get -r m/A first | cmp - small || exit 4
                $S get -r m/A large > /dev/null && exit 5
                rm large
                $S verify -r m/A -q
                """,
                in: workshop
            )
            #expect(outcome.status == 0, "\(outcome.text) \(outcome.errors)")
            #expect(outcome.errors.contains("No space left"))
            #expect(outcome.errors.contains("make room"))
        }
    }

    @Test func `a disk that fills during an import keeps what it said, and the rest follows`()
        throws
    {
        try Workshop.with { workshop in
            for number in 0..<8 { workshop.write("in/\(number)", noise(900_000 + number)) }
            let outcome = try script(
                """
                mount -t tmpfs -o size=6m none m || exit 99
                $S init -r m/A -q || exit 1
                $S import -r m/A in
                [ $? -eq 1 ] || exit 2
                $S verify -r m/A -q || exit 3
                mount -o remount,size=40m m || exit 98
                $S import -r m/A in -q || exit 4
                $S import -r m/A in --json | grep -q '"records":0,"duplicates":8' || exit 5
                $S export -r m/A --to out -q && diff -r in out || exit 6
                $S verify -r m/A -q
                """,
                in: workshop
            )
            #expect(outcome.status == 0, "\(outcome.text) \(outcome.errors)")
            #expect(outcome.errors.contains("No space left"))
        }
    }

    @Test func `a read-only file system can be read and says why it cannot be written`() throws {
        try Workshop.withArchive { workshop in
            workshop.write("small", "small")
            _ = try workshop.run("put", "-r", "A", "first", "small")
            let outcome = try script(
                """
                mount --bind A m && mount -o remount,ro,bind m || exit 99
                $S get -r m first | cmp - small || exit 1
                $S verify -r m -q || exit 2
                $S put -r m second small
                [ $? -eq 1 ] || exit 3
                $S init -r m/B
                [ $? -eq 1 ] || exit 4
                """,
                in: workshop
            )
            #expect(outcome.status == 0, "\(outcome.text) \(outcome.errors)")
            #expect(outcome.errors.contains("Read-only file system"))
        }
    }

    @Test func `without permission nothing is written, and what may be read is read`() throws {
        try Workshop.withArchive { workshop in
            workshop.write("small", "small")
            workshop.write("in/secret.txt", "secret")
            _ = try workshop.run("put", "-r", "A", "first", "small")
            let nobody = "setpriv --reuid=65534 --clear-groups"
            let outcome = try script(
                """
                chmod 711 . && chmod -R a+rX A key small in && chmod 000 in/secret.txt
                \(nobody) $S get -r A first | cmp - small || exit 1
                \(nobody) $S put -r A second small
                [ $? -eq 1 ] || exit 2
                mkdir own && chown 65534 own
                \(nobody) $S init -r own/B -q || exit 3
                \(nobody) $S import -r own/B in small
                [ $? -eq 3 ] || exit 4
                """,
                in: workshop
            )
            #expect(outcome.status == 0, "\(outcome.text) \(outcome.errors)")
            #expect(outcome.errors.contains("Permission denied"))
        }
    }
}
