import ArchiveBytes

extension HL7Identifier {
    /// The identifier with its authority, as one text; bare if nobody is named.
    package var name: String {
        let authority = namespace.isEmpty ? universalID : namespace
        return authority.isEmpty ? id : authority + "|" + id
    }

    /// Every way to write the identifier, that of FHIR included.
    var names: [String] {
        var names = [name, id]
        if !namespace.isEmpty, !universalID.isEmpty { names.append(universalID + "|" + id) }
        if universalIDType == "ISO" { names.append("urn:oid:" + universalID + "|" + id) }
        return names
    }
}

extension RecordFacts {
    /// The facts of a message in the terms of every format.
    init(_ message: HL7Facts) {
        self.init()
        let type = message.messageCode + (message.triggerEvent.isEmpty ? "" : "^")
        types = message.messageCode.isEmpty ? [] : [type + message.triggerEvent]
        id = message.controlID.isEmpty ? nil : message.controlID
        codes = message.codes
        statuses = message.statuses
        quirks = message.quirks
        takePatients(message)
        var encounters = NameList()
        for visit in message.visits { for name in visit.names { encounters.insert(name) } }
        self.encounters = encounters.names
        takeTimes(message)
    }

    private mutating func takePatients(_ message: HL7Facts) {
        subject = message.patients.first?.identifiers.first?.name
        var aliases = NameList()
        for patient in message.patients {
            let all = patient.identifiers + patient.otherIdentifiers + patient.prior
            for identifier in all { for name in identifier.names { aliases.insert(name) } }
            aliases.insert(patient.socialSecurityNumber)
        }
        subjectAliases = aliases.names
        // A merge names two people; so does a message with several patients.
        var names = NameList()
        for patient in message.patients {
            if let name = patient.identifiers.first?.name { names.insert(name) }
        }
        if names.names.count > 1 { quirks.append("several-subjects") }
    }

    /// When it happened is when something was observed or done; else the stay; else the event.
    private mutating func takeTimes(_ message: HL7Facts) {
        for time in message.activities { cover(time) }
        if eventTime == nil {
            for time in [message.admitted, message.discharged].compactMap(\.self) { cover(time) }
        }
        if eventTime == nil, let time = message.eventOccurred ?? message.eventRecorded {
            cover(time)
        }
        let recorded = message.eventRecorded ?? message.ordered ?? message.time
        recordedTime = recorded?.lowerBound
    }
}
