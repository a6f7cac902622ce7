import ArchiveBytes
import StrongroomRecovery
import StrongroomVaults

/// Whether an archive or a vault goes on from a checkpoint that was kept apart.
struct WitnessLook {
    let place: String
    /// Nil if that could not be proved either way.
    let goesOn: Bool?
    /// What was found, in words.
    let finding: String

    /// Holds a place against a checkpoint; whatever is found is told, and is no error here.
    static func at(
        _ place: String,
        _ store: any ObjectStore,
        publicKey: String,
        _ witness: Witness
    ) async -> WitnessLook {
        do throws(RecoveryError) {
            let report = try await witness.check(store, publicKey: publicKey)
            let more = report.commitCount - report.seenCommitCount
            return WitnessLook(
                place: place,
                goesOn: true,
                finding:
                    "it has all \(report.seenCommitCount) commits that were seen, and \(more) more"
            )
        } catch {
            return WitnessLook(
                place: place,
                goesOn: error.code == .rollback ? false : nil,
                finding: error.message
            )
        }
    }

    var json: JSONValue {
        [
            "place": .text(place), "goes_on": goesOn.map(JSONValue.bool) ?? .null,
            "finding": .text(finding),
        ]
    }

    /// For a line of text.
    var text: String {
        let words =
            switch goesOn {
            case true?: ""
            case false?: "PUT BACK OR REPLACED: "
            case nil: "not known: "
            }
        return "\(place): \(words)\(finding)"
    }
}
