import ArchiveFileIO
package import SystemPackage

/// OpenSSH's server with throw-away keys, for one test.
package struct SSHServer: Sendable {
    private static let program: FilePath = "/usr/sbin/sshd"
    /// Why tests with it are skipped.
    package static let absence = "sshd is not there; tools/setup installs it"

    package let port: UInt16
    /// What `ssh` is called with to reach it.
    package let command: [String]
    private let server: TestServer

    package static var isInstalled: Bool { isExecutable(program) }

    /// Starts it with its keys in a directory.
    package init(in directory: FilePath) throws {
        port = UInt16.random(in: 31_000...32_500)
        server = try TestServer(
            ["/bin/bash", "-c", Self.script, directory.string, String(port), Self.program.string],
            port: port
        )
        command = ["ssh", "-F", directory.appending("ssh_config").string]
    }

    /// Points `ssh` to another port, where something stands between.
    package func command(through port: UInt16) -> [String] {
        command + ["-oHostKeyAlias=[127.0.0.1]:\(self.port)", "-oPort=\(port)"]
    }

    package func stop() { server.stop() }

    /// It stays in the foreground, so that it ends with the process group.
    private static let script = #"""
        set -eu
        cd "$0"
        ssh-keygen -q -t ed25519 -N '' -f host
        ssh-keygen -q -t ed25519 -N '' -f user
        [ "$(id -u)" -ne 0 ] || mkdir -p /run/sshd
        echo "[127.0.0.1]:$1 $(cut -d' ' -f1,2 host.pub)" > known_hosts
        cat > sshd_config << END
        Port $1
        ListenAddress 127.0.0.1
        HostKey $0/host
        AuthorizedKeysFile $0/user.pub
        PidFile none
        StrictModes no
        UsePAM no
        PasswordAuthentication no
        Subsystem sftp internal-sftp
        MaxStartups 100
        END
        cat > ssh_config << END
        Host vault
          HostName 127.0.0.1
          Port $1
          User $(id -un)
          IdentityFile $0/user
          IdentitiesOnly yes
          UserKnownHostsFile $0/known_hosts
          StrictHostKeyChecking yes
        END
        "$2" -D -e -f "$0/sshd_config" 2> log &
        for _ in $(seq 1 200); do
            ssh-keyscan -p "$1" 127.0.0.1 > /dev/null 2>&1 && break
            sleep 0.05
        done
        echo serving
        # Sessions are children of the server, which ends when nobody listens to us any more.
        cat > /dev/null
        kill %1
        """#
}
