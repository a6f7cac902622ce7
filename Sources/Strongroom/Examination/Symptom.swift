/// One thing that an examination found: what is so, in plain words, and which command helps.
package struct Symptom: Equatable, Sendable {
    /// How bad it is.
    package enum Severity: String, Sendable, CaseIterable, Comparable {
        /// Good to know; nothing need be done.
        case note
        /// Works, but should be seen to.
        case warning
        /// Bytes are not what was written, or something is missing.
        case damage

        package static func < (left: Self, right: Self) -> Bool { left.order < right.order }

        private var order: Int {
            switch self {
            case .note: 0
            case .warning: 1
            case .damage: 2
            }
        }
    }

    package let severity: Severity
    /// A short name for programs, which never changes its meaning.
    package let code: String
    package let text: String
    /// What to do; nil if nothing need be done.
    package let remedy: String?

    package init(_ severity: Severity, _ code: String, _ text: String, remedy: String? = nil) {
        self.severity = severity
        self.code = code
        self.text = text
        self.remedy = remedy
    }
}
