import ArchiveBytes
import ArchiveFileIO
import ArgumentParser
import StrongroomRecovery
import SystemPackage

/// Which part of a vault is verified, and who signs what is found.
struct LedgerOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("Only what was not found sound for so long: 30d.", valueName: "span")
    )
    var maxAge: TimeSpan?
    @Option(
        help: ArgumentHelp("Begin no segment after this time: 1h.", valueName: "span")
    )
    var maxDuration: TimeSpan?
    @Option(
        help: ArgumentHelp("Only part K of N, to share the work among machines.", valueName: "k/n")
    )
    var shard: ShardChoice?
    @Option(
        help: ArgumentHelp(
            "With --keyless: sign what is found with the key in this file, made if it is missing.",
            valueName: "file"
        )
    )
    var signWith: String?
    @Option(
        help: ArgumentHelp(
            "Count what the verifier of this public key has found, too; can be repeated.",
            valueName: "hex"
        )
    )
    var trustVerifier: [String] = []
    @Flag(help: "Add nothing to the vault's ledger.")
    var noRecord = false

    /// Whether no option was given.
    var isUnused: Bool {
        maxAge == nil && maxDuration == nil && shard == nil && signWith == nil
            && trustVerifier.isEmpty && !noRecord
    }

    static let names =
        "--max-age, --max-duration, --shard, --sign-with, --trust-verifier and --no-record"

    func validate() throws {
        for key in trustVerifier where Hex.decode(key)?.count != 32 {
            throw ValidationError(
                "--trust-verifier is 64 hexadecimal digits, as `verify --sign-with` tells them"
            )
        }
        guard signWith == nil || !noRecord else {
            throw ValidationError("--sign-with and --no-record contradict each other")
        }
    }

    func plan() throws -> VerificationPlan {
        var plan = VerificationPlan()
        plan.maximumAge = maxAge?.duration
        plan.maximumDuration = maxDuration?.duration
        plan.shard = shard?.shard
        plan.trustedVerifiers = Set(trustVerifier.map { $0.lowercased() })
        plan.isRecorded = !noRecord
        plan.verifier = try signWith.map(VerifierKeyFile.read)
        return plan
    }
}

/// A part of a vault, as the command line says it: 2/5.
struct ShardChoice: ExpressibleByArgument {
    let shard: VerificationPlan.Shard

    init?(argument: String) {
        let parts = argument.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let number = Int(parts[0]), let count = Int(parts[1]),
            let shard = VerificationPlan.Shard(number, of: count)
        else { return nil }
        self.shard = shard
    }
}

/// A verifier's key in a file.
enum VerifierKeyFile {
    private static let byteLimit = 4_096

    /// Reads the key; a missing file is made, for its owner alone.
    static func read(_ path: String) throws -> VerifierKey {
        let files = PosixFileSystem()
        if try files.status(of: FilePath(path)) == nil {
            try files.replace(FilePath(path), with: try VerifierKey.drawSeed())
        }
        return try VerifierKey(seed: try files.readAll(FilePath(path), limit: byteLimit))
    }
}
