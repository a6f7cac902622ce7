import ArchiveBytes
import ArchiveHTTP
import ArchiveSealing
import Testing

@testable import StrongroomVaults

/// The values are those that AWS publishes for Signature Version 4: the examples of the S3 guide's
/// page on the header `Authorization`, and the derived key of the guide to signing.
@Suite struct `A signed request` {
    private static let credentials = S3Credentials(
        accessKey: "AKIAIOSFODNN7EXAMPLE",
        secretKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    )
    private static let time = "20130524T000000Z"

    struct Example: Sendable, CustomTestStringConvertible {
        let method: String
        let path: String
        var query: [(name: String, value: String)] = []
        var fields: [HTTPField] = []
        var body = ""
        let names: String
        let signature: String

        var testDescription: String { "\(method) \(path)" }
    }

    static let examples = [
        Example(
            method: "GET",
            path: "/test.txt",
            fields: [HTTPField("Range", "bytes=0-9")],
            names: "host;range;x-amz-content-sha256;x-amz-date",
            signature: "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
        ),
        Example(
            method: "PUT",
            path: "/" + S3Text.encoded("test$file.text", keepingSlashes: true),
            fields: [
                HTTPField("Date", "Fri, 24 May 2013 00:00:00 GMT"),
                HTTPField("x-amz-storage-class", "REDUCED_REDUNDANCY"),
            ],
            body: "Welcome to Amazon S3.",
            names: "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
            signature: "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"
        ),
        Example(
            method: "GET",
            path: "/",
            query: [("lifecycle", "")],
            names: "host;x-amz-content-sha256;x-amz-date",
            signature: "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"
        ),
        Example(
            method: "GET",
            path: "/",
            query: [("prefix", "J"), ("max-keys", "2")],
            names: "host;x-amz-content-sha256;x-amz-date",
            signature: "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
        ),
    ]

    @Test(arguments: examples)
    func `has the signature that AWS publishes`(example: Example) {
        let request = S3Request(
            method: example.method,
            host: "examplebucket.s3.amazonaws.com",
            path: example.path,
            query: example.query,
            fields: example.fields
        )
        let added = S3Signer(region: "us-east-1").fields(
            signing: request,
            bodyHash: SHA256.hash(Array(example.body.utf8).span).hex,
            with: Self.credentials,
            at: Timestamp(microseconds: 1_369_353_600_123_456)
        )
        #expect(added.contains(HTTPField("x-amz-date", Self.time)))
        #expect(
            added.last
                == HTTPField(
                    "Authorization",
                    "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
                        + "SignedHeaders=\(example.names), Signature=\(example.signature)"
                )
        )
    }

    @Test func `has the key that AWS publishes for a day, a region and a service`() {
        let credentials = S3Credentials(
            accessKey: "AKIDEXAMPLE",
            secretKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
        )
        let signer = S3Signer(region: "us-east-1", service: "iam")
        #expect(
            Hex.encode(signer.key(for: "20150830", credentials))
                == "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9"
        )
    }

    @Test func `has the signature that AWS publishes for another service`() {
        let request = S3Request(
            method: "GET",
            host: "iam.amazonaws.com",
            path: "/",
            query: [("Version", "2010-05-08"), ("Action", "ListUsers")]
        )
        let value = S3Signer(region: "us-east-1", service: "iam").authorization(
            for: request,
            fields: [
                HTTPField("content-type", "application/x-www-form-urlencoded; charset=utf-8"),
                HTTPField("x-amz-date", "20150830T123600Z"),
            ],
            bodyHash: S3Signer.emptyBodyHash,
            with: S3Credentials(
                accessKey: "AKIDEXAMPLE",
                secretKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
            ),
            time: "20150830T123600Z"
        )
        #expect(
            value.hasSuffix("5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7")
        )
    }

    @Test func `carries a session token and signs it`() throws {
        let fields = S3Signer(region: "eu-central-1").fields(
            signing: S3Request(method: "GET", host: "a.b", path: "/"),
            bodyHash: S3Signer.emptyBodyHash,
            with: S3Credentials(accessKey: "A", secretKey: "B", sessionToken: "TOKEN"),
            at: Timestamp(microseconds: 0)
        )
        #expect(fields.contains(HTTPField("x-amz-security-token", "TOKEN")))
        #expect(try #require(fields.last).value.contains("x-amz-date;x-amz-security-token,"))
    }

    @Test func `spells every byte as S3 does`() {
        #expect(S3Text.encoded("a/b c+d~e=é") == "a%2Fb%20c%2Bd~e%3D%C3%A9")
        #expect(S3Text.encoded("a/b", keepingSlashes: true) == "a/b")
        #expect(S3Text.decoded("a%2Fb%20c%2Bd~e%3D%C3%A9+%zz%4") == "a/b c+d~e=é %zz%4")
    }
}

@Suite struct `Credentials` {
    @Test func `never print their secret`() {
        let credentials = S3Credentials(
            accessKey: "AKIA1",
            secretKey: "hidden",
            sessionToken: "hidden"
        )
        var dumped = ""
        dump(credentials, to: &dumped)
        for text in ["\(credentials)", String(reflecting: credentials), dumped] {
            #expect(text.contains("AKIA1"))
            #expect(!text.contains("hidden"))
        }
    }
}

@Suite struct `An element` {
    @Test func `is read with its inner elements`() throws {
        let text = """
            <?xml version="1.0" encoding="UTF-8"?>
            <a:List xmlns="x"><Key>a&amp;b&#47;&#x63;&lt;&gt;&quot;&apos;&odd;</Key><Empty/>\
            <Item><Size>1</Size></Item><Item><Size> 2 </Size></Item></a:List>
            """
        let root = try #require(XMLElement(Array(text.utf8)))
        #expect(root.name == "List")
        #expect(root["Key"] == "a&b/c<>\"'&odd;")
        #expect(root["Empty"] == "")
        #expect(root.all("Item").map { $0["Size"] } == ["1", " 2 "])
        #expect(root["Missing"] == nil)
    }

    @Test(arguments: [
        "", "text", "<a>", "<a></b>", "<a", "<>", "</a>", "<a><b></a></b>",
        String(repeating: "<a>", count: 17) + String(repeating: "</a>", count: 17),
    ])
    func `is refused if it is none`(text: String) {
        #expect(XMLElement(Array(text.utf8)) == nil)
    }
}
