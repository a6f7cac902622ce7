import ArchiveBytes

/// A piece of a record that a dictionary may be trained on.
package struct TrainingSample: Sendable {
    /// Whose it is; a sample without counts as a subject of its own.
    package var subject: String?
    /// Most lend the memory of all samples.
    package var bytes: ArraySlice<UInt8>

    package init(subject: String?, bytes: ArraySlice<UInt8>) {
        self.subject = subject
        self.bytes = bytes
    }

    package init(subject: String?, bytes: [UInt8]) {
        self.init(subject: subject, bytes: bytes[...])
    }
}

/// Samples back to back, gathered by subject, with everything taken out that no dictionary may hold.
///
/// A zero byte ends each sample and stands for what was taken out. No string that is looked for
/// contains one, so that none reaches from one sample into the next.
struct TrainingText {
    private(set) var bytes: [UInt8] = []
    /// Where each subject's samples stand.
    private(set) var subjects: [Range<Int>] = []
    private(set) var sampleByteCounts: [Int] = []

    init(_ samples: [TrainingSample]) {
        var numbers: [String: Int] = [:]
        var gathered: [[Int]] = []
        for (index, sample) in samples.enumerated() {
            guard let subject = sample.subject else {
                gathered.append([index])
                continue
            }
            if let number = numbers[subject] {
                gathered[number].append(index)
            } else {
                numbers[subject] = gathered.count
                gathered.append([index])
            }
        }
        bytes.reserveCapacity(samples.reduce(0) { $0 + $1.bytes.count + 1 })
        for indices in gathered {
            let start = bytes.count
            for index in indices {
                bytes.append(contentsOf: samples[index].bytes)
                bytes.append(0)
                sampleByteCounts.append(samples[index].bytes.count + 1)
            }
            subjects.append(start..<bytes.count)
        }
        cutDatesAndNumbers()
    }

    /// Digits in a row from which on they are taken for somebody's number.
    private static let numberLength = 10

    /// Breaks whole dates and long numbers: they seldom come again, and many subjects may share one.
    private mutating func cutDatesAndNumbers() {
        var bytes = bytes.mutableSpan
        var run = 0
        for index in bytes.indices {
            guard bytes[index].isDigit else {
                if run >= Self.numberLength {
                    for digit in (index - run)..<index { bytes[digit] = 0 }
                }
                run = 0
                continue
            }
            run += 1
            // The last digit of 1970-01-01: without the second hyphen it is a year and a month.
            if run == 2, index >= 9, bytes.isDate(endingAt: index) { bytes[index - 2] = 0 }
        }
    }
}

extension MutableSpan<UInt8> {
    fileprivate func isDate(endingAt index: Int) -> Bool {
        guard self[index - 2] == UInt8(ascii: "-"), self[index - 5] == UInt8(ascii: "-"),
            self[index - 4].isDigit, self[index - 3].isDigit
        else { return false }
        for place in (index - 9)..<(index - 5) where !self[place].isDigit { return false }
        return true
    }
}

extension UInt8 {
    fileprivate var isDigit: Bool { self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9") }
}
