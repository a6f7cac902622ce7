import ArchiveBytes
import ArchiveCodecs
import ArchiveFormat
import ArchiveSealing
import ArchiveSegments
import Synchronization

/// The dictionaries that records are compressed with, and the training of the archive's own.
///
/// Belongs to the writer's thread. It samples what is committed; when enough has come, training
/// runs elsewhere, and the batch after it brings the new dictionary into the log as a record of
/// the collection `system`. Until that is durable nothing uses it.
final class OwnDictionaries {
    /// When the archive trains.
    struct Schedule: Sendable {
        /// Records of one media type that are enough for a first dictionary.
        var firstByteCount = 2 << 20
        /// The same while there is one already, as after opening.
        var againByteCount = 64 << 20
        /// Each training waits for so many times as much as the one before.
        var growth = 4
        /// The same once more if nothing better came of it.
        var growthInVain = 4
        /// Samples of all media types in memory.
        var sampleByteCount = 2 << 20
    }

    /// A training whose time has come.
    struct Training: Sendable {
        let mediaType: String
        let trial: DictionaryTrial
    }

    /// Where training on another thread leaves what came of it.
    final class Desk: Sendable {
        fileprivate struct Candidate: Sendable {
            let mediaType: String
            let bytes: [UInt8]
        }

        fileprivate struct Report: Sendable {
            let mediaType: String
            let yardstick: DictionaryTrial.Yardstick
            let wasVain: Bool
        }

        fileprivate let isTraining = Atomic(false)
        fileprivate let candidate = Mutex<Candidate?>(nil)
        /// What came of the last trial, until the writer takes note of it.
        fileprivate let report = Mutex<Report?>(nil)

        /// Trains, on whatever thread.
        func run(_ training: Training) {
            let outcome = training.trial.run()
            report.withLock {
                $0 = Report(
                    mediaType: training.mediaType,
                    yardstick: outcome.yardstick,
                    wasVain: outcome.dictionary == nil
                )
            }
            if let bytes = outcome.dictionary {
                candidate.withLock { $0 = Candidate(mediaType: training.mediaType, bytes: bytes) }
            }
            isTraining.store(false, ordering: .releasing)
        }
    }

    /// What is sampled of one media type.
    private struct Stream {
        let mediaType: String
        var reservoir: TrainingReservoir
        var nextTraining: Int
        var yardstick: DictionaryTrial.Yardstick?
    }

    /// More media types at a time are not sampled.
    private static let streamLimit = 4

    private let policy: DictionaryPolicy
    private let schedule: Schedule
    private let freeCollections: Set<String>
    private(set) var known: [String: OwnDictionary] = [:]
    private var numbers: Set<UInt16> = []
    private var streams: [Stream] = []
    let desk = Desk()

    init(_ configuration: ArchiveConfiguration) {
        policy = configuration.dictionaries
        schedule = configuration.training
        freeCollections = configuration.freelyTrainedCollections
    }

    /// What records of a media type are compressed with.
    func dictionary(for mediaType: String?) -> CompressionDictionary? {
        guard policy != .none, let mediaType else { return nil }
        return known[mediaType]?.dictionary ?? Self.builtIn(for: mediaType)
    }

    static func builtIn(for mediaType: String) -> CompressionDictionary? {
        mediaType == "application/fhir+json" ? .fhirJSON : nil
    }

    /// Takes in a dictionary that is in the log.
    func learn(_ dictionary: OwnDictionary) {
        numbers.insert(dictionary.dictionary.number)
        known[dictionary.mediaType] = dictionary
    }

    /// Keeps a number from being given again.
    func reserve(_ number: UInt16) { numbers.insert(number) }

    // MARK: Sampling

    /// Looks at records that were committed; answers a training whose time has come.
    func sample(
        _ records: PendingRecords,
        packByteCount: Int,
        level: Int
    ) -> Training? {
        guard policy == .own else { return nil }
        if let report = desk.report.withLock({ $0.take() }),
            let index = stream(of: report.mediaType)
        {
            streams[index].yardstick = report.yardstick
            if report.wasVain { streams[index].nextTraining *= schedule.growthInVain }
        }
        var due: Int?
        let entries = records.entries.span
        var start = 0
        while start < entries.count {
            // Mostly records of one type come one after the other.
            var end = start + 1
            while end < entries.count, entries[end].mediaType == entries[start].mediaType {
                end += 1
            }
            defer { start = end }
            guard let mediaType = entries[start].mediaType,
                (start..<end).contains(where: { mayTrain(on: $0, of: records) }),
                let stream = stream(of: mediaType) ?? newStream(of: mediaType)
            else { continue }
            let limit = schedule.sampleByteCount / streams.count
            sample(records, start..<end, limit: limit, &streams[stream].reservoir)
            if streams[stream].reservoir.seenByteCount >= streams[stream].nextTraining {
                due = stream
            }
        }
        guard let due, !desk.isTraining.load(ordering: .acquiring) else { return nil }
        return training(of: due, packByteCount: packByteCount, level: level)
    }

    private func sample(
        _ records: PendingRecords,
        _ range: Range<Int>,
        limit: Int,
        _ reservoir: inout TrainingReservoir
    ) {
        let (entries, parts, bodies) = (
            records.entries.span, records.parts.span, records.bodies.span
        )
        for index in range where mayTrain(on: index, of: records) {
            let (piece, body) = (parts[index].piece, parts[index].body)
            guard reservoir.wants(body.count, limit: limit) else { continue }
            // Not before: few are, and the subject's text is in use on other threads.
            reservoir.take(
                subject: entries[index].subject,
                bodies[piece].span.extracting(body),
                limit: limit
            )
        }
    }

    /// Whether a record is one that dictionaries are trained on: what is nobody's only where that was allowed.
    private func mayTrain(on index: Int, of records: PendingRecords) -> Bool {
        let entries = records.entries.span
        guard !records.parts[index].body.isEmpty else { return false }
        if entries[index].subject != nil { return true }
        let collection = entries[index].collection
        return freeCollections.contains { $0.hasSameBytes(as: collection) }
    }

    private func stream(of mediaType: String) -> Int? {
        streams.firstIndex { $0.mediaType == mediaType }
    }

    /// Begins to sample a media type, unless there are enough; the others give it room.
    private func newStream(of mediaType: String) -> Int? {
        guard streams.count < Self.streamLimit else { return nil }
        streams.append(
            Stream(
                mediaType: mediaType,
                reservoir: TrainingReservoir(seed: UInt64(streams.count + 1)),
                nextTraining: known[mediaType] == nil
                    ? schedule.firstByteCount : schedule.againByteCount
            )
        )
        let limit = schedule.sampleByteCount / streams.count
        for index in streams.indices { streams[index].reservoir.shrink(to: limit) }
        return streams.count - 1
    }

    private func training(of index: Int, packByteCount: Int, level: Int) -> Training {
        let (mediaType, reservoir) = (streams[index].mediaType, streams[index].reservoir)
        streams[index].nextTraining = reservoir.seenByteCount * schedule.growth
        desk.isTraining.store(true, ordering: .releasing)
        return Training(
            mediaType: mediaType,
            trial: DictionaryTrial(
                reservoir.samples,
                base: Self.builtIn(for: mediaType),
                current: dictionary(for: mediaType),
                packByteCount: packByteCount,
                level: level,
                last: streams[index].yardstick
            )
        )
    }

    // MARK: Training

    /// A dictionary that was trained and is not in the log yet; it stays so until it is learned.
    func trained() -> OwnDictionary? {
        guard let candidate = desk.candidate.withLock({ $0 }) else { return nil }
        guard let number = freeNumber(for: candidate.bytes),
            let dictionary = try? CompressionDictionary(number: number, bytes: candidate.bytes)
        else {
            desk.candidate.withLock { $0 = nil }
            return nil
        }
        return own(dictionary, candidate.mediaType)
    }

    /// Takes in a dictionary that was trained, now that it is durable.
    func adopt(_ dictionary: OwnDictionary) {
        desk.candidate.withLock { $0 = nil }
        learn(dictionary)
    }

    func own(_ dictionary: CompressionDictionary, _ mediaType: String) -> OwnDictionary {
        OwnDictionary(dictionary, for: mediaType, fallback: Self.builtIn(for: mediaType))
    }

    /// A number made of the dictionary itself, so that even an archive that has forgotten a number,
    /// because it lost a segment, does not give it to other bytes but by a rare accident.
    private func freeNumber(for bytes: [UInt8]) -> UInt16? {
        let digest = SHA256.hash(bytes.span).bytes
        let first = UInt32(DictionaryPlaintext.firstOwnNumber)
        let count = UInt32(UInt16.max) + 1 - first
        let start = UInt32(digest[0]) | UInt32(digest[1]) << 8 | UInt32(digest[2]) << 16
        return (0..<16).lazy.map { UInt16(first + (start + $0) % count) }
            .first { !self.numbers.contains($0) }
    }
}
