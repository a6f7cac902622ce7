import ArchiveBytes
import Strongroom
import StrongroomRecovery
import StrongroomVaults
import SystemPackage

/// How a vault stands beside its archive, or why that is not known.
struct VaultLook {
    let name: String
    let standing: Result<VaultStanding, CommandFailure>
    /// How much was verified in the last thirty days.
    var coverage: VaultCoverage?
    /// How it was shipped to and verified, if somebody asked.
    var history: VaultHistory?
    /// What is locked; nil where there are no locks.
    var locks: LockPlan?
    /// Whether the archive goes on from what the vault has seen of it; nil if that could not be proved
    /// either way.
    var agrees: Bool?
    /// Why it does not, or is not known.
    var disagreement: String?

    /// Looks at a vault; one that is down is told of, and is no error.
    static func at(
        _ vault: String,
        of archive: Archive,
        _ access: VaultAccessOptions,
        lookingBackOn snapshots: [Snapshot] = []
    ) async throws -> VaultLook {
        do {
            let store = try VaultPlace.existing(vault, access)
            let standing = try await VaultStanding.read(store, publicKey: archive.publicKey)
            var look = VaultLook(name: vault, standing: .success(standing))
            look.coverage = try await VaultCoverage.read(store, publicKey: archive.publicKey)
            if !snapshots.isEmpty {
                look.history = try await VaultHistory.read(
                    store,
                    publicKey: archive.publicKey,
                    snapshots: snapshots
                )
            }
            look.locks = try await locks(store, archive)
            (look.agrees, look.disagreement) = await witnessed(store, archive)
            return look
        } catch {
            guard let failure = CommandFailure(error), failure.status != .interrupted else {
                throw error
            }
            return VaultLook(name: vault, standing: .failure(failure))
        }
    }

    private static func locks(
        _ store: any ObjectStore,
        _ archive: Archive
    ) async throws -> LockPlan? {
        var all = KeepRules()
        all.last = .max
        do throws(RecoveryError) {
            return try await VaultLocks(store, of: archive).plan(all)
        } catch {
            guard error.code == .unsupported else { throw error }
            return nil
        }
    }

    /// Takes the vault's newest checkpoint as a witness of the archive.
    private static func witnessed(
        _ store: any ObjectStore,
        _ archive: Archive
    ) async -> (agrees: Bool?, why: String?) {
        guard case .directory(let path) = try? VaultLocation(archive.path) else {
            return (nil, nil)
        }
        do throws(RecoveryError) {
            let witness = try await Witness.newest(in: store, publicKey: archive.publicKey)
            _ = try await witness.check(DirectoryStore(at: path), publicKey: archive.publicKey)
            return (true, nil)
        } catch {
            return (error.code == .rollback ? false : nil, error.message)
        }
    }
}

extension VaultLook {
    /// The fields beside those of the standing.
    var moreFields: JSONObject {
        var fields: JSONObject = [:]
        if let coverage {
            fields["verified_fraction"] = .text(DecimalText.text(coverage.fraction, digitCount: 4))
            fields["verified_bytes"] = .count(coverage.checkedByteCount)
            fields["opened_bytes"] = .count(coverage.openedByteCount)
            fields["needed_bytes"] = .count(coverage.byteCount)
            fields["last_verified"] = MomentText.json(coverage.newestCheck)
            fields["oldest_verified"] = MomentText.json(coverage.oldestCheck)
            fields["damaged"] = .array(coverage.damaged.map(JSONValue.text))
        }
        if let locks {
            fields["unprotected_bytes"] = .count(locks.unprotectedByteCount)
            fields["first_lock_end"] = MomentText.json(locks.firstEnd)
        }
        fields["archive_goes_on"] = agrees.map(JSONValue.bool) ?? .null
        if let disagreement { fields["archive_finding"] = .text(disagreement) }
        return fields
    }

    /// What of the vault was verified, in words.
    func coverageText(now: Int64) -> String? {
        guard let coverage else { return nil }
        guard let newest = coverage.newestCheck else { return "never verified" }
        // A share that is not whole never looks it.
        let share =
            coverage.fraction < 1
            ? DecimalText.text(min(99.9, 100 * coverage.fraction), digitCount: 1) : "100"
        return "\(share) % of \(ByteText.text(coverage.byteCount)) verified in 30 d, last "
            + "\(SpanText.text(.microseconds(max(0, now - newest)))) ago"
            + (coverage.damaged.isEmpty
                ? "" : "; DAMAGED: " + coverage.damaged.joined(separator: ", "))
    }

    /// What is locked, in words.
    func lockText(now: Int64) -> String? {
        guard let locks else { return nil }
        let open = locks.unprotectedByteCount
        let words =
            open == 0
            ? "all is locked"
            : "\(ByteText.text(open)) of \(ByteText.text(locks.byteCount)) are not locked"
        let end = locks.firstEnd.map { SpanText.text(.microseconds(max(0, $0 - now))) }
        return words + (end.map { "; the first lock ends in \($0)" } ?? "")
    }

    /// Whether the archive goes on from what the vault has, in words.
    var witnessText: String? {
        switch agrees {
        case true?: "the archive goes on from what it has seen"
        case false?: "THE ARCHIVE WAS PUT BACK OR REPLACED: " + (disagreement ?? "")
        case nil: disagreement.map { "not held against the archive: " + $0 }
        }
    }
}
