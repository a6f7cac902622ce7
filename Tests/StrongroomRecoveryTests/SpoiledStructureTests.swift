import Support
import SystemPackage
import Testing

/// Harm to an archive, its vault and its thin form that hold each structure the format knows: the right
/// data come of it, or an error or a finding that names the place.
///
/// How much of it is tried, ``SpoiledPlaces`` says.
@Suite struct `A spoiled structure` {
    @Test(arguments: ByteHarm.allCases)
    func `of an archive brings the right records, or is named`(harm: ByteHarm) throws {
        let whole = try WholeFormat.make()
        var counts = SpoiledPlaces()
        for path in whole.archive.files.filePaths {
            guard let bytes = whole.archive.files.bytes(of: path) else { continue }
            let copy = whole.archive.files.clone()
            for place in harm.places(in: bytes.count) {
                guard let spoiled = harm.apply(bytes, at: place) else { continue }
                copy.replaceBytes(of: path, with: spoiled)
                counts.note(path.string, place) {
                    try whole.examine(copy, path, byWriterToo: harm != .bit)
                }
            }
        }
        counts.expect("\(harm) of an archive", atLeast: 15)
    }

    @Test(arguments: ByteHarm.allCases)
    func `of a vault brings the right records, or is named`(harm: ByteHarm) async throws {
        let whole = try WholeFormat.make()
        let vault = try await whole.vault()
        var counts = SpoiledPlaces()
        for name in try await vault.names {
            let bytes = try await vault.bytes(name)
            for place in harm.places(in: bytes.count) {
                guard let spoiled = harm.apply(bytes, at: place) else { continue }
                try await vault.replace(name, spoiled)
                // What no recovery reads need not be recovered from for each bit of it.
                let isRead = !VaultPart.isOfOthers(name) || (place.offset * 8 + place.bit) % 61 == 0
                await counts.note(name, place) {
                    try await whole.examine(vault, name, recovering: isRead)
                }
            }
            try await vault.replace(name, bytes)
        }
        counts.expect("\(harm) of a vault", atLeast: 8)
    }

    @Test(arguments: ByteHarm.allCases)
    func `of a thin archive brings the right records, or is named`(harm: ByteHarm) async throws {
        let whole = try WholeFormat.make()
        let vault = try await whole.vault()
        let thin = try await whole.thinned(to: vault)
        var counts = SpoiledPlaces()
        for path in thin.archive.files.filePaths
        where ["stub", "json", "piece"].contains(path.extension ?? "piece") {
            guard
                path.string.contains("thin") || path.string.contains("stub")
                    || path.string.contains("/cache/"),
                let bytes = thin.archive.files.bytes(of: path)
            else { continue }
            for (turn, place) in harm.places(in: bytes.count).enumerated()
            where harm != .bit || !SpoiledPlaces.isFull || turn % 13 == 0 {
                guard let spoiled = harm.apply(bytes, at: place) else { continue }
                let copy = thin.on(thin.archive.files.clone())
                copy.archive.files.replaceBytes(of: path, with: spoiled)
                await counts.note(path.string, place) {
                    try await copy.examineThin(vault, path)
                }
            }
        }
        counts.expect("\(harm) of a thin archive", atLeast: 3)
    }
}
