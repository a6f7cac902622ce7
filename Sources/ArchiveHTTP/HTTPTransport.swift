/// Whatever can carry a request to a server and an answer back.
///
/// Every exchange ends: by an answer, or by a failure within the bounds of the transport.
package protocol HTTPTransport: Sendable {
    /// Sends a request; an answer of any status is an answer.
    func send(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse
}

/// A request, ready to be sent.
package struct HTTPRequest: Sendable {
    package var method: String
    package var url: String
    package var fields: [HTTPField]
    package var body: [UInt8]
    /// The longest answer that makes sense.
    package var answerLimit: Int

    package init(
        _ method: String,
        _ url: String,
        fields: [HTTPField] = [],
        body: [UInt8] = [],
        answerLimit: Int = 1 << 20
    ) {
        self.method = method
        self.url = url
        self.fields = fields
        self.body = body
        self.answerLimit = answerLimit
    }
}

/// A line of a head.
package struct HTTPField: Hashable, Sendable {
    package let name: String
    package let value: String

    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// What a server answered.
package struct HTTPResponse: Sendable {
    package let status: Int
    /// By names in lower case.
    package let fields: [String: String]
    package let body: [UInt8]

    package init(status: Int, fields: [String: String] = [:], body: [UInt8] = []) {
        self.status = status
        self.fields = fields
        self.body = body
    }

    /// Reads the lines of a head, as they came; a repeated field keeps its last value.
    static func fields(of head: [UInt8]) -> [String: String] {
        var fields: [String: String] = [:]
        for line in head.split(whereSeparator: { $0 == 13 || $0 == 10 }) {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
            let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
            let value = line[(colon + 1)...].drop { $0 == 32 || $0 == 9 }
            var text = Substring(String(decoding: value, as: UTF8.self))
            while text.last == " " || text.last == "\t" { text.removeLast() }
            fields[name] = String(text)
        }
        return fields
    }
}

/// Why there is no answer.
package struct HTTPFailure: Error, Equatable {
    package enum Kind: Sendable {
        /// No connection could be made.
        case unreachable
        /// A bound of time was reached.
        case timedOut
        /// The connection ended before the answer did.
        case cut
        /// The server is not who it should be, or the authorities cannot be read.
        case certificate
        /// The answer is longer than any that makes sense.
        case tooLong
        case cancelled
        case failed
    }

    package let kind: Kind
    /// The transport's own words; nothing of the request's head or body.
    package let reason: String

    package init(_ kind: Kind, _ reason: String) {
        self.kind = kind
        self.reason = reason
    }

    /// Compares the kinds.
    package static func == (left: Self, right: Self) -> Bool { left.kind == right.kind }
}
