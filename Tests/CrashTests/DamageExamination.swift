import ArchiveFileIO
import Strongroom
import Support
import SystemPackage

/// What may come of an archive that was damaged: the right records, or an error.
enum DamageExamination {
    /// Whether anything noticed; throws if a record was wrong or missing without a word.
    static func run(
        _ machine: SimulatedFileSystem,
        _ model: LifeModel
    ) throws -> Bool {
        var isNoticed = false
        for (isWriter, hasIndex) in [(false, true), (true, true), (true, false)] {
            // A writer may mend; what it leaves must be right as well. Without an index the log alone
            // tells what there is.
            let copy = machine.clone()
            if !hasIndex { try? copy.remove(Life.path.appending("index/records.btree")) }
            let address = try Life.address(on: copy)
            do {
                let engine =
                    isWriter ? try Engine.open(address) : try Engine.openForReading(address)
                let report = try engine.verify()
                if !report.isSound { isNoticed = true }
                let found = try Life.contents(of: engine)
                guard found == model.acknowledged else {
                    throw BrokenPromise(
                        "\(found.count) of \(model.acknowledged.count) records are right, and nobody "
                            + "says so; \(report.findings)"
                    )
                }
            } catch let error as ArchiveError {
                isNoticed = true
                guard !WriteLedger.holdsCanary(Array(error.message.utf8)) else {
                    throw BrokenPromise("an error tells a name: \(error.message)")
                }
            }
        }
        return isNoticed
    }
}
