import ArchiveBytes

extension FHIRScanner {
    /// The kinds of values, inside a resource, that have something to find in them.
    enum Element {
        /// A Reference: `reference`, or else `identifier`.
        case reference
        /// Someone or something that took part; the reference is one level down.
        case involved
        /// `context`: the visit itself up to STU3, what surrounds a document from R4 on.
        case context
        /// A CodeableConcept, a Coding, a CodeableReference, or a bare code.
        case concept
        /// A part of the record with codes of its own: a component, a line of a bill.
        case part
        /// An Identifier.
        case identifier
        /// A date, a Period or a Timing.
        case time
        /// Something with a period inside.
        case happening
        /// An entry of a Bundle.
        case entry
    }

    /// Passes an array of elements, or one element where the standard has an array.
    mutating func each(
        _ element: Element,
        _ bytes: Span<UInt8>,
        _ depth: Int,
        _ kind: Finding.Kind,
        _ field: FHIRKey
    ) throws(JSONFault) {
        guard isAt(bytes, "[") else { return try one(element, bytes, depth, kind, field) }
        var hasElement = try cursor.enter(bytes, depth: depth, closing: UInt8(ascii: "]"))
        while hasElement {
            try one(element, bytes, depth &+ 1, kind, field)
            hasElement = try cursor.goOn(bytes, closing: UInt8(ascii: "]"))
        }
    }

    private mutating func one(
        _ element: Element,
        _ bytes: Span<UInt8>,
        _ depth: Int,
        _ kind: Finding.Kind,
        _ field: FHIRKey
    ) throws(JSONFault) {
        guard isAt(bytes, "{") else {
            return try primitive(element, bytes, depth, kind, field)
        }
        switch element {
        case .reference: try reference(bytes, depth, kind, field)
        case .involved: try involved(bytes, depth, field)
        case .context: try context(bytes, depth)
        case .concept: try concept(bytes, depth, kind, field)
        case .part: try part(bytes, depth, field)
        case .identifier: try identifier(bytes, depth, kind, field)
        case .time: try time(bytes, depth, field)
        case .happening: try happening(bytes, depth)
        case .entry: try entry(bytes, depth)
        }
    }

    /// Passes what is no object: a date or a bare code is noted, all else means nothing here.
    private mutating func primitive(
        _ element: Element,
        _ bytes: Span<UInt8>,
        _ depth: Int,
        _ kind: Finding.Kind,
        _ field: FHIRKey
    ) throws(JSONFault) {
        guard isAt(bytes, "\"") else { return try skip(bytes, depth) }
        let text = try cursor.text(bytes, depth: depth)
        switch (element, field) {
        case (.time, .start): note(.eventStart, field, text)
        case (.time, .end), (.time, .abatementDateTime): note(.eventEnd, field, text)
        case (.time, _): note(.event, field, text)
        // Elsewhere a bare text is what a person wrote, not a code.
        case (.concept, .code), (.concept, .type), (.concept, .category), (.concept, .class):
            note(kind, field, text)
        case (.concept, _) where kind == .status: note(kind, field, text)
        default: break
        }
    }

    private mutating func reference(
        _ bytes: Span<UInt8>,
        _ depth: Int,
        _ kind: Finding.Kind,
        _ field: FHIRKey
    ) throws(JSONFault) {
        var member = try firstKey(bytes, depth: depth)
        while case .key(let key) = member {
            switch key {
            case .reference: try text(bytes, depth &+ 1, kind, field)
            case .identifier where kind == .subject:
                try each(.identifier, bytes, depth &+ 1, .subjectIdentifier, field)
            default: try skip(bytes, depth &+ 1)
            }
            member = try nextKey(bytes)
        }
    }

    private mutating func involved(
        _ bytes: Span<UInt8>,
        _ depth: Int,
        _ field: FHIRKey
    ) throws(JSONFault) {
        var member = try firstKey(bytes, depth: depth)
        while case .key(let key) = member {
            switch key {
            case .actor, .entity, .other, .target, .what, .who, .member:
                try each(.reference, bytes, depth &+ 1, .subject, field)
            // STU3 has the reference of an AuditEvent's entity under this name.
            case .reference: try each(.reference, bytes, depth &+ 1, .subject, field)
            default: try skip(bytes, depth &+ 1)
            }
            member = try nextKey(bytes)
        }
    }

    private mutating func context(_ bytes: Span<UInt8>, _ depth: Int) throws(JSONFault) {
        var member = try firstKey(bytes, depth: depth)
        while case .key(let key) = member {
            switch key {
            case .reference: try text(bytes, depth &+ 1, .encounter, .context)
            case .encounter: try each(.reference, bytes, depth &+ 1, .encounter, .context)
            case .period: try each(.time, bytes, depth &+ 1, .event, .period)
            default: try skip(bytes, depth &+ 1)
            }
            member = try nextKey(bytes)
        }
    }

    private mutating func concept(
        _ bytes: Span<UInt8>,
        _ depth: Int,
        _ kind: Finding.Kind,
        _ field: FHIRKey
    ) throws(JSONFault) {
        var (system, code): (JSONText?, JSONText?)
        var member = try firstKey(bytes, depth: depth)
        while case .key(let key) = member {
            switch key {
            case .coding, .concept: try each(.concept, bytes, depth &+ 1, kind, field)
            case .system: system = try cursor.text(bytes, depth: depth &+ 1) ?? system
            case .code: code = try cursor.text(bytes, depth: depth &+ 1) ?? code
            default: try skip(bytes, depth &+ 1)
            }
            member = try nextKey(bytes)
        }
        note(kind, field, system, code)
    }

    private mutating func part(
        _ bytes: Span<UInt8>,
        _ depth: Int,
        _ field: FHIRKey
    ) throws(JSONFault) {
        var member = try firstKey(bytes, depth: depth)
        while case .key(let key) = member {
            switch key {
            case .code, .coding, .productOrService, .service, .diagnosisCodeableConcept,
                .procedureCodeableConcept, .valueCodeableConcept:
                try each(.concept, bytes, depth &+ 1, .code, field)
            case .detail: try each(.part, bytes, depth &+ 1, .code, field)
            case .encounter: try each(.reference, bytes, depth &+ 1, .encounter, field)
            default: try skip(bytes, depth &+ 1)
            }
            member = try nextKey(bytes)
        }
    }

    private mutating func identifier(
        _ bytes: Span<UInt8>,
        _ depth: Int,
        _ kind: Finding.Kind,
        _ field: FHIRKey
    ) throws(JSONFault) {
        var (system, value): (JSONText?, JSONText?)
        var member = try firstKey(bytes, depth: depth)
        while case .key(let key) = member {
            switch key {
            case .system: system = try cursor.text(bytes, depth: depth &+ 1) ?? system
            case .value: value = try cursor.text(bytes, depth: depth &+ 1) ?? value
            default: try skip(bytes, depth &+ 1)
            }
            member = try nextKey(bytes)
        }
        note(kind, field, system, value)
    }

    private mutating func time(
        _ bytes: Span<UInt8>,
        _ depth: Int,
        _ field: FHIRKey
    ) throws(JSONFault) {
        var member = try firstKey(bytes, depth: depth)
        while case .key(let key) = member {
            switch key {
            case .start: try text(bytes, depth &+ 1, .eventStart, field)
            case .end: try text(bytes, depth &+ 1, .eventEnd, field)
            case .event: try each(.time, bytes, depth &+ 1, .event, field)
            case .repeat, .boundsPeriod: try each(.time, bytes, depth &+ 1, .event, field)
            default: try skip(bytes, depth &+ 1)
            }
            member = try nextKey(bytes)
        }
    }

    private mutating func happening(_ bytes: Span<UInt8>, _ depth: Int) throws(JSONFault) {
        var member = try firstKey(bytes, depth: depth)
        while case .key(let key) = member {
            switch key {
            case .period, .collectedDateTime, .collectedPeriod:
                try each(.time, bytes, depth &+ 1, .event, .event)
            default: try skip(bytes, depth &+ 1)
            }
            member = try nextKey(bytes)
        }
    }
}
