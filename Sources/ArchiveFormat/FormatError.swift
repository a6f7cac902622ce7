/// Why bytes are not what the format says.
///
/// The caller knows the place and adds it.
package struct FormatError: Error, Equatable {
    package enum Code: Equatable, Sendable {
        /// The bytes end before the structure does.
        case truncated
        /// A magic number, a checksum or a fixed field is wrong.
        case damaged
        /// A length or count is above its limit.
        case overLimit
        /// The structure is of another archive.
        case foreign
        /// The structure needs a newer program.
        case unsupported
    }

    package let code: Code
    /// What was found, in words that follow "the … is damaged:".
    package let finding: String

    package init(_ code: Code, _ finding: String) {
        self.code = code
        self.finding = finding
    }
}
