import Testing

@testable import StrongroomHealth

@Suite struct `References` {
    @Test(arguments: [
        ("Patient/123", "Patient/123", "Patient", ["123"]),
        ("/Patient/123", "Patient/123", "Patient", ["123"]),
        ("Patient/123/_history/2", "Patient/123", "Patient", ["123"]),
        (
            "https://ehr.example.org/fhir/Patient/123/_history/2", "Patient/123", "Patient",
            ["123", "https://ehr.example.org/fhir/Patient/123"]
        ),
        ("Group/g1", "Group/g1", "Group", []),
        ("http://a.example/Group/g1", "Group/g1", "Group", ["http://a.example/Group/g1"]),
        (
            "Patient?identifier=http://a.example/mrn|M1", "http://a.example/mrn|M1", "Patient",
            ["M1"]
        ),
        ("Patient?identifier=http%3A%2F%2Fa%7CM1", "http://a|M1", "Patient", ["M1"]),
        ("http://b/Patient?identifier=a|M1&active=true", "a|M1", "Patient", ["M1"]),
        ("Practitioner?name=x", "Practitioner?name=x", "Practitioner", []),
    ])
    func `a reference is taken apart`(
        _ text: String,
        _ name: String,
        _ type: String,
        _ aliases: [String]
    ) throws {
        let reference = try #require(FHIRReference(text))
        #expect(reference.name == name)
        #expect(reference.type == type)
        #expect(reference.aliases == aliases)
    }

    @Test func `a name of a Bundle's entry is kept`() throws {
        let reference = try #require(FHIRReference("urn:uuid:6a2c"))
        #expect(reference == FHIRReference("urn:uuid:6a2c"))
        #expect(reference.name == "urn:uuid:6a2c")
        #expect(reference.type == nil)
        #expect(reference.aliases == ["6a2c"])
    }

    @Test(arguments: ["#p1", "#", ""])
    func `a reference to a contained resource leads nowhere`(_ text: String) {
        #expect(FHIRReference(text) == nil)
    }

    @Test(arguments: [
        "123", "Patient/", "/", "a/b", "//", "Patient//", "%", "?", "urn:", "/_history",
    ])
    func `what names no resource is kept as it is`(_ text: String) throws {
        let reference = try #require(FHIRReference(text))
        #expect(reference.name == text)
    }
}
