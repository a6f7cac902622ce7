import ArchiveBytes
import ArchiveFormat
import ArchiveSealing
import Synchronization
import SystemPackage

/// Hears everything that a machine, and all that were cloned from it, ever writes: no nonce may seal
/// two different texts, and no plaintext may show.
final class WriteLedger: Sendable {
    private struct State {
        var sealed: [[UInt8]: Digest] = [:]
        var findings: [String] = []
    }

    /// Stands in every name, subject, body and term of a life.
    static let canary = "CanaryPatient"
    private static let pageMagic: UInt32 = 0x5047_5253

    private let state = Mutex(State())

    var findings: [String] { state.withLock { $0.findings } }
    var sealedCount: Int { state.withLock { $0.sealed.count } }

    func hear(_ path: FilePath, _ bytes: [UInt8]) {
        if Self.holdsCanary(bytes) { add("plaintext was written to \(path)") }
        // What stands in quarantine is torn: halves of two texts, which are written nowhere else.
        switch path.removingLastComponent().lastComponent?.string {
        case "segments": hearFrames(path, bytes)
        case "index": hearPages(path, bytes)
        default: break
        }
    }

    private func hearFrames(_ path: FilePath, _ bytes: [UInt8]) {
        let span = bytes.span
        var offset = 0
        while offset + FrameHeader.byteCount <= bytes.count {
            guard span.u32(at: offset) == FrameHeader.magic,
                let header = FrameHeader(unchecked: span.extracting(offset...)),
                offset + header.frameByteCount <= bytes.count
            else {
                offset += FrameHeader.alignment
                continue
            }
            let frame = span.extracting(offset..<(offset + header.frameByteCount))
            // Commits, seals and their like are public and have no nonce.
            if [.records, .chunk, .directory, .dictionary].contains(header.kind) {
                note(header.nonce.bytes, frame, path)
            }
            offset += header.frameByteCount
        }
    }

    private func hearPages(_ path: FilePath, _ bytes: [UInt8]) {
        let span = bytes.span
        for offset in stride(from: 0, to: bytes.count - 511, by: 512)
        where span.u32(at: offset) == Self.pageMagic {
            let nonce = Array(bytes[(offset + 16)..<(offset + 40)])
            note(nonce, span.extracting(offset..<(offset + 512)), path)
        }
    }

    private func note(_ nonce: [UInt8], _ text: Span<UInt8>, _ path: FilePath) {
        let digest = SHA256.hash(text)
        let isRepeated = state.withLock { state in
            let known = state.sealed.updateValue(digest, forKey: nonce)
            return known != nil && known != digest
        }
        if isRepeated { add("a nonce was used for two texts in \(path)") }
    }

    private func add(_ finding: String) { state.withLock { $0.findings.append(finding) } }

    static func holdsCanary(_ bytes: [UInt8]) -> Bool {
        let wanted = Array(canary.utf8)
        let span = bytes.span
        var index = 0
        // Only every second byte can be the fourth or fifth of the word: half the looking.
        while index < span.count {
            if span[index] == wanted[3] || span[index] == wanted[4] {
                for start in [index - 3, index - 4]
                where start >= 0 && start + wanted.count <= bytes.count
                    && bytes[start..<(start + wanted.count)].elementsEqual(wanted)
                { return true }
            }
            index += 2
        }
        return false
    }
}
