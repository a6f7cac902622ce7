import Glibc

extension FaultProxy.Faults {
    /// Reads faults as a script writes them, all of them in one line; an empty line takes all away.
    ///
    /// `latency=0.2` seconds, `rate=100000` bytes a second, `refuse`, `silent`, `cut-up=1000x2` and
    /// `cut-down=1000x2` (bytes and times), `lose=3`, `status=503x2` or `status=503x2:PUT`.
    package init?(_ line: String) {
        self.init()
        for word in line.split(separator: " ") {
            let pair = word.split(separator: "=", maxSplits: 1).map(String.init)
            let value = pair.count > 1 ? pair[1] : ""
            switch pair[0] {
            case "refuse": refuses = true
            case "silent": isSilent = true
            case "latency":
                guard let seconds = Double(value) else { return nil }
                latency = .seconds(seconds)
            case "rate":
                guard let rate = Int(value) else { return nil }
                bytesPerSecond = rate
            case "lose":
                guard let count = Int(value) else { return nil }
                lostAnswers = count
            case "cut-up":
                guard let (bytes, times) = Self.product(value) else { return nil }
                cutUp = (afterBytes: bytes, times: times)
            case "cut-down":
                guard let (bytes, times) = Self.product(value) else { return nil }
                cutDown = (afterBytes: bytes, times: times)
            case "status":
                let halves = value.split(separator: ":", maxSplits: 1).map(String.init)
                guard let (code, times) = Self.product(halves.first ?? "") else { return nil }
                status = (code: code, times: times, method: halves.count > 1 ? halves[1] : nil)
            default: return nil
            }
        }
    }

    private static func product(_ text: String) -> (Int, Int)? {
        let numbers = text.split(separator: "x").compactMap { Int($0) }
        return numbers.count == 2 ? (numbers[0], numbers[1]) : nil
    }
}

/// Standard output, which keeps what it is given when it is no terminal.
package enum StandardOutput {
    package static func flush() { _ = fflush(nil) }
}
