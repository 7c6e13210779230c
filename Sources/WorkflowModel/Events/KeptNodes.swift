import Values

/// What a fork keeps of its parent: nodes that are taken as they were, by their paths, and the lists that items of them were of.
///
/// Kept once, as a document of the fork, in the order in which they were found; a fork of a fork names the runs that ran them.
public struct KeptNodes: Sendable {
    public private(set) var nodes: TextTable<NodeInherited> = [:]
    /// Of steps of which items are kept one by one: their lists. Where the list is another one now, none of its items is the same.
    public private(set) var lists: TextTable<List> = [:]
    /// Steps that are left out again by what they wait for: nothing is to be taken of them.
    public private(set) var leftOut: TextSet = []
    private var order: [String] = []
    /// By the path of their list, those that are or stand inside of its items; made when a list is another one for the first time.
    private var byList: TextTable<[String]>?

    public struct List: Sendable, Hashable {
        public let items: ContentHash
        public let count: Int

        public init(_ items: ContentHash, count: Int) {
            self.items = items
            self.count = count
        }
    }

    public init() {}

    public var count: Int { order.count }
    public var isEmpty: Bool { nodes.isEmpty && lists.isEmpty }
    /// The paths, in the order in which they were added.
    public var paths: [String] { order.filter { nodes[$0] != nil } }
    public var outputs: [ContentHash] { order.compactMap { nodes[$0]?.output } }

    public mutating func add(_ node: NodeInherited) {
        if nodes.updateValue(node, forKey: node.path) == nil { order.append(node.path) }
    }

    public mutating func add(_ list: List, of path: String) { lists[path] = list }
    public mutating func leavesOut(_ path: String) { leftOut.insert(path) }

    /// Whether nothing of a step is left to do.
    public func isWhole(_ path: String) -> Bool { nodes[path] != nil || leftOut.contains(path) }

    /// Of a step of which items are kept, how many are left.
    public func itemsLeft(of path: String) -> Int? {
        lists[path].map { list in list.count - (0..<list.count).count { nodes["\(path)[\($0)]"] != nil } }
    }

    /// A fact of the fork: what is taken is not to be taken again, and items of another list never.
    public mutating func note(_ fact: RunEvent) {
        switch fact {
        case .nodeInherited(let node): _ = nodes.removeValue(forKey: node.path)
        case .itemsExpanded(let path, _, let items):
            guard let known = lists.removeValue(forKey: path), known.items != items else { break }
            if byList == nil { byList = Self.byList(order) }
            for inside in byList![path] ?? [] { _ = nodes.removeValue(forKey: inside) }
        default: break
        }
    }

    private static func byList(_ paths: [String]) -> TextTable<[String]> {
        var found: TextTable<[String]> = [:]
        for path in paths {
            for place in path.utf8.indices where path.utf8[place] == UInt8(ascii: "[") { found[String(path[..<place]), default: []].append(path) }
        }
        return found
    }

    // MARK: The document

    public var document: Blob {
        let nodes = order.compactMap { self.nodes[$0] }.map { node in (try? JSONParser.parse(RunEvent.nodeInherited(node).payload)) ?? .null }
        let lists = order.isEmpty && self.lists.isEmpty ? [] : self.lists.map { (path: $0.key, list: $0.value) }.sorted { $0.path < $1.path }
        return Blob(
            JSONEncoding.wire.bytes(
                .object([
                    "nodes": .array(nodes), "lists": .array(lists.map { .object(["step": .string($0.path), "items": .string($0.list.items.hex), "count": .int(Int64($0.list.count))]) }),
                ])))
    }

    /// - Parameter run: whose document it is.
    /// - Throws: where it is none.
    public init(document: JSONValue, run: RunID) throws(EventDecodingError) {
        for payload in document["nodes"]?.arrayValue ?? [] {
            if case .nodeInherited(let node) = try RunEvent(kind: RunEvent.Kind.nodeInherited.rawValue, payload: payload, run: run) { add(node) }
        }
        for list in document["lists"]?.arrayValue ?? [] {
            guard let path = list["step"]?.stringValue, let items = list["items"]?.stringValue.flatMap(ContentHash.init(hex:)), let count = list["count"]?.intValue,
                (0..<1 << 53).contains(count)
            else {
                throw EventDecodingError(kind: RunEvent.Kind.nodeInherited.rawValue, reason: "'lists' is missing or wrong")
            }
            add(List(items, count: Int(count)), of: path)
        }
    }
}
