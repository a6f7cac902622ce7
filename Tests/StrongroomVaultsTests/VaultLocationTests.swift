import ArchiveBytes
import SystemPackage
import Testing

@testable import StrongroomVaults

@Suite struct `A vault's location` {
    @Test(arguments: [
        ("s3://bucket", "s3://bucket"), ("s3://bucket/", "s3://bucket"),
        ("S3://bucket/a/b/", "s3://bucket/a/b"), ("vault", "vault"), ("/mnt/vault", "/mnt/vault"),
        ("sftp://host/a/b/", "sftp://host/a/b"), ("sftp://me@host:2222/a", "sftp://me@host:2222/a"),
        ("sftp://host/~/a", "sftp://host/~/a"), ("sftp://[::1]:22/a", "sftp://[::1]:22/a"),
        ("sftp://[fe80::1]/a", "sftp://[fe80::1]/a"),
    ])
    func `is read and written as a user does`(text: String, expected: String) throws {
        #expect(try VaultLocation(text).description == expected)
    }

    @Test(arguments: [
        "s3://", "s3:///a", "s3://ab", "s3://bucket/a//b", "s3://bucket/../a", "s3://buck et",
        "https://host/a", "sftp://host", "sftp:///a", "sftp://host/", "sftp://-oProxyCommand=x/a",
        "sftp://-x@host/a", "sftp://ho st/a", "sftp://host:0/a", "sftp://host:x/a",
        "sftp://host:65536/a", "sftp://h;ls/a", "s3:/bucket", "S3:bucket", "sftp:/host/a",
    ])
    func `is refused if it names none`(text: String) {
        #expect(throws: VaultError(.invalidName, "")) { try VaultLocation(text) }
    }

    @Test func `repeats no password`() {
        for text in ["sftp://me:hidden@host/a", "sftp://me:hidden@host"] {
            let error = #expect(throws: VaultError.self) { try VaultLocation(text) }
            #expect(error?.message.contains("hidden") == false)
        }
        let error = #expect(throws: VaultError.self) { try S3Endpoint("https://a:hidden@host") }
        #expect(error?.message.contains("hidden") == false)
    }

    @Test func `of an SFTP server becomes a call of ssh that asks nothing`() throws {
        guard case .sftp(let location) = try VaultLocation("sftp://me@host:2222/~/a") else {
            Issue.record("not read as SFTP")
            return
        }
        #expect(location.path == "a")
        let command = SFTPStore.command(for: location, ["ssh", "-F", "f"])
        #expect(command.prefix(4) == ["ssh", "-F", "f", "-oBatchMode=yes"])
        #expect(
            command.suffix(8) == ["-l", "me", "-p", "2222", "-s", "--", "host", "sftp"]
        )
    }
}

@Suite struct `The settings of AWS` {
    private func settings(
        _ variables: [String: String],
        _ files: [FilePath: String] = [:]
    ) -> AWSSettings {
        AWSSettings(
            variable: { variables[$0] },
            file: { files[$0].map { Array($0.utf8) } }
        )
    }

    private let home: [String: String] = ["HOME": "/h"]
    private let files: [FilePath: String] = [
        "/h/.aws/credentials": """
        # a comment
        [default]
        aws_access_key_id = FILE
        aws_secret_access_key=fs
        [work]
        aws_access_key_id=WORK
        aws_secret_access_key=ws
        aws_session_token = wt
        """,
        "/h/.aws/config": """
        [default]
        region = eu-west-1
        endpoint_url = https://files.example.org
        s3 =
          addressing_style = virtual
        [profile work]
        region = eu-north-1
        ca_bundle = /ca.pem
        [profile process]
        credential_process = printf '{"AccessKeyId":"P","SecretAccessKey":"ps"}'
        [profile broken]
        credential_process = echo no; exit 1
        """,
    ]

    @Test func `come from the environment first`() throws {
        let variables = [
            "AWS_ACCESS_KEY_ID": "ENV", "AWS_SECRET_ACCESS_KEY": "es", "AWS_SESSION_TOKEN": "et",
            "AWS_REGION": "r1", "AWS_DEFAULT_REGION": "r2", "AWS_ENDPOINT_URL": "https://e",
            "AWS_CA_BUNDLE": "/env.pem",
        ]
        let found = settings(variables.merging(home) { $1 }, files)
        let credentials = try found.credentials()
        #expect(credentials.accessKey == "ENV")
        #expect(credentials.secretKey == "es")
        #expect(credentials.sessionToken == "et")
        #expect(try found.region() == "r1")
        #expect(try found.endpoint() == "https://e")
        #expect(try found.authorities() == "/env.pem")
        #expect(
            try settings(["AWS_ENDPOINT_URL": "a", "AWS_ENDPOINT_URL_S3": "b"]).endpoint() == "b"
        )
    }

    @Test func `come from the profile's files`() throws {
        let usual = settings(home, files)
        #expect(try usual.credentials().accessKey == "FILE")
        #expect(try usual.region() == "eu-west-1")
        #expect(try usual.endpoint() == "https://files.example.org")
        #expect(try usual.addressing() == "virtual")
        let work = settings(home.merging(["AWS_PROFILE": "work"]) { $1 }, files)
        #expect(try work.credentials().sessionToken == "wt")
        #expect(try work.region() == "eu-north-1")
        #expect(try work.authorities() == "/ca.pem")
        #expect(try work.endpoint() == nil)
        let process = settings(home.merging(["AWS_PROFILE": "process"]) { $1 }, files)
        #expect(try process.credentials().accessKey == "P")
    }

    @Test(arguments: [
        ["HOME": "/empty"], ["AWS_ACCESS_KEY_ID": "A"], ["HOME": "/h", "AWS_PROFILE": "missing"],
        ["HOME": "/h", "AWS_PROFILE": "broken"],
    ])
    func `are refused if they hold no credentials`(variables: [String: String]) {
        #expect(throws: VaultError(.refused, "")) {
            try settings(variables, files).credentials()
        }
    }

    @Test func `lead to a server, and never without encryption unless told`() throws {
        func configuration(
            _ variables: [String: String],
            bucket: String = "records",
            allowing: Bool = false
        ) throws -> S3Configuration {
            var access = VaultAccess()
            access.settings = settings(variables)
            access.allowsPlainHTTP = allowing
            return try S3Configuration(bucket: bucket, prefix: "", access)
        }
        let aws = try configuration(["AWS_REGION": "eu-central-1"])
        #expect(aws.endpoint.description == "https://s3.eu-central-1.amazonaws.com")
        #expect(aws.addressing == .virtual)
        #expect(try configuration([:], bucket: "with.dots").addressing == .path)
        let own = try configuration(["AWS_ENDPOINT_URL": "https://S3.Example.org:443/base/"])
        #expect(own.endpoint.description == "https://s3.example.org/base")
        #expect(own.addressing == .path)
        let plain = ["AWS_ENDPOINT_URL": "http://127.0.0.1:9000"]
        let error = #expect(throws: VaultError.self) { try configuration(plain) }
        #expect(error?.code == .refused)
        #expect(error?.message.contains("--allow-plain-http") == true)
        #expect(try configuration(plain, allowing: true).endpoint.host == "127.0.0.1:9000")
    }

    @Test func `decide how a request names the bucket`() throws {
        var configuration = S3Configuration(
            bucket: "records",
            endpoint: try S3Endpoint("https://s3.example.org/base"),
            credentials: { S3Credentials(accessKey: "A", secretKey: "B") }
        )
        let object = S3Call("read", "GET", "a/b c")
        let bucket = S3Call("list", "GET", nil)
        #expect(S3Client.request(object, configuration).path == "/base/records/a/b%20c")
        #expect(S3Client.request(bucket, configuration).path == "/base/records")
        configuration.addressing = .virtual
        #expect(S3Client.request(object, configuration).path == "/base/a/b%20c")
        #expect(S3Client.request(object, configuration).host == "records.s3.example.org")
        #expect(S3Client.request(bucket, configuration).path == "/base/")
    }
}

@Suite struct `A patient store` {
    @Test func `doubles its pauses up to a limit, and ends`() {
        let patience = Patience()
        func delay(_ count: Int, _ chance: Double, asked: Duration? = nil) -> Duration? {
            patience.delay(afterTries: count, elapsed: .zero, asked: asked, chance: chance)
        }
        #expect(delay(1, 0) == .milliseconds(125))
        #expect(delay(1, 0.5) == .milliseconds(187.5))
        #expect(delay(3, 0) == .milliseconds(500))
        #expect(delay(9, 0) == .seconds(10))
        #expect(delay(10, 0) == nil)
        #expect(delay(1, 0, asked: .seconds(3)) == .seconds(3))
        #expect(delay(1, 0, asked: .seconds(3000)) == .seconds(20))
        #expect(
            patience.delay(afterTries: 1, elapsed: .seconds(300), asked: nil, chance: 0) == nil
        )
    }

    @Test func `lets bytes flow at the agreed speed, all transfers together`() async {
        let clock = FakeClock()
        let pacer = Pacer(bytesPerSecond: 1000, clock: clock.clock)
        await pacer.wait(for: 2000)
        await pacer.wait(for: 500)
        await pacer.wait(for: 500)
        #expect(clock.waits == [.seconds(2), .seconds(0.5)])
        #expect(Pacer(bytesPerSecond: nil, clock: clock.clock).reserve(1 << 40) == .zero)
    }
}
