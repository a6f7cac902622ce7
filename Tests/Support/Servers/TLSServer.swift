package import SystemPackage

/// A server of HTTPS whose certificate comes from an authority that nobody knows.
package struct TLSServer: Sendable {
    package let server: TestServer
    /// The authority's certificate.
    package let authority: FilePath
    /// Why tests with it are skipped.
    package static let absence = "the program openssl is not there; install it"

    /// Whether the server can be started.
    package static var isInstalled: Bool { isExecutable("/usr/bin/openssl") }

    /// Serves the files of a directory, each of them a whole answer of HTTP, on `localhost`.
    package init(in directory: FilePath) throws {
        var failure: (any Error)?
        for _ in 0..<3 {
            // Somebody else may have the port.
            let port = UInt16.random(in: 20_000...30_000)
            do {
                server = try TestServer(
                    ["/bin/bash", "-c", Self.script, "tls", directory.string, String(port)],
                    port: port
                )
                authority = directory.appending("authority.pem")
                return
            } catch {
                failure = error
            }
        }
        throw failure ?? ServerFailure(text: "openssl does not serve")
    }

    /// It ends when its input does, and that ends with this process.
    private static let script = """
        set -e
        cd "$1"
        key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1"; }
        key authority.key
        key server.key
        openssl req -x509 -new -key authority.key -days 2 -subj "/CN=An authority of one's own" \
            -addext basicConstraints=critical,CA:TRUE -out authority.pem
        openssl req -new -key server.key -subj /CN=localhost -out server.csr
        echo "subjectAltName=DNS:localhost" > names
        openssl x509 -req -in server.csr -CA authority.pem -CAkey authority.key -CAcreateserial \
            -days 2 -extfile names -out server.pem 2> /dev/null
        openssl s_server -accept "$2" -cert server.pem -key server.key -HTTP > log 2>&1 < /dev/null &
        server=$!
        trap 'kill "$server"' EXIT
        until grep -q ACCEPT log; do kill -0 "$server"; sleep 0.1; done
        echo serves
        cat > /dev/null
        """
}
