import ArchiveBytes
import Strongroom

/// One thing that the doctor found.
struct SymptomMessage: Message {
    let symptom: Symptom

    init(_ symptom: Symptom) { self.symptom = symptom }

    var type: String { "symptom" }

    var fields: JSONObject {
        [
            "severity": .text(symptom.severity.rawValue), "code": .text(symptom.code),
            "text": .text(symptom.text), "remedy": .optional(symptom.remedy),
        ]
    }

    var lines: [String] {
        let text = "\(symptom.severity.rawValue): \(VisibleText.text(symptom.text))"
        guard let remedy = symptom.remedy else { return [text] }
        return [text, "    what helps: \(VisibleText.text(remedy))"]
    }
}

/// All of it together.
struct DiagnosisMessage: Message {
    let path: String
    let symptoms: [Symptom]

    var type: String { "summary" }

    var fields: JSONObject {
        var fields: JSONObject = ["path": .text(path)]
        for severity in Symptom.Severity.allCases.reversed() {
            fields[severity.rawValue + "s"] = .count(symptoms.count { $0.severity == severity })
        }
        return fields
    }

    var lines: [String] {
        let isWell = symptoms.allSatisfy { $0.severity == .note }
        return [
            isWell
                ? "\(path): nothing wrong was found; `strongroom verify` proves every byte."
                : "\(path): \(CountText.text(symptoms.count, "finding"))."
        ]
    }
}
