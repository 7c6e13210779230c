import ArgumentParser
import Economics
import Providers
import Reports
import Values
import WorkflowModel

struct TryPrice: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "price", abstract: "Price a usage object as the engine would.",
        discussion: """
            The file has what a server says of its tokens: the usage object, or the whole answer, in the spelling of any API. \
            Prints the cost, the classes that it was taken apart into, and the price row of each.
              agentctl try price --model openai/gpt-4o --usage answer.json
              agentctl try price --model anthropic/claude-opus-5-5 --api anthropic --usage - --at 2026-12-31 --json
            With --lines each line of the file is an object {"model", "usage"} with "api", "at", "service_tier" and "region" where \
            they matter, and a line of JSON is printed for it. Exits with 21 when the model has no known price.
            """)

    @Option(help: ArgumentHelp("The model whose prices count.", valueName: "provider/model")) var model: String?
    @Option(
        help: ArgumentHelp("The API that the object is of; each is read by its spelling.", valueName: "name"), completion: .list(RawUsage.apis))
    var api: String?
    @Option(help: ArgumentHelp("The usage object, or an answer that has one; - reads stdin.", valueName: "file|-"), completion: .documentFile)
    var usage: String
    @Option(help: ArgumentHelp("The day or moment whose prices count; otherwise now.", valueName: "date")) var at: String?
    @Option(name: .customLong("service-tier"), help: ArgumentHelp("How it was served, where the object does not say.", valueName: "name"), completion: .list(ServiceTier.allCases.map(\.rawValue)))
    var serviceTier: String?
    @Option(help: ArgumentHelp("Where the data stayed, where the object does not say, such as us or eu.", valueName: "name")) var region: String?
    @Flag(help: "Many: a line each, see above.") var lines = false
    @Flag(help: "As JSON.") var json = false
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        if model == nil, !lines { throw ValidationError("--model names the model whose prices count") }
    }

    func run() throws {
        let trial = PriceTrial(Composition(settings: try global.settings()))
        let text = try RunInputs.text(of: usage, what: "--usage")
        if lines { return try price(lines: text, trial) }
        let result = try price(try Self.parsed(text, name: usage), [:], trial)
        if json { Output.line(JSONEncoding.pretty.string(result.json)) } else { show(result) }
        guard result.cost == nil else { return }
        if json { throw CommandEnd(code: ExitCodes.code(.unpriced)) }
        throw UsageError(
            result.notes.last ?? "", hint: "add one under prices: in the project file, or with agentctl prices add; agentctl prices list has those that are known",
            code: ExitCodes.code(.unpriced))
    }

    private func price(lines text: String, _ trial: PriceTrial) throws {
        var output = ""
        for (index, line) in text.lines.enumerated() where !line.isBlank {
            let result: JSONValue
            do {
                let object = try Self.parsed(String(line), name: "line \(index + 1)")
                result = try price(object["usage"] ?? object, object, trial).json
            } catch let error as UsageError { result = ["error": .string(error.message)] }
            output += result.jsonText + "\n"
            if output.utf8.count > 1 << 16 {
                Output.write(output)
                output = ""
            }
        }
        Output.write(output)
    }

    private static func parsed(_ text: String, name: String) throws -> JSONValue {
        do throws(JSONParseError) { return try JSONParser.parse(text) } catch { throw UsageError("\(name) is not JSON: \(error)") }
    }

    /// - Parameter line: what it says goes before the flags.
    private func price(_ document: JSONValue, _ line: JSONValue, _ trial: PriceTrial) throws -> PriceTrial.Result {
        func said(_ key: String, _ flag: String?) -> String? { line[key]?.stringValue ?? flag }
        guard let name = said("model", model), let reference = ModelReference(text: name) else {
            throw UsageError("a model is named provider/model, found '\(said("model", model) ?? "")'")
        }
        if let api = said("api", api), !RawUsage.apis.contains(api) {
            throw UsageError("there is no API '\(api)'", hint: Suggestion.hint(for: api, in: RawUsage.apis) ?? "one of: \(RawUsage.apis.joined(separator: ", "))")
        }
        let moment = try said("at", at).map { text throws(UsageError) in
            guard let moment = Timestamp(rfc3339: text) else { throw UsageError("a date is such as 2026-11-21 or 2026-11-21T09:00:00Z, found '\(text)'") }
            return moment
        }
        let word = said("service_tier", serviceTier)
        let service = word.flatMap(ServiceTier.init(rawValue:))
        if let word, service == nil, word != "default", word != "standard", word != "auto" {
            let words = ServiceTier.allCases.map(\.rawValue)
            throw UsageError("there is no service tier '\(word)'", hint: Suggestion.hint(for: word, in: words) ?? "one of: \(words.joined(separator: ", "))")
        }
        return try trial.price(document, of: reference, at: moment ?? .now(), service: service, region: said("region", region))
    }

    private func show(_ result: PriceTrial.Result) {
        guard let cost = result.cost else { return }
        for note in result.notes { Output.note("note: \(note)\n") }
        var table = Table([.init("class", floor: 8), .init("count", .trailing), .init("price", .trailing), .init("cost", .trailing), .init("row", floor: 12, expendable: 1)])
        for line in result.lines {
            table.add([
                StyledText(line.row.unit.rawValue), StyledText("\(line.quantity)"), StyledText(Prices.price(line.row)), StyledText("$\(line.amount.decimalText)"),
                StyledText(line.row.id, .dim),
            ])
        }
        Output.write(styled: table.text(Output.style))
        Output.line("$\(cost.decimalText)")
    }
}
