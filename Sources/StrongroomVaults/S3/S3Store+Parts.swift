import ArchiveBytes
import ArchiveHTTP

extension S3Store: PartsStore {
    private static let uploadPageByteLimit = 4 << 20
    /// A vault has a few at a time; more are seen the next time.
    private static let uploadLimit = 10_000

    /// The uploads below the vault's prefix that were begun and not ended; see ``PartsStore``.
    public func unfinishedUploads() async throws(VaultError) -> [UnfinishedUpload] {
        var found: [UnfinishedUpload] = []
        var marker: (key: String, upload: String)?
        repeat {
            var call = S3Call("list unfinished uploads", "GET", nil)
            call.query = [
                ("uploads", ""), ("prefix", key("")), ("max-uploads", "1000"),
                ("encoding-type", "url"),
            ]
            if let marker {
                call.query.append(("key-marker", marker.key))
                call.query.append(("upload-id-marker", marker.upload))
            }
            call.answerLimit = Self.uploadPageByteLimit
            let answer = try await client.send(call)
            guard let root = XMLElement(answer.response.body),
                root.name == "ListMultipartUploadsResult"
            else {
                throw VaultError(
                    .failed,
                    "cannot list uploads in \(configuration.place): the server's answer is no such "
                        + "list of S3"
                )
            }
            found += uploads(in: root)
            let last = marker
            marker = Self.next(of: root)
            if let marker, let last, marker == last { break }
        } while marker != nil && found.count < Self.uploadLimit
        return found
    }

    private func uploads(in root: XMLElement) -> [UnfinishedUpload] {
        let isEncoded = root["EncodingType"] == "url"
        let start = key("")
        return root.all("Upload").compactMap { element in
            guard let text = element["Key"], let id = element["UploadId"],
                let begun = element["Initiated"].flatMap(Timestamp.init)
            else { return nil }
            let key = isEncoded ? S3Text.decoded(text) : text
            guard key.hasPrefix(start),
                let name = try? ObjectName(String(key.dropFirst(start.count)))
            else { return nil }
            return UnfinishedUpload(name: name, begun: begun.microseconds, id: id)
        }
    }

    private static func next(of root: XMLElement) -> (key: String, upload: String)? {
        guard root["IsTruncated"] == "true", let key = root["NextKeyMarker"] else { return nil }
        let isEncoded = root["EncodingType"] == "url"
        return (isEncoded ? S3Text.decoded(key) : key, root["NextUploadIdMarker"] ?? "")
    }

    /// Gives an upload up; see ``PartsStore``.
    public func giveUp(_ upload: UnfinishedUpload) async throws(VaultError) {
        var call = S3Call("give up an upload of \(upload.name)", "DELETE", key(upload.name))
        call.query = [("uploadId", upload.id)]
        call.accepted = [200, 204]
        call.expected = [404]
        _ = try await client.send(call)
    }
}
