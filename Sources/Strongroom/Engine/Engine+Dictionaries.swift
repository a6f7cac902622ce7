import ArchiveCodecs
import ArchiveFormat
import ArchiveSegments
import Logging

/// How own dictionaries come into the log, and back from it.
extension Engine {
    /// A dictionary that was trained, if a batch of `records` has room for its record.
    func dictionaryForLog(
        besides records: PendingRecords
    ) throws(ArchiveError) -> OwnDictionary? {
        guard let trained = dictionaries.trained() else { return nil }
        let byteCount = records.packedByteCount + 2 * trained.dictionary.bytes.count
        return byteCount <= Self.batchByteLimit ? trained : nil
    }

    /// Uses a dictionary whose record is durable.
    func adopt(_ trained: OwnDictionary, _ log: LogWriter) {
        dictionaries.adopt(trained)
        log.offer(trained)
    }

    /// Samples what was committed, and trains when enough has come.
    func train(on records: PendingRecords) {
        let training = dictionaries.sample(
            records,
            packByteCount: document.packByteCount,
            level: compressionLevel
        )
        guard let training else { return }
        let desk = dictionaries.desk
        background { desk.run(training) }
    }

    /// Finds the dictionaries that earlier writers have trained.
    ///
    /// They only save space: one that cannot be read is not used, which is no reason not to open.
    func learnDictionaries() {
        guard configuration.dictionaries == .own else { return }
        let view = ArchiveView(readState, reader: RecordReader(log: reader, keys: keys))
        var query = RecordQuery()
        query.collection = SystemRecords.collection
        query.namePrefix = SystemRecords.dictionaryPrefix
        query.includesHistory = true
        var current: [String: Record] = [:]
        do {
            try view.forEach(query) { record in
                guard let number = Self.dictionaryNumber(record) else { return true }
                dictionaries.reserve(number)
                if record.sequence > current[record.name]?.sequence ?? 0 {
                    current[record.name] = record
                }
                return true
            }
            for record in current.values {
                guard let number = Self.dictionaryNumber(record) else { continue }
                let dictionary = try CompressionDictionary(
                    number: number,
                    bytes: try view.body(of: record)
                )
                let mediaType = record.name.dropFirst(SystemRecords.dictionaryPrefix.count)
                let own = dictionaries.own(dictionary, String(mediaType))
                dictionaries.learn(own)
                log?.offer(own)
            }
        } catch {
            configuration.logger?.warning(
                "a compression dictionary of the archive cannot be read and is not used",
                metadata: ["finding": "\(error)"]
            )
        }
    }

    private static func dictionaryNumber(_ record: Record) -> UInt16? {
        record.attributes.first { $0.key == SystemRecords.dictionaryNumber }
            .flatMap { UInt16($0.value) }
            .flatMap { $0 >= DictionaryPlaintext.firstOwnNumber ? $0 : nil }
    }
}
