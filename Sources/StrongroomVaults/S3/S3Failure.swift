import ArchiveBytes
import ArchiveHTTP

/// What a server's refusal, or its silence, means.
enum S3Failure: Sendable {
    case transport(HTTPFailure)
    /// An answer with a status that was not hoped for, or an error inside a good one.
    case answer(HTTPResponse, code: String, message: String, region: String?)

    /// Longer messages than this explain nothing more.
    private static let messageLimit = 200

    /// Reads an answer; nil if it is a good one.
    init?(_ response: HTTPResponse, accepting accepted: Set<Int>) {
        // A server that has begun to answer "good" can only put an error into the body.
        let isSuspect = response.status == 200 && response.body.starts(with: "<".utf8)
        if accepted.contains(response.status), !isSuspect { return nil }
        let root = XMLElement(response.body)
        let error = root.flatMap { $0.name == "Error" ? $0 : nil }
        if accepted.contains(response.status), error == nil { return nil }
        self = .answer(
            response,
            code: error?["Code"] ?? Self.usualCode(response.status),
            message: error?["Message"] ?? "",
            region: response.fields["x-amz-bucket-region"] ?? error?["Region"]
        )
    }

    /// Whether the same request may succeed later.
    var isPassing: Bool {
        switch self {
        case .transport(let failure):
            switch failure.kind {
            case .unreachable, .timedOut, .cut: true
            case .certificate, .tooLong, .cancelled, .failed: false
            }
        case .answer(let response, let code, _, _):
            switch code {
            case "RequestTimeout", "SlowDown", "Throttling", "InternalError", "ServiceUnavailable",
                "ConditionalRequestConflict", "OperationAborted", "BadDigest",
                "XAmzContentSHA256Mismatch":
                true
            default: [408, 425, 429, 500, 502, 503, 504].contains(response.status)
            }
        }
    }

    /// How long the server asks to be left alone.
    var askedDelay: Duration? {
        guard case .answer(let response, _, _, _) = self,
            let seconds = response.fields["retry-after"].flatMap({ Int($0) }), seconds > 0
        else { return nil }
        return .seconds(min(seconds, 3600))
    }

    /// The server's name for it; empty if there was no answer.
    var code: String {
        if case .answer(_, let code, _, _) = self { code } else { "" }
    }

    var status: Int? {
        if case .answer(let response, _, _, _) = self { response.status } else { nil }
    }

    /// The error of a store, after so many tries.
    func error(_ attempt: String, at place: String, tries: Int, now: Timestamp) -> VaultError {
        let (reason, finding, advice) = meaning(now)
        let again = tries > 1 ? " (\(tries) tries)" : ""
        return VaultError(reason, "cannot \(attempt) in \(place): \(finding)\(again); \(advice)")
    }

    // MARK: Details

    private func meaning(_ now: Timestamp) -> (VaultError.Code, String, String) {
        switch self {
        case .transport(let failure): return Self.meaning(of: failure)
        case .answer(let response, let code, let message, let region):
            let isSkewed = code.isEmpty && response.status == 403 && Self.isFar(response, now)
            if code == "RequestTimeTooSkewed" || isSkewed {
                return (.clockSkew, Self.skew(response, now), "set the clock and run it again")
            }
            let words = message.isEmpty ? "" : ": " + Self.visible(message)
            let name = code.isEmpty ? "" : " " + Self.visible(code)
            let finding = "the server answers \(response.status)\(name)\(words)"
            let (reason, advice) = Self.meaning(of: code, response.status, region)
            return (reason, finding, advice)
        }
    }

    private static func meaning(
        of failure: HTTPFailure
    ) -> (VaultError.Code, String, String) {
        let words = visible(failure.reason)
        return switch failure.kind {
        case .unreachable, .timedOut, .cut:
            (.unreachable, words, "check the address and the network, and run it again")
        case .certificate:
            (
                .refused, words,
                "name the authority's certificate with --ca-file or AWS_CA_BUNDLE, if it is yours"
            )
        case .cancelled: (.cancelled, "it was cancelled", "nothing is stored")
        case .tooLong:
            (.failed, "the answer is longer than any that makes sense", "is this an S3 server?")
        case .failed: (.failed, words, "check the address")
        }
    }

    private static func meaning(
        of code: String,
        _ status: Int,
        _ region: String?
    ) -> (VaultError.Code, String) {
        if [301, 307].contains(status) || code == "AuthorizationHeaderMalformed" {
            let hint =
                region.map { "set AWS_REGION=\($0)" } ?? "set AWS_REGION to the bucket's region"
            return (.refused, hint)
        }
        return switch code {
        case "NoSuchBucket":
            (.unreachable, "make the bucket, or name the right one")
        case "NoSuchKey", "NotFound": (.notFound, "list the vault to see what it has")
        case "PreconditionFailed":
            (.alreadyExists, "objects are written once; compare it with yours")
        case "InvalidRange": (.outOfRange, "verify the vault")
        case "SignatureDoesNotMatch", "InvalidAccessKeyId":
            (.refused, "check the access key and its secret")
        case "ExpiredToken", "InvalidToken", "TokenRefreshRequired":
            (.refused, "get new temporary credentials and run it again")
        case "BadDigest", "XAmzContentSHA256Mismatch", "InvalidDigest":
            (.damaged, "bytes change on the way: check memory and network")
        case "QuotaExceeded", "InsufficientStorage", "XMinioStorageFull", "EntityTooLarge":
            (.capacity, "make room or raise the quota")
        case "NotImplemented": (.failed, "the server cannot do this")
        default:
            switch status {
            case 401, 403: (.refused, "the key needs permission for this bucket and prefix")
            case 404: (.notFound, "list the vault to see what it has")
            case 412: (.alreadyExists, "objects are written once; compare it with yours")
            case 416: (.outOfRange, "verify the vault")
            case 507: (.capacity, "make room or raise the quota")
            case 408, 425, 429, 500...: (.unreachable, "the server has trouble; run it again later")
            default: (.failed, "check the address, the bucket and the permissions")
            }
        }
    }

    private static func skew(_ response: HTTPResponse, _ now: Timestamp) -> String {
        let server = response.fields["date"].map { "; the server's says \(visible($0))" } ?? ""
        return "the clock of this machine and the server's are too far apart: this one says "
            + "\(Timestamp(microseconds: now.microseconds / 1_000_000 * 1_000_000))\(server)"
    }

    /// Servers refuse what was signed a quarter of an hour before or after their own time.
    private static let skewLimit: Int64 = 14 * 60 * 1_000_000

    /// Whether the server's clock is so far from ours that it refuses us for that; a head alone does not
    /// say why it refuses.
    private static func isFar(_ response: HTTPResponse, _ now: Timestamp) -> Bool {
        guard let server = response.fields["date"].flatMap(time) else { return false }
        return abs(now.microseconds - server.microseconds) > skewLimit
    }

    /// The time of a head, as in `Sun, 22 Nov 2026 12:00:00 GMT`.
    private static func time(_ text: String) -> Timestamp? {
        let words = text.split(separator: " ")
        let months = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ]
        guard words.count == 6, let month = months.firstIndex(of: String(words[2])) else {
            return nil
        }
        let number = month < 9 ? "0\(month + 1)" : "\(month + 1)"
        return Timestamp("\(words[3])-\(number)-\(words[1])T\(words[4])Z")
    }

    /// A head alone, as HEAD has it, says no more than its status.
    private static func usualCode(_ status: Int) -> String {
        switch status {
        case 404: "NotFound"
        case 412: "PreconditionFailed"
        case 416: "InvalidRange"
        case 501: "NotImplemented"
        default: ""
        }
    }

    private static func visible(_ text: String) -> String {
        String(text.filter { !$0.isNewline && $0 >= " " }.prefix(messageLimit))
    }
}
