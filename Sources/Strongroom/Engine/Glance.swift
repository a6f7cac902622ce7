package import ArchiveBytes
package import ArchiveFileIO
package import ArchiveFormat
import ArchiveIndex
package import ArchiveKeys
import ArchiveSegments
package import SystemPackage

/// Looks for one name in sealed segments where there is no index yet, or an old one.
///
/// Directories tell where each record stands. For one name they are searched, newest first, in a
/// fraction of the time that making an index of all that they list takes.
package struct Glance {
    private let directory: SegmentDirectory
    private let keys: KeyringKeys
    private let index: IndexPlace
    private let reader: RecordReader

    package init(_ files: any FileSystem, _ root: FilePath, _ keyring: Keyring) {
        let layout = ArchiveLayout(root)
        directory = layout.segmentDirectory(files)
        keys = KeyringKeys(keyring)
        index = IndexPlace(
            fileSystem: files,
            path: layout.index,
            archive: keyring.archiveID.bytes,
            key: keyring.indexKey
        )
        reader = RecordReader(
            log: LogReader(directory, archiveID: keyring.archiveID),
            keys: keys
        )
    }

    /// The archive as far as one name goes: of what `manifest` lists, and was recorded by `latest`.
    ///
    /// No other name is in it, and no version of this one but the newest.
    package func view(
        of name: String,
        in collection: String,
        _ manifest: SnapshotManifest,
        recordedBy latest: Timestamp = Timestamp(microseconds: .max)
    ) throws(ArchiveError) -> ArchiveView {
        let segments = manifest.segments.reversed().map(\.number)
        let listed = Dictionary(
            uniqueKeysWithValues: manifest.segments.map { ($0.number, $0) }
        )
        let seals: @Sendable (SealedSegment) -> Bool = { segment in
            let known = listed[segment.header.number]
            return known?.seal == segment.sealHash && known?.byteCount == segment.byteCount
        }
        let search = NameSearch(
            for: name,
            in: collection,
            recordedBy: latest,
            directory,
            keys: keys
        )
        do {
            let found = try search.run(segments, seals: seals)
            let view = try view(found)
            guard found.readCount < segments.count, try hasChunks(name, in: collection, view)
            else { return view }
            return try self.view(try search.run(segments, seals: seals, toTheEnd: true))
        } catch {
            throw ArchiveError.wrapping(error, in: directory.path.string)
        }
    }

    private func hasChunks(
        _ name: String,
        in collection: String,
        _ view: ArchiveView
    ) throws(ArchiveError) -> Bool {
        guard let record = try view.record(named: name, in: collection) else { return false }
        return record.entry.body != .inline
    }

    private func view(_ found: NameSearch.Found) throws(IndexError) -> ArchiveView {
        var builder = RunBuilder()
        if let (record, segment) = found.record { builder.append([record], segment: segment) }
        for (chunk, segment) in found.chunks {
            builder.append(chunk: chunk.id, segment: segment, offset: chunk.frameOffset)
        }
        let snapshot = IndexSnapshot(runs: [builder.finish()], view: try .empty(index))
        return ArchiveView(ReadState(index: snapshot, link: found.link), reader: reader)
    }
}
