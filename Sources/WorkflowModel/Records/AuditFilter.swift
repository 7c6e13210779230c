import Values

/// Which calls an audit counts; which runs, by their start, for decisions.
public struct AuditFilter: Sendable {
    public var since: Timestamp?
    /// Exclusive.
    public var until: Timestamp?
    public var workflow: String?
    public var tag: (key: String, value: String)?

    public init(
        since: Timestamp? = nil, until: Timestamp? = nil, workflow: String? = nil, tag: (key: String, value: String)? = nil
    ) {
        self.since = since
        self.until = until
        self.workflow = workflow
        self.tag = tag
    }
}
