import ArchiveFileIO
import ArchiveHTTP

/// A large object on its way, part by part, several at a time.
struct MultipartUpload: Sendable {
    /// S3 takes 10,000 parts; a little less leaves room for rounding.
    private static let partLimit: UInt64 = 9_000
    private static let partsAtATime = 4

    /// A part that has arrived.
    private struct Part: Sendable {
        let number: Int
        let tag: String
        /// Nil if the server does not say that it has it.
        let checksum: String?
    }

    private let store: S3Store
    private let transfer: Transfer
    private let mode: PutMode
    private let nonce: String
    private let partByteCount: Int

    init(_ store: S3Store, _ transfer: Transfer, _ mode: PutMode, _ nonce: String) {
        self.store = store
        self.transfer = transfer
        self.mode = mode
        self.nonce = nonce
        let mebibyte: UInt64 = 1 << 20
        let least = (transfer.source.byteCount / Self.partLimit / mebibyte + 1) * mebibyte
        let usual = UInt64(store.configuration.partByteCount)
        partByteCount = Int(transfer.source.byteCount / Self.partLimit < usual ? usual : least)
    }

    func run() async throws(VaultError) {
        let upload = try await begin()
        do {
            let parts = try await send(upload)
            try await complete(upload, parts)
        } catch {
            await abort(upload)
            throw error
        }
    }

    private func call(_ method: String, _ query: [(name: String, value: String)]) -> S3Call {
        var call = S3Call("put \(transfer.name)", method, store.key(transfer.name))
        call.query = query
        return call
    }

    private func begin() async throws(VaultError) -> String {
        var call = call("POST", [("uploads", "")])
        call.fields =
            store.newObjectFields(transfer.name, nonce) + [
                HTTPField("x-amz-checksum-algorithm", "SHA256")
            ]
        let answer = try await store.client.send(call)
        guard let upload = XMLElement(answer.response.body)?["UploadId"], !upload.isEmpty else {
            throw VaultError(
                .failed,
                "cannot put \(transfer.name) in \(store.configuration.place): the server begins no "
                    + "upload in parts"
            )
        }
        return upload
    }

    private func send(_ upload: String) async throws(VaultError) -> [Part] {
        let reader = PartReader(transfer, partByteCount: partByteCount)
        return try await withTaskGroup(of: Result<Part, VaultError>.self) { group in
            var parts: [Part] = []
            var number = 0
            var failure: VaultError?
            while failure == nil {
                if number - parts.count >= Self.partsAtATime, let arrived = await group.next() {
                    failure = Self.collect(arrived, into: &parts)
                    continue
                }
                do throws(VaultError) {
                    guard let body = try await next(of: reader) else { break }
                    number += 1
                    let place = number
                    group.addTask { await self.outcome(place, body, upload) }
                } catch {
                    failure = error
                }
            }
            if failure != nil { group.cancelAll() }
            for await arrived in group {
                let late = Self.collect(arrived, into: &parts)
                if failure == nil, late != nil {
                    failure = late
                    group.cancelAll()
                }
            }
            return failure.map { Result<[Part], VaultError>.failure($0) }
                ?? .success(parts.sorted { $0.number < $1.number })
        }.get()
    }

    private func next(of reader: PartReader) async throws(VaultError) -> [UInt8]? {
        try await store.pool.run { () throws(VaultError) in try reader.next() }
    }

    private static func collect(
        _ arrived: Result<Part, VaultError>,
        into parts: inout [Part]
    ) -> VaultError? {
        switch arrived {
        case .success(let part):
            parts.append(part)
            return nil
        case .failure(let error): return error
        }
    }

    private func outcome(
        _ number: Int,
        _ body: [UInt8],
        _ upload: String
    ) async -> Result<Part, VaultError> {
        do throws(VaultError) {
            var call = call("PUT", [("partNumber", String(number)), ("uploadId", upload)])
            call.fields = [HTTPField("Content-Type", "application/octet-stream")]
            let checksum = call.carry(body)
            let answer = try await store.client.send(call)
            guard let tag = answer.response.fields["etag"] else {
                throw VaultError(
                    .failed,
                    "cannot put \(transfer.name) in \(store.configuration.place): the server gives "
                        + "part \(number) no tag"
                )
            }
            let isKept = answer.response.fields["x-amz-checksum-sha256"] == checksum
            return .success(Part(number: number, tag: tag, checksum: isKept ? checksum : nil))
        } catch {
            return .failure(error)
        }
    }

    private func complete(_ upload: String, _ parts: [Part]) async throws(VaultError) {
        var call = call("POST", [("uploadId", upload)])
        var text = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
        for part in parts {
            text += "<Part><PartNumber>\(part.number)</PartNumber><ETag>"
            text += part.tag.split(separator: "\"").joined() + "</ETag>"
            // Servers that keep no checksums refuse a part that names one.
            if let checksum = part.checksum {
                text += "<ChecksumSHA256>\(checksum)</ChecksumSHA256>"
            }
            text += "</Part>"
        }
        call.body = Array((text + "</CompleteMultipartUpload>").utf8)
        call.fields = [HTTPField("Content-Type", "application/xml")]
        try await store.publish(transfer.name, call, mode, nonce)
    }

    /// Lets go of the parts, so that nobody pays for them; a rest is for the bucket's own rules.
    private func abort(_ upload: String) async {
        var call = call("DELETE", [("uploadId", upload)])
        call.accepted = [200, 204, 404]
        call.tryLimit = 2
        let abortion = call
        let client = store.client
        // A task of its own: the put may have failed because its task was cancelled.
        await Task { _ = try? await client.send(abortion) }.value
    }
}
