#if S3
internal import ArchiveFileIO
internal import CHTTP
internal import Synchronization

/// Requests over libcurl, several at a time, on connections that stay open.
package final class CurlTransport: HTTPTransport {
    /// What every exchange of a transport keeps to.
    package struct Options: Sendable {
        /// A file of certificates of the authorities to trust, instead of the system's.
        package var authorities: String?
        package var connectTimeout: Duration = .seconds(15)
        /// No byte for so long ends an exchange.
        package var stallTimeout: Duration = .seconds(30)
        /// No exchange takes longer; enough for 16 MiB at 20 kB a second.
        package var totalTimeout: Duration = .seconds(900)
        /// Bounds of each single exchange; nil for none.
        package var sentBytesPerSecond: UInt64?
        package var receivedBytesPerSecond: UInt64?

        package init() {}
    }

    /// Enough for the head of any answer that S3 gives.
    private static let headByteLimit = 64 << 10

    private let options: Options
    private let pool: BlockingPool
    private let idle = Mutex<[CurlSession]>([])

    /// Makes a transport of at most `width` exchanges at a time; nothing is connected yet.
    package init(_ options: Options = Options(), width: Int) {
        self.options = options
        pool = BlockingPool(label: "strongroom.http", width: width)
    }

    package func send(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse {
        if Task.isCancelled { throw HTTPFailure(.cancelled, "cancelled") }
        guard let session = idle.withLock({ $0.popLast() }) ?? CurlSession() else {
            throw HTTPFailure(.failed, "libcurl has no memory")
        }
        let outcome = await exchange(request, on: session)
        idle.withLock { $0.append(session) }
        return try outcome.get()
    }

    private func exchange(
        _ request: HTTPRequest,
        on session: CurlSession
    ) async -> Result<HTTPResponse, HTTPFailure> {
        session.arm()
        return await withTaskCancellationHandler {
            do throws(HTTPFailure) {
                return .success(
                    try await pool.run { [self] () throws(HTTPFailure) in
                        try perform(request, on: session)
                    }
                )
            } catch {
                return .failure(error)
            }
        } onCancel: {
            session.cancel()
        }
    }

    private func perform(
        _ request: HTTPRequest,
        on session: CurlSession
    ) throws(HTTPFailure) -> HTTPResponse {
        var head = [UInt8](repeating: 0, count: Self.headByteLimit)
        // Filling it with zeros would take longer than receiving it.
        var body = unsafe [UInt8](unsafeUninitializedCapacity: request.answerLimit) {
            $1 = $0.count
        }
        let answer = session.exchange(request, options, head: &head, body: &body)
        guard let kind = Self.failure(answer.result) else {
            head.removeLast(head.count - Int(answer.head_count))
            body.removeLast(body.count - Int(answer.body_count))
            return HTTPResponse(
                status: answer.status,
                fields: HTTPResponse.fields(of: head),
                body: body
            )
        }
        throw HTTPFailure(kind, session.reason)
    }

    private static func failure(_ result: CInt) -> HTTPFailure.Kind? {
        switch UInt32(bitPattern: result) {
        case CH_DONE.rawValue: nil
        case CH_UNREACHABLE.rawValue: .unreachable
        case CH_TIMEOUT.rawValue: .timedOut
        case CH_CUT.rawValue: .cut
        case CH_CERTIFICATE.rawValue: .certificate
        case CH_TOO_LONG.rawValue: .tooLong
        case CH_CANCELLED.rawValue: .cancelled
        default: .failed
        }
    }
}

/// One of libcurl's handles.
///
/// `@unchecked Sendable`: the transport gives it to one exchange at a time, and its cancellation
/// is an atomic flag.
@safe private final class CurlSession: @unchecked Sendable {
    private static let reasonByteLimit = 512

    private let handle: OpaquePointer

    init?() {
        guard let handle = unsafe ch_session_new() else { return nil }
        unsafe self.handle = handle
    }

    deinit { unsafe ch_session_free(handle) }

    func arm() { unsafe ch_session_arm(handle) }

    func cancel() { unsafe ch_session_cancel(handle) }

    /// Why the last exchange failed.
    var reason: String {
        var text = [UInt8](repeating: 0, count: Self.reasonByteLimit)
        var span = text.mutableSpan
        let count = unsafe ch_session_reason(handle, &span)
        return count == 0 ? "no reason is known" : String(decoding: text[..<count], as: UTF8.self)
    }

    func exchange(
        _ request: HTTPRequest,
        _ options: CurlTransport.Options,
        head: inout [UInt8],
        body: inout [UInt8]
    ) -> ch_answer {
        var lines = [request.method, request.url, options.authorities ?? ""]
        lines += request.fields.map { "\($0.name): \($0.value)" }
        let text = lines.flatMap(Self.terminated)
        let bounds = ch_bounds(
            connect_milliseconds: options.connectTimeout.milliseconds,
            total_milliseconds: options.totalTimeout.milliseconds,
            stall_seconds: max(1, options.stallTimeout.milliseconds / 1000),
            sent_bytes_per_second: Int64(clamping: options.sentBytesPerSecond ?? 0),
            received_bytes_per_second: Int64(clamping: options.receivedBytesPerSecond ?? 0)
        )
        return unsafe text.withUnsafeBufferPointer { text in
            unsafe request.body.withUnsafeBufferPointer { sent in
                unsafe head.withUnsafeMutableBufferPointer { head in
                    unsafe body.withUnsafeMutableBufferPointer { body in
                        unsafe ch_exchange(
                            handle,
                            bounds,
                            text.count,
                            text.baseAddress,
                            sent.count,
                            sent.baseAddress,
                            head.count,
                            head.baseAddress,
                            body.count,
                            body.baseAddress
                        )
                    }
                }
            }
        }
    }

    /// A text as C takes it; a zero byte inside would end it early, so it is left out.
    private static func terminated(_ text: String) -> [UInt8] {
        text.utf8.filter { $0 != 0 } + [0]
    }
}

extension Duration {
    fileprivate var milliseconds: Int {
        Int(components.seconds) * 1000 + Int(components.attoseconds / 1_000_000_000_000_000)
    }
}
#endif
