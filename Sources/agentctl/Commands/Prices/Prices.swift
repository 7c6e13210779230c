import ArgumentParser
import Economics
import Reports
import Values
import WorkflowModel

struct Prices: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "The prices that calls are charged by.",
        discussion: """
            Prices come from the project file, then from \(KeptList.name) beside it, which import and add write, then from the \
            catalogue in the program. A row is never taken away: a newer one, with a later first day, goes before it.
            """,
        subcommands: [List.self, ShowModel.self, Import.self, Diff.self, Add.self], defaultSubcommand: List.self)

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "The prices in force, the project's own first.")
        @Option(help: ArgumentHelp("Only those of a provider.", valueName: "name")) var provider: String?
        @Flag(help: "Also those of other days, hours, service tiers and regions.") var all = false
        @OptionGroup var global: GlobalOptions
        @Flag(help: "As JSON.") var json = false

        func run() throws {
            let book = Composition(settings: try global.settings()).prices
            let now = Timestamp.now()
            let known = book.overrides + (book.kept?.rows ?? []) + book.catalogue.rows
            let chosen = known.filter { row in
                (provider.map(row.provider.hasSameBytes) ?? true)
                    && (all || (row.service == nil && row.window == nil && row.effectiveFrom.map { $0 <= now } ?? true && row.effectiveTo.map { now < $0 } ?? true))
            }
            if let provider, chosen.isEmpty {
                let names = TextSet(known.map(\.provider)).sorted()
                throw UsageError("no price of '\(provider)' is known", hint: Suggestion.hint(for: provider, in: names) ?? "there are prices of: \(names.joined(separator: ", "))")
            }
            let rows = Prices.rows(chosen)
            Output.write(styled: json ? JSONEncoding.pretty.string(PriceReport.json(rows)) + "\n" : PriceReport.list(rows, style: Output.style))
            if !json { Output.note("catalogue of \(book.catalogue.version); rows of the project file win\n") }
        }
    }

    struct ShowModel: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "show", abstract: "The prices of one model in force now.")
        @Argument(help: "provider/model") var model: String
        @Option(help: ArgumentHelp("The day or moment whose prices count; otherwise now.", valueName: "date")) var at: String?
        @Flag(help: "Also those of other hours, service tiers and regions.") var all = false
        @OptionGroup var global: GlobalOptions
        @Flag(help: "As JSON.") var json = false

        func run() throws {
            let settings = try global.settings()
            let book = Composition(settings: settings).prices
            let reference = try Prices.reference(model)
            let moment = try Prices.moment(at, "--at") ?? .now()
            let alias = settings.project.providers.first { $0.name.hasSameBytes(as: reference.provider) }?.models.first { $0.alias.hasSameBytes(as: reference.model) }
            guard let sheet = book.sheet(provider: reference.provider, model: alias?.id ?? reference.model, at: moment) else {
                let known = book.overrides.map { "\($0.provider)/\($0.model)" } + (book.kept?.models ?? []) + book.catalogue.models
                throw UsageError(
                    "\(model) has no known price",
                    hint: (Suggestion.hint(for: model, in: known).map { $0 + " otherwise " } ?? "")
                        + "add one under prices: in the project file, or with agentctl prices add; under a cap a model without a price is refused")
            }
            let rows = Prices.rows(all ? sheet.everyRow : sheet.allRows)
            Output.write(styled: json ? JSONEncoding.pretty.string(PriceReport.json(rows)) + "\n" : PriceReport.detail(rows, model: model, style: Output.style))
            if !json, !all, sheet.everyRow.count > sheet.allRows.count { Output.note("more for other hours, service tiers and regions: --all\n") }
        }
    }

    // MARK: Shared

    static func reference(_ text: String) throws -> ModelReference {
        guard let reference = ModelReference(text: text) else { throw UsageError("a model is named provider/model, found '\(text)'") }
        return reference
    }

    static func moment(_ text: String?, _ flag: String) throws -> Timestamp? {
        guard let text else { return nil }
        guard let moment = Timestamp(rfc3339: text) else { throw UsageError("\(flag) is a date such as 2026-11-21 or 2026-11-21T09:00:00Z, found '\(text)'") }
        return moment
    }

    static func price(_ row: PriceRow) -> String {
        switch row.unit {
        case .request: "\(row.price.displayText) / request"
        case .webSearch: "\(row.price.displayText) / search"
        case .machineHour: "\(row.price.displayText) / machine hour"
        default: "\((row.price * 1_000_000).displayText) / 1M tokens"
        }
    }

    static func rows(_ rows: [PriceRow]) -> [PriceReport.Row] {
        rows.map { row in
            PriceReport.Row(
                id: row.id, model: "\(row.provider)/\(row.model)", unit: row.unit.rawValue, price: price(row), condition: condition(row),
                from: row.effectiveFrom?.dateText ?? "", to: row.effectiveTo?.dateText ?? "", source: row.source, checkedAt: row.checkedAt,
                alsoFor: row.alsoFor)
        }
    }

    private static func condition(_ row: PriceRow) -> String {
        var parts: [String] = []
        if let service = row.service { parts.append(service.rawValue) }
        if let region = row.region { parts.append("region \(region)") }
        if let window = row.window { parts.append("\(window.name): \(window.hours) UTC") }
        if let bound = row.abovePromptTokens { parts.append(row.isInclusive ? "prompts of \(bound) tokens and more" : "prompts over \(bound) tokens") }
        if let agreement = row.agreement, let list = row.listPrice {
            parts.append("by '\(agreement)', \((row.unit.isToken ? list * 1_000_000 : list).displayText) by the list")
        }
        return parts.joined(separator: ", ")
    }
}
