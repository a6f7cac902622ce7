import ArchiveFormat
import ArchiveSegments
import SystemPackage

/// Something in a vault that is not what was shipped, and where.
public struct VaultFinding: Equatable, Sendable, CustomStringConvertible {
    /// What is wrong.
    public enum Kind: String, Sendable, CaseIterable {
        /// The object is not there.
        case missing
        /// Its bytes are not what was signed.
        case damaged
        /// It is there and the vault cannot read it.
        case unreadable
    }

    /// What is wrong.
    public let kind: Kind
    /// The object's name in the vault.
    public let object: String
    /// Where in the object, if that is known.
    public let offset: UInt64?
    /// The commits that are concerned, if that is known.
    public let commits: ClosedRange<UInt64>?
    /// The record versions that are concerned, if that is known.
    public let sequences: ClosedRange<UInt64>?
    /// What was found, in a sentence without contents.
    public let detail: String

    init(_ kind: Kind, _ object: VaultObject, _ detail: String) {
        self.init(kind, object.text, detail)
    }

    init(damagedPart part: String, _ detail: String) { self.init(.damaged, part, detail) }

    private init(_ kind: Kind, _ object: String, _ detail: String) {
        self.kind = kind
        self.object = object
        offset = nil
        commits = nil
        sequences = nil
        self.detail = detail
    }

    /// What the verifier found in a place whose files are named as a vault's objects.
    init(_ damage: Damage) {
        kind = damage.isUnreadable ? .unreadable : .damaged
        let isName = VaultObject(damage.file) != nil
        let segment = VaultObject.segmentPrefix + damage.file
        object = isName || VaultObject(segment) == nil ? damage.file : segment
        offset = damage.offset
        commits = damage.commits
        sequences = damage.sequences
        detail = damage.finding
    }

    /// The place and what was found.
    public var description: String {
        var place = object
        if let offset { place += ", offset \(offset)" }
        if let commits { place += ", " + Self.range("commit", commits) }
        if let sequences { place += ", " + Self.range("record", sequences) }
        return "\(place): \(detail)"
    }

    private static func range(_ what: String, _ range: ClosedRange<UInt64>) -> String {
        range.count == 1
            ? "\(what) \(range.lowerBound)" : "\(what)s \(range.lowerBound) to \(range.upperBound)"
    }
}
