// The library in one page: make an archive, put records, read them back, look into the past, take a
// snapshot, prove everything. `swift run example DIRECTORY` runs it in a directory that is not there.
import Strongroom

guard CommandLine.arguments.count == 2 else {
    print("usage: example DIRECTORY")
    throw ArchiveError(.invalid, "name a directory that does not exist yet")
}
let key = try ArchiveKey.passphrase(Array("an example's passphrase".utf8))
let archive = try await Archive.create(at: CommandLine.arguments[1], unlocking: key)

// One record: durable when the receipt is there.
let receipt = try await archive.put(
    Array(#"{"resourceType":"Observation","id":"o1","status":"preliminary"}"#.utf8),
    name: "Observation/o1",
    subject: "Patient/p1",
    mediaType: "application/fhir+json"
)
print("put record \(receipt.sequence) in commit \(receipt.commit)")

// Many records in one commit, all or none.
try await archive.write { (batch: inout WriteBatch) throws(ArchiveError) in
    for number in 2...100 {
        batch.put(
            NewRecord(
                name: "Observation/o\(number)",
                body: Array(#"{"resourceType":"Observation","id":"o\#(number)"}"#.utf8),
                subject: "Patient/p1",
                mediaType: "application/fhir+json",
                terms: ["type:Observation"]
            )
        )
    }
}

// A new version of the first; the old one stays readable as of then.
try await archive.put(
    Array(#"{"resourceType":"Observation","id":"o1","status":"final"}"#.utf8),
    name: "Observation/o1",
    subject: "Patient/p1",
    mediaType: "application/fhir+json"
)
let then = try await archive.view(at: .sequence(receipt.sequence))
let before = try await archive.read { _ throws(ArchiveError) in
    try then.record(named: "Observation/o1").map(then.body) ?? []
}
print("as of record \(receipt.sequence): \(String(decoding: before, as: UTF8.self))")
if let now = try await archive.get("Observation/o1") {
    print("now: \(String(decoding: now.body, as: UTF8.self))")
}

// All that belongs to one person.
let count = try await archive.read { view throws(ArchiveError) in
    var query = RecordQuery()
    query.subject = "Patient/p1"
    var count = 0
    try view.forEach(query) { _ in
        count += 1
        return true
    }
    return count
}
print("\(count) records of Patient/p1")

let snapshot = try await archive.snapshot(label: "example")
let report = try await archive.verify()
print(
    "snapshot \(snapshot.id) of \(snapshot.recordCount) record versions; "
        + (report.isSound ? "every byte verified" : "damage: \(report.findings)")
)
try await archive.close()
