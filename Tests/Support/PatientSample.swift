import ArchiveBytes
import ArchiveFileIO
import SystemPackage

/// The records of 44 made-up patients, and what must never be kept of them.
package struct PatientSample: Sendable {
    /// Records in FHIR's JSON, each with its patient.
    package let records: [(subject: String, body: [UInt8])]
    /// Names, numbers, addresses and dates of the patients, each four bytes long or longer.
    package let secrets: Set<String>

    /// The secrets by their first four bytes.
    private let index: [UInt32: [[UInt8]]]

    package init() throws {
        let path = FilePath(#filePath).removingLastComponent().removingLastComponent()
            .appending("ArchiveCodecsTests/Samples/patients.ndjson")
        var records: [(subject: String, body: [UInt8])] = []
        var secrets: Set<String> = []
        let bytes = try PosixFileSystem().readAll(path, limit: 1 << 20)
        for line in bytes.split(separator: UInt8(ascii: "\n")).map(Array.init) {
            let record = try JSONValue(parsing: line.span, numbers: .asWritten)
            let isPatient = record["resourceType"]?.asText == "Patient"
            let reference = (record["subject"] ?? record["patient"])?["reference"]?.asText
            let subject =
                isPatient
                ? record["id"]?.asText : reference.map { String($0.dropFirst("Patient/".count)) }
            records.append((subject ?? "", line))
            Self.collect(record, isPatient, into: &secrets)
        }
        self.records = records
        self.secrets = secrets.filter { $0.utf8.count >= 4 }
        index = Dictionary(grouping: self.secrets.map { Array($0.utf8) }) { $0.span.u32(at: 0) }
    }

    /// The secrets that stand in `bytes` as words and numbers of their own.
    package func secrets(in bytes: [UInt8]) -> Set<String> {
        var found: Set<String> = []
        for start in bytes.indices.dropLast(3) {
            for secret in index[bytes.span.u32(at: start)] ?? []
            where bytes[start...].starts(with: secret) {
                let end = start + secret.count
                let before = start > 0 ? bytes[start - 1] : 0
                let behind = end < bytes.count ? bytes[end] : 0
                if !Self.areOfOneWord(before, secret[0]),
                    !Self.areOfOneWord(secret[secret.count - 1], behind)
                {
                    found.insert(String(decoding: secret, as: UTF8.self))
                }
            }
        }
        return found
    }

    private static func areOfOneWord(_ first: UInt8, _ second: UInt8) -> Bool {
        let isDigit = { (byte: UInt8) in
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }
        let isLetter = { (byte: UInt8) in
            byte >= 0x80 || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
        }
        return isDigit(first) && isDigit(second) || isLetter(first) && isLetter(second)
    }

    /// What a patient record says of the person, and of all records identities and whole dates.
    private static func collect(
        _ value: JSONValue,
        _ isPatient: Bool,
        key: String = "",
        into secrets: inout Set<String>
    ) {
        let ofPersons = ["family", "given", "text", "value", "line", "city", "postalCode"]
        switch value {
        case .object(let object):
            for member in object.members {
                collect(member.value, isPatient, key: member.key, into: &secrets)
            }
        case .array(let array):
            for value in array { collect(value, isPatient, key: key, into: &secrets) }
        case .text(let text):
            let isDate = text.count >= 10 && text.dropFirst(4).first == "-"
            if isDate { secrets.insert(String(text.prefix(10))) }
            if key == "id" || isPatient && ofPersons.contains(key) { secrets.insert(text) }
        default: break
        }
    }
}
