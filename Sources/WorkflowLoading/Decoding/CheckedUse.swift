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

    var references: [Reference] {
        switch content {
        case .condition(let expression, _), .expression(let expression): expression.references
        case .text(let template): template.references
        case .value(let template): template.references
        case .tier, .prefix, .field, .schema: []
        }
    }
}
