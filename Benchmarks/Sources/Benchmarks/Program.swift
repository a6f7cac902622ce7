import CMachine
import Glibc
import Strongroom

/// The phases of a comparison; each is a process, so that memory is its own.
@main
enum Program {
    static let usage = """
        usage: insert CORPUS DIR [THREADS] | append CORPUS DIR
               | single CORPUS DIR RECORDS COUNT
               | callers CORPUS DIR RECORDS | read|cold DIR RECORDS COUNT SEED | scan DIR
               | open DIR RECORDS SEED | rebuild DIR | killed CORPUS DIR MIB | reopen DIR
               | verify DIR CORPUS-MB | keyless DIR
               | entries DIR RECORDS | body DIR BYTES
               | import SOURCE DIR | allocations CORPUS DIR | seal CORPUS
               | codec CORPUS [fhir]
        """

    static func main() async {
        cm_keep_small()
        do {
            try await run(CommandLine.arguments.dropFirst().map { $0 })
        } catch {
            print("benchmark: \(error)")
            exit(1)
        }
    }

    private static func run(_ arguments: [String]) async throws {
        let numbers = arguments.map { Int($0) ?? 0 }
        switch (arguments.first, arguments.count) {
        case ("entries", 3): try await Extremes.entries(arguments[1], records: numbers[2])
        case ("body", 3): try await Extremes.body(arguments[1], byteCount: UInt64(numbers[2]))
        case ("insert", 3): try await Inserting.insert(arguments[1], arguments[2], threads: nil)
        case ("insert", 4):
            try await Inserting.insert(arguments[1], arguments[2], threads: numbers[3])
        case ("append", 3): try await Appending.run(arguments[1], arguments[2])
        case ("single", 5):
            try await Inserting.single(
                arguments[1],
                arguments[2],
                after: numbers[3],
                count: numbers[4]
            )
        case ("callers", 4):
            try await Inserting.callers(arguments[1], arguments[2], after: numbers[3])
        case ("read", 5):
            try await Reading.warm(arguments[1], numbers[2], count: numbers[3], seed: numbers[4])
        case ("cold", 5):
            try await Reading.cold(arguments[1], numbers[2], count: numbers[3], seed: numbers[4])
        case ("scan", 2): try await Reading.scan(arguments[1])
        case ("open", 4):
            try await Opening.open(arguments[1], numbers[2], seed: numbers[3])
        case ("rebuild", 2): try await Opening.rebuild(arguments[1])
        case ("killed", 4):
            try await Opening.killed(arguments[1], arguments[2], mebibytes: numbers[3])
        case ("reopen", 2): try await Opening.reopen(arguments[1])
        case ("verify", 3):
            try await Verifying.verify(arguments[1], megabytes: Double(arguments[2]) ?? 0)
        case ("keyless", 2): try await Verifying.keyless(arguments[1])
        case ("import", 3): try await Importing.run(arguments[1], arguments[2])
        case ("allocations", 3): try await Allocating.run(arguments[1], arguments[2])
        case ("codec", 2): try Compressing.run(arguments[1], isFHIR: false)
        case ("codec", 3): try Compressing.run(arguments[1], isFHIR: true)
        case ("seal", 2): try Sealing.run(arguments[1])
        default: throw Failure(usage)
        }
    }
}

/// A key file is hashed, not stretched: no figure holds the derivation of a key from a passphrase.
func benchmarkKey() throws -> ArchiveKey { try .keyFile([UInt8](repeating: 1, count: 32)) }
