import ArchiveBytes

/// Chooses whom a resource is about from the references that it makes.
///
/// The table is the R4 patient compartment, read as: which member of a resource leads to the patient
/// whose record it is. In nearly every type it is `subject` or `patient`; the rest of the compartment
/// (participants, members, targets, links) names patients who are involved. Those are found by the
/// record, but it is about one of them only if it names no other.
struct SubjectChoice {
    private var best: String?
    private var bestRank = Int.max
    private var involved: [String] = []

    /// How much a member says about whom the record is about, less being more; nil for a member that
    /// only names who is involved.
    static func rank(of field: FHIRKey) -> Int? {
        switch field {
        case .subject: 0
        case .patient: 1
        case .beneficiary: 2
        case .individual: 3
        case .candidate: 4
        case .for: 5
        case .subscriber: 6
        default: nil
        }
    }

    mutating func note(_ name: String, type: String?, by field: FHIRKey) {
        guard let rank = Self.rank(of: field) else {
            if !involved.contains(bytesOf: name) { involved.append(name) }
            return
        }
        if rank < bestRank {
            best = name
            bestRank = rank
        }
    }

    /// The one whom the record is about, or nil.
    func choice(for type: String) -> String? {
        best ?? (involved.count == 1 ? involved.first : nil)
    }
}

/// Names in the order in which they came, each once; names are told apart by their bytes.
struct NameList {
    private(set) var names: [String] = []
    private var known: Set<ExactText> = []

    /// Begins anew, in the same memory if nobody else holds it.
    mutating func removeAll() {
        names.removeAll(keepingCapacity: true)
        if !known.isEmpty { known = [] }
    }

    /// Up to so many names are compared one by one, which is faster than a set.
    private static let searchLimit = 12

    mutating func insert(_ name: String) {
        guard !name.isEmpty else { return }
        if names.count < Self.searchLimit {
            if !names.contains(bytesOf: name) { names.append(name) }
            return
        }
        if known.isEmpty { known = Set(names.map(ExactText.init)) }
        if known.insert(ExactText(text: name)).inserted { names.append(name) }
    }
}
