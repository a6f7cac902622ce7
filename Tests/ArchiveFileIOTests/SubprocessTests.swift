import ArchiveFileIO
import Testing

@Suite struct `A program of the user's` {
    @Test func `gets its input whole and answers with its status`() throws {
        let input = Array(repeating: UInt8(ascii: "x"), count: 3_000)
        let heard = try Subprocess.run(["cat"], input: input, timeout: .seconds(60))
        #expect(heard.status == 0 && heard.words == input)
        let count = try Subprocess.run(["wc", "-c"], input: input, timeout: .seconds(60))
        #expect(String(decoding: count.words, as: UTF8.self).contains("3000"))
        #expect(try run("exit 7").status == 7)
        #expect(try run("kill -9 $$").status == 137)
    }

    @Test func `is heard on both streams, the end of it`() throws {
        let words = try run("echo out; echo err >&2").words
        let text = String(decoding: words, as: UTF8.self)
        #expect(text.contains("out\n") && text.contains("err\n"))
        let many = try run("yes | head -c 100000; echo end").words
        #expect(many.count == 4_096 && many.suffix(4) == Array("end\n".utf8)[...])
    }

    @Test func `need not listen`() throws {
        let input = Array(repeating: UInt8(0), count: 4_096)
        #expect(try Subprocess.run(["true"], input: input, timeout: .seconds(60)).status == 0)
    }

    @Test func `is ended when its time is over, and those it started`() throws {
        let late = try run("echo here; sleep 600 & wait", timeout: .milliseconds(300))
        #expect(late.status == nil)
        // Silent and deaf, but still there.
        let silent = try run("exec <&- >&- 2>&-; sleep 600", timeout: .milliseconds(300))
        #expect(silent.status == nil)
    }

    @Test func `is ended when nobody waits for it any more`() throws {
        let ending = try Subprocess.run(
            ["sleep", "600"],
            input: [],
            timeout: .seconds(600),
            isCancelled: { true }
        )
        #expect(ending.status == nil)
    }

    @Test func `that is not there is an error, and no shell is asked`() {
        for command in [["/nowhere/at/all"], ["true; true"], [""], []] {
            #expect(throws: SystemError.self) {
                _ = try Subprocess.run(command, input: [], timeout: .seconds(60))
            }
        }
    }

    private func run(
        _ script: String,
        timeout: Duration = .seconds(60)
    ) throws -> Subprocess.Ending {
        try Subprocess.run(["sh", "-c", script], input: [], timeout: timeout)
    }
}
