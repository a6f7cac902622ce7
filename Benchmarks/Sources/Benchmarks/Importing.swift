import Strongroom
import StrongroomHealth

/// FHIR bulk data end to end: find files, tell their format, read, index, seal, sync.
enum Importing {
    static func run(_ source: String, _ path: String) async throws {
        let archive = try await Archive.create(at: path, unlocking: benchmarkKey())
        let start = now()
        let summary = try await Importer(into: archive).run([source])
        try await archive.close()
        let seconds = Double(now() - start) / 1e9
        guard summary.failures.isEmpty else { throw Failure("\(summary.failures)") }
        figure("import.mb_per_s", Double(summary.bytes) / 1e6 / seconds)
        figure("import.per_s", Double(summary.records) / seconds)
    }
}
