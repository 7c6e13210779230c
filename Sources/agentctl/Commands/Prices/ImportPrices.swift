import ArgumentParser
import Economics
import Reports
import Values
import WorkflowModel

extension Prices {
    struct Import: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take the prices of a file into the project's own list.",
            discussion: """
                Reads LiteLLM's model_prices_and_context_window.json, or entries in the form of \(KeptList.name). What is as it is known \
                already is left out; the rest is added at the end of that list, from a day on. Nothing is taken away. What is not \
                understood is listed. A price that can only be a mistake of units is refused.
                """)
        @Argument(help: "The file, or - for stdin.", completion: .documentFile) var file: String
        @Option(help: ArgumentHelp("The first day of the prices; otherwise today.", valueName: "date")) var from: String?
        @Option(help: ArgumentHelp("Where they are from; otherwise the name of the file.", valueName: "text")) var source: String?
        @Option(help: ArgumentHelp("Only those of a provider.", valueName: "name")) var provider: String?
        @Flag(name: .customLong("dry-run"), help: "Say what would be taken, and write nothing.") var dryRun = false
        @Flag(help: "As JSON, with all that was not understood.") var json = false
        @OptionGroup var global: GlobalOptions

        func run() throws {
            let settings = try global.settings()
            let now = Timestamp.now()
            let day = try Prices.moment(from, "--from") ?? Timestamp(rfc3339: now.dateText)!
            let read = try PriceFile(file)
            let changes = try read.changes(against: Composition(settings: settings).prices, at: max(day, now))
                .filter { provider.map($0.entry.provider.hasSameBytes) ?? true }
            let taken = changes.filter { !$0.differences.isEmpty }
            let name = source ?? file.lastPathPart
            let entries = taken.map { $0.entry.dated(from: day.dateText, source: name, checkedAt: now.dateText) }
            let list = try KeptList(settings)
            if !dryRun, !entries.isEmpty { try list.add(entries, at: now) }
            let fresh = taken.count { $0.isNew }
            if json {
                Output.line(
                    JSONEncoding.pretty.string([
                        "read": .int(Int64(changes.count)), "new": .int(Int64(fresh)), "changed": .int(Int64(taken.count - fresh)),
                        "unchanged": .int(Int64(changes.count - taken.count)), "written": .bool(!dryRun && !entries.isEmpty), "file": .string(list.path),
                        "models": .array(taken.map { .string("\($0.entry.provider)/\($0.entry.model)") }),
                        "not_understood": .object(JSONObject(read.unknownKeys.map { ($0.key, .int(Int64($0.models))) })),
                        "left_out": .array(read.leftOut.map { ["model": .string($0.model), "reason": .string($0.reason)] }),
                    ]))
                return
            }
            Output.line("\(changes.count) models read: \(fresh) new, \(taken.count - fresh) at other prices, \(changes.count - taken.count) as they are known")
            if dryRun { Output.line("nothing was written") } else if !entries.isEmpty { Output.line("added to \(list.path), from \(day.dateText) on") }
            let reasons = TextTable(grouping: read.leftOut, by: \.reason).sorted { ($1.value.count, $0.key) < ($0.value.count, $1.key) }
            for (reason, models) in reasons.prefix(6) {
                let some = models.prefix(3).map(\.model).joined(separator: ", ")
                Output.line("left out, \(reason): \(models.count) (\(some)\(models.count > 3 ? ", …" : ""))")
            }
            if reasons.count > 6 { Output.line("left out: \(reasons.dropFirst(6).reduce(0) { $0 + $1.value.count }) more, for \(reasons.count - 6) other reasons; --json lists all") }
            for (key, models) in read.unknownKeys.prefix(12) { Output.line("not understood: \(key) (\(models) \(models == 1 ? "model" : "models"))") }
            if read.unknownKeys.count > 12 { Output.line("not understood: \(read.unknownKeys.count - 12) more; --json lists all") }
        }
    }

    struct Diff: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Where the prices of a file differ from those in force.", discussion: "Reads what prices import reads, and writes nothing. Exits with 1 when there is a difference.")
        @Argument(help: "The file, or - for stdin.", completion: .documentFile) var file: String
        @Option(help: ArgumentHelp("The day whose prices count; otherwise now.", valueName: "date")) var at: String?
        @Option(help: ArgumentHelp("Only those of a provider.", valueName: "name")) var provider: String?
        @Flag(name: .customLong("new"), help: "Also the models that have no price yet.") var new = false
        @Flag(help: "As JSON.") var json = false
        @OptionGroup var global: GlobalOptions

        func run() throws {
            let settings = try global.settings()
            let moment = try Prices.moment(at, "--at") ?? .now()
            let changes = try PriceFile(file).changes(against: Composition(settings: settings).prices, at: moment)
                .filter { (provider.map($0.entry.provider.hasSameBytes) ?? true) && !$0.differences.isEmpty }
            let shown = changes.filter { new || !$0.isNew }
            func text(_ price: Money?, _ place: String) -> String { price.map { Prices.isFee(place) ? $0.decimalText : ($0 * 1_000_000).decimalText } ?? "" }
            if json {
                Output.line(
                    JSONEncoding.pretty.string([
                        "differences": .array(
                            shown.flatMap { change in
                                change.differences.map { place, known, other in
                                    [
                                        "model": .string("\(change.entry.provider)/\(change.entry.model)"), "price": .string(place),
                                        "known": known.map { .string(text($0, place)) } ?? .null, "file": other.map { .string(text($0, place)) } ?? .null,
                                    ]
                                }
                            }), "new_models": .int(Int64(changes.count { $0.isNew })),
                    ]))
            } else {
                var table = Table(
                    [.init("model", floor: 16), .init("price", floor: 8), .init("known", .trailing), .init("file", .trailing)],
                    emptyText: "no price of the file differs from those in force")
                for change in shown {
                    for (index, difference) in change.differences.enumerated() {
                        table.add([
                            StyledText(index == 0 ? "\(change.entry.provider)/\(change.entry.model)" : ""), StyledText(difference.place),
                            StyledText(text(difference.known, difference.place)), StyledText(text(difference.other, difference.place)),
                        ])
                    }
                }
                Output.write(styled: table.text(Output.style))
                let fresh = changes.count { $0.isNew }
                if !new, fresh > 0 { Output.note("\(fresh) models of the file have no price yet: --new\n") }
            }
            if !shown.isEmpty { throw CommandEnd(code: ExitCodes.differs) }
        }
    }

    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Put a price down in the project's own list.",
            discussion: """
                Prices are in dollars per million tokens. The entry is a whole list: it replaces what was known of the model, from its first \
                day on.
                  agentctl prices add acme/large --input 3 --output 15 --cache-read 0.3 --source "contract 17"
                """)
        @Argument(help: "provider/model; a model that ends in * is every one that begins so.") var model: String
        @Option(help: ArgumentHelp("Input.", valueName: "usd")) var input: String?
        @Option(help: ArgumentHelp("Output.", valueName: "usd")) var output: String?
        @Option(name: .customLong("cache-read"), help: ArgumentHelp("Input that was read from a cache.", valueName: "usd")) var cacheRead: String?
        @Option(name: .customLong("cache-write"), help: ArgumentHelp("Input that was written to a cache.", valueName: "usd")) var cacheWrite: String?
        @Option(name: .customLong("cache-write-long"), help: ArgumentHelp("The same, for its longer life time.", valueName: "usd")) var cacheWriteLong: String?
        @Option(help: ArgumentHelp("Reasoning.", valueName: "usd")) var reasoning: String?
        @Option(help: ArgumentHelp("Each request, in dollars.", valueName: "usd")) var request: String?
        @Option(name: .customLong("web-search"), help: ArgumentHelp("Each search of the web, in dollars.", valueName: "usd")) var webSearch: String?
        @Option(name: .customLong("machine-hour"), help: ArgumentHelp("An hour of the machine, in dollars.", valueName: "usd")) var machineHour: String?
        @Option(help: ArgumentHelp("The first day; otherwise today.", valueName: "date")) var from: String?
        @Option(help: ArgumentHelp("Where the price is from.", valueName: "text")) var source = "agentctl prices add"
        @OptionGroup var global: GlobalOptions

        func run() throws {
            let reference = try Prices.reference(model)
            let now = Timestamp.now()
            let day = try Prices.moment(from, "--from").map { $0.dateText } ?? now.dateText
            let tokens = [
                (PriceUnit.input, input), (.cacheRead, cacheRead), (.cacheWrite, cacheWrite), (.cacheWriteLong, cacheWriteLong), (.output, output), (.reasoning, reasoning),
            ].compactMap { unit, price in price.map { (unit: unit, price: $0) } }
            let fees = [("request_usd", request), ("web_search_usd", webSearch), ("machine_hour_usd", machineHour)].compactMap { key, price in
                price.map { (key: key, price: $0) }
            }
            let entry = PriceListEntry(provider: reference.provider, model: reference.model, perMillion: tokens, fees: fees)
                .dated(from: day, source: source, checkedAt: now.dateText)
            do throws(PriceError) { try entry.check() } catch { throw UsageError(error.description) }
            let list = try KeptList(try global.settings())
            try list.add([entry], at: now)
            Output.line("\(model) has this price from \(day) on; it stands in \(list.path)")
        }
    }

    /// Whether a price is of something else than tokens.
    static func isFee(_ place: String) -> Bool { PriceUnit.allCases.contains { !$0.isToken && place.hasPrefix($0.rawValue) } }
}
