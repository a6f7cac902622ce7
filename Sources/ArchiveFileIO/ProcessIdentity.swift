import Glibc

/// Which process this is.
package enum ProcessIdentity {
    /// Its number, which a copy made by fork(2) does not share.
    package static var current: Int32 { getpid() }
}
