import Foundation
import Support
import Testing

/// What the system around the program may be like: closed streams, odd zones and masks, links, pipes and
/// devices where files should be.
@Suite struct `The program in odd surroundings` {
    /// Runs a script in which `$S` is the program, each call of it with a limit of time.
    private func script(_ text: String, in workshop: Workshop) throws -> Outcome {
        try workshop.execute(
            "/bin/sh",
            ["-c", "S='timeout 60 \(Workshop.program)'; echo small > small; \(text)"]
        )
    }

    /// With standard output closed, a pipe of the program's own had its number, and it waited for ever.
    @Test func `without standard streams neither hangs nor writes into its own files`() throws {
        try Workshop.withArchive { workshop in
            let outcome = try script(
                """
                $S put -r A a small <&- || exit 1
                $S put -r A b small >&-; [ $? -eq 1 ] || exit 2
                $S put -r A c small 2>&- || exit 3
                $S put -r A d small <&- >&- 2>&-; [ $? -eq 1 ] || exit 4
                $S get -r A a >&- 2>&-; [ $? -eq 1 ] || exit 5
                $S get -r A a <&- 2>&- | cmp - small || exit 6
                $S put -r A e <&-; [ $? -eq 1 ] || exit 7
                for name in a b c d; do $S get -r A $name | cmp - small || exit 8; done
                $S get -r A e && exit 9
                $S verify -r A -q
                """,
                in: workshop
            )
            #expect(outcome.status == 0, "\(outcome.text) \(outcome.errors)")
        }
    }

    @Test func `in any time zone stores and answers the same`() throws {
        try Workshop.withArchive { workshop in
            let outcome = try script(
                """
                for zone in UTC Pacific/Kiritimati XXX-24:59:59 :/nonexistent ''; do
                    TZ="$zone" $S put -r A "$zone-" small -q --event 2026-03-29T01:30:00Z || exit 1
                    TZ="$zone" $S ls -r A --json > "all-${zone##*/}" || exit 2
                done
                for zone in UTC Pacific/Kiritimati XXX-24:59:59 :/nonexistent ''; do
                    TZ="$zone" $S ls -r A --json | cmp - all- || exit 3
                done
                grep -c '"event":"2026-03-29T01:30:00Z"' all-
                """,
                in: workshop
            )
            #expect(outcome.status == 0, "\(outcome.text) \(outcome.errors)")
            #expect(outcome.text.hasSuffix("5\n"))
        }
    }

    @Test func `with any umask makes files that only their owner reads`() throws {
        try Workshop.with { workshop in
            let outcome = try script(
                """
                for mask in 000 277; do
                    (umask $mask; $S init -r A$mask -q && $S put -r A$mask a small -q \\
                        && $S snapshot -r A$mask -q && $S ship -r A$mask --to V$mask -q \\
                        && $S recover --from V$mask --to R$mask -q) || exit 1
                    find A$mask V$mask R$mask -type f ! -perm 600
                    find A$mask V$mask R$mask -type d ! -perm 700
                done
                """,
                in: workshop
            )
            #expect(outcome.status == 0, "\(outcome.text) \(outcome.errors)")
            #expect(
                !outcome.text.contains("A000") && !outcome.text.contains("A277"),
                "\(outcome.text)"
            )
        }
    }

    @Test func `by a path through links is the same archive, with the same lock`() throws {
        try Workshop.withArchive { workshop in
            let outcome = try script(
                """
                ln -s A link && mkdir deep && ln -s ../link deep/er || exit 1
                $S put -r deep/er/ a small -q || exit 2
                $S get -r ./A/../link a | cmp - small || exit 3
                mv A moved && ln -sfn moved link && $S get -r link a | cmp - small || exit 4
                $S put -r link b small -q && $S verify -r moved -q
                """,
                in: workshop
            )
            #expect(outcome.status == 0, "\(outcome.text) \(outcome.errors)")
        }
    }

    /// Whoever made the directory may have put anything there; nothing of it may stop the program.
    @Test(arguments: [
        "archive.json", "keyring.json", "head", "lock", "index/records.btree",
        "segments/0000000000000001.seg", "snapshots",
    ])
    func `with a pipe, a device or a loop in a file's place ends with an error`(name: String) throws
    {
        try Workshop.with { workshop in
            let outcome = try script(
                """
                export STRONGROOM_CACHE=$PWD/cache
                $S init -r A -q && $S put -r A a small -q && $S snapshot -r A -q \\
                    && $S ship -r A --to V -q || exit 99
                for place in A V; do
                    [ -e $place/\(name) ] || continue
                    mv $place/\(name) kept
                    for odd in 'mkfifo' 'ln -s /dev/zero' 'ln -s /dev/full' 'ln -s \(name)' 'mkdir'; do
                        $odd $place/\(name) || exit 98
                        for command in "get -r $place a" "verify -r $place" "put -r $place b small" \\
                            "doctor -r $place" "recover --from $place --to R"; do
                            $S $command > out 2> err < /dev/null
                            status=$?
                            if [ $status -eq 124 ] || [ $status -ge 128 ]; then
                                echo "$odd $place/\(name): $command ended with $status"; cat err; exit 1
                            fi
                            [ "$command" != "get -r $place a" ] || [ $status -ne 0 ] \\
                                || cmp out small || exit 2
                            rm -rf R
                        done
                        rm -rf $place/\(name)
                    done
                    mv kept $place/\(name)
                done
                $S get -r A a | cmp - small && $S get -r V a | cmp - small
                """,
                in: workshop
            )
            #expect(outcome.status == 0, "\(outcome.text) \(outcome.errors)")
        }
    }

    @Test func `takes no secret from its arguments, which every process sees`() throws {
        try Workshop.withArchive { workshop in
            for option in ["--password", "--passphrase", "--key"] {
                let outcome = try workshop.run("ls", "-r", "A", option, "secret")
                #expect(outcome.status == 2)
            }
        }
    }
}

private let canCompile = FileManager.default.isExecutableFile(atPath: "/usr/bin/cc")
private let isRoot = getuid() == 0

extension `The program in odd surroundings` {
    /// A network file system cannot be mounted here: the kernel's answer is made up.
    @Test(.enabled(if: canCompile, "needs a C compiler"))
    func `on a server's disk warns whoever writes`() throws {
        try Workshop.withArchive { workshop in
            let outcome = try script(
                """
                printf '%s' '\(Self.shim)' > shim.c && cc -shared -fPIC -o shim.so shim.c || exit 99
                export LD_PRELOAD=$PWD/shim.so
                $S put -r A a small || exit 1
                $S get -r A a | cmp - small || exit 2
                $S doctor -r A || true
                """,
                in: workshop
            )
            #expect(outcome.status == 0, "\(outcome.text) \(outcome.errors)")
            #expect(outcome.errors.contains("A lies on a server (nfs)"))
            #expect(outcome.text.contains("the archive lies on a server (nfs)"))
        }
    }

    private static let shim = """
        #include <sys/vfs.h>
        #include <sys/syscall.h>
        #include <unistd.h>
        int statfs(const char *path, struct statfs *answer) {
            int result = syscall(SYS_statfs, path, answer);
            answer->f_type = 0x6969;
            return result;
        }
        """

    /// A passphrase from the environment stands in /proc for as long as the program runs.
    @Test(.enabled(if: isRoot, "needs root to become two processes of another user"))
    func `shows its environment and memory to no other process of its user`() throws {
        try Workshop.withArchive { workshop in
            let outcome = try script(
                """
                chmod 777 . && chmod -R a+rwX A && chmod a+r key && mkfifo wait && chmod a+rw wait
                nobody="setpriv --reuid=65534 --clear-groups"
                $nobody \(Workshop.program) put -r A a < wait > out 2>&1 &
                exec 9> wait
                process=$!
                # It answers to its environment by reading it; so long it is there.
                while [ ! -e /proc/$process/environ ]; do :; done
                while ! tr '\\0' '\\n' < /proc/$process/cmdline | grep -q '^put$'; do :; done
                while $nobody cat /proc/$process/environ > environ 2> /dev/null; do
                    kill -0 $process || exit 3
                done
                $nobody cat /proc/$process/mem > /dev/null 2>&1 && exit 4
                echo body >&9
                exec 9>&-
                wait $process
                """,
                in: workshop
            )
            #expect(outcome.status == 0, "\(outcome.text) \(outcome.errors)")
        }
    }
}
