import ArchiveBytes
import Support
import Testing

@Suite struct `A vault elsewhere` {
    @Test func `is prepared where a directory is meant`() throws {
        try Workshop.with { workshop in
            let outcome = try workshop.run("vault", "init", "deep/vault", "--json")
            #expect(outcome.status == 0, "\(outcome.errors)")
            let message = try outcome.last()
            #expect(message["message_type"] == "vault")
            #expect(message["write_once"] == "honoured")
            #expect(message["warnings"] == [])
            #expect(workshop.exists("deep/vault"))
        }
    }

    @Test(arguments: ["s3://x", "sftp://host", "ftp://host/path", "sftp://-x/path"])
    func `is refused where nothing can be`(location: String) throws {
        try Workshop.withArchive { workshop in
            for arguments in [
                ["vault", "init", location], ["ship", "-r", "A", "--to", location],
                ["recover", "--from", location, "--to", "B"], ["verify", "--vault", location],
                ["drill", "--from", location],
            ] {
                let outcome = try workshop.execute(Workshop.program, arguments + ["--json"])
                #expect(outcome.status == 1)
                #expect(try outcome.errorMessages.last?["code"] == "invalidName")
            }
        }
    }

    #if S3
    @Test func `is not spoken to without encryption unless that is said`() throws {
        try Workshop.with { workshop in
            let outcome = try workshop.setting([
                "AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_ACCESS_KEY_ID": "A",
                "AWS_SECRET_ACCESS_KEY": "do-not-print",
            ]).run("vault", "init", "s3://records")
            #expect(outcome.status == 1)
            #expect(outcome.errors.contains("--allow-plain-http"))
            #expect(!outcome.errors.contains("do-not-print"))
        }
    }

    @Test(.enabled(if: SeaweedFS.isInstalled, "\(SeaweedFS.absence)"))
    func `in a bucket gives everything back`() throws {
        let server = try SeaweedFS.server()
        try Workshop.withArchive { workshop in
            let bucket = workshop.setting([
                "AWS_ENDPOINT_URL": "http://127.0.0.1:\(server.port)",
                "AWS_ACCESS_KEY_ID": SeaweedFS.accessKey,
                "AWS_SECRET_ACCESS_KEY": SeaweedFS.secretKey,
            ])
            let options = ["--allow-plain-http", "--create-bucket"]
            try giveBack("s3://commands/vault", options, in: bucket)
        }
    }
    #endif

    @Test(.enabled(if: SSHServer.isInstalled, "\(SSHServer.absence)"))
    func `on an SSH server gives everything back`() throws {
        try Workshop.withArchive { workshop in
            let server = try SSHServer(in: workshop.directory)
            defer { server.stop() }
            let ssh = server.command.joined(separator: " ")
            let vault = "sftp://vault" + workshop.path("V")
            try giveBack(vault, [], in: workshop.setting(["STRONGROOM_SSH_COMMAND": ssh]))
            #expect(workshop.exists("V/keyring.json"))
        }
    }

    private func giveBack(_ vault: String, _ options: [String], in workshop: Workshop) throws {
        func run(_ arguments: String...) throws -> Outcome {
            let common = options.filter { $0 == "--allow-plain-http" }
            return try workshop.execute(Workshop.program, arguments + common + ["--json"])
        }
        let made = try workshop.execute(Workshop.program, ["vault", "init", vault] + options)
        #expect(made.status == 0, "\(made.errors)")
        let bytes = noise(50_000)
        #expect(try workshop.run("put", "-r", "A", "a", input: bytes).status == 0)
        #expect(try workshop.run("snapshot", "-r", "A").status == 0)
        let shipped = try run("ship", "-r", "A", "--to", vault)
        #expect(shipped.status == 0, "\(shipped.errors)")
        #expect(try run("ship", "-r", "A", "--to", vault).last()["sent_objects"] == 0)
        #expect(try run("verify", "--vault", vault).status == 0)
        let recovered = try run("recover", "--from", vault, "--to", "B")
        #expect(recovered.status == 0, "\(recovered.errors)")
        #expect(try workshop.run("get", "-r", "B", "a").output == bytes)
        #expect(try run("drill", "--from", vault).status == 0)
        let test = try run("drill", "--from", vault, "--self-test", "--json")
        #expect(test.status == 0, "\(test.errors)")
        #expect(try test.last()["missed"] == 0)
        // In place, with nothing recovered.
        let place = workshop.setting([
            "STRONGROOM_CACHE": workshop.path("cache"), "STRONGROOM_ALLOW_PLAIN_HTTP": "1",
        ])
        let read = try place.run("get", "-r", vault, "a")
        #expect(read.output == bytes, "\(read.errors)")
        #expect(try place.run("ls", "-r", vault, "--json").messages.count == 1)
        let written = try place.run("put", "-r", vault, "b", "--json", input: [1])
        #expect(try written.errorMessages.last?["code"] == "readOnly")
        try live(in: vault, place, bytes)
    }

    /// Lets the archive's segments live in the vault, and goes on with it.
    private func live(in vault: String, _ place: Workshop, _ bytes: [UInt8]) throws {
        let thinned = try place.run("thin", "-r", "A", "--to", vault, "--confirm")
        #expect(thinned.status == 0, "\(thinned.errors)")
        #expect(try !place.names(in: "A/segments").contains { $0.hasSuffix(".seg") })
        #expect(try place.run("get", "-r", "A", "a").output == bytes)
        #expect(try place.run("put", "-r", "A", "c", input: [3]).status == 0)
        for command in [
            ["verify", "-r", "A"], ["rebuild-index", "-r", "A"], ["snapshot", "-r", "A"],
            ["ship", "-r", "A", "--to", vault], ["doctor", "-r", "A", "--keyless"],
            ["recover", "--from", vault, "--to", "C"], ["thin", "-r", "A", "--restore"],
            ["verify", "-r", "A"],
        ] {
            let outcome = try place.execute(Workshop.program, command)
            #expect(outcome.status == 0, "\(command): \(outcome.errors)")
        }
        #expect(try place.run("get", "-r", "C", "c").output == [3])
        #expect(!place.exists("A/thin.json"))
    }
}
