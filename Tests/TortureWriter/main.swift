import ArchiveFileIO
import Glibc
import Strongroom
import Support
import SystemPackage

// Puts records until it is stopped, and says so for each that was acknowledged; see tools/torture.
//
//     torture-writer write DIR FIRST COUNT    puts records FIRST and on, one line for each
//     torture-writer check DIR LAST           opens, compares everything; LAST was acknowledged
//     torture-writer endure DIR COUNT         so many lives in one process; tells what it then holds
//
// Record n has a body that only n decides, so nothing but the numbers must be remembered.

func body(_ number: UInt64) -> [UInt8] {
    var generator = SeededGenerator(seed: number)
    if number % 60 == 59 {
        let block = generator.bytes(4_096)
        return (0..<300).flatMap { _ in block }
    }
    return generator.bytes(Int(number * 37 % 3_000))
}

func record(_ number: UInt64) -> NewRecord {
    NewRecord(
        name: "record/\(number)",
        body: body(number),
        collection: number % 7 == 0 ? "other" : "records",
        subject: number % 3 == 0 ? "subject/\(number % 30)" : nil
    )
}

/// Every tenth record begins a batch of five, which is there whole or not at all.
func batch(from number: UInt64) -> ClosedRange<UInt64> {
    number...(number % 10 == 0 ? number + 4 : number)
}

func say(_ text: String) {
    print(text)
    StandardOutput.flush()
}

func write(_ archive: Archive, from first: UInt64, count: UInt64) async throws(ArchiveError) {
    var next = first
    while next < first + count {
        let numbers = batch(from: next)
        if numbers.count > 1 {
            try await archive.write { batch throws(ArchiveError) in
                for number in numbers { batch.put(record(number)) }
            }
        } else {
            try await archive.put(record(next))
        }
        say("\(numbers.upperBound)")
        next = numbers.upperBound + 1
        if next % 25 == 1 { _ = try await archive.snapshot(label: "\(next)") }
    }
    try await archive.close()
}

/// The numbers of all records that are there, each compared with what was put.
func check(_ archive: Archive, acknowledged last: UInt64) async throws(ArchiveError) {
    let found = try await archive.read { view throws(ArchiveError) in
        var found: [UInt64: Bool] = [:]
        var query = RecordQuery()
        query.collection = nil
        try view.forEach(query) { record in
            let number = UInt64(record.name.dropFirst("record/".count)) ?? 0
            found[number] = try view.body(of: record) == body(number)
            return true
        }
        return found
    }
    let newest = found.keys.max() ?? 0
    let missing = newest > 0 || last > 0 ? (1...max(newest, last)).filter { found[$0] == nil } : []
    let wrong = found.filter { !$0.value }.keys.sorted()
    let torn = newest > 0 && newest % 10 < 4 && newest >= 10
    let report = try await archive.verify()
    try await archive.close()
    for finding in report.findings { say("finding \(finding)") }
    if torn { say("torn a batch ends at \(newest)") }
    let damaged = report.findings.count + (torn ? 1 : 0)
    say("checked \(newest) lost \(missing.count) wrong \(wrong.count + damaged)")
}

/// Opens, puts, reads, verifies and closes again and again; tells how many files and how much memory the
/// process held after a third of it and at the end.
func endure(_ path: String, _ key: ArchiveKey, count: UInt64) async throws(ArchiveError) {
    var early: (files: Int, memory: Int)?
    for turn in 1...count {
        let archive: Archive
        do {
            archive = try await Archive.open(at: path, unlocking: key)
        } catch  where error.code == .notFound {
            archive = try await Archive.create(at: path, unlocking: key)
        }
        for number in 1...8 as ClosedRange<UInt64> { try await archive.put(record(number)) }
        if turn % 4 == 0 { _ = try await archive.snapshot(label: "\(turn)") }
        for number in 1...8 as ClosedRange<UInt64> {
            let found = try await archive.get(
                record(number).name,
                in: number % 7 == 0 ? "other" : "records"
            )
            guard found != nil else { throw ArchiveError(.corrupt, "record \(number) is gone") }
        }
        guard try await archive.verify().isSound else { throw ArchiveError(.corrupt, "not sound") }
        try await archive.close()
        if turn == count / 3 { early = held() }
    }
    let late = held()
    let first = early ?? late
    say("endured \(count) files \(first.files) \(late.files) memory \(first.memory) \(late.memory)")
}

/// Open files, and the bytes of memory that the process has to itself.
func held() -> (files: Int, memory: Int) {
    let files = (try? PosixFileSystem().names(in: "/proc/self/fd").count) ?? -1
    let text = (try? PosixFileSystem().readAll("/proc/self/statm", limit: 4_096)) ?? []
    let words = String(decoding: text, as: UTF8.self).split(separator: " ").compactMap { Int($0) }
    return (files, words.count > 2 ? (words[1] - words[2]) * 4_096 : -1)
}

let words = CommandLine.arguments
guard words.count >= 4, let number = UInt64(words[3]) else {
    preconditionFailure("usage: torture-writer write DIR FIRST COUNT | check DIR LAST")
}
do {
    let key = try ArchiveKey.keyFile([UInt8](repeating: 7, count: 32))
    if words[1] == "endure" {
        try await endure(words[2], key, count: number)
        exit(0)
    }
    let archive: Archive
    do {
        archive = try await Archive.open(at: words[2], unlocking: key)
    } catch  where error.code == .notFound {
        archive = try await Archive.create(at: words[2], unlocking: key)
    }
    if words[1] == "check" {
        try await check(archive, acknowledged: number)
    } else {
        say("opened")
        try await write(archive, from: number, count: UInt64(words[4]) ?? 1)
    }
} catch {
    say("failed \(error.code): \(error.message)")
}
