/// The arguments that the process was started with, as the system has them.
package enum ProcessArguments {
    /// The number of the first argument that is not UTF-8, from 1; nil if all are.
    ///
    /// Swift puts another character in the place of what is no text, so that two names that differ
    /// would be one.
    package static var firstWithoutText: Int? {
        for number in 1..<max(1, Int(CommandLine.argc)) {
            guard let argument = unsafe CommandLine.unsafeArgv[number] else { return nil }
            if unsafe String(validatingCString: argument) == nil { return number }
        }
        return nil
    }
}
