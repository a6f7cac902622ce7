import ArchiveBytes
import ArchiveHTTP
import ArchiveSealing

/// What was found out about a vault's place by trying.
public struct VaultProbe: Sendable {
    /// What a server makes of a condition.
    public enum Condition: String, Sendable {
        /// It keeps it.
        case honoured
        /// It says yes and overwrites: two machines can destroy each other's objects.
        case ignored
        /// It says that it cannot.
        case refused
    }

    /// Write-once for small objects.
    public var condition = Condition.honoured
    /// Write-once for objects that come in parts.
    public var partsCondition = Condition.honoured
    /// Whether bytes that do not fit their checksum are refused.
    public var checksChecksums = true
    /// Whether parts of objects can be read, without which nothing comes back.
    public var readsRanges = true
    /// Whether old versions of objects stay.
    public var keepsVersions = false
    /// Whether the probes could be removed again.
    public var removesObjects = true
    /// What a person must hear, most important first.
    public var warnings: [String] = []

    /// Nothing to say against a place.
    public init() {}
}

extension S3Store {
    /// Tries out what the server makes of conditions, checksums and versions.
    ///
    /// Some small objects are written under names that no object can have, and removed.
    public func probe() async throws(VaultError) -> VaultProbe {
        _ = try await page(prefix: key(""), limit: 1, after: nil)
        let random: String
        do {
            random = Hex.encode(try Randomness.bytes(8))
        } catch {
            throw VaultError(.failed, "cannot probe: the system gives no random bytes")
        }
        // No object's name begins with a dot.
        let key = key(".probe-" + random)
        var probe = VaultProbe()
        probe.condition = try await condition(key)
        probe.partsCondition = try await partsCondition(key)
        probe.checksChecksums = try await checksChecksums(key)
        probe.readsRanges = try await readsRanges(key)
        probe.keepsVersions = try await keepsVersions()
        var removal = S3Call("remove the probe", "DELETE", key)
        removal.accepted = [200, 204]
        removal.expected = [403, 405]
        probe.removesObjects = try await client.send(removal).failure == nil
        probe.warnings = warnings(probe)
        return probe
    }

    /// Writes twice on condition that nothing is there.
    private func condition(_ key: String) async throws(VaultError) -> VaultProbe.Condition {
        var call = S3Call("probe", "PUT", key)
        _ = call.carry(Array("probe".utf8))
        _ = try await client.send(call)
        call.fields.append(HTTPField("If-None-Match", "*"))
        call.expected = [412, 501]
        return Self.condition(try await client.send(call))
    }

    /// Completes an upload in parts on condition that nothing is there, where something is.
    private func partsCondition(_ key: String) async throws(VaultError) -> VaultProbe.Condition {
        let body = Array("probe of parts".utf8)
        let answer = try await client.send(
            with(S3Call("probe", "POST", key)) { $0.query = [("uploads", "")] }
        )
        guard let upload = XMLElement(answer.response.body)?["UploadId"] else { return .refused }
        let part = try await client.send(
            with(S3Call("probe", "PUT", key)) {
                $0.query = [("partNumber", "1"), ("uploadId", upload)]
                $0.body = body
            }
        )
        let tag = part.response.fields["etag"]?.split(separator: "\"").joined() ?? ""
        let text =
            "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>\(tag)</ETag></Part>"
            + "</CompleteMultipartUpload>"
        let completion = try await client.send(
            with(S3Call("probe", "POST", key)) {
                $0.query = [("uploadId", upload)]
                $0.body = Array(text.utf8)
                $0.fields = [HTTPField("If-None-Match", "*")]
                $0.expected = [412, 501]
            }
        )
        if completion.failure != nil {
            _ = try await client.send(
                with(S3Call("probe", "DELETE", key)) {
                    $0.query = [("uploadId", upload)]
                    $0.accepted = [200, 204, 404]
                    $0.expected = [403, 405]
                }
            )
        }
        return Self.condition(completion)
    }

    private static func condition(_ answer: S3Answer) -> VaultProbe.Condition {
        switch answer.failure?.status {
        case nil: .ignored
        case 412: .honoured
        default: .refused
        }
    }

    /// Sends bytes with the checksum of others.
    private func checksChecksums(_ key: String) async throws(VaultError) -> Bool {
        let answer = try await client.send(
            with(S3Call("probe", "PUT", key)) {
                _ = $0.carry([])
                $0.body = Array("probe".utf8)
                $0.tryLimit = 1
                $0.accepted = [200, 400]
            }
        )
        return answer.response.status == 400
    }

    /// Reads two bytes from the middle of what the probe before left.
    private func readsRanges(_ key: String) async throws(VaultError) -> Bool {
        let answer = try await client.send(
            with(S3Call("probe", "GET", key)) {
                $0.fields = [HTTPField("Range", "bytes=1-2")]
                $0.accepted = [200, 206]
            }
        )
        return answer.response.body == Array("ro".utf8)
    }

    private func keepsVersions() async throws(VaultError) -> Bool {
        let answer = try await client.send(
            with(S3Call("probe", "GET", nil)) {
                $0.query = [("versioning", "")]
                $0.expected = [400, 403, 404, 405, 501]
            }
        )
        guard answer.failure == nil else { return false }
        return XMLElement(answer.response.body)?["Status"] == "Enabled"
    }

    private func with(_ call: S3Call, _ change: (inout S3Call) -> Void) -> S3Call {
        var call = call
        change(&call)
        return call
    }

    private func warnings(_ probe: VaultProbe) -> [String] {
        var warnings: [String] = []
        if !probe.readsRanges {
            warnings.append(
                "PARTS OF OBJECTS CANNOT BE READ: nothing can be recovered from this server; take "
                    + "another"
            )
        }
        if probe.condition != .honoured {
            warnings.append(
                "WRITE-ONCE IS NOT ENFORCED: the server \(probe.condition.rawValue) If-None-Match; "
                    + "let only one machine ship to this vault at a time"
            )
        } else if probe.partsCondition != .honoured {
            warnings.append(
                "WRITE-ONCE IS NOT ENFORCED for large objects: the server "
                    + "\(probe.partsCondition.rawValue) If-None-Match when parts are put together; let "
                    + "only one machine ship to this vault at a time"
            )
        }
        if probe.keepsVersions {
            warnings.append(
                "the bucket keeps old versions, so it cannot forget an old keyring: ship with "
                    + "--keyring apart, or let old versions expire"
            )
        }
        if !probe.checksChecksums {
            warnings.append(
                "the server does not check x-amz-checksum-sha256; the signature covers the bytes where "
                    + "it checks that"
            )
        }
        if !probe.removesObjects {
            warnings.append("the key may not remove objects: the probe .probe-* stays, 14 bytes")
        }
        return warnings
    }
}
