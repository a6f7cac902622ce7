import ArchiveBytes
import ArchiveFileIO
import SystemPackage

/// A conversation with an SFTP server over the standard input and output of `ssh`.
///
/// Requests are numbered, so that many can be on their way. All calls block, with a bound, and are for
/// one thread at a time. After a failure that leaves answers outstanding the connection is broken.
///
/// `@unchecked Sendable`: the store gives it to one thread at a time.
final class SFTPConnection: @unchecked Sendable {
    /// How long nothing may come; a server with a slow disk synchronizes for long.
    struct Bounds: Sendable {
        var greeting = Duration.seconds(60)
        var answer = Duration.seconds(300)
    }

    /// Longer messages than this are none of SFTP's.
    private static let messageByteLimit = 1 << 20
    /// What every server takes.
    private static let usualChunkByteCount = 32 << 10
    private static let chunkByteLimit = 255 << 10
    /// Bytes on their way: enough for a gigabit over 30 ms.
    private static let windowByteCount = 4 << 20

    private let child: ChildProcess
    private let bounds: Bounds
    private var nextID: UInt32 = 1
    private var extensions: [String: String] = [:]
    /// Requests to write whose answers have not come.
    private var unansweredWrites: Set<UInt32> = []
    private(set) var isBroken = false
    private var readByteCount = usualChunkByteCount
    private var writeByteCount = usualChunkByteCount

    init(_ command: [String], _ bounds: Bounds) throws(SFTPFailure) {
        self.bounds = bounds
        do {
            child = try ChildProcess(command)
        } catch {
            throw .lost("\(error); is the OpenSSH client installed?")
        }
        var hello = SFTPWriter(.initialize)
        hello.append(3 as UInt32)
        try write(hello.finished())
        var (kind, reader) = try message(within: bounds.greeting)
        guard kind == SFTPKind.version.rawValue, try reader.number() >= 3 else {
            throw broken("it speaks no SFTP version 3")
        }
        while !reader.isAtEnd { extensions[try reader.text()] = try reader.text() }
        try learnLimits()
    }

    func offers(_ name: String) -> Bool { extensions[name] != nil }

    private func learnLimits() throws(SFTPFailure) {
        guard offers("limits@openssh.com") else { return }
        var reader = try ask(.extended, expecting: .extendedReply) {
            $0.append("limits@openssh.com")
        }
        _ = try reader.longNumber()
        let (reading, writing) = (try reader.longNumber(), try reader.longNumber())
        func chunk(_ limit: UInt64) -> Int {
            limit == 0
                ? Self.usualChunkByteCount : Int(min(limit, UInt64(Self.chunkByteLimit)))
        }
        readByteCount = chunk(reading)
        writeByteCount = chunk(writing)
    }

    // MARK: Messages

    /// Sends a request and waits for its answer, which must be of the expected kind.
    func ask(
        _ kind: SFTPKind,
        expecting expected: SFTPKind = .result,
        _ build: (inout SFTPWriter) -> Void
    ) throws(SFTPFailure) -> SFTPReader {
        let id = try send(kind, build)
        let (found, answered, reader) = try answer()
        guard found == id else { throw broken("it answers another request") }
        return try Self.checked(answered, reader, expected)
    }

    private func send(
        _ kind: SFTPKind,
        reserving byteCount: Int = 64,
        _ build: (inout SFTPWriter) -> Void
    ) throws(SFTPFailure) -> UInt32 {
        let id = nextID
        nextID &+= 1
        var writer = SFTPWriter(kind, reserving: byteCount)
        writer.append(id)
        build(&writer)
        try write(writer.finished())
        return id
    }

    private func answer() throws(SFTPFailure) -> (id: UInt32, kind: UInt8, reader: SFTPReader) {
        var (kind, reader) = try message(within: bounds.answer)
        return (try reader.number(), kind, reader)
    }

    /// An answer of the expected kind; a result that is not good is thrown.
    private static func checked(
        _ kind: UInt8,
        _ reader: SFTPReader,
        _ expected: SFTPKind
    ) throws(SFTPFailure) -> SFTPReader {
        if kind == SFTPKind.result.rawValue {
            var result = reader
            let code = try result.number()
            if code == 0, expected == .result { return reader }
            throw .refused(code: code, result.isAtEnd ? "" : try result.text())
        }
        guard kind == expected.rawValue else { throw .lost("the server's answer makes no sense") }
        return reader
    }

    private func message(
        within bound: Duration
    ) throws(SFTPFailure) -> (UInt8, SFTPReader) {
        do throws(SystemError) {
            var head = [UInt8](repeating: 0, count: 4)
            var headSpan = head.mutableSpan
            try child.read(into: &headSpan, timeout: bound)
            let count = head.reduce(0) { $0 << 8 | Int($1) }
            guard (1...Self.messageByteLimit).contains(count) else {
                throw SystemError(.read, "ssh", .badMessage)
            }
            var body = [UInt8](repeating: 0, count: count)
            var bodySpan = body.mutableSpan
            try child.read(into: &bodySpan, timeout: bound)
            return (body[0], SFTPReader(Array(body.dropFirst())))
        } catch {
            throw broken(error)
        }
    }

    private func write(_ bytes: [UInt8]) throws(SFTPFailure) {
        do {
            try child.write(bytes.span, timeout: bounds.answer)
        } catch {
            throw broken(error)
        }
    }

    private func broken(_ error: SystemError) -> SFTPFailure {
        switch error.errno {
        case .timedOut: broken("it does not answer in time")
        case .badMessage: broken("what it says is no SFTP; does its shell print something?")
        default: broken("the connection ended")
        }
    }

    private func broken(_ reason: String) -> SFTPFailure {
        isBroken = true
        let words = child.complaints.split(whereSeparator: \.isNewline).suffix(3)
            .map { String($0.filter { $0 >= " " }.prefix(200)) }
        child.end()
        return .lost(
            words.isEmpty ? reason : reason + "; ssh says: " + words.joined(separator: " / ")
        )
    }

    // MARK: Many requests at a time

    /// Sends bytes for an open file without waiting for each answer; see ``settleWrites()``.
    func write(
        _ bytes: Span<UInt8>,
        at offset: UInt64,
        to handle: [UInt8]
    ) throws(SFTPFailure) {
        var done = 0
        while done < bytes.count {
            let piece = bytes.extracting(done..<min(done + writeByteCount, bytes.count))
            let id = try send(.write, reserving: piece.count + handle.count) { writer in
                writer.append(handle.span)
                writer.append(offset + UInt64(done))
                writer.append(piece)
            }
            unansweredWrites.insert(id)
            done += piece.count
            if unansweredWrites.count * writeByteCount >= Self.windowByteCount {
                try settleWrite()
            }
        }
    }

    /// Waits until everything that was written has been answered.
    func settleWrites() throws(SFTPFailure) {
        while !unansweredWrites.isEmpty { try settleWrite() }
    }

    /// Waits for one answer; after a bad one the others still come.
    private func settleWrite() throws(SFTPFailure) {
        let (id, kind, reader) = try answer()
        guard unansweredWrites.remove(id) != nil else {
            throw broken("it answers what was not asked")
        }
        do throws(SFTPFailure) {
            _ = try Self.checked(kind, reader, .result)
        } catch {
            while !unansweredWrites.isEmpty {
                let (id, _, _) = try answer()
                unansweredWrites.remove(id)
            }
            throw error
        }
    }

    /// Reads a range of an open file; fewer bytes only if the file ends.
    func read(_ range: Range<UInt64>, of handle: [UInt8]) throws(SFTPFailure) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: range.count)
        var wanted = range.lowerBound
        var end = range.upperBound
        var pieces: [UInt32: Range<UInt64>] = [:]
        var failure: SFTPFailure?
        while wanted < end || !pieces.isEmpty {
            if wanted < end, failure == nil,
                pieces.count * readByteCount < Self.windowByteCount
            {
                let piece = wanted..<min(wanted + UInt64(readByteCount), end)
                pieces[try request(piece, of: handle)] = piece
                wanted = piece.upperBound
                continue
            }
            let (id, kind, reader) = try answer()
            guard let piece = pieces.removeValue(forKey: id) else {
                throw broken("it answers what was not asked")
            }
            do throws(SFTPFailure) {
                var reader = try Self.checked(kind, reader, .bytes)
                let found = Array(try reader.counted())
                guard (1...piece.count).contains(found.count) else {
                    throw broken("it sends another number of bytes than was asked for")
                }
                var target = bytes.mutableSpan
                target.copy(found.span, at: Int(piece.lowerBound - range.lowerBound))
                let rest = piece.lowerBound + UInt64(found.count)..<piece.upperBound
                if !rest.isEmpty { pieces[try request(rest, of: handle)] = rest }
            } catch {
                if isBroken { throw error }
                if error.isCode(SFTPFailure.endOfFile) {
                    end = min(end, piece.lowerBound)
                } else {
                    failure = failure ?? error
                }
                if failure != nil { wanted = end }
            }
        }
        if let failure { throw failure }
        bytes.removeLast(Int(range.upperBound - end))
        return bytes
    }

    private func request(
        _ piece: Range<UInt64>,
        of handle: [UInt8]
    ) throws(SFTPFailure) -> UInt32 {
        try send(.read) { writer in
            writer.append(handle.span)
            writer.append(piece.lowerBound)
            writer.append(UInt32(piece.count))
        }
    }
}
