import ArchiveBytes
import ArchiveHTTP
import ArchiveSealing

/// Signs requests for S3: AWS Signature Version 4, over the head and the body's SHA-256.
///
/// The steps are AWS's own: a canonical text of the request, a text to sign with its hash, and an
/// HMAC under a key that is derived for the day, the region and the service.
struct S3Signer: Sendable {
    let region: String
    var service = "s3"

    /// The hash of no bytes, as hexadecimal digits.
    static let emptyBodyHash = SHA256.hash([UInt8]().span).hex

    /// The fields that make a request a signed one, beside those that it has.
    func fields(
        signing request: S3Request,
        bodyHash: String,
        with credentials: S3Credentials,
        at moment: Timestamp
    ) -> [HTTPField] {
        let time = Self.time(moment)
        var added = [
            HTTPField("x-amz-content-sha256", bodyHash), HTTPField("x-amz-date", time),
        ]
        if let token = credentials.sessionToken {
            added.append(HTTPField("x-amz-security-token", token))
        }
        let authorization = authorization(
            for: request,
            fields: request.fields + added,
            bodyHash: bodyHash,
            with: credentials,
            time: time
        )
        return added + [HTTPField("Authorization", authorization)]
    }

    /// The value of the field `Authorization` for a request with exactly these fields, and its host.
    func authorization(
        for request: S3Request,
        fields: [HTTPField],
        bodyHash: String,
        with credentials: S3Credentials,
        time: String
    ) -> String {
        let lines = (fields + [HTTPField("host", request.host)])
            .map { (name: $0.name.lowercased(), value: Self.collapsed($0.value)) }
            .sorted { $0.name < $1.name }
        let names = lines.map(\.name).joined(separator: ";")
        let canonical = [
            request.method, request.path, request.queryText,
            lines.map { "\($0.name):\($0.value)\n" }.joined(), names, bodyHash,
        ].joined(separator: "\n")
        let day = String(time.prefix(8))
        let scope = "\(day)/\(region)/\(service)/aws4_request"
        let text = [
            "AWS4-HMAC-SHA256", time, scope, SHA256.hash(Array(canonical.utf8).span).hex,
        ].joined(separator: "\n")
        let signature = Self.mac(key(for: day, credentials), text)
        return "AWS4-HMAC-SHA256 Credential=\(credentials.accessKey)/\(scope), "
            + "SignedHeaders=\(names), Signature=\(Hex.encode(signature))"
    }

    /// The key of one day, region and service.
    func key(for day: String, _ credentials: S3Credentials) -> [UInt8] {
        [day, region, service, "aws4_request"].reduce(Array(("AWS4" + credentials.secretKey).utf8))
        {
            Self.mac($0, $1)
        }
    }

    /// A moment as AWS spells it: `20261122T120000Z`.
    static func time(_ moment: Timestamp) -> String {
        let seconds = moment.microseconds / 1_000_000
        return Timestamp(microseconds: seconds * 1_000_000).description
            .filter { $0 != "-" && $0 != ":" }
    }

    private static func mac(_ key: [UInt8], _ text: String) -> [UInt8] {
        HMACSHA256(key: key.span).authenticate(Array(text.utf8).span).bytes
    }

    /// Runs of spaces count as one, and those at the ends as none.
    private static func collapsed(_ value: String) -> String {
        value.split(separator: " ").joined(separator: " ")
    }
}

/// What is asked of a server, before it is signed.
struct S3Request: Sendable {
    var method: String
    /// The server, with its port if that is not the usual one.
    var host: String
    /// As it is sent: encoded, begun with a slash.
    var path: String
    /// Not encoded.
    var query: [(name: String, value: String)] = []
    var fields: [HTTPField] = []

    /// The query as it is sent and signed: encoded, and in order.
    var queryText: String {
        query.map { (S3Text.encoded($0.name), S3Text.encoded($0.value)) }
            .sorted { $0 < $1 }
            .map { "\($0)=\($1)" }
            .joined(separator: "&")
    }
}

/// Texts as S3 spells them.
enum S3Text {
    /// Every byte but the unreserved ones as `%` and two digits.
    static func encoded(_ text: String, keepingSlashes: Bool = false) -> String {
        var bytes: [UInt8] = []
        let digits = Array("0123456789ABCDEF".utf8)
        for byte in text.utf8 {
            if isUnreserved(byte) || (keepingSlashes && byte == UInt8(ascii: "/")) {
                bytes.append(byte)
            } else {
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The text that an encoded one stands for; what is no encoding stays as it is.
    static func decoded(_ text: String) -> String {
        let source = Array(text.utf8)
        var bytes: [UInt8] = []
        var position = 0
        while position < source.count {
            let end = position + 3
            if source[position] == UInt8(ascii: "%"), end <= source.count,
                let byte = Hex.decode(String(decoding: source[position + 1..<end], as: UTF8.self))
            {
                bytes += byte
                position = end
            } else {
                // A form's plus is a space.
                let isPlus = source[position] == UInt8(ascii: "+")
                bytes.append(isPlus ? UInt8(ascii: " ") : source[position])
                position += 1
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "_"), UInt8(ascii: "~"):
            true
        default: false
        }
    }
}
