import ArgumentParser
import Glibc
import Values
import WorkflowModel

/// `--input` and `--inputs`: what a run is given.
struct RunInputs: ParsableArguments {
    @Option(
        name: .customLong("input"), parsing: .singleValue,
        help: ArgumentHelp(
            "An input, repeatable. VALUE is JSON, or text for an input of type string; @FILE reads it from a file.", valueName: "name=value|name=@file"))
    var single: [String] = []

    @Option(help: ArgumentHelp("A JSON object of inputs; - reads stdin.", valueName: "file|-"), completion: .documentFile)
    var inputs: String?

    /// The inputs as given, not yet checked. `--input` wins over `--inputs`.
    func read(for graph: WorkflowGraph) throws -> JSONObject {
        var object = JSONObject()
        if let inputs {
            let text = try Self.text(of: inputs, what: "--inputs")
            object = try Self.object(text, name: inputs == "-" ? "stdin" : inputs, what: "inputs")
        }
        for argument in single {
            guard let (name, value) = argument.cut(at: UInt8(ascii: "=")), !name.isEmpty else {
                throw UsageError("--input takes name=value, found '\(argument)'", hint: "for example --input id=42 or --input text=@letter.txt")
            }
            let types = graph.inputs.first { $0.name == name }?.schema.typeNames ?? []
            let isText = types == ["string"]
            if value.utf8.first == UInt8(ascii: "@") {
                let path = String(value.unicodeScalars.dropFirst())
                let text = try Self.text(of: path, what: "--input \(name)")
                object[name] = isText ? .string(text) : try Self.json(text, name: path)
            } else if isText {
                object[name] = .string(value)
            } else {
                // Text that is no JSON is text; whether it may be is for the input's schema to say.
                object[name] = (try? JSONParser.parse(value)) ?? .string(value)
            }
        }
        return object
    }

    /// Inputs are kept with the run, and prompts are made of them.
    ///
    /// - Throws: `UsageError` when one of them holds a secret.
    static func refuseSecrets(in inputs: JSONObject) throws {
        guard let problem = secretProblem(in: inputs) else { return }
        throw UsageError(problem, hint: "leave it out; a program of a run step reads a key with env: { NAME: }")
    }

    static func secretProblem(in inputs: JSONObject) -> String? {
        let redactor = Output.secrets.redactor
        guard !redactor.isEmpty else { return nil }
        var problem: String?
        inputs.forEachPair { name, value in
            if problem == nil, let secret = redactor.secret(in: value.stringValue ?? value.jsonText) { problem = "input '\(name)' holds a secret, \(secret): nothing is run" }
        }
        return problem
    }

    static func object(_ text: String, name: String, what: String) throws -> JSONObject {
        guard let object = try json(text, name: name).objectValue else { throw UsageError("\(name) holds no JSON object of \(what)") }
        return object
    }

    private static func json(_ text: String, name: String) throws -> JSONValue {
        do throws(JSONParseError) { return try JSONParser.parse(text) } catch { throw UsageError("\(name) is not JSON: \(error)") }
    }

    /// The text of a file, behind the byte order mark that it may begin with.
    ///
    /// - Parameter path: as it was named on the command line: a pipe is read too, `-` is stdin.
    static func text(of path: String, what: String) throws -> String {
        let bytes: [UInt8]
        do throws(RegularFile.Problem) {
            bytes = path == "-" ? try RegularFile.standardInput(atMost: 1 << 30) : try RegularFile.bytes(of: path, atMost: 1 << 30, .named)
        } catch {
            throw UsageError("\(what): \(error.message)", hint: error.hint)
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw UsageError("\(what): \(path) is not UTF-8 text") }
        return text.withoutByteOrderMark
    }
}
