import ArchiveBytes
import ArchiveFileIO
import ArchiveHTTP
import ArchiveSealing

extension S3Store {
    /// Tells our own puts apart, since an answer may be lost and a later try then finds the name taken.
    static let nonceField = "x-amz-meta-strongroom-put"

    /// Stores all bytes of `source` under a name; see ``ObjectStore``.
    public func put(
        _ name: ObjectName,
        from source: any ByteSource,
        mode: PutMode,
        expectedDigest: [UInt8]?
    ) async throws(VaultError) {
        let transfer = try Transfer(name, from: source, expectedDigest: expectedDigest)
        try await requireFree(name, mode)
        let nonce: String
        do {
            nonce = Hex.encode(try Randomness.bytes(16))
        } catch {
            throw VaultError(.failed, "cannot put \(name): the system gives no random bytes")
        }
        if source.byteCount <= UInt64(configuration.partByteCount) {
            try await putWhole(transfer, mode, nonce)
        } else {
            try await MultipartUpload(self, transfer, mode, nonce).run()
            try await lockAsAsked(name)
        }
    }

    private func putWhole(
        _ transfer: Transfer,
        _ mode: PutMode,
        _ nonce: String
    ) async throws(VaultError) {
        let reader = PartReader(transfer, partByteCount: configuration.partByteCount)
        // A source without bytes has no part, and its digest is checked all the same.
        let body = try await pool.run { () throws(VaultError) -> [UInt8] in
            guard let part = try reader.next() else {
                try transfer.check(SHA256())
                return []
            }
            return part
        }
        var call = S3Call("put \(transfer.name)", "PUT", key(transfer.name))
        call.fields = newObjectFields(transfer.name, nonce)
        _ = call.carry(body)
        try await publish(transfer.name, call, mode, nonce)
    }

    /// What every new object is given.
    func newObjectFields(_ name: ObjectName, _ nonce: String) -> [HTTPField] {
        var fields = [
            HTTPField("Content-Type", "application/octet-stream"),
            HTTPField(Self.nonceField, nonce),
        ]
        if let storageClass = configuration.storageClass {
            fields.append(HTTPField("x-amz-storage-class", storageClass))
        }
        return fields + lockFields(name)
    }

    /// Makes the call that lets an object appear, under the condition of its mode.
    func publish(
        _ name: ObjectName,
        _ call: S3Call,
        _ mode: PutMode,
        _ nonce: String
    ) async throws(VaultError) {
        var call = call
        if mode == .writeOnce {
            call.fields.append(HTTPField("If-None-Match", "*"))
            call.expected.formUnion([412, 501])
        }
        // An upload that an unheard try has completed is not there any more.
        call.expected.insert(404)
        let answer = try await client.send(call)
        guard let failure = answer.failure else { return }
        switch failure.status {
        case 501:
            // The server refuses conditions; that the name was free when looked for must do.
            call.fields.removeAll { $0.name == "If-None-Match" }
            call.expected.remove(501)
            let answer = try await client.send(call)
            guard let failure = answer.failure else { return }
            try await settle(name, failure, answer, nonce)
        default: try await settle(name, failure, answer, nonce)
        }
    }

    /// Finds out whether a put that failed had succeeded before.
    private func settle(
        _ name: ObjectName,
        _ failure: S3Failure,
        _ answer: S3Answer,
        _ nonce: String
    ) async throws(VaultError) {
        if answer.tries > 1, let head = try await head(name), head.fields[Self.nonceField] == nonce
        {
            return
        }
        if failure.status == 412 { throw taken(name) }
        throw failure.error(
            "put \(name)",
            at: configuration.place,
            tries: answer.tries,
            now: client.clock.now()
        )
    }
}
