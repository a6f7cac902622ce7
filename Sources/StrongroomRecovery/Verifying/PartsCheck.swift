import ArchiveFormat
import StrongroomVaults

/// Looks at what a vault that follows its archive has behind its newest snapshot of the segment that is
/// being written to.
///
/// Nothing signs a part. That its bytes are those that its name tells, and that the parts lead from the
/// segment's beginning without a gap, is what can be told without recovering.
enum PartsCheck {
    /// Looks at the parts of the newest segment that has any.
    ///
    /// With a shard they are looked at only where the segment belongs; what there is no time for is left
    /// out and told.
    static func run(
        _ store: any ObjectStore,
        _ contents: VaultContents,
        _ report: inout VaultReport,
        shard: VerificationPlan.Shard? = nil,
        while isInTime: () -> Bool = { true }
    ) async throws(RecoveryError) {
        // What was sealed since is in its segment, and the next step of following clears it away.
        let listing = try await SegmentPart.listing(store)
        if shard?.number ?? 1 == 1 {
            report.findings += listing.findings(behind: contents.segmentNumbers.max() ?? .init(0))
        }
        let parts = listing.parts.filter { contents.objects[.segment($0.segment)] == nil }
        guard let newest = parts.last?.segment, shard?.holds(newest.value) ?? true else { return }
        let own = parts.filter { $0.segment == newest }
        let chain = SegmentPart.chain(own, of: newest)
        var readCount = 0
        for part in own {
            // One is always done, as of segments.
            guard readCount == 0 || isInTime() else { break }
            readCount += 1
            if let detail = try await finding(part, store) {
                report.findings.append(VaultFinding(damagedPart: part.text, detail))
            }
        }
        let end = chain.last?.end ?? 0
        if let stray = own.first(where: { $0.start > end }) {
            let detail = "no part leads up to it: bytes \(end) to \(stray.start) of segment "
            report.findings.append(
                VaultFinding(
                    damagedPart: stray.text,
                    detail
                        + "\(newest.value) are missing; `strongroom ship --follow` sends them again"
                )
            )
        }
        if readCount < own.count {
            report.notes.append(
                "\(own.count - readCount) parts of segment \(newest.value), which is still being "
                    + "written to, were not reached; run it again"
            )
            return
        }
        report.notes.append(
            "\(own.count) parts hold the first \(end) bytes of segment \(newest.value), which is still "
                + "being written to: they were held against their names, which nothing signs"
        )
    }

    private static func finding(
        _ part: SegmentPart,
        _ store: any ObjectStore
    ) async throws(RecoveryError) -> String? {
        do {
            let bytes = try await store.read(try ObjectName(part.text), range: 0..<part.byteCount)
            return part.isRight(bytes) ? nil : "its SHA-256 is not the one in its name"
        } catch {
            switch error.code {
            // A following ship has put a longer one in its place meanwhile.
            case .notFound: return nil
            case .damaged, .outOfRange: return error.message
            default: throw RecoveryError(error)
            }
        }
    }
}
