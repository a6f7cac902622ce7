package import ArchiveCodecs
import ArchiveFormat

/// One of the archive's own dictionaries, as it is written.
package struct OwnDictionary: Sendable {
    package let dictionary: CompressionDictionary
    package let mediaType: String
    /// What serves in segments that have not taken it in.
    package let fallback: CompressionDictionary?

    package init(
        _ dictionary: CompressionDictionary,
        for mediaType: String,
        fallback: CompressionDictionary?
    ) {
        self.dictionary = dictionary
        self.mediaType = mediaType
        self.fallback = fallback
    }

    fileprivate func draft(_ firstSequence: RecordSequence) -> FrameDraft {
        var draft = FrameDraft(
            kind: .dictionary,
            .bytes(DictionaryPlaintext(mediaType: mediaType, bytes: dictionary.bytes).encode()),
            domain: .collection(CollectionRegistry.systemCollection),
            firstSequence: firstSequence,
            codec: .zstandard
        )
        draft.dictionaryNumber = dictionary.number
        return draft
    }
}

/// How the archive's own dictionaries come into segments: each segment holds those that its frames
/// name, in the batch of the first such frame or before it.
///
/// So a segment needs no other to be read, and where the log is cut, what is left has its
/// dictionaries. A segment takes one in only for enough records: small segments, as of an archive
/// that ships every minute, do not each carry one.
extension LogWriter {
    /// Lets frames be compressed with a dictionary.
    package func offer(_ dictionary: OwnDictionary) {
        ownDictionaries[dictionary.dictionary.number] = dictionary
    }

    /// The drafts of a batch with the dictionaries that its segment will hold.
    struct DictionaryChoice {
        var drafts: [FrameDraft]
        /// Numbers of the dictionaries whose frames were put in front.
        var added: [UInt16] = []
        var unservedByteCounts: [UInt16: Int] = [:]

        /// Remembers in the segment what the batch, which is durable now, has brought.
        func note(in segment: ActiveSegment) {
            segment.dictionaries.formUnion(added)
            for (number, count) in unservedByteCounts { segment.unservedByteCounts[number] = count }
        }
    }

    func choose(
        _ drafts: [FrameDraft],
        of batch: RecordBatch,
        in segment: ActiveSegment
    ) -> DictionaryChoice {
        var choice = DictionaryChoice(drafts: drafts)
        guard !ownDictionaries.isEmpty else { return choice }
        for draft in drafts {
            guard let number = draft.dictionary?.number, ownDictionaries[number] != nil,
                !segment.dictionaries.contains(number)
            else { continue }
            let known = segment.unservedByteCounts[number] ?? 0
            choice.unservedByteCounts[number, default: known] += draft.plainByteCount(of: batch)
        }
        guard !choice.unservedByteCounts.isEmpty else { return choice }
        choice.added = choice.unservedByteCounts
            .filter { $0.value >= parameters.dictionaryByteCount }.map(\.key).sorted()
        for index in choice.drafts.indices {
            guard let number = choice.drafts[index].dictionary?.number,
                choice.unservedByteCounts[number] != nil, !choice.added.contains(number)
            else { continue }
            choice.drafts[index].dictionary = ownDictionaries[number]?.fallback
        }
        let frames = choice.added.compactMap { ownDictionaries[$0]?.draft(link.lastSequence) }
        choice.drafts.insert(contentsOf: frames, at: 0)
        return choice
    }
}
