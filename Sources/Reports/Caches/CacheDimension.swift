/// What an account of caches can be grouped by.
public enum CacheDimension: String, Sendable, CaseIterable {
    case workflow
    /// By its path, within its workflow.
    case step
    /// `provider/model`, as it was asked for.
    case model
    /// The prefix that was expected in the cache; where none was, the longest that was written. By its name in the plans.
    case prefix

    func key(of call: CachedCallFigures) -> String {
        switch self {
        case .workflow: call.call.workflow
        case .step: call.call.step
        case .model: "\(call.call.model)"
        case .prefix: call.prefix.map { CachedCallFigures.name(of: $0) } ?? ""
        }
    }
}
