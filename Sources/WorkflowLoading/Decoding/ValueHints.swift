import Economics
import Values
import WorkflowModel

/// What to write in place of a value that was meant right and written in another form: a number in quotes, `yes`, `30 seconds`, `$5`.
enum ValueHints {
    /// For `true or false`.
    static func bool(_ scalar: YAMLScalar, _ key: String) -> String? {
        let word = scalar.text.lowercased()
        if ["true", "false"].contains(word) { return scalar.isPlain ? "write \(key): \(word)" : "remove the quotes: \(key): \(word)" }
        if key == "shell", let name = word.parts(at: UInt8(ascii: "/")).last, ["bash", "sh", "zsh", "dash", "ash", "ksh", "fish"].contains(String(name)) {
            return "write shell: true, which is /bin/sh" + (name == "sh" ? "" : "; for another one, run: [\(name), -c, \"…\"]")
        }
        if ["yes", "on", "y", "1", "enabled", "enable", "always", "t"].contains(word) { return "write \(key): true" }
        if ["no", "off", "n", "0", "disabled", "disable", "never", "none", "f"].contains(word) { return "write \(key): false" }
        return nil
    }

    /// For numbers; `nil` also where the number that was meant is not allowed.
    static func number(_ scalar: YAMLScalar, _ key: String, isWhole: Bool, _ isAllowed: (Double) -> Bool) -> String? {
        guard let meant = Self.meant(scalar.text, isWhole: isWhole), let value = Double(meant), isAllowed(value), !isWhole || value == value.rounded() else { return nil }
        return !scalar.isPlain && meant == scalar.text ? "remove the quotes: \(key): \(meant)" : meant == scalar.text ? nil : "write \(key): \(meant)"
    }

    /// `1_000`, `1,000`, `0,5`, `2k`, `4096 tokens`, `50%` and `3.0` as a number.
    private static func meant(_ text: String, isWhole: Bool) -> String? {
        var text = text.filter { !$0.isWhitespace && $0 != "_" && $0 != "'" }.lowercased()
        for unit in ["tokens", "token", "times", "attempts", "tries", "x"] where text.hasSuffix(unit) { text.removeLast(unit.count) }
        if !isWhole, text.hasSuffix("%"), let share = Double(text.dropLast()) { return plain(share / 100) }
        var factor = 1.0
        if let last = text.last, let known = ["k": 1000.0, "m": 1_000_000.0][last] { (text, factor) = (String(text.dropLast()), known) }
        if isWhole {
            // A comma parts thousands where three digits follow it.
            let groups = parts(of: text, at: ",")
            if groups.count > 1, groups.dropFirst().allSatisfy({ $0.utf8.count == 3 }) { text = groups.joined() }
        } else if case let parts = parts(of: text, at: ","), parts.count == 2 {
            text = parts.joined(separator: ".")
        }
        guard !text.isEmpty, text.utf8.allSatisfy({ $0 &- 0x30 < 10 || ".-+e".utf8.contains($0) }), let value = Double(text) else { return nil }
        if factor == 1, value != value.rounded() || !isWhole { return text }
        return plain(value * factor)
    }

    private static func plain(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : String(value)
    }

    private static let units: [(words: [String], unit: String)] = [
        (["ms", "msec", "msecs", "millisecond", "milliseconds", "millis"], "ms"), (["s", "sec", "secs", "second", "seconds"], "s"),
        (["m", "min", "mins", "minute", "minutes"], "m"), (["h", "hr", "hrs", "hour", "hours"], "h"), (["d", "day", "days"], "d"),
    ]

    /// For durations: `30`, `30 seconds`, `2min`, `1 week`, `PT5M`, `00:05:00`.
    static func duration(_ text: String, _ key: String) -> String? {
        let bare = text.lowercased().trimming { $0.isWhitespace }
        if let number = Double(bare), number > 0 { return "write a unit: \(key): \(bare)s for seconds, \(bare)ms for milliseconds" }
        if bare.hasPrefix("pt"), TimeSpan(text: String(bare.dropFirst(2))) != nil { return "write \(key): \(bare.dropFirst(2))" }
        if bare.hasPrefix("p"), bare.hasSuffix("d"), TimeSpan(text: String(bare.dropFirst())) != nil { return "write \(key): \(bare.dropFirst())" }
        let parts = parts(of: bare, at: ":").map { Int($0) }
        if parts.count == 3, let hours = parts[0], let minutes = parts[1], let seconds = parts[2] {
            let text = [(hours, "h"), (minutes, "m"), (seconds, "s")].filter { $0.0 > 0 }.map { "\($0.0)\($0.1)" }.joined()
            return TimeSpan(text: text) == nil ? nil : "write \(key): \(text)"
        }
        var written = ""
        var rest = Substring(bare.split { $0.isWhitespace || ",_".contains($0) }.filter { $0 != "and" }.joined())
        while !rest.isEmpty {
            let number = rest.prefix { $0.isNumber || $0 == "." }
            rest = rest.dropFirst(number.count)
            let word = rest.prefix { $0.isLetter }
            rest = rest.dropFirst(word.count)
            guard let value = Double(number) else { return nil }
            if ["w", "week", "weeks"].contains(word) {
                written += plain(value * 7) + "d"
            } else if let unit = units.first(where: { $0.words.contains(String(word)) }) {
                written += number + unit.unit
            } else {
                return nil
            }
        }
        guard let span = TimeSpan(text: written), span.milliseconds > 0, written != text else { return nil }
        return "write \(key): \(written)"
    }

    /// A duration as it is written here.
    static func span(_ text: String) -> String? {
        if TimeSpan(text: text) != nil { return text }
        return duration(text, "x").flatMap { hint in hint.hasPrefix("write x: ") ? String(hint.dropFirst("write x: ".count)) : nil }
    }

    /// An amount as it is written here.
    static func amount(_ text: String) -> String? {
        if Money(decimal: text) != nil { return text }
        return meantMoney(text)
    }

    /// For shares: `0.05`, `5`, `5 %`, `5 percent`.
    static func percent(_ text: String) -> String? {
        var bare = text.lowercased().filter { !$0.isWhitespace }
        for word in ["percent", "pct", "%"] where bare.hasSuffix(word) {
            bare.removeLast(word.count)
            return Share(text: bare + "%").map(\.description)
        }
        guard let number = Double(bare), number >= 0 else { return nil }
        // A number up to 1 with a point is a part of 1.
        let isPart = number <= 1 && bare.contains(".")
        return Share(text: plain(isPart ? number * 100 : number) + "%").map(\.description)
    }

    /// For shares in a time: `30%`, `0.3/1h`, `30% per hour`.
    static func rate(_ text: String) -> String? {
        let parts = text.lowercased().replacingBytes(of: " per ", with: "/").replacingBytes(of: " in ", with: "/").parts(at: UInt8(ascii: "/"), omittingEmptyParts: false)
        guard parts.count <= 2, let share = percent(String(parts[0])) else { return nil }
        guard parts.count == 2 else { return "\(share)/1h" }
        let time = String(parts[1])
        guard let span = span(time) ?? span("1 " + time) else { return nil }
        // Of no time at all there is no share.
        return EscalationRate(text: "\(share)/\(span)") == nil ? "\(share)/1h" : "\(share)/\(span)"
    }

    /// For amounts in dollars: `$5`, `5 USD`, `0,50`, `5ct`.
    static func money(_ text: String, _ key: String) -> String? {
        let bare = text.lowercased()
        if bare.contains(where: { "€£¥".contains($0) }) || ["eur", "gbp", "chf", "jpy"].contains(where: { bare.contains($0) }) { return "amounts are US dollars: a number alone, for example \(key): 0.25" }
        return meantMoney(text).map { "a number alone, which is in dollars: \(key): \($0)" }
    }

    private static func meantMoney(_ text: String) -> String? {
        var bare = text.lowercased().filter { !$0.isWhitespace && $0 != "_" }
        var isCents = false
        for word in ["us$", "usd", "dollars", "dollar", "$"] { bare = bare.replacing(word, with: "") }
        for word in ["cents", "cent", "ct", "¢"] where bare.hasSuffix(word) { (bare, isCents) = (String(bare.dropLast(word.count)), true) }
        if case let parts = parts(of: bare, at: ","), parts.count == 2 { bare = parts.joined(separator: parts[1].utf8.count == 3 && !bare.contains(".") ? "" : ".") }
        if isCents { bare = Double(bare).map { plain($0 / 100) } ?? bare }
        return bare != text && Money(decimal: bare) != nil ? bare : nil
    }

    private static func parts(of text: String, at mark: Character) -> [Substring] { text.split(omittingEmptySubsequences: false) { $0 == mark } }
}

extension String {
    fileprivate func trimming(_ isLeft: (Character) -> Bool) -> String {
        var text = self[...]
        while let first = text.first, isLeft(first) { text = text.dropFirst() }
        while let last = text.last, isLeft(last) { text = text.dropLast() }
        return String(text)
    }
}
