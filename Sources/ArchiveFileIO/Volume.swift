import CMalloc
import Glibc
package import SystemPackage

/// The file system that a path lies on: what it is, and what room it has.
package struct Volume: Equatable, Sendable {
    /// What an archive can expect of it.
    package enum Kind: Equatable, Sendable {
        /// A disk of this machine, under a file system that keeps what it has synced.
        case disk
        /// The memory of this machine: gone with the power.
        case memory
        /// A server's: locks and syncs are what the server makes of them.
        case network
        /// A program's: they are what that program makes of them.
        case program
        /// One without permissions, links or a journal, as on memory cards.
        case simple
        /// One that this program does not know.
        case unknown
    }

    /// Its name, as `mount` says it; for one that is not known, the number that the kernel gives.
    package let name: String
    package let kind: Kind
    package let byteCount: UInt64
    package let availableByteCount: UInt64
    package let isReadOnly: Bool

    package init(
        name: String,
        kind: Kind,
        byteCount: UInt64,
        availableByteCount: UInt64,
        isReadOnly: Bool = false
    ) {
        self.name = name
        self.kind = kind
        self.byteCount = byteCount
        self.availableByteCount = availableByteCount
        self.isReadOnly = isReadOnly
    }

    /// Asks the kernel: statfs(2).
    package init(of path: FilePath) throws(SystemError) {
        let answer: statfs
        do throws(Errno) {
            answer = try SystemCall.fileSystemKind(of: path)
        } catch {
            throw SystemError(.status, path, error)
        }
        let magic = UInt32(truncatingIfNeeded: answer.f_type)
        let known = Self.known[magic]
        let unit = UInt64(max(1, answer.f_bsize))
        self.init(
            name: known?.name ?? "0x" + String(magic, radix: 16),
            kind: known?.kind ?? .unknown,
            byteCount: UInt64(answer.f_blocks).multipliedReportingOverflow(by: unit).partialValue,
            availableByteCount: UInt64(answer.f_bavail).multipliedReportingOverflow(by: unit)
                .partialValue,
            // ST_RDONLY of statvfs(3), which statfs(2) gives as well.
            isReadOnly: answer.f_flags & 1 != 0
        )
    }

    /// The kernel's numbers, from linux/magic.h and the file systems' own headers.
    private static let known: [UInt32: (name: String, kind: Kind)] = [
        0xef53: ("ext4", .disk), 0x5846_5342: ("xfs", .disk), 0x9123_683e: ("btrfs", .disk),
        0x2fc1_2fc1: ("zfs", .disk), 0xf2f5_2010: ("f2fs", .disk), 0x794c_7630: ("overlay", .disk),
        0x3153_464a: ("jfs", .disk), 0x5265_4973: ("reiserfs", .disk),
        0x0102_1994: ("tmpfs", .memory), 0x8584_58f6: ("ramfs", .memory),
        0x6969: ("nfs", .network), 0x517b: ("smb", .network), 0xff53_4d42: ("cifs", .network),
        0xfe53_4d42: ("smb2", .network), 0x00c3_6400: ("ceph", .network),
        0x5346_414f: ("afs", .network), 0x6b41_4653: ("afs", .network),
        0x7375_7245: ("coda", .network), 0x0bd0_0bd0: ("lustre", .network),
        0x4750_4653: ("gpfs", .network), 0x0116_1970: ("gfs2", .network),
        0x7461_636f: ("ocfs2", .network), 0x0102_1997: ("9p", .network),
        0x6573_5546: ("fuse", .program), 0x00c0_ffee: ("hostfs", .program),
        0x4d44: ("vfat", .simple), 0x2011_bab0: ("exfat", .simple),
        0x5346_544e: ("ntfs", .simple), 0x7366_746e: ("ntfs3", .simple),
    ]
}
