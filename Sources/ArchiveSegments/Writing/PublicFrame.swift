import ArchiveBytes
package import ArchiveFormat
package import ArchiveSealing

/// Makes the frames that are public: their body is in clear and their tag is a MAC.
///
/// One a writer; contexts and buffers are reused.
package final class PublicFrameMaker {
    private let archiveID: ArchiveID
    private let mac: HMACSHA256
    private let hasher = SHA256()
    private var associated: [UInt8] = []

    package init(keys: any LogKeys) {
        archiveID = keys.archiveID
        mac = HMACSHA256(key: keys.logKey)
    }

    /// Appends the frame; returns its leaf hash.
    package func append(
        kind: FrameHeader.Kind,
        body: [UInt8],
        nonce: FrameNonce = .zero,
        firstSequence: RecordSequence,
        epoch: UInt32,
        to bytes: inout [UInt8]
    ) -> Digest {
        let header = FrameHeader(
            kind: kind,
            bodyByteCount: body.count,
            nonce: nonce,
            firstSequence: firstSequence,
            epoch: epoch
        )
        let start = bytes.count
        // The buffer is local while it is lent: spans of a class's properties would not be.
        var associated: [UInt8] = []
        swap(&associated, &self.associated)
        defer { swap(&associated, &self.associated) }
        header.encode(
            appendingTo: &bytes,
            archiveID: archiveID,
            hasher: hasher,
            associated: &associated
        )
        bytes.append(contentsOf: body)
        mac.update(associated.span)
        mac.update(body.span)
        bytes.append(contentsOf: mac.finish().bytes[..<FrameHeader.tagByteCount])
        bytes.append(zeros: start + header.frameByteCount - bytes.count)
        return hasher.hash(prefix: 0, bytes.span.extracting(start...))
    }
}

/// What is done with a single public frame.
package enum PublicFrame {
    /// Appends the frame; returns its leaf hash.
    package static func append(
        kind: FrameHeader.Kind,
        body: [UInt8],
        nonce: FrameNonce = .zero,
        firstSequence: RecordSequence,
        keys: any LogKeys,
        epoch: UInt32,
        to bytes: inout [UInt8]
    ) -> Digest {
        PublicFrameMaker(keys: keys).append(
            kind: kind,
            body: body,
            nonce: nonce,
            firstSequence: firstSequence,
            epoch: epoch,
            to: &bytes
        )
    }

    /// Tells whether the tag of a public frame is authentic; `frame` begins at its header.
    package static func isAuthentic(
        _ frame: Span<UInt8>,
        header: FrameHeader,
        archiveID: ArchiveID,
        mac: HMACSHA256
    ) -> Bool {
        let end = FrameHeader.byteCount + header.bodyByteCount
        guard frame.count >= end + FrameHeader.tagByteCount else { return false }
        mac.update(associatedBytes(archiveID: archiveID, header: frame).span)
        mac.update(frame.extracting(FrameHeader.byteCount..<end))
        let expected = mac.finish().bytes
        return ConstantTime.areEqual(
            expected.span.extracting(..<FrameHeader.tagByteCount),
            frame.extracting(end..<(end + FrameHeader.tagByteCount))
        )
    }
}
