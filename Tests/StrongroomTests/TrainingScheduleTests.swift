import ArchiveCodecs
import Support
import Testing

@testable import ArchiveSegments
@testable import Strongroom

@Suite struct `Trainings of a dictionary` {
    private static func records() throws -> PendingRecords {
        var batch = WriteBatch()
        for (number, record) in try PatientSample().records.enumerated() {
            batch.put(
                NewRecord(
                    name: "\(number)",
                    body: record.body,
                    subject: record.subject,
                    mediaType: DictionaryArchive.mediaType
                )
            )
        }
        return try batch.checked()
    }

    private static func dictionaries() -> OwnDictionaries {
        var configuration = DictionaryArchive.configuration
        configuration.training.growth = 1
        return OwnDictionaries(configuration)
    }

    /// A training that is left out answers the yardstick of the one before.
    @Test func `are left out while records compress as well as behind the last one`() throws {
        let dictionaries = Self.dictionaries()
        let records = try Self.records()
        let sample = { dictionaries.sample(records, packByteCount: 8_192, level: 3) }
        let first = try #require(sample())
        let reached = first.trial.run().yardstick
        dictionaries.desk.run(first)
        dictionaries.adopt(try #require(dictionaries.trained()))
        let second = try #require(sample()).trial.run()
        #expect(second.dictionary == nil)
        #expect(second.yardstick.byteCount == reached.byteCount)
        #expect(second.yardstick.plainByteCount == reached.plainByteCount)
    }

    @Test func `are made while what the last one made is not in use`() throws {
        let dictionaries = Self.dictionaries()
        let records = try Self.records()
        let sample = { dictionaries.sample(records, packByteCount: 8_192, level: 3) }
        let first = try #require(sample())
        dictionaries.desk.run(first)
        let second = try #require(sample()).trial.run()
        #expect(second.dictionary != nil)
        #expect(second.yardstick.plainByteCount > first.trial.run().yardstick.plainByteCount)
    }
}
