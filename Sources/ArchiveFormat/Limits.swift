/// The limits of format version 1.
///
/// A reader refuses what is beyond them before it allocates.
package enum Limits {
    /// Plaintext of one frame.
    package static let framePlaintext = 16 << 20
    /// Sealed body of one frame without its tag: the plaintext, its length field and at most 1/8 of
    /// padding.
    package static let frameBody = framePlaintext + framePlaintext / 8 + 4
    /// All frames of one batch with their commit frame: at most one batch is in flight, so at most
    /// this much can be torn by a crash.
    ///
    /// One frame of the largest size must fit.
    package static let batch = frameBody + (1 << 20)
    /// Frames in one batch.
    package static let framesPerBatch = 65_536
    /// The highest number of a commit or of a record version: to add one never overflows.
    package static let number: UInt64 = 1 << 62
    /// Commits in one segment: 40 bytes each in the seal frame, which must stay below a frame.
    package static let commitsPerSegment = 262_144
    /// Directory frames in one segment.
    package static let directoriesPerSegment = 65_536
    /// Records in one pack.
    package static let recordsPerPack = 65_536
    /// UTF-8 bytes of a record's name.
    package static let name = 1_024
    /// UTF-8 bytes of a collection's name.
    package static let collection = 128
    /// UTF-8 bytes of a subject.
    package static let subject = 256
    /// UTF-8 bytes of one index term.
    package static let term = 512
    /// Index terms of one record.
    package static let terms = 4_096
    /// UTF-8 bytes of a media type.
    package static let mediaType = 256
    /// Bytes of all attributes and terms of one record together.
    package static let attributes = 512 << 10
    /// Bytes of a compression dictionary.
    package static let dictionary = 1 << 20
    /// Bytes of one record entry.
    package static let entry = 8 << 20
    /// Bytes of one record's body.
    package static let body: UInt64 = 1 << 48
    /// A body longer than this is cut into chunks.
    package static let inlineBody = 1 << 20
    /// Chunk references that stand in the entry itself; more are written as lists of their own.
    package static let chunkReferencesInEntry = 4_096
    /// A segment is sealed when it grows beyond this, whatever the configured target.
    package static let segment: UInt64 = 1 << 30
    /// No frame of records or chunks begins behind this: its batch began below the limit of a segment.
    package static let frameOffset = segment + UInt64(batch)
}
