import Values

/// `$ref`
final class ReferenceRule: Rule {
    let target: Int

    init?(_ schema: SchemaReader) {
        guard let reference = schema.text("$ref"),
            let target = schema.compiler.target(of: reference, "$ref", from: schema.index)
        else { return nil }
        self.target = target.index
    }

    var appliedInPlace: [Int] { [target] }

    func check(_ instance: JSONValue, _ run: inout Validation) -> Bool { run.evaluate(target, instance) }
}
