import Expressions
import JSONSchema
import Values
import WorkflowModel

/// Something that a part refers to which is checked by its declaration alone.
struct CheckedUse: Sendable {
    enum Content: Sendable {
        /// True or false; the key is for messages.
        case condition(Expression, key: String)
        case expression(Expression)
        case text(Template)
        case value(ValueTemplate)
        case tier(Named)
        case prefix(Named)
        /// A field of the step's output, by its path.
        case field(Named)
        case schema(Schema)
    }

    let content: Content
    /// What it can read beside what its surroundings can.
    let scope: [String]
    /// The nearest name of the author's above it: of a check, for example.
    let owner: String?

    /// Every expression in it.
    var expressions: [Expression] {
        switch content {
        case .condition(let expression, _), .expression(let expression): [expression]
        case .text(let template): template.expressions
        case .value(let template): template.expressions
        case .tier, .prefix, .field, .schema: []
        }
    }

    var references: [Reference] {
        switch content {
        case .condition(let expression, _), .expression(let expression): expression.references
        case .text(let template): template.references
        case .value(let template): template.references
        case .tier, .prefix, .field, .schema: []
        }
    }
}

extension Template {
    var expressions: [Expression] {
        parts.compactMap { part in if case .expression(let expression) = part { expression } else { nil } }
    }
}

extension ValueTemplate {
    fileprivate var expressions: [Expression] {
        switch self {
        case .literal: []
        case .template(let template): template.expressions
        case .expression(let expression): [expression]
        case .array(let elements): elements.flatMap(\.expressions)
        case .object(let pairs): pairs.flatMap(\.value.expressions)
        }
    }
}
