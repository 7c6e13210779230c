/// What costs can be grouped by.
public enum AuditDimension: Sendable, Hashable {
    case workflow, provider, purpose, run
    /// Of all files of the workflow and of what flags changed: the first twelve digits of their hash; empty before there was one.
    case version
    /// What whoever started the run called the version; empty without.
    case release
    /// By its path; where the workflow is no dimension too, with the workflow's name before it: `triage:review/draft`.
    case step
    /// By its name in the workflow, as ``step``: `triage:mid`.
    case tier
    /// As it was asked for, with its provider: `openai/gpt-4o-mini`.
    case model
    /// Who answered what its run asked people, by their own word; several in the order of the alphabet.
    case approver
    /// The UTC day on which the call began.
    case day
    /// The value of one of the tags, the step's over the run's; empty where neither has it.
    case tag(String)

    /// Reads `workflow`, `model`, `tag:team` and so on.
    public init?(text: String) {
        switch text {
        case "workflow": self = .workflow
        case "step": self = .step
        case "model": self = .model
        case "provider": self = .provider
        case "tier": self = .tier
        case "purpose": self = .purpose
        case "run": self = .run
        case "day": self = .day
        case "approver": self = .approver
        case "version": self = .version
        case "release": self = .release
        default:
            guard text.hasPrefix("tag:"), text.count > 4 else { return nil }
            self = .tag(String(text.dropFirst(4)))
        }
    }

    /// The form that `init(text:)` reads; the heading of its column.
    public var text: String {
        switch self {
        case .workflow: return "workflow"
        case .step: return "step"
        case .model: return "model"
        case .provider: return "provider"
        case .tier: return "tier"
        case .purpose: return "purpose"
        case .run: return "run"
        case .day: return "day"
        case .approver: return "approver"
        case .version: return "version"
        case .release: return "release"
        case .tag(let key): return "tag:\(key)"
        }
    }
}
