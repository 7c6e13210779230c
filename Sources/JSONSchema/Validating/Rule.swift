import Values

/// A family of keywords of one schema, compiled. A new family is a file and a line in `Rules.order`.
protocol Rule: AnyObject, Sendable {
    /// `nil` when the schema has none of the family's keywords. Problems are told to the reader.
    init?(_ schema: SchemaReader)

    /// Applies the family to a value and reports what fails.
    func check(_ instance: JSONValue, _ run: inout Validation) -> Bool

    /// Whether a failure makes what the rest of the schema would say noise.
    var isDecisive: Bool { get }

    /// The schemas that this rule applies to the very value it was given: a loop of those never ends.
    var appliedInPlace: [Int] { get }
}

extension Rule {
    var isDecisive: Bool { false }
    var appliedInPlace: [Int] { [] }
}

enum Rules {
    /// The order of checking, and so of violations: what a value is comes before what it holds.
    static let order: [any Rule.Type] = [
        EnumRule.self, ConstRule.self, TypeRule.self,
        NumericRule.self, StringRule.self,
        ArraySizeRule.self, ItemsRule.self, ContainsRule.self,
        ObjectSizeRule.self, PropertiesRule.self,
        ReferenceRule.self, DynamicReferenceRule.self,
        AllOfRule.self, AnyOfRule.self, OneOfRule.self, NotRule.self,
        ConditionalRule.self, DependentSchemasRule.self,
        AnnotationRule.self,
    ]

    /// Rules that read what all others have evaluated.
    static let last: [any Rule.Type] = [UnevaluatedItemsRule.self, UnevaluatedPropertiesRule.self]
}
