import ArchiveBytes
package import ArchiveSealing

/// The archive's tree as a C2SP tlog-checkpoint in a C2SP signed note, which public witness tools
/// can read and cosign.
package struct CheckpointNote: Equatable, Sendable {
    package var origin: String
    package var treeSize: UInt64
    package var treeRoot: Digest

    package init(archiveID: ArchiveID, treeSize: UInt64, treeRoot: Digest) {
        origin = "strongroom/\(archiveID.hex)"
        self.treeSize = treeSize
        self.treeRoot = treeRoot
    }

    /// The text that is signed: origin, size and base64 root, each on a line.
    package var text: String {
        "\(origin)\n\(treeSize)\n\(Base64.encode(treeRoot.bytes))\n"
    }

    /// The note with one signature line, whose key name is the origin.
    package func signed(_ signature: [UInt8], publicKey: [UInt8]) -> String {
        let blob = Base64.encode(Self.keyID(name: origin, publicKey: publicKey) + signature)
        return "\(text)\n\u{2014} \(origin) \(blob)\n"
    }

    /// The note's content if its signature verifies under `publicKey`, else nil.
    package init?(verifying note: String, archiveID: ArchiveID, publicKey: [UInt8]) {
        let parts = note.split(separator: "\n", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[3].isEmpty, parts[5].isEmpty,
            let treeSize = UInt64(parts[1]), let root = Base64.decode(String(parts[2])),
            let treeRoot = Digest(root.span)
        else { return nil }
        self.init(archiveID: archiveID, treeSize: treeSize, treeRoot: treeRoot)
        let prefix = "\u{2014} \(origin) "
        guard parts[0] == origin, parts[4].hasPrefix(prefix),
            let blob = Base64.decode(String(parts[4].dropFirst(prefix.count))), blob.count == 68,
            Array(blob[..<4]) == Self.keyID(name: origin, publicKey: publicKey),
            Ed25519.isValid(
                Array(blob[4...]).span,
                of: Array(text.utf8).span,
                publicKey: publicKey.span
            )
        else { return nil }
        guard note == "\(text)\n\(parts[4])\n" else { return nil }
    }

    /// The first four bytes of `H(name ‖ newline ‖ 0x01 ‖ key)`: which key signed, by C2SP.
    private static func keyID(name: String, publicKey: [UInt8]) -> [UInt8] {
        let bytes = Array(name.utf8) + [UInt8(ascii: "\n"), 1] + publicKey
        return Array(SHA256.hash(bytes.span).bytes[..<4])
    }
}
