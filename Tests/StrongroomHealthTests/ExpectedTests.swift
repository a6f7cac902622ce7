import Testing

@testable import StrongroomHealth

/// What a separate reader found in the samples must be found here as well.
@Suite struct `What is expected of the samples` {
    @Test func `every message has the expected essentials`() throws {
        let rows = try Samples.table("hl7v2.tsv")
        #expect(rows.count == 143)
        for row in rows {
            let bytes = try Samples.bytes(row[0])
            let message = try HL7Reader().message(bytes.span)
            let patients = message.patients.map { patient in
                patient.identifiers.map { "\($0.id)|\($0.authority)|\($0.type)" }
                    .joined(separator: ";")
            }
            let found = [
                message.messageType, message.controlID, message.version,
                message.declaredCharacterSets.joined(separator: "~"),
                patients.joined(separator: " // "),
                message.patients.flatMap(\.prior).map(\.id).joined(separator: ";"),
                message.visits.first?.id ?? "", String(message.segmentCount),
            ]
            #expect(found == Array(row[2...9]), "\(row[0])")
            #expect(message.quirks.contains("bom") == row[10].contains("BOM"), "\(row[0])")
            #expect(
                message.quirks.contains("crlf-segments") == row[10].contains("CRLF"),
                "\(row[0])"
            )
        }
    }

    @Test func `every file of resources has the expected types`() throws {
        let rows = try Samples.table("fhir.tsv")
        #expect(rows.count == 7)
        var reader = FHIRReader()
        for row in rows {
            var counts: [String: Int] = [:]
            for piece in try pieces(of: row[0]) {
                let entries = try reader.entries(piece.span)
                let types =
                    try entries.isEmpty
                    ? reader.facts(piece.span).types : entries.flatMap(\.facts.types)
                for type in types { counts[type, default: 0] += 1 }
            }
            let found = counts.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            #expect(found.joined(separator: ",") == row[4], "\(row[0])")
            #expect(counts.values.reduce(0, +) == Int(row[2]), "\(row[0])")
            #expect(counts["Patient", default: 0] == Int(row[3]), "\(row[0])")
        }
    }

    @Test func `every clinical resource of the samples has a subject`() throws {
        var reader = FHIRReader()
        let withoutSubject: Set = ["Practitioner", "Organization", "Location"]
        for row in try Samples.table("fhir.tsv") {
            for piece in try pieces(of: row[0]) {
                let entries = try reader.entries(piece.span).map(\.facts)
                for facts in try entries.isEmpty ? [reader.facts(piece.span)] : entries {
                    let isClinical = withoutSubject.isDisjoint(with: facts.types)
                    #expect((facts.subject != nil) == isClinical, "\(row[0]) \(facts.types)")
                    #expect(!isClinical || facts.subject?.hasPrefix("Patient/") == true)
                }
            }
        }
    }

    /// The records of a sample, as an import would cut it.
    private func pieces(of name: String) throws -> [[UInt8]] {
        let bytes = try Samples.bytes(name)
        let format = try #require(Splitting.format(of: bytes, named: name))
        return Splitting.whole(bytes, format).filter { $0.kind == .record }.map(\.body)
    }
}
