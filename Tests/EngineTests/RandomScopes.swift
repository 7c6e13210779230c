import TestSupport
import WorkflowModel

/// Random workflows of nested steps: groups, loops and other files, with and without items.
struct RandomScopes {
    var random: SeededGenerator
    /// Whether conditions, tolerated failures and policies are among it.
    let hasTurns: Bool
    private(set) var files: [String: String] = [:]
    /// Of each model step.
    private(set) var latencies: [String: Int64] = [:]
    private var count = 0

    init(seed: UInt64, hasTurns: Bool) {
        random = SeededGenerator(seed: seed)
        self.hasTurns = hasTurns
    }

    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

    /// - Returns: the text of the file, and the length of its longest way when nothing has to wait for a place.
    mutating func workflow(_ name: String, depth: Int, size: Int, top: String = "") -> (yaml: String, critical: Int64) {
        let body = body(depth: depth, size: size, outer: [])
        var yaml = modelWorkflow("", top: top + (hasTurns && chance(30) ? "\non_failure: cancel" : "")).replacing("name: t", with: "name: \(name)")
        yaml = yaml.replacing("steps:\n", with: "steps: \(body.text)\n")
        var critical = body.critical
        if chance(30) {
            let last = self.body(depth: 0, size: 2, outer: [])
            yaml += "finally: \(last.text)\n"
            critical += last.critical
        }
        return (yaml, critical)
    }

    /// - Parameter outer: the steps around that may be read: they have ended when the body begins.
    private mutating func body(depth: Int, size: Int, outer: [String]) -> (text: String, critical: Int64) {
        var steps: [String] = []
        var ids: [String] = []
        var ends: [Int64] = []
        for _ in 0..<Int.random(in: 1...size, using: &random) {
            count += 1
            let id = "s\(count)"
            var sources: Set<Int> = []
            if !ids.isEmpty { for _ in 0..<2 where chance(60) { sources.insert(Int.random(in: ids.indices, using: &random)) } }
            let readable = outer + sources.sorted().map { ids[$0] }
            var keys = ["id: \(id)"]
            if !sources.isEmpty { keys.append("needs: [\(sources.sorted().map { ids[$0] }.joined(separator: ", "))]") }
            if hasTurns, chance(20) { keys.append("when: \"true\"") }
            if hasTurns, chance(15) { keys.append(chance(50) ? "on_error: continue" : "on_error: { value: 1 }") }
            var (kind, length) = step(id, depth: depth, readable: readable)
            keys.append(kind)
            if chance(30) {
                let items = Int64.random(in: 1...3, using: &random)
                let parallel = Int64.random(in: 1...3, using: &random)
                keys.append("for_each: { items: \"[\((1...items).map(String.init).joined(separator: ", "))]\", max_parallel: \(parallel)\(hasTurns && chance(40) ? ", on_error: collect" : "") }")
                length *= (items + parallel - 1) / parallel
            }
            steps.append("{ \(keys.joined(separator: ", ")) }")
            ends.append((sources.map { ends[$0] }.max() ?? 0) + length)
            ids.append(id)
        }
        return ("[\(steps.joined(separator: ", "))]", ends.max()!)
    }

    private mutating func step(_ id: String, depth: Int, readable: [String]) -> (text: String, length: Int64) {
        guard depth > 0, chance(45) else {
            let latency = Int64.random(in: 10...2_000, using: &random)
            latencies[id] = latency
            let reads = readable.filter { _ in chance(60) }.map { hasTurns && chance(40) ? "${{ steps.\($0).status }}" : "${{ steps.\($0).output }}" }
            return ("prompt: \"ask \(reads.joined(separator: " "))\"", latency)
        }
        switch Int.random(in: 0..<3, using: &random) {
        case 0:
            let inner = body(depth: depth - 1, size: 3, outer: readable)
            return ("steps: \(inner.text)", inner.critical)
        case 1:
            let passes = Int64.random(in: 1...3, using: &random)
            let inner = body(depth: depth - 1, size: 3, outer: readable)
            return ("loop: { max: \(passes), steps: \(inner.text) }", inner.critical * passes)
        default:
            let other = workflow(id, depth: depth - 1, size: 3)
            files["\(id).yaml"] = other.yaml
            return ("workflow: \(id).yaml", other.critical)
        }
    }
}
