import StrongroomRecovery

/// Values over time, drawn so that they fit any width: the scales beside are text, not drawing.
struct TrendPlot {
    struct Point {
        let time: Int64
        let value: Double
        let isMissed: Bool
    }

    let title: String
    let points: [Point]
    /// The line that should not be crossed.
    let limit: Double?
    /// What the limit is called below the plot.
    let limitText: String?
    /// The top of the scale; nil to take one that fits.
    var top: Double?
    /// What a point is, for those who cannot see it.
    var unit = "drill"
    /// How a value is written.
    let label: (Double) -> String

    /// Seconds that make a good top of a scale, and those of which multiples do.
    private static let steps: [Double] = [
        0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 2 * 3600,
        4 * 3600, 8 * 3600, 12 * 3600, 86_400, 2 * 86_400, 4 * 86_400, 10 * 86_400, 20 * 86_400,
        60 * 86_400, 120 * 86_400, 360 * 86_400,
    ]

    /// The plot as HTML; empty if there is nothing to draw.
    var html: String {
        guard let first = points.first, let last = points.last else { return "" }
        let most = points.map(\.value).max() ?? 0
        // A far limit would press the curve to the ground.
        let shown = limit.flatMap { $0 <= max(most, 0.001) * 6 ? $0 : nil }
        let top = top ?? Self.top(for: max(most, shown ?? 0))
        func x(_ point: Point) -> Double {
            guard last.time > first.time else { return 500 }
            return 1000 * Double(point.time - first.time) / Double(last.time - first.time)
        }
        func y(_ value: Double) -> Double { 200 - 200 * min(1, value / top) }
        var svg = [0.0, 100, 200].map { Self.line($0, "grid") }
        if let shown { svg.append(Self.line(y(shown), "limit")) }
        let corners = points.map { "\(Self.number(x($0))),\(Self.number(y($0.value)))" }
        if corners.count > 1 {
            svg.append("<polyline class=\"curve\" points=\"\(corners.joined(separator: " "))\"/>")
        }
        for point in points {
            // A line without length has round ends: a dot that no width distorts.
            let place = "\(Self.number(x(point))) \(Self.number(y(point.value)))"
            let style = point.isMissed ? "dot missed" : "dot"
            svg.append("<path class=\"\(style)\" d=\"M\(place)h0.01\"/>")
        }
        let scale = [label(top), label(top / 2), "0"].map { "<span>\(HTMLText.escaped($0))</span>" }
        let dates = [first.time, last.time].map { String(MomentText.local($0).prefix(10)) }
        let days = dates[0] == dates[1] ? [dates[0]] : dates
        return """
            <div><h3>\(HTMLText.escaped(title))</h3><div class="plot">
            <div class="scale">\(scale.joined())</div>
            <svg viewBox="0 0 1000 200" preserveAspectRatio="none" role="img" \
            aria-label="\(HTMLText.escaped(spoken))">\(svg.joined())</svg>
            <div class="dates">\(days.map { "<span>\($0)</span>" }.joined())</div></div>
            \(key(isShown: shown != nil))</div>
            """
    }

    private func key(isShown: Bool) -> String {
        guard let limitText else { return "" }
        let text = isShown ? "Dashed: \(limitText)" : "Above the plot: \(limitText)"
        return "<p class=\"key\">\(HTMLText.escaped(text))</p>"
    }

    private var spoken: String {
        guard let last = points.last else { return title }
        return "\(title): \(CountText.text(points.count, unit)), last \(label(last.value))"
    }

    private static func top(for most: Double) -> Double {
        steps.first { $0 >= most } ?? most
    }

    private static func line(_ y: Double, _ style: String) -> String {
        "<line class=\"\(style)\" x1=\"0\" x2=\"1000\" y1=\"\(number(y))\" y2=\"\(number(y))\"/>"
    }

    private static func number(_ value: Double) -> String {
        DecimalText.text(value, digitCount: 1)
    }
}
