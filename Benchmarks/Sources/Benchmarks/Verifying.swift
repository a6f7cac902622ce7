import Strongroom

/// Verification with the keys, and of what is sealed without any.
enum Verifying {
    /// `megabytes` are those of the records that were put. Ends with everything sealed.
    static func verify(_ path: String, megabytes: Double) async throws {
        let archive = try await Archive.open(at: path, unlocking: benchmarkKey())
        _ = try await archive.snapshot()
        let status = try await archive.status()
        let publicKey = archive.publicKey
        Directories.warm(path)
        var start = now()
        let report = try await archive.verify()
        var seconds = Double(now() - start) / 1e9
        guard report.isSound else { throw Failure("\(report.findings)") }
        figure("verify.mb_per_s", megabytes / seconds)
        figure("verify.per_s", Double(report.recordCount) / seconds)
        try await archive.close()

        start = now()
        let keyless = try await Archive.verifyKeyless(at: path, publicKey: publicKey)
        seconds = Double(now() - start) / 1e9
        guard keyless.isSound else { throw Failure("\(keyless.findings)") }
        figure("keyless.mb_per_s", Double(status.segmentByteCount) / 1e6 / seconds)
        figureMemory("verify.memory_mb")
    }
}
