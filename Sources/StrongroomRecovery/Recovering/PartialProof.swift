import ArchiveFormat
import ArchiveKeys
import ArchiveSegments
import Strongroom

/// Proves some segments of a vault, as long as there is time, on a thread that may block.
struct PartialProof {
    /// What has become of them.
    struct Parts: Sendable {
        var outcomes: [SegmentCheck.Outcome] = []
        var counts = VaultCounts()
        var notes: [String] = []
        /// Whether records were opened.
        var hasOpened = false
        /// Why it ended before its time.
        var failure: RecoveryError?
    }

    private let files: VaultFileSystem
    private let known: VerifiedSegments
    private let keyring: Keyring?
    private let meter: ProgressMeter

    init(
        _ files: VaultFileSystem,
        _ known: VerifiedSegments,
        _ keyring: Keyring?,
        _ meter: ProgressMeter
    ) {
        self.files = files
        self.known = known
        self.keyring = keyring
        self.meter = meter
    }

    func run(
        _ segments: [SnapshotManifest.Segment],
        while isInTime: () -> Bool,
        isCancelled: () -> Bool
    ) -> Parts {
        var parts = Parts()
        guard !segments.isEmpty else { return parts }
        let keys = learned(&parts)
        parts.hasOpened = keys != nil
        var check = SegmentCheck(files, known.contents, known.document, keys: keys)
        for segment in segments {
            // One is always done, so that every run comes further.
            guard parts.outcomes.isEmpty || isInTime() else { break }
            do throws(LogError) {
                parts.outcomes.append(try check.run(segment))
                meter.add(byteCount: segment.byteCount, objectCount: 1)
            } catch {
                parts.failure =
                    isCancelled()
                    ? .cancelled("verifying")
                    : files.failure.map { RecoveryError($0) }
                        ?? .wrapping(error, in: VaultObject.segment(segment.number).text)
                break
            }
        }
        parts.counts = check.counts
        return parts
    }

    /// The keys, once they know all collections; nil where records cannot be opened.
    private func learned(_ parts: inout Parts) -> KeyringKeys? {
        guard let keyring else { return nil }
        let keys = KeyringKeys(keyring)
        do throws(LogError) {
            try SegmentCheck.learn(files, keys)
            return keys
        } catch {
            parts.notes.append(
                "records were not opened, only hashed, because the directories of all segments are "
                    + "needed for that, and one cannot be read: \(error.finding)"
            )
            return nil
        }
    }
}
