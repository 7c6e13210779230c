extension HTTPHeaders {
    /// Whether a text stands anywhere in them, without regard to case: one pass over the bytes, before fields are looked up that most answers lack.
    ///
    /// - Parameter text: lowercase letters.
    public func mention(_ text: StaticString) -> Bool {
        let wanted = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        guard let first = wanted.first, lines.count >= wanted.count else { return false }
        return lines.withUnsafeBufferPointer { lines in
            for start in 0...(lines.count - wanted.count) where lines[start] | 0x20 == first {
                if (1..<wanted.count).allSatisfy({ lines[start + $0] | 0x20 == wanted[$0] }) { return true }
            }
            return false
        }
    }
}
