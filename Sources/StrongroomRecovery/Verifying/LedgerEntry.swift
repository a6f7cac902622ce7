import ArchiveBytes
import ArchiveFormat
import ArchiveSealing
import Strongroom

/// A segment as a verification has met it.
///
/// The beginning of its seal's hash stands for its bytes: a segment that was written anew under the
/// same number was not checked.
struct SegmentMark: Hashable, Sendable {
    let number: SegmentNumber
    let seal: String

    init(_ segment: SnapshotManifest.Segment) {
        number = segment.number
        seal = String(segment.seal.hex.prefix(16))
    }

    init?(_ value: JSONValue) {
        guard let pair = value.asArray, pair.count == 2, let number = pair[0].asInteger, number > 0,
            let seal = pair[1].asText
        else { return nil }
        self.number = SegmentNumber(UInt64(number))
        self.seal = seal
    }

    var document: JSONValue { [.integer(Int64(number.value)), .text(seal)] }
}

/// What one verification has found.
struct LedgerRun: Equatable, Sendable {
    /// How thoroughly it looked.
    enum Way: String, Sendable {
        /// Every byte was hashed.
        case hashes
        /// Every record was opened as well.
        case contents
    }

    let time: Timestamp
    var way: Way
    var sound: [SegmentMark]
    var damaged: [SegmentMark]

    init(time: Timestamp, way: Way, sound: [SegmentMark], damaged: [SegmentMark]) {
        self.time = time
        self.way = way
        self.sound = sound
        self.damaged = damaged
    }

    init?(_ value: JSONValue) {
        guard let time = value["time"]?.asText.flatMap(Timestamp.init),
            let way = value["way"]?.asText.flatMap(Way.init),
            let sound = value["sound"]?.asArray?.map(SegmentMark.init),
            let damaged = value["damaged"]?.asArray?.map(SegmentMark.init)
        else { return nil }
        self.init(
            time: time,
            way: way,
            sound: sound.compactMap(\.self),
            damaged: damaged.compactMap(\.self)
        )
        guard self.sound.count == sound.count, self.damaged.count == damaged.count else {
            return nil
        }
    }

    var document: JSONValue {
        [
            "damaged": .array(damaged.map(\.document)), "sound": .array(sound.map(\.document)),
            "time": .text(time.description), "way": .text(way.rawValue),
        ]
    }
}

/// One object of the ledger: what one verifier has found, in one run or in several.
struct LedgerEntry: Sendable {
    static let prefix = "checks/"
    static let purpose = "checks"

    let archiveID: ArchiveID
    let verifier: String
    var runs: [LedgerRun]

    /// A name of its own, which sorts by time.
    static func newName(at time: Timestamp) throws(RecoveryError) -> String {
        do {
            let chance = Hex.encode(try Randomness.bytes(8))
            return prefix + SegmentNumber(UInt64(clamping: time.microseconds)).stem + "-" + chance
                + ".json"
        } catch {
            throw RecoveryError(.system, "cannot draw a name: \(error)")
        }
    }

    func bytes(signedBy signer: LedgerSigner) throws -> [UInt8] {
        let document: JSONObject = [
            "archive_id": .text(archiveID.hex), "format": "strongroom checks", "format_version": 1,
            "public_key": .text(verifier), "runs": .array(runs.map(\.document)),
            "tool": .text("strongroom \(StrongroomVersion.current)"),
        ]
        let signed = try SignedDocument.signedBytes(document, purpose: Self.purpose)
        return try SignedDocument.encode(document, signature: try signer.sign(signed))
    }

    /// Decodes an entry under the signature of whoever it names; nil if it is not one of `archive`.
    init?(decoding bytes: [UInt8], of archive: ArchiveID) {
        guard
            let document = try? SignedDocument.decode(
                bytes.span,
                purpose: Self.purpose,
                publicKey: nil
            ), document["format"]?.asText == "strongroom checks",
            document["archive_id"]?.asText == archive.hex,
            let verifier = document["public_key"]?.asText,
            let runs = document["runs"]?.asArray?.map(LedgerRun.init)
        else { return nil }
        let whole = runs.compactMap(\.self)
        guard whole.count == runs.count else { return nil }
        self.init(archiveID: archive, verifier: verifier, runs: whole)
    }

    init(archiveID: ArchiveID, verifier: String, runs: [LedgerRun]) {
        self.archiveID = archiveID
        self.verifier = verifier
        self.runs = runs
    }
}
