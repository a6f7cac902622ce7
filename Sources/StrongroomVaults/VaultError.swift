/// Why a vault could not do what was asked.
///
/// Two errors are equal if their codes are, so that a program and a test can match the reason
/// without the wording.
public struct VaultError: Error, Equatable, CustomStringConvertible {
    /// The reason, for a program.
    public let code: Code
    /// What was attempted, where, what was found and what to do next, for a person.
    public let message: String
    /// What the system or the transport said.
    public let underlying: (any Error)?

    /// Makes an error; stores outside this package throw the same.
    public init(_ code: Code, _ message: String, underlying: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.underlying = underlying
    }

    /// Compares the codes.
    public static func == (left: VaultError, right: VaultError) -> Bool { left.code == right.code }

    /// The message.
    public var description: String { message }

    /// The reasons; later versions may know more.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Reason: String {
            case notFound, alreadyExists, capacity, unreachable, refused, damaged, outOfRange
            case invalidName, sourceFailed, cancelled, clockSkew, failed
        }

        private let reason: Reason

        /// There is no object of that name.
        public static let notFound = Code(reason: .notFound)
        /// The name has an object already, and it may be written only once.
        public static let alreadyExists = Code(reason: .alreadyExists)
        /// There is no room, or a quota is used up.
        public static let capacity = Code(reason: .capacity)
        /// The vault does not answer: not mounted, a network or a device that failed.
        ///
        /// Worth a retry.
        public static let unreachable = Code(reason: .unreachable)
        /// The vault answers and forbids it: no permission, read-only, locked.
        public static let refused = Code(reason: .refused)
        /// The bytes are not the expected ones.
        public static let damaged = Code(reason: .damaged)
        /// The object is shorter than the range that was asked for.
        public static let outOfRange = Code(reason: .outOfRange)
        /// The name cannot be an object's name, or is part of another's.
        public static let invalidName = Code(reason: .invalidName)
        /// The source of a put could not be read, or changed meanwhile.
        public static let sourceFailed = Code(reason: .sourceFailed)
        /// The task was cancelled; nothing was put.
        public static let cancelled = Code(reason: .cancelled)
        /// The clocks of this machine and of the vault differ by more than the vault accepts.
        public static let clockSkew = Code(reason: .clockSkew)
        /// Anything else.
        public static let failed = Code(reason: .failed)

        /// The reason's name.
        public var description: String { reason.rawValue }
    }
}
