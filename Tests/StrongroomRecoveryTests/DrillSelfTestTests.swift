import Strongroom
import StrongroomRecovery
import StrongroomVaults
import Support
import SystemPackage
import Testing

@Suite struct `A drill's self-test` {
    /// What a vault of several segments and snapshots makes possible.
    private static let damages = [
        "flipped-bit", "missing-segment", "shortened-segment", "lengthened-segment",
        "zeroed-segment", "swapped-segments", "flipped-manifest", "missing-manifest",
        "stale-manifest", "forged-manifest", "flipped-identity", "missing-identity",
        "flipped-keyring", "missing-keyring", "wrong-key",
    ]

    @Test func `stages every damage, misses none, and never writes to the vault`() async throws {
        let archive = try TestArchive.standard()
        let memory = try await archive.vault()
        let vault = WatchedStore(memory)
        let before = try await memory.contents()
        let host = SimulatedFileSystem()
        let test = try await selfTest(vault, on: host)
        #expect(test.outcome == .passed)
        #expect(test.trials.map(\.damage) == Self.damages)
        for trial in test.trials {
            #expect(trial.outcome != nil, "\(trial.damage)")
            #expect(!trial.isMissed && trial.reason != nil, "\(trial.damage)")
        }
        // What is damaged is told from what only could not be tried.
        let inconclusive = test.trials.filter { $0.outcome == .inconclusive }.map(\.damage)
        #expect(inconclusive == ["missing-manifest", "wrong-key"])
        #expect(vault.puts.isEmpty)
        #expect(try await memory.contents() == before)
        #expect(host.filePaths.isEmpty)
    }

    @Test func `tells what a small vault has no place for`() async throws {
        let archive = try TestArchive.tiny()
        let test = try await selfTest(try await archive.vault(keyring: .apart), archive)
        let impossible = test.trials.filter { $0.outcome == nil }.map(\.damage)
        #expect(
            impossible == [
                "swapped-segments", "stale-manifest", "flipped-keyring", "missing-keyring",
            ]
        )
        #expect(test.outcome == .passed)
    }

    @Test func `proves nothing if the vault is damaged as it is`() async throws {
        let archive = try TestArchive.standard()
        let vault = try await archive.vault()
        try await vault.flip(archive.segmentNames[0], at: 4_200)
        let test = try await selfTest(vault)
        #expect(test.outcome == .inconclusive)
        #expect(test.control.outcome == .failed && test.trials.isEmpty)
    }

    private func selfTest(
        _ vault: any ObjectStore,
        _ keptApart: TestArchive? = nil,
        on host: SimulatedFileSystem = SimulatedFileSystem()
    ) async throws -> DrillSelfTest {
        var options = Drill.Options()
        options.scratch = "/drill"
        return try await Drill(
            from: vault,
            unlocking: VaultKeys(
                try TestArchive.key(),
                keyring: keptApart?.bytes("keyring.json")
            ),
            on: host,
            configuration: TestArchive.configuration
        ).selfTest(options)
    }
}

extension ObjectStore {
    /// Every object's bytes.
    fileprivate func contents() async throws -> [String: [UInt8]] {
        var contents: [String: [UInt8]] = [:]
        for object in try await list(prefix: "") {
            contents[object.name.text] = try await readAll(object.name, limit: 1 << 30)
        }
        return contents
    }
}
