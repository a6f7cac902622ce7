import ArchiveBytes

extension FHIRScanner {
    /// Passes a resource, at whose `{` the cursor stands.
    mutating func resource(_ bytes: Span<UInt8>, depth: Int) throws(JSONFault) {
        let (index, outer, start) = (resources.count, current, cursor.at)
        let first = findings.count
        resources.append(ResourceScan(range: start..<start, findings: first..<first))
        current = index
        var member = try firstKey(bytes, depth: depth)
        while case .key(let key) = member {
            if let key {
                try self.member(key, bytes, depth &+ 1)
            } else {
                try skip(bytes, depth &+ 1)
            }
            member = try nextKey(bytes)
        }
        current = outer
        resources[index].range = start..<cursor.at
        resources[index].findings = first..<findings.count
    }

    /// Passes the value of one member of a resource.
    private mutating func member(
        _ key: FHIRKey,
        _ bytes: Span<UInt8>,
        _ depth: Int
    ) throws(JSONFault) {
        switch key {
        case .resourceType, .id: try identity(key, bytes, depth)
        case .meta: try meta(bytes, depth)
        case .entry: try each(.entry, bytes, depth, .code, key)
        case .identifier: try each(.identifier, bytes, depth, .identifier, key)

        case .subject, .patient, .beneficiary, .individual, .candidate, .for, .actor, .target,
            .securityContext, .subscriber:
            try each(.reference, bytes, depth, .subject, key)
        case .participant, .member, .entity, .link, .agent:
            try each(.involved, bytes, depth, .subject, key)
        case .encounter: try each(.reference, bytes, depth, .encounter, key)
        case .context: try each(.context, bytes, depth, .encounter, key)

        case .code, .type, .subType, .category, .class, .vaccineCode, .medicationCodeableConcept,
            .medication, .reasonCode, .reason, .serviceType, .serviceCategory, .specialty,
            .valueCodeableConcept, .productCodeableConcept, .itemCodeableConcept, .topic, .service,
            .productOrService:
            try each(.concept, bytes, depth, .code, key)
        case .component, .item, .diagnosis, .procedure, .activity:
            try each(.part, bytes, depth, .code, key)

        case .status, .clinicalStatus, .verificationStatus, .docStatus, .lifecycleStatus:
            try each(.concept, bytes, depth, .status, key)

        case .effectiveDateTime, .effectiveInstant, .effectivePeriod, .effectiveTiming,
            .performedDateTime, .performedPeriod, .occurrenceDateTime, .occurrencePeriod,
            .occurrenceTiming, .occurredDateTime, .occurredPeriod, .onsetDateTime, .onsetPeriod,
            .abatementDateTime, .abatementPeriod, .period, .start, .end, .billablePeriod,
            .servicedDate, .servicedPeriod, .authoredOn, .authored, .started, .whenPrepared,
            .whenHandedOver, .timingDateTime, .timingPeriod, .startDate, .createdDateTime,
            .createdPeriod, .scheduledDateTime, .scheduledPeriod, .sent, .dateWritten, .orderedOn,
            .lastOccurrence, .identifiedDateTime, .detectedDateTime, .actualPeriod:
            try each(.time, bytes, depth, .event, key)
        case .event, .collection: try each(.happening, bytes, depth, .event, key)
        case .date, .recorded, .recordedDate, .recordedOn, .issued, .assertedDate, .dateAsserted,
            .dateRecorded, .dateTime, .created, .indexed, .timestamp:
            try text(bytes, depth, .recorded, key)

        // A contained resource is a part of this one, never a record: its names are not this one's.
        default: try skip(bytes, depth)
        }
    }

    /// Passes a text that can be there only once: the first is kept.
    private mutating func identity(
        _ key: FHIRKey,
        _ bytes: Span<UInt8>,
        _ depth: Int
    ) throws(JSONFault) {
        let text = try cursor.text(bytes, depth: depth)
        switch key {
        case .resourceType where resources[current].type == nil: resources[current].type = text
        case .id where resources[current].id == nil: resources[current].id = text
        case .versionId where resources[current].version == nil: resources[current].version = text
        default: resources[current].hasDuplicateKey = true
        }
    }

    private mutating func meta(_ bytes: Span<UInt8>, _ depth: Int) throws(JSONFault) {
        guard isAt(bytes, "{") else { return try skip(bytes, depth) }
        var member = try firstKey(bytes, depth: depth)
        while case .key(let key) = member {
            switch key {
            case .versionId: try identity(.versionId, bytes, depth &+ 1)
            case .lastUpdated: try text(bytes, depth &+ 1, .lastUpdated, .lastUpdated)
            case .security: try each(.concept, bytes, depth &+ 1, .label, .security)
            default: try skip(bytes, depth &+ 1)
            }
            member = try nextKey(bytes)
        }
    }
}
