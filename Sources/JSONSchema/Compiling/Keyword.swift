/// What the compiler must know of keywords before it reads them: which hold schemas, and which are known at all.
enum Keyword {
    enum Content { case schema, schemas, schemasByName }

    /// The keywords that hold schemas, in the order in which those are numbered and their problems told.
    static let applicators: [(name: String, content: Content)] = [
        ("$defs", .schemasByName), ("definitions", .schemasByName),
        ("properties", .schemasByName), ("patternProperties", .schemasByName), ("additionalProperties", .schema),
        ("propertyNames", .schema), ("dependentSchemas", .schemasByName),
        ("prefixItems", .schemas), ("items", .schema), ("contains", .schema),
        ("allOf", .schemas), ("anyOf", .schemas), ("oneOf", .schemas), ("not", .schema),
        ("if", .schema), ("then", .schema), ("else", .schema),
        ("unevaluatedItems", .schema), ("unevaluatedProperties", .schema), ("contentSchema", .schema),
    ]

    private static let others = [
        "$schema", "$id", "$ref", "$anchor", "$dynamicRef", "$dynamicAnchor", "$vocabulary", "$comment",
        "type", "enum", "const", "multipleOf", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum",
        "maxLength", "minLength", "pattern", "maxItems", "minItems", "uniqueItems", "maxContains", "minContains",
        "maxProperties", "minProperties", "required", "dependentRequired",
        "format", "contentEncoding", "contentMediaType",
        "title", "description", "default", "deprecated", "readOnly", "writeOnly", "examples",
    ]

    static let known = Set(applicators.map(\.name) + others)

    /// Keywords of older drafts that this one ignores, with what took their place.
    static let replaced: [String: String] = [
        "additionalItems": "'items' beside 'prefixItems'",
        "dependencies": "'dependentRequired' and 'dependentSchemas'",
        "$recursiveRef": "'$dynamicRef'",
        "$recursiveAnchor": "'$dynamicAnchor'",
        "id": "'$id'",
    ]

    /// Words of other schema languages, with what is written here.
    static let foreign: [String: String] = [
        "options": "'enum'", "choices": "'enum'", "values": "'enum'", "allowed": "'enum'", "one_of": "'enum'", "nullable": "a type with null, [string, \"null\"]",
        "optional": "no 'required' in the object, or a 'default' of the input", "min": "'minimum', 'minLength' or 'minItems'", "max": "'maximum', 'maxLength' or 'maxItems'", "regex": "'pattern'",
        "regexp": "'pattern'", "match": "'pattern'", "desc": "'description'", "label": "'title'", "fields": "'properties'", "keys": "'properties'", "element": "'items'", "elements": "'items'", "len": "'maxLength'",
    ]
}
