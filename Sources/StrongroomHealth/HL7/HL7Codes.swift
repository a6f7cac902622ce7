/// Where messages carry codes, and what the code systems of HL7 v2 are called elsewhere.
enum HL7Codes {
    /// The fields of type CE, CWE or IS that somebody would search by.
    static let fields: [String: [Int]] = [
        "OBR": [4], "OBX": [3], "DG1": [3], "PR1": [3], "AL1": [3], "IAM": [3], "PRB": [3],
        "GOL": [4], "RXA": [5], "RXE": [2], "RXO": [1], "RXD": [2], "RXG": [4], "TXA": [2],
        "FT1": [7, 19, 25], "SPM": [4],
    ]

    /// The URLs by which FHIR names the same systems, so that one search finds both.
    static let systems: [String: String] = [
        "LN": "http://loinc.org",
        "SCT": "http://snomed.info/sct",
        "CVX": "http://hl7.org/fhir/sid/cvx",
        "RXNORM": "http://www.nlm.nih.gov/research/umls/rxnorm",
        "I10": "http://hl7.org/fhir/sid/icd-10",
        "I10C": "http://hl7.org/fhir/sid/icd-10-cm",
        "I9C": "http://hl7.org/fhir/sid/icd-9-cm",
        "I9CDX": "http://hl7.org/fhir/sid/icd-9-cm",
        "NDC": "http://hl7.org/fhir/sid/ndc",
        "C4": "http://www.ama-assn.org/go/cpt",
        "CPT4": "http://www.ama-assn.org/go/cpt",
    ]
}
