import StrongroomRecovery
import StrongroomVaults
import Testing

@testable import StrongroomCommands

@Suite struct `Texts for people` {
    @Test(
        arguments: [
            (0, "0 B"), (1023, "1023 B"), (1024, "1.00 KiB"), (10_240, "10.0 KiB"),
            (102_400, "100 KiB"), (1_048_575, "1.00 MiB"), (1_073_741_824, "1.00 GiB"),
            (UInt64.max, "16.0 EiB"),
        ] as [(UInt64, String)]
    )
    func `sizes have three digits and a unit`(byteCount: UInt64, text: String) {
        #expect(ByteText.text(byteCount) == text)
    }

    @Test(arguments: [
        (0.001, "0.00 s"), (1.5, "1.50 s"), (59.94, "59.9 s"), (61, "1 min 1 s"),
        (3_600, "1 h 0 min"), (1e9, "days"),
    ])
    func `durations are said in the unit that fits`(seconds: Double, text: String) {
        #expect(DurationText.text(seconds: seconds) == text)
    }

    @Test func `characters that command a terminal are shown, not sent`() {
        #expect(VisibleText.text("a\u{1b}[31mb") == "a\\u{1b}[31mb")
        #expect(VisibleText.text("a\nb\u{202e}c") == "a\\u{a}b\\u{202e}c")
        #expect(VisibleText.text("Müller/日本") == "Müller/日本")
    }

    @Test func `progress says amount, share, rate and time left`() {
        let line = Progress.line(
            verb: "import",
            done: 50 << 20,
            total: 100 << 20,
            elapsed: .seconds(10),
            detail: "7 records"
        )
        #expect(line == "import 50.0 MiB of 100 MiB, 50 %, 5.00 MiB/s, 10.0 s left, 7 records")
        let open = Progress.line(
            verb: "put",
            done: 1024,
            total: nil,
            elapsed: .seconds(1),
            detail: ""
        )
        #expect(open == "put 1.00 KiB, 1.00 KiB/s")
    }

    @Test func `progress says no rate before there can be one`() {
        func line(_ done: UInt64, before: UInt64 = 0, _ elapsed: Duration) -> String {
            Progress.line(
                verb: "send",
                done: done,
                before: before,
                total: 100 << 20,
                elapsed: elapsed,
                detail: ""
            )
        }
        #expect(line(50 << 20, .milliseconds(999)) == "send 50.0 MiB of 100 MiB, 50 %")
        #expect(line(0, .seconds(9)) == "send 0 B of 100 MiB, 0 %")
        #expect(line(2_048, .seconds(2)) == "send 2.00 KiB of 100 MiB, 0 %, 1.00 KiB/s")
        // What was there when it began took no time.
        #expect(line(50 << 20, before: 50 << 20, .seconds(9)) == "send 50.0 MiB of 100 MiB, 50 %")
        #expect(
            line(60 << 20, before: 50 << 20, .seconds(10))
                == "send 60.0 MiB of 100 MiB, 60 %, 1.00 MiB/s, 40.0 s left"
        )
    }

    @Test func `a snapshot is chosen by id, by its beginning, and as the latest`() throws {
        let ids = ["aa11", "aa22", "bb33"]
        #expect(try SnapshotChoice.id("aa22", among: ids) == "aa22")
        #expect(try SnapshotChoice.id("b", among: ids) == "bb33")
        #expect(try SnapshotChoice.id("latest", among: ids) == "bb33")
        for wrong in ["a", "c", ""] {
            #expect(throws: CommandFailure.self) { try SnapshotChoice.id(wrong, among: ids) }
        }
        #expect(throws: CommandFailure.self) { try SnapshotChoice.id("latest", among: []) }
    }

    @Test func `a vault that does not answer is no vault there, whoever says so`() {
        let words = "it does not answer"
        #expect(CommandFailure(VaultError(.unreachable, words))?.status == .noArchive)
        #expect(CommandFailure(RecoveryError(.unreachable, words))?.status == .noArchive)
    }

    @Test func `a full place for pieces of a vault is told with what names another`() async {
        await #expect {
            try await MountedVault.withRoom { throw RecoveryError(.full, "no room") }
        } throws: { error in
            (error as? CommandFailure)?.message.contains("STRONGROOM_CACHE") == true
        }
        await #expect(throws: RecoveryError(.integrity, "")) {
            try await MountedVault.withRoom { throw RecoveryError(.integrity, "damaged") }
        }
    }

    @Test func `every exit status has a number of its own, and the promised one`() {
        let numbers = ExitStatus.allCases.map(\.rawValue)
        #expect(numbers == [0, 1, 2, 3, 10, 11, 12, 20, 21, 22, 24, 130])
    }
}
