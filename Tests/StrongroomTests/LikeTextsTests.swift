import ArchiveFileIO
import ArchiveKeys
import SystemPackage
import Testing

@testable import Strongroom

/// Names, subjects and collections are bytes: two that only look alike, as é in one character and in two do, are
/// two, although Swift's == holds for them.
@Suite struct `Texts that look alike` {
    private static let one = "caf\u{e9}"
    private static let other = "cafe\u{301}"

    /// What is put and must be found, each with a body of its own.
    private static let records: [NewRecord] = {
        var records: [NewRecord] = []
        for text in [one, other, one] {
            let number = records.count
            let body = { (place: Int) in [UInt8](repeating: UInt8(number + place), count: 900) }
            records.append(NewRecord(name: "collection\(number)", body: body(0), collection: text))
            records.append(NewRecord(name: "subject\(number)", body: body(1), subject: text))
            records.append(NewRecord(name: "\(text)\(number / 6)", body: body(2)))
            records.append(
                NewRecord(
                    name: "both\(number)",
                    body: body(3),
                    collection: text,
                    subject: text,
                    terms: number == 4 ? ["type:Both", "status:\(text)"] : []
                )
            )
        }
        return records
    }()

    private static func fill(_ engine: Engine, oneByOne: Bool) throws {
        if oneByOne {
            for record in records { _ = try engine.commit([record]) }
        } else {
            _ = try engine.commit(records)
        }
    }

    @Test(arguments: [false, true])
    func `are each found as they were put, by an index made anew as well`(oneByOne: Bool) throws {
        let writing: (Engine) throws -> Void = { try Self.fill($0, oneByOne: oneByOne) }
        try SmallArchive.with(filledBy: writing) { archive in
            try expectAll(archive)
            try archive.writing { engine in
                let report = try engine.verify()
                #expect(report.findings.isEmpty, "\(report.findings)")
            }
            try archive.files.remove(archive.path.appending("index/records.btree"))
            try archive.writing { _ in }
            try expectAll(archive)
        }
    }

    @Test func `of several batches in one segment as well`() throws {
        let writing: (Engine) throws -> Void = { engine in
            for record in Self.records { _ = try engine.commit([record]) }
            _ = try engine.commit(
                Self.records.map {
                    var again = $0
                    again.body = [1, 2, 3]
                    return again
                }
            )
        }
        try SmallArchive.with(filledBy: writing) { archive in
            try archive.writing { engine in
                let report = try engine.verify()
                #expect(report.findings.isEmpty)
            }
            try archive.reading { view in
                for record in Self.records {
                    let found = try view.recordWithBody(
                        named: record.name,
                        in: record.collection
                    )
                    #expect(found?.body == [1, 2, 3], "\(record.name)")
                }
            }
        }
    }

    private static func body(of record: NewRecord, _ view: ArchiveView) -> [UInt8]? {
        do {
            return try view.recordWithBody(named: record.name, in: record.collection)?.body
        } catch {
            return nil
        }
    }

    /// Records of both once stood in one pack, under the key of whoever came first.
    @Test func `are erased one without the other`() throws {
        let writing: (Engine) throws -> Void = { try Self.fill($0, oneByOne: false) }
        try SmallArchive.with(filledBy: writing) { archive in
            let place = archive.path.appending("keyring.json")
            let bytes = try archive.read(place)
            let file = try KeyringFile(decoding: bytes.span)
            let credential = try archive.address().credential
            let keyring = try file.open(credential)
            let next = try file.erasing(
                [keyring.tag(of: .subject(Self.other))],
                carrying: [credential],
                unlockedBy: keyring
            )
            try archive.files.replace(place, with: next.bytes())
            try archive.writing { _ in }
            try archive.reading { view in
                for record in Self.records {
                    let isErased = record.subject.map { Array($0.utf8) } == Array(Self.other.utf8)
                    let body = Self.body(of: record, view)
                    if isErased { #expect(body == nil) } else { #expect(body == record.body) }
                }
            }
        }
    }

    private func expectAll(_ archive: SmallArchive) throws {
        try archive.reading { view in
            for record in Self.records {
                let found = try view.recordWithBody(named: record.name, in: record.collection)
                #expect(found?.body == record.body, "\(record.name)")
                let entry = found?.record
                #expect(entry.map { Array($0.name.utf8) } == Array(record.name.utf8))
                #expect(entry.map { Array($0.collection.utf8) } == Array(record.collection.utf8))
                #expect(
                    entry?.subject.map { Array($0.utf8) } == record.subject.map { Array($0.utf8) }
                )
            }
            for subject in [Self.one, Self.other] {
                var query = RecordQuery()
                query.subject = subject
                var names: [String] = []
                try view.forEach(query) { record in
                    names.append(record.name)
                    return true
                }
                let expected = Self.records.filter {
                    $0.collection == "records"
                        && $0.subject.map { Array($0.utf8) } == Array(subject.utf8)
                }
                #expect(names.sorted() == expected.map(\.name).sorted())
            }
        }
    }
}
