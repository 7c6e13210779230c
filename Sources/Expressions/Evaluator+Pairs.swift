import Values

/// Comprehensions with two variables: index and element of a list, key and value of a map.
extension Evaluator {
    @inline(never)
    mutating func pairComprehension(_ id: SyntaxTree.ID, _ macro: Macro, _ slot: Int32, _ parts: SyntaxTree.Children) throws(Failure) -> CELValue {
        let target = try value(of: tree.child(parts, 0))
        let keys: [CELValue]
        let elements: [CELValue]
        switch target {
        case .list(let list):
            try charge(list.count, id)
            keys = (0..<list.count).map { .int(Int64($0)) }
            elements = Array(list)
        case .map(let map):
            try charge(map.count, id)
            keys = map.keys
            elements = keys.map { map[$0]! }
        case .unknown: return .unknown
        default: throw noElements(id, macro, parts, target)
        }
        let body = tree.child(parts, 1)
        let last = tree.child(parts, Int(parts.count) - 1)
        var tally = Tally()
        var sawUnknown = false
        var count = 0
        var keptKeys: [CELValue] = []
        var results: [CELValue] = []
        for (key, element) in zip(keys, elements) {
            bind(slot, key, element)
            switch macro {
            case .all, .exists:
                let deciding = macro == .exists
                if try settles(body, deciding, "\(macro.rawValue)()", &tally) { return .bool(deciding) }
            case .existsOne:
                guard let holds = try condition(body, macro) else { sawUnknown = true; continue }
                if holds { count += 1 }
            case .map, .filter, .transformList, .transformMap:
                if parts.count == 3 {
                    guard let holds = try condition(body, macro) else { sawUnknown = true; continue }
                    if !holds { continue }
                }
                keptKeys.append(key)
                results.append(try value(of: last))
            }
        }
        if sawUnknown { return .unknown }
        switch macro {
        case .all, .exists: return try tally.result(otherwise: macro == .all)
        case .existsOne: return .bool(count == 1)
        case .transformMap:
            // The keys are those of a map or a list's indices: each stands there once.
            do throws(CELMap.LiteralFault) {
                return .map(try CELMap(keys: keptKeys, values: results))
            } catch {
                throw invalid(id, "the keys of transformMap() are no keys of a map")
            }
        case .map, .filter, .transformList: return .list(CELList(results))
        }
    }
}
