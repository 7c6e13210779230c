import Values
import WorkflowModel

/// Which calls a command is about, with the flags as they were given.
struct CallFilter {
    let filter: AuditFilter
    let given: [NothingMatches.Filter]

    init(workflow: String?, since: String?, until: String?, tag: String?) throws {
        var filter = AuditFilter(since: try since.map(Moments.parse), until: try until.map(Moments.parse), workflow: workflow)
        if let tag {
            guard let (key, value) = tag.cut(at: UInt8(ascii: "=")) else { throw UsageError("--tag takes key=value, found '\(tag)'") }
            filter.tag = (key, value)
        }
        var given: [NothingMatches.Filter] = []
        if let workflow { given.append(.workflow(workflow)) }
        if let tag = filter.tag { given.append(.tag(key: tag.key, value: tag.value)) }
        if let since, let moment = filter.since { given.append(.since(since, moment)) }
        if let until, let moment = filter.until { given.append(.until(until, moment)) }
        self.filter = filter
        self.given = given
    }
}
