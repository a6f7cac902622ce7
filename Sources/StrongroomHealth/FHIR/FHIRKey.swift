import ArchiveBytes

/// The member names that the scanner of resources looks for, in R4 and its neighbours.
///
/// Whatever is not here is passed without a look. A name means something only in its place: what
/// `code` is in a coding, in an Observation and in `meta` is decided by the function that reads
/// there.
enum FHIRKey: String, CaseIterable {
    // The resource itself.
    case resourceType, id, meta, versionId, lastUpdated, security, contained, identifier

    // Bundles.
    case entry, fullUrl, resource, request, method, url

    // Whose record it is: the search parameters of the R4 patient compartment, as paths.
    case subject, patient, beneficiary, individual, candidate, `for`, actor, target, member
    case securityContext, participant, entity, link, other, what, who, agent, subscriber

    // The visit.
    case encounter, context, episodeOfCare

    // References.
    case reference, system, value

    // What kind of thing it is.
    case code, coding, concept, type, subType, category, `class`, vaccineCode
    case medicationCodeableConcept, medication, reasonCode, reason, serviceType, serviceCategory
    case specialty, valueCodeableConcept, component, item, productOrService, service
    case diagnosis, diagnosisCodeableConcept, procedure, procedureCodeableConcept, substance
    case productCodeableConcept, itemCodeableConcept, topic, activity, detail

    // How it stands.
    case status, clinicalStatus, verificationStatus, docStatus, lifecycleStatus

    // When it happened.
    case effectiveDateTime, effectiveInstant, effectivePeriod, effectiveTiming
    case performedDateTime, performedPeriod, occurrenceDateTime, occurrencePeriod
    case occurrenceTiming, occurredDateTime, occurredPeriod, onsetDateTime, onsetPeriod
    case abatementDateTime, abatementPeriod, period, start, end, event
    case `repeat`
    case boundsPeriod, billablePeriod, servicedDate, servicedPeriod, authoredOn, authored, started
    case whenPrepared, whenHandedOver, timingDateTime, timingPeriod, startDate, collection
    case collectedDateTime, collectedPeriod, createdDateTime, createdPeriod, scheduledDateTime
    case scheduledPeriod, sent, dateWritten, orderedOn, lastOccurrence, identifiedDateTime
    case actualPeriod, detectedDateTime, timestamp

    // When it was written down.
    case date, recorded, recordedDate, recordedOn, issued, assertedDate, dateAsserted
    case dateRecorded, dateTime, created, indexed
}

/// Finds the key for a member name among the bytes of a record.
///
/// A name is compared as one to four words of eight bytes; a table with open addressing and at most
/// half of its slots taken answers nearly always at the first try, also for names that are not in it.
struct FHIRKeyTable {
    private struct Slot {
        var key: FHIRKey?
        var byteCount = 0
        var head: UInt64 = 0
        var tail: UInt64 = 0
        var middle: UInt64 = 0
        var second: UInt64 = 0
    }

    private static let slotCount = 512
    /// The longest name that the words of a slot can tell apart.
    static let nameLimit = 32

    private var slots = [Slot](repeating: Slot(), count: slotCount)
    private let byName: [String: FHIRKey]

    init() {
        var byName: [String: FHIRKey] = [:]
        for key in FHIRKey.allCases { byName[key.rawValue] = key }
        self.byName = byName
        for key in FHIRKey.allCases {
            let name = Array(key.rawValue.utf8)
            precondition(name.count <= Self.nameLimit, "a name must fit in a slot")
            var slot = Self.words(of: name.span, 0..<name.count)
            slot.key = key
            var place = Self.place(of: slot)
            while slots[place].key != nil { place = (place &+ 1) & (Self.slotCount &- 1) }
            slots[place] = slot
        }
    }

    /// The key whose name stands at `text`, or nil.
    @inline(__always)
    func key(_ text: JSONText, in bytes: Span<UInt8>) -> FHIRKey? {
        guard !text.isEscaped else { return keyWithEscapes(text, in: bytes) }
        let byteCount = text.count
        guard byteCount > 0, byteCount <= Self.nameLimit else { return nil }
        let wanted = Self.words(of: bytes, text.start..<text.end)
        var place = Self.place(of: wanted)
        while true {
            let slot = slots[place]
            guard let key = slot.key else { return nil }
            if slot.head == wanted.head, slot.tail == wanted.tail, slot.byteCount == byteCount,
                slot.middle == wanted.middle, slot.second == wanted.second
            {
                return key
            }
            place = (place &+ 1) & (Self.slotCount &- 1)
        }
    }

    private func keyWithEscapes(_ text: JSONText, in bytes: Span<UInt8>) -> FHIRKey? {
        var decoder = TextDecoder()
        return byName[decoder.string(text, in: bytes)]
    }

    @inline(__always)
    private static func words(of bytes: Span<UInt8>, _ range: Range<Int>) -> Slot {
        let (start, count) = (range.lowerBound, range.count)
        var slot = Slot(byteCount: count)
        if count <= 8 {
            slot.head = bytes.word(at: start, byteCount: count)
            return slot
        }
        slot.head = bytes.u64(at: start)
        slot.tail = bytes.u64(at: start &+ count &- 8)
        if count > 16 { slot.middle = bytes.u64(at: start &+ 8) }
        if count > 24 { slot.second = bytes.u64(at: start &+ 16) }
        return slot
    }

    @inline(__always)
    private static func place(of slot: Slot) -> Int {
        let mixed =
            (slot.head &* 0x9e37_79b9_7f4a_7c15) ^ (slot.tail &* 0xc2b2_ae3d_27d4_eb4f)
            &+ UInt64(truncatingIfNeeded: slot.byteCount)
        return Int(truncatingIfNeeded: (mixed &* 0xff51_afd7_ed55_8ccd) &>> 55)
    }
}
