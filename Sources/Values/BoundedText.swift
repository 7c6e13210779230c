extension String {
    /// Its beginning of at most so many bytes, cut between scalars. Characters are no bound: one can be of any length.
    public func beginning(bytes count: Int) -> String {
        if utf8.count <= count { return self }
        let scalars = unicodeScalars
        var end = utf8.index(startIndex, offsetBy: max(0, count))
        while end > startIndex, end.samePosition(in: scalars) == nil { end = utf8.index(before: end) }
        return String(scalars[..<end])
    }
}
