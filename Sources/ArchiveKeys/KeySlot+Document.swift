import ArchiveBytes
import ArchiveSealing

extension KeySlot {
    /// The slot as it stands in keyring.json; bytes are lower-case hexadecimal.
    var document: JSONObject {
        [
            "commitment": .text(Hex.encode(commitment)),
            "created": .text(created.description),
            "id": .text(id),
            "kind": .text(kind),
            "label": .text(label),
            "parameters": .object(derivation.document),
            "role": .text(role.rawValue),
            "sealed_kek": .text(Hex.encode(sealedKEK)),
        ]
    }

    /// Decodes a slot; what it does not look at is found when the file is encoded again.
    init(decoding document: JSONValue) throws(KeyError) {
        guard let id = document["id"]?.asText, Hex.decode(id)?.count == 4,
            let label = document["label"]?.asText,
            let created = document["created"]?.asText.flatMap(Timestamp.init),
            let kind = document["kind"]?.asText, let role = document["role"]?.asText,
            let parameters = document["parameters"],
            let commitment = document["commitment"]?.asText.flatMap(Hex.decode),
            let sealedKEK = document["sealed_kek"]?.asText.flatMap(Hex.decode)
        else {
            throw KeyError(.damaged, "a key slot lacks a field; restore a copy of keyring.json")
        }
        guard let role = Role(rawValue: role) else {
            throw KeyError(
                .unsupported,
                "key slot \(id) has a role of a newer release; use that one"
            )
        }
        self.init(
            id: id,
            label: label,
            role: role,
            created: created,
            derivation: try Derivation(kind: kind, decoding: parameters, slot: id),
            commitment: commitment,
            sealedKEK: sealedKEK
        )
    }
}

extension KeySlot.Derivation {
    fileprivate var document: JSONObject {
        switch self {
        case .passphrase(let cost, let salt):
            [
                "log_n": .integer(Int64(cost.logN)), "p": .integer(Int64(cost.p)),
                "r": .integer(Int64(cost.r)), "salt": .text(Hex.encode(salt)),
            ]
        case .keyFile(let salt): ["salt": .text(Hex.encode(salt))]
        }
    }

    fileprivate init(kind: String, decoding parameters: JSONValue, slot: String) throws(KeyError) {
        guard let salt = parameters["salt"]?.asText.flatMap(Hex.decode),
            salt.count == KeySlot.saltByteCount
        else {
            throw KeyError(.damaged, "key slot \(slot) has no salt; restore a copy of keyring.json")
        }
        switch kind {
        case "passphrase":
            guard let logN = parameters["log_n"]?.asInteger, let r = parameters["r"]?.asInteger,
                let p = parameters["p"]?.asInteger,
                let cost = try? Scrypt.Parameters(logN: Int(logN), r: Int(r), p: Int(p))
            else {
                throw KeyError(
                    .damaged,
                    "key slot \(slot) asks for a cost outside the bounds; restore a copy of keyring.json"
                )
            }
            self = .passphrase(cost: cost, salt: salt)
        case "key-file": self = .keyFile(salt: salt)
        default:
            throw KeyError(
                .unsupported,
                "key slot \(slot) is of a kind of a newer release; use that one"
            )
        }
    }
}
