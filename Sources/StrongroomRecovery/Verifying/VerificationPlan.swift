/// What of a vault is to be verified, and what becomes of the findings.
///
/// With none of the limits everything is, and the chain from segment to segment and the tree over all
/// commits are proved as well. With any of them segments are proved one by one, each against the
/// snapshots that list it: those never checked first, then those found damaged, then the least
/// recently checked.
public struct VerificationPlan: Sendable {
    /// One of so many parts of a vault, so that many machines can share the work.
    public struct Shard: Equatable, Sendable {
        /// From 1.
        public let number: Int
        /// How many there are.
        public let count: Int

        /// Takes the part's number, from 1, and how many parts there are; nil if it is none of them.
        public init?(_ number: Int, of count: Int) {
            guard count >= 1, (1...count).contains(number) else { return nil }
            self.number = number
            self.count = count
        }

        /// Segments keep their part when others come.
        func holds(_ segment: UInt64) -> Bool {
            segment % UInt64(count) == UInt64(number % count)
        }
    }

    /// Segments found sound so lately are passed over.
    public var maximumAge: Duration?
    /// No segment is begun after this time.
    public var maximumDuration: Duration?
    /// Only these segments.
    public var shard: Shard?
    /// Who signs findings where the archive's key is not at hand.
    public var verifier: VerifierKey?
    /// Public keys, in hexadecimal digits, of verifiers whose findings count besides the archive's.
    public var trustedVerifiers: Set<String> = []
    /// Whether findings are added to the vault's ledger, where somebody is there to sign them.
    public var isRecorded = true

    /// Everything, recorded if it can be signed.
    public init() {}

    /// Whether everything is to be verified.
    public var isWhole: Bool { maximumAge == nil && maximumDuration == nil && shard == nil }
}
