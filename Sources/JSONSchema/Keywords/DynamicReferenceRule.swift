import Values

/// `$dynamicRef`: a `$ref` whose target the outermost resource on the way may replace by declaring the same anchor.
final class DynamicReferenceRule: Rule {
    private let target: Int
    private let anchor: String?

    init?(_ schema: SchemaReader) {
        guard let reference = schema.text("$dynamicRef"),
            let target = schema.compiler.target(of: reference, "$dynamicRef", from: schema.index)
        else { return nil }
        self.target = target.index
        anchor = target.dynamicAnchor
        schema.compiler.noteDynamicReference()
    }

    /// Only the target that is sure; loops through others end at the limit of depth.
    var appliedInPlace: [Int] { anchor == nil ? [target] : [] }

    func check(_ instance: JSONValue, _ run: inout Validation) -> Bool {
        run.evaluate(dynamicTarget(run) ?? target, instance)
    }

    private func dynamicTarget(_ run: Validation) -> Int? {
        guard let anchor else { return nil }
        for resource in run.scope {
            if let replacement = run.graph.dynamicAnchors[resource][anchor] { return replacement }
        }
        return nil
    }
}
