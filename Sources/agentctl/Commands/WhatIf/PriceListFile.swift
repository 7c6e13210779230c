import Economics
import Values
import WorkflowLoading
import WorkflowModel

/// A list of prices that stands in the place of the recorded ones: the `prices:` of a project file, or a file as `prices import` reads it.
struct PriceListFile {
    let name: String
    let book: PriceBook

    init(_ path: String, _ settings: Settings) throws {
        name = path
        let own = settings.priceBook
        if path.endsWithBytes(of: ".yaml") || path.endsWithBytes(of: ".yml") {
            let project = try ProjectLoader.load(named: path, searchingFrom: ".", secrets: Output.secrets)
            guard !project.prices.isEmpty else { throw UsageError("\(path) has no prices", hint: "a project file has them under prices:") }
            book = PriceBook(overrides: project.prices, catalogue: .empty, aliases: own.aliases, adjustments: project.adjustments)
            return
        }
        // What has no first day holds for every recorded call.
        let entries = try PriceFile(path).entries.map { $0.dated(from: "1970-01-01", source: path, checkedAt: "") }
        let header: JSONValue = ["version": .string(path), "source": .string(path), "checked_at": ""]
        let lines = ([header.jsonText] + entries.map(\.line)).map { $0 + "\n" }.joined()
        do throws(PriceError) {
            book = PriceBook(kept: try PriceCatalogue(lines: Array(lines.utf8)), catalogue: .empty, aliases: own.aliases, adjustments: own.adjustments)
        } catch {
            throw UsageError("\(path): \(error.description)")
        }
    }
}
