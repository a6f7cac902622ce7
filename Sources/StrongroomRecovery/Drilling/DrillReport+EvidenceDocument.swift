import ArchiveBytes

// What a drill measured, as JSON. The first reports had none of it.
extension DrillReport {
    mutating func readEvidence(_ document: JSONObject) {
        struck = document["struck"]?.asTime
        staged = document["staged"]?.asTexts ?? []
        recoveryPoint = document["objectives"]?["loss_window"].flatMap(Objective.init)
        recoveryTime = document["objectives"]?["time_to_verified"].flatMap(Objective.init)
        phases = document["phases"]?.asArray?.compactMap(Phase.init) ?? []
        checks = document["checks"]?.asArray?.compactMap(Check.init) ?? []
    }
}

extension DrillReport.Objective {
    /// The objective and whether it is met.
    var document: JSONValue {
        [
            "measured_us": .duration(measured),
            "met": isMet.map(JSONValue.bool) ?? .null,
            "target_us": .duration(target),
        ]
    }

    init?(_ value: JSONValue) {
        guard let target = value["target_us"]?.asDuration else { return nil }
        self.init(target: target, measured: value["measured_us"]?.asDuration)
    }
}

extension DrillReport.Phase {
    var document: JSONValue {
        ["end_us": .duration(end), "name": .text(name), "start_us": .duration(start)]
    }

    init?(_ value: JSONValue) {
        guard let name = value["name"]?.asText, let start = value["start_us"]?.asDuration,
            let end = value["end_us"]?.asDuration
        else { return nil }
        self.init(name: name, start: start, end: end)
    }
}

extension DrillReport.Check {
    var document: JSONValue {
        [
            "duration_us": .duration(duration), "program": .text(program),
            "status": status.map { .integer(Int64($0)) } ?? .null,
        ]
    }

    init?(_ value: JSONValue) {
        guard let program = value["program"]?.asText,
            let duration = value["duration_us"]?.asDuration
        else { return nil }
        self.init(
            program: program,
            status: value["status"]?.asInteger.map { Int($0) },
            duration: duration
        )
    }
}
