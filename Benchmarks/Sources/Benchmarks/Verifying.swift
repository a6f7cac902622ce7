import Strongroom

/// Verification with the keys, and of what is sealed without any.
enum Verifying {
    /// Seals everything, then checks it; `megabytes` are those of the records that were put.
    static func verify(_ path: String, megabytes: Double) async throws {
        let archive = try await Archive.open(at: path, unlocking: benchmarkKey())
        _ = try await archive.snapshot()
        let start = now()
        let report = try await archive.verify()
        let seconds = Double(now() - start) / 1e9
        guard report.isSound else { throw Failure("\(report.findings)") }
        figure("verify.mb_per_s", megabytes / seconds)
        figure("verify.per_s", Double(report.recordCount) / seconds)
        try await archive.close()
    }

    /// Checks an archive whose segments are all sealed.
    static func keyless(_ path: String) async throws {
        let start = now()
        let report = try await Archive.verifyKeyless(at: path, publicKey: nil)
        let seconds = Double(now() - start) / 1e9
        guard report.isSound else { throw Failure("\(report.findings)") }
        figure("keyless.mb_per_s", Double(report.byteCount) / 1e6 / seconds)
    }
}
