import ArgumentParser
import Expressions
import Values

struct TryExpr: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "expr", abstract: "Check and evaluate one CEL expression.",
        discussion: """
            Prints the value and its type. What the data leaves out of play, such as the other branch of a condition, is still \
            checked: a problem there is a warning here and an error in a workflow.
              agentctl try expr 'docs.map(d, d.title).join(", ")' --data docs.json
              agentctl try expr 'size(name) > 3' --data - <<< '{"name": "Ada"}'
            """)

    @Argument(help: "A CEL expression, in quotes for the shell.") var expression: String
    @Option(help: ArgumentHelp("A JSON object whose members are the variables; - reads stdin.", valueName: "file|-"))
    var data: String?
    @Flag(help: "Only check, and print the type that is known before anything is evaluated.") var check = false
    @Flag(help: "One line of JSON: type and value.") var json = false
    @OptionGroup var problems: ProblemOptions
    @Flag(help: "Print without colour.") var noColor = false

    /// What frames call the expression.
    private static let file = "expression"

    func run() throws {
        Settings.learnSecrets()
        Output.noColor.withLock { $0 = noColor }
        let source = expression
        let members = try data.map { try RunInputs.object(RunInputs.text(of: $0, what: "--data"), name: $0 == "-" ? "stdin" : $0, what: "variables") }
        let variables = Self.expanded(members ?? JSONObject())
        let expression = try parsed(source)
        let checked = expression.check(in: Self.environment(variables))
        if check {
            if !checked.problems.isEmpty { throw diagnostics(checked.problems, source) }
            Output.line(json ? JSONValue.object(["type": .string(checked.type.description)]).jsonText : checked.type.description)
            return
        }
        let value: CELValue
        do throws(EvaluationError) {
            value = try expression.evaluate(DictionaryBindings(variables))
        } catch {
            let problem = Diagnostic(code: error.code.rawValue, error.message, at: error.range)
            throw diagnostics(checked.problems.isEmpty ? [problem] : checked.problems, source)
        }
        let warnings = checked.problems.map { Diagnostic(.warning, code: $0.code, $0.message, at: $0.range, hint: $0.hint) }
        Output.note(diagnostics(warnings, source))
        if json {
            Output.line(JSONValue.object(["type": .string(value.type.rawValue), "value": value.exactJSON]).jsonText)
        } else {
            Output.line("\(value.literal)\ntype: \(value.type.rawValue)")
        }
    }

    private func parsed(_ source: String) throws -> Expression {
        do throws(Diagnostics) {
            return try Expression(parsing: source, at: SourceLocation(file: Self.file, line: 1, column: 1))
        } catch {
            throw diagnostics(error.all, source)
        }
    }

    /// The arguments with the expression at their end behind `--`: `-x + 1` is an expression and no option.
    static func arranged(_ arguments: [String]) -> [String] {
        guard arguments.starts(with: ["try", "expr"]) else { return arguments }
        var options = ["try", "expr"]
        var rest: [String] = []
        var index = 2
        while index < arguments.count {
            let argument = arguments[index]
            index += 1
            switch argument {
            case "--check", "--json", "--all", "--no-color", "-h", "--help", "--version": options.append(argument)
            case "--data":
                options.append(argument)
                if index < arguments.count { options.append(arguments[index]) }
                index += 1
            case "--":
                rest += arguments[min(index, arguments.count)...]
                index = arguments.count
            default: if argument.hasPrefix("--data=") { options.append(argument) } else { rest.append(argument) }
            }
        }
        return rest.isEmpty ? options : options + ["--"] + rest
    }

    /// Members named with dots are qualified names: `a.b` is what `a.b` reads. Of two, the longer name wins.
    private static func expanded(_ members: JSONObject) -> JSONObject {
        let keys = members.keys.filter { $0.contains(".") }
        guard !keys.isEmpty else { return members }
        var result = JSONObject()
        func insert(_ value: JSONValue, _ path: ArraySlice<Substring>, into object: inout JSONObject) {
            let key = String(path.first!)
            if path.count == 1 {
                guard var known = object[key]?.objectValue else { return object[key] = object[key] ?? value }
                value.objectValue?.forEachPair { known[$0] = known[$0] ?? $1 }
                object[key] = .object(known)
            } else {
                guard var child = object[key] == nil ? JSONObject() : object[key]?.objectValue else { return }
                insert(value, path.dropFirst(), into: &child)
                object[key] = .object(child)
            }
        }
        for key in keys.sorted(by: { ($1.count, $0) < ($0.count, $1) }) {
            let path = key.split(separator: ".", maxSplits: 32)
            if !path.isEmpty { insert(members[key]!, path[...], into: &result) }
        }
        members.forEachPair { key, value in if !key.contains(".") { insert(value, [Substring(key)], into: &result) } }
        return result
    }

    private static func environment(_ variables: JSONObject) -> TypeEnvironment {
        var names: [String: StaticType] = [:]
        variables.forEachPair { names[$0] = StaticType(of: $1) }
        return TypeEnvironment(names)
    }

    private func diagnostics(_ problems: [Diagnostic], _ source: String) -> Diagnostics {
        Diagnostics(problems, sources: [Self.file: source])
    }
}
