import Values

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A zone of the system's time zone database, read from its file (RFC 9636).
///
/// Foundation has zones too, but costs more at start than everything else here together.
struct TimeZone: Sendable {
    private let transitions: [Int64]
    /// Seconds east of UTC after each transition.
    private let offsets: [Int64]
    /// Before the first transition.
    private let first: Int64
    /// What holds after the last transition.
    private let rule: TimeZoneRule?

    private static let known = Mutex<[String: TimeZone?]>([:])
    /// Names come from data: neither the table nor a file may grow without end.
    private static let maximumKnown = 512
    private static let maximumBytes = 1 << 20

    /// `nil` when the system has no such zone.
    static func named(_ name: String) -> TimeZone? {
        guard isName(name) else { return nil }
        return known.withLock { known in
            if let zone = known[name] { return zone }
            let zone = read(name)
            if known.count < maximumKnown { known[name] = .some(zone) }
            return zone
        }
    }

    /// Words joined by slashes: nothing that leads out of the database's folder.
    private static func isName(_ name: String) -> Bool {
        name.utf8.count <= 64
            && name.parts(at: UInt8(ascii: "/"), omittingEmptyParts: false).allSatisfy { part in
                part.utf8.first?.isNameStart == true && part.utf8.allSatisfy { $0.isNamePart || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "+") }
            }
    }

    private static func read(_ name: String) -> TimeZone? {
        let folder = getenv("TZDIR").map { String(cString: $0) } ?? "/usr/share/zoneinfo"
        guard let file = fopen("\(folder)/\(name)", "r") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: maximumBytes)
        let count = fread(&bytes, 1, bytes.count, file)
        return TimeZone(Array(bytes[..<count]))
    }

    /// The second block of the file, whose times have 64 bits.
    init?(_ bytes: [UInt8]) {
        func number(_ offset: Int, _ size: Int) -> Int64? {
            guard offset >= 0, offset + size <= bytes.count else { return nil }
            let value = bytes[offset..<offset + size].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            return size == 4 ? Int64(Int32(truncatingIfNeeded: value)) : Int64(bitPattern: value)
        }
        /// Counts of a header: UT flags, standard flags, leap seconds, times, types, letters.
        func counts(_ start: Int) -> [Int]? {
            guard start + 44 <= bytes.count, bytes[start..<start + 4].elementsEqual("TZif".utf8) else { return nil }
            let counts = (0..<6).compactMap { number(start + 20 + 4 * $0, 4).map(Int.init) }
            return counts.allSatisfy { (0...100_000).contains($0) } ? counts : nil
        }
        guard bytes.count > 4, bytes.first == UInt8(ascii: "T"), bytes[4] >= UInt8(ascii: "2"), let old = counts(0) else { return nil }
        let second = 44 + old[3] * 5 + old[4] * 6 + old[5] + old[2] * 8 + old[1] + old[0]
        guard let new = counts(second), new[4] > 0 else { return nil }
        let times = second + 44
        let indices = times + new[3] * 8
        let types = indices + new[3]
        let footer = types + new[4] * 6 + new[5] + new[2] * 12 + new[1] + new[0]
        guard footer <= bytes.count else { return nil }
        func offset(ofType index: Int) -> Int64? { index < new[4] ? number(types + index * 6, 4) : nil }
        var transitions: [Int64] = []
        var offsets: [Int64] = []
        for index in 0..<new[3] {
            guard let time = number(times + index * 8, 8), let offset = offset(ofType: Int(bytes[indices + index])) else { return nil }
            transitions.append(time)
            offsets.append(offset)
        }
        self.transitions = transitions
        self.offsets = offsets
        first = offset(ofType: 0) ?? 0
        let text = bytes[footer...].dropFirst().prefix { $0 != 0x0A }
        rule = TimeZoneRule(String(decoding: text, as: UTF8.self))
    }

    /// Seconds east of UTC at a time in seconds since 1970.
    func offset(at time: Int64) -> Int64 {
        var low = 0
        var high = transitions.count
        while low < high {
            let middle = (low + high) / 2
            if transitions[middle] <= time { low = middle + 1 } else { high = middle }
        }
        if low == transitions.count, let rule { return rule.offset(at: time) }
        return low == 0 ? first : offsets[low - 1]
    }
}
