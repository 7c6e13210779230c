import Values

extension Timestamp {
    /// What went by since a moment of the same clock; a clock that was set back gives none.
    public func elapsed(since start: Timestamp) -> TimeSpan { TimeSpan(milliseconds: max(0, since(start).milliseconds)) }
}
