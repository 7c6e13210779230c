import ArgumentParser
import Economics
import Reports
import Values
import WorkflowModel

struct Prices: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "The prices that calls are charged by.", subcommands: [List.self, ShowModel.self], defaultSubcommand: List.self)

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "All known prices, the project's own first.")
        @OptionGroup var global: GlobalOptions
        @Flag(help: "As JSON.") var json = false

        func run() throws {
            let book = Composition(settings: try global.settings()).prices
            let rows = Prices.rows(book.overrides + book.catalogue.rows)
            Output.write(styled: json ? JSONEncoding.pretty.string(PriceReport.json(rows)) + "\n" : PriceReport.list(rows, style: Output.style))
            if !json { Output.note("catalogue of \(book.catalogue.version); rows of the project file win\n") }
        }
    }

    struct ShowModel: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "show", abstract: "The prices of one model in force now.")
        @Argument(help: "provider/model") var model: String
        @OptionGroup var global: GlobalOptions
        @Flag(help: "As JSON.") var json = false

        func run() throws {
            let settings = try global.settings()
            let book = Composition(settings: settings).prices
            guard let reference = ModelReference(text: model) else { throw UsageError("a model is named provider/model, found '\(model)'") }
            let alias = settings.project.providers.first { $0.name.hasSameBytes(as: reference.provider) }?.models.first { $0.alias.hasSameBytes(as: reference.model) }
            guard let sheet = book.sheet(provider: reference.provider, model: alias?.id ?? reference.model, at: .now()) else {
                let known = (book.overrides + book.catalogue.rows).map { "\($0.provider)/\($0.model)" }
                throw UsageError(
                    "\(model) has no known price",
                    hint: Suggestion.hint(for: model, in: known)
                        ?? "add one under prices: in the project file; under a cap a model without a price is refused")
            }
            let rows = Prices.rows(sheet.allRows)
            Output.write(styled: json ? JSONEncoding.pretty.string(PriceReport.json(rows)) + "\n" : PriceReport.detail(rows, model: model, style: Output.style))
        }
    }

    static func rows(_ rows: [PriceRow]) -> [PriceReport.Row] {
        rows.map { row in
            let price: String
            switch row.unit {
            case .request: price = "\(row.price.displayText) / request"
            case .machineHour: price = "\(row.price.displayText) / machine hour"
            default: price = "\((row.price * 1_000_000).displayText) / 1M tokens"
            }
            return PriceReport.Row(
                id: row.id, model: "\(row.provider)/\(row.model)", unit: row.unit.rawValue, price: price,
                condition: row.abovePromptTokens.map { "prompts over \($0) tokens" } ?? "", from: row.effectiveFrom?.dateText ?? "",
                to: row.effectiveTo?.dateText ?? "", source: row.source, checkedAt: row.checkedAt)
        }
    }
}
