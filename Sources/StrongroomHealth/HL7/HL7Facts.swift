package import ArchiveBytes

/// An identifier with who gave it out: the HL7 type CX.
package struct HL7Identifier: Equatable, Sendable {
    package var id = ""
    package var checkDigit = ""
    package var scheme = ""
    /// The authority as it stands, subcomponents and all.
    package var authority = ""
    package var namespace = ""
    package var universalID = ""
    package var universalIDType = ""
    package var type = ""

    package init() {}
}

/// One PID segment with the MRG segments that follow it.
package struct HL7Patient: Equatable, Sendable {
    /// PID-3.
    package var identifiers: [HL7Identifier] = []
    /// PID-2 and PID-4, where older senders put identifiers.
    package var otherIdentifiers: [HL7Identifier] = []
    /// PID-5, every repetition as it stands.
    package var names: [String] = []
    /// PID-7.
    package var birth: Range<Timestamp>?
    /// PID-18.
    package var account: HL7Identifier?
    /// PID-19.
    package var socialSecurityNumber = ""
    /// MRG-1: what this patient was called before.
    package var prior: [HL7Identifier] = []

    package init() {}
}

/// The essentials of one HL7 v2 message.
package struct HL7Facts: Equatable, Sendable {
    /// MSH-9 as it stands, and its parts.
    package var messageType = ""
    package var messageCode = ""
    package var triggerEvent = ""
    /// MSH-3 to MSH-6.
    package var sendingApplication = ""
    package var sendingFacility = ""
    package var receivingApplication = ""
    package var receivingFacility = ""
    /// MSH-7.
    package var time: Range<Timestamp>?
    /// MSH-10, MSH-12, MSH-18.
    package var controlID = ""
    package var version = ""
    package var declaredCharacterSets: [String] = []
    package var characterSet = HL7CharacterSet.ascii
    package var patients: [HL7Patient] = []
    /// PV1-19.
    package var visits: [HL7Identifier] = []
    package var patientClass = ""
    /// PV1-44 and PV1-45.
    package var admitted: Range<Timestamp>?
    package var discharged: Range<Timestamp>?
    /// EVN-2 and EVN-6.
    package var eventRecorded: Range<Timestamp>?
    package var eventOccurred: Range<Timestamp>?
    /// When something was observed, given or done: OBR-7 and 8, OBX-14, RXA-3 and 4, TXA-4.
    package var activities: [Range<Timestamp>] = []
    /// ORC-9.
    package var ordered: Range<Timestamp>?
    package var codes: [Code] = []
    /// OBR-25, TXA-17, TXA-19 and ORC-5.
    package var statuses: [String] = []
    /// TXA-12 and TXA-13: the document and the one that it belongs to.
    package var documentID = ""
    package var parentDocumentID = ""
    package var segmentCount = 0
    package var quirks: [String] = []

    package init() {}
}
