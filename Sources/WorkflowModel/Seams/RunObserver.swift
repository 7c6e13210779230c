import Values

/// Sees every fact of a run as it happens: the live tree, `--events`. Called in order; must not block.
public protocol RunObserver: Sendable {
    func observe(_ event: RunEvent, run: RunID, at: Timestamp)
    /// Is shown what happened before this process went on with the run, in order, before anything else.
    func recall(_ event: RunEvent, run: RunID, at: Timestamp)
}

extension RunObserver {
    public func recall(_ event: RunEvent, run: RunID, at: Timestamp) {}
}
