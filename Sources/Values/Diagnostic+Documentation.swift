extension Diagnostic {
    /// The page and anchor that explain the code: `Docs/Diagnostics.md#aw101`.
    public var documentation: String { Self.documentation(of: code) }

    public static func documentation(of code: String) -> String { "Docs/Diagnostics.md#\(code.lowercased())" }
}
