import ArchiveBytes
import ArchiveFileIO
import SystemPackage
import Testing

/// A table of the specification whose rows have an offset, a size and a field.
struct SpecificationTable {
    struct Row {
        let offset: Int
        let size: Int
        let field: String
    }

    let rows: [Row]

    /// The first table behind a heading, as far as its offsets are numbers.
    init(under heading: String) throws {
        let path = FilePath(#filePath).removingLastComponent().removingLastComponent()
            .removingLastComponent()
            .appending("Sources/ArchiveFormat/ArchiveFormat.docc/Format.md")
        let bytes = try PosixFileSystem().readAll(path, limit: 1 << 20)
        let article = try #require(String(validating: bytes, as: UTF8.self))
        let section = try #require(article.firstRange(of: "\n\(heading)\n"), "no \(heading)")
        let lines = article[section.upperBound...].split(
            separator: "\n",
            omittingEmptySubsequences: false
        )
        let table = lines.drop { !$0.hasPrefix("| offset") }.prefix { $0.hasPrefix("|") }
        rows = table.compactMap { line in
            let cells = line.split(separator: "|").map { $0.trimming(" ") }
            guard cells.count > 2, let offset = Int(cells[0]), let size = Int(cells[1]) else {
                return nil
            }
            return Row(offset: offset, size: size, field: cells[2])
        }
    }

    /// Expects that the rows cover `byteCount` bytes without gap or overlap.
    func expectToCover(_ byteCount: Int) {
        var end = 0
        for row in rows {
            #expect(row.offset == end, "\(row.field)")
            end = row.offset + row.size
        }
        #expect(end == byteCount)
    }

    /// Expects that each row stands for the bytes that belong to the field of that beginning, and
    /// that no field is missing.
    func expect(_ bytes: [UInt8], _ fields: [(name: String, bytes: [UInt8])]) {
        #expect(rows.count == fields.count)
        for (row, field) in zip(rows, fields) {
            #expect(row.field.hasPrefix(field.name), "\(row.field) where \(field.name) should be")
            #expect(row.size == field.bytes.count, "\(row.field)")
            let end = row.offset + row.size
            #expect(
                end <= bytes.count && Array(bytes[row.offset..<end]) == field.bytes,
                "\(row.field)"
            )
        }
    }
}

extension Substring {
    fileprivate func trimming(_ character: Character) -> String {
        var rest = self
        while rest.first == character { rest.removeFirst() }
        while rest.last == character { rest.removeLast() }
        return String(rest)
    }
}
