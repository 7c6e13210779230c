extension Unicode.Scalar {
    /// How many terminal cells it takes: 0 for combining marks, 2 for East Asian wide characters and emoji, else 1.
    ///
    /// Ranges: Unicode 15 EastAsianWidth W and F, the blocks that occur; marks by general category.
    public var terminalWidth: Int {
        if value < 0x300 { return 1 }
        switch properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: return 0
        default: break
        }
        switch value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF,
            0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6,
            0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1F9FF, 0x20000...0x3FFFD:
            return 2
        // Two of these make a flag of two cells.
        case 0x1F1E6...0x1F1FF: return 1
        default: return properties.isEmojiPresentation ? 2 : 1
        }
    }
}

extension Character {
    /// Terminal cells that it takes. An emoji is two wide, of however many scalars it is made: families, flags, skin tones.
    public var terminalWidth: Int {
        let scalars = unicodeScalars
        let first = scalars.first!
        guard scalars.count > 1 else { return first.terminalWidth }
        // U+FE0F asks for the colourful form of a sign that is text by default.
        if first.value >= 0x203C || scalars.dropFirst().first == "\u{FE0F}",
            first.properties.isEmojiPresentation || (first.properties.isEmoji && scalars.contains("\u{FE0F}"))
        {
            return 2
        }
        return scalars.reduce(0) { $0 + $1.terminalWidth }
    }
}

extension String {
    /// Terminal cells that the text takes.
    public var terminalWidth: Int {
        if utf8.allSatisfy({ $0 < 0x80 }) { return utf8.count }
        return reduce(0) { $0 + $1.terminalWidth }
    }
}
