import Foundation
import Testing

/// What came of many damages.
///
/// With `STRONGROOM_EVERY_BYTE=1` every bit is turned, every sector zeroed and swapped, every length
/// cut at, and every frame and page exchanged with several others; else a few of each. As that takes
/// hours, `STRONGROOM_SHARE=K/N` does the K-th of N equal shares of it, counted from 0: all N together
/// are the whole.
struct SpoiledPlaces {
    private static let environment = ProcessInfo.processInfo.environment
    static let isFull = environment["STRONGROOM_EVERY_BYTE"] != nil
    static let share: (number: Int, count: Int) = {
        let parts = (environment["STRONGROOM_SHARE"] ?? "0/1").split(separator: "/")
            .compactMap { Int($0) }
        precondition(
            parts.count == 2 && parts[0] >= 0 && parts[0] < parts[1],
            "a share is K/N, with K below N"
        )
        return (parts[0], parts[1])
    }()

    private(set) var count = 0
    private var noticedCount = 0
    private var failures = 0

    mutating func note(_ what: String, _ place: (Int, Int), _ body: () throws -> Bool) {
        end(what, place, Result { try body() })
    }

    mutating func note(
        _ what: String,
        _ place: (Int, Int),
        _ body: () async throws -> Bool
    ) async {
        do { end(what, place, .success(try await body())) } catch {
            end(what, place, .failure(error))
        }
    }

    private mutating func end(
        _ what: String,
        _ place: (Int, Int),
        _ result: Result<Bool, any Error>
    ) {
        count += 1
        switch result {
        case .success(let isNoticed): noticedCount += isNoticed ? 1 : 0
        case .failure(let error):
            failures += 1
            if failures < 20 { Issue.record("\(what) at \(place): \(error)") }
        }
    }

    func expect(_ what: String, atLeast least: Int) {
        if Self.isFull { print("\(what): \(count) damages, \(noticedCount) named, the rest inert") }
        #expect(failures == 0)
        if Self.share.count == 1 { #expect(count >= least && noticedCount > 0) }
    }
}
