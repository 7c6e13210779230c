/// There is room for the ledger: a call takes some kilobytes with its texts.
enum DiskCheck {
    static let low: Int64 = 1 << 30
    static let none: Int64 = 50 << 20

    static func findings(_ facts: HealthFacts) -> [HealthFinding] {
        guard let free = facts.ledger.freeBytes else { return [] }
        let text = "\(ByteCount.text(free)) free where the ledger is"
        if free < none { return [HealthFinding("disk", .problem, text, hint: "make room: a run stops when its ledger cannot be written")] }
        if free < low { return [HealthFinding("disk", .warning, text, hint: "make room before a large batch")] }
        return [HealthFinding("disk", .ok, text)]
    }
}

/// Bytes as people read them.
enum ByteCount {
    static func text(_ bytes: Int64) -> String {
        var value = Double(bytes)
        for unit in ["bytes", "KiB", "MiB", "GiB"] {
            if value < 1024 { return unit == "bytes" ? Figures.counted(Int(bytes), "byte") : "\(tenths(value)) \(unit)" }
            value /= 1024
        }
        return "\(tenths(value)) TiB"
    }

    private static func tenths(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return tenths >= 100 || tenths % 10 == 0 ? "\((tenths + 5) / 10)" : "\(tenths / 10).\(tenths % 10)"
    }
}
