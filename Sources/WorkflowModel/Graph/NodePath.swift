/// The parts of a node's path, such as `review[2]/polish[1]/draft`: steps from the outermost to the innermost, each with its
/// items and passes.
public enum NodePath {
    /// The path without items and passes, `review/polish/draft`. The id alone would not do, as two bodies may use the same.
    public static func step(_ path: String) -> String {
        guard path.utf8.contains(UInt8(ascii: "[")) else { return path }
        var isIndex = false
        let kept = path.utf8.filter { byte in
            if byte == UInt8(ascii: "[") { isIndex = true }
            defer { if byte == UInt8(ascii: "]") { isIndex = false } }
            return !isIndex
        }
        return String(decoding: kept, as: UTF8.self)
    }

    /// The item or pass at its end; `nil` where it ends with a step.
    public static func index(_ path: String) -> Int? {
        guard path.utf8.last == UInt8(ascii: "]"), let open = path.lastIndex(of: "[") else { return nil }
        return Int(path[path.index(after: open)...].dropLast())
    }

    /// What it stands in: a step for an item or a pass, and one of these or a step for a step; `nil` at the top.
    public static func parent(_ path: String) -> String? {
        let end = path.utf8.last == UInt8(ascii: "]") ? path.lastIndex(of: "[") : path.lastIndex(of: "/")
        return end.map { String(path[..<$0]) }
    }

    /// The step of which it is an item, `sort` of `sort[3]`; `nil` where it is none.
    public static func stepOfItem(_ path: String) -> String? { index(path) == nil ? nil : parent(path) }

    /// Its last part: `draft`, or `[2]` of an item or a pass.
    public static func name(_ path: String) -> String {
        if let index = index(path) { return "[\(index)]" }
        return path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
    }
}

extension WorkflowGraph {
    /// A step by its path, and the workflow whose tiers it asks.
    public func step(at path: String) -> (step: Step, graph: WorkflowGraph)? {
        var (graph, inner) = (self, self)
        var bodies = [body] + (finally.map { [$0] } ?? [])
        var found: Step?
        for id in path.split(separator: "/") {
            guard let step = bodies.lazy.compactMap({ body in body.index(of: id).map { body.steps[$0] } }).first else { return nil }
            (found, graph) = (step, inner)
            bodies = step.kind.body.map { [$0] } ?? []
            if case .workflow(let other) = step.kind {
                inner = other.graph
                bodies = [inner.body] + (inner.finally.map { [$0] } ?? [])
            }
        }
        return found.map { ($0, graph) }
    }
}
