import Expressions
import JSONSchema
import Values

/// What stands in files of its own: prompts and schemas.
extension DecodingContext {
    /// The template in a file that a key names.
    func templateFile(_ node: YAMLNode, _ key: String) -> Template? {
        guard let name = string(node, key), let (path, text) = read(name, at: node.range) else { return nil }
        // The line end that editors put at the end of a file is not part of the prompt.
        return template(text.withoutLastLineEnd, at: SourceLocation(file: path, line: 1, column: 1))
    }

    func read(_ name: String, at range: SourceRange) -> (path: String, text: String)? {
        do throws(Diagnostics) {
            let path = try files.resolve(name, besides: file, at: range)
            return (path, try files.read(path, namedAt: range))
        } catch {
            report(error)
            return nil
        }
    }

    /// A schema: inline, or in a JSON or YAML file.
    func schema(_ node: YAMLNode, _ key: String) -> Schema? {
        guard case .scalar(let scalar) = node.content else { return compile(node.json, at: node.range, what: "output.\(key)", in: node) }
        guard let (path, text) = read(scalar.text, at: node.range) else { return nil }
        let document: JSONValue
        let tree: YAMLNode?
        if path.hasSuffix(".yaml") || path.hasSuffix(".yml") {
            let (root, problems) = YAMLReader.read(text, file: path)
            report(problems)
            guard let root else { return nil }
            document = root.json
            tree = root
        } else {
            do throws(JSONParseError) {
                document = try JSONParser.parse(text)
                tree = JSONNodes.read(text, file: path)
            } catch {
                let place = SourceLocation(file: path, line: error.line, column: error.column)
                report("AW113", "the schema is not JSON: \(error.message)", at: SourceRange(place))
                return nil
            }
        }
        return compile(document, at: node.range, what: path, in: tree)
    }

    /// - Parameters:
    ///   - range: of the schema, or of the name of its file.
    ///   - tree: the schema as it was read, for the places of what is wrong in it.
    func compile(_ document: JSONValue, at range: SourceRange, what: String, in tree: YAMLNode? = nil) -> Schema? {
        // In a file of its own the schema does not show who uses it.
        let isFile = tree.map { !$0.range.file.hasSameBytes(as: range.file) } ?? false
        let user = isFile ? "it is used at \(range.start)" : nil
        do throws(SchemaError) {
            let schema = try self.schema(document)
            for warning in schema.warnings {
                report([
                    Diagnostic(
                        .warning, code: "AW412", isFile ? warning.message : "\(what): \(warning.message)", at: tree?.range(at: warning.pointer, ofKey: true) ?? range.firstLine, hint: user)
                ])
            }
            return schema
        } catch {
            for problem in error.problems {
                let pointer = problem.pointer.isEmpty ? "" : " at \(problem.pointer)"
                report(
                    "AW108", (isFile ? "the schema is" : "\(what) has a schema that is") + " not valid\(pointer): \(problem.message)", at: tree?.range(at: problem.pointer) ?? range.firstLine, hint: user)
            }
            return nil
        }
    }
}
