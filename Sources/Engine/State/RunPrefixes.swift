import PromptCaching
import Values
import WorkflowModel

/// What calls of one run have asked, by its facts.
struct RunPrefixes {
    private var names: Set<UInt64> = []
    private var asked: TextTable<Int> = [:]

    /// The position of the first end that no call had before.
    func first(of plan: CachePlan) -> Int { plan.ends.firstIndex { !names.contains($0.name) } ?? plan.ends.count }

    mutating func take(_ plan: CachePlan) { for end in plan.ends { names.insert(end.name) } }

    /// A call begins.
    mutating func take(_ call: CallStarted) {
        guard let plan = call.cache else { return }
        take(plan)
        asked[Self.key(call), default: 0] += 1
    }

    /// How often a question was asked, by the outlook's words for it.
    func count(of question: PrefixOutlook.Asked) -> Int { asked[Self.key(question.path, question.part, question.tier)] ?? 0 }

    static func key(_ call: CallStarted) -> String { key(call.path, call.part, call.askedTier ?? call.tier) }
    /// Of a recorded `call_started`.
    static func key(_ payload: JSONValue) -> String? {
        guard let path = payload["step"]?.stringValue, let tier = payload["asked_tier"]?.stringValue ?? payload["tier"]?.stringValue else { return nil }
        return key(path, payload["part"]?.stringValue ?? "", tier)
    }

    static func key(_ question: PrefixOutlook.Asked) -> String { key(question.path, question.part, question.tier) }

    private static func key(_ path: String, _ part: String, _ tier: String) -> String {
        let part = part.utf8.firstIndex(of: UInt8(ascii: "#")).map { String(part[..<$0]) } ?? part
        return "\(NodePath.step(path))\n\(part)\n\(tier)"
    }
}
