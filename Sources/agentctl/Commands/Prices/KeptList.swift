import Economics
import Values
import WorkflowLoading

/// The project's own price list as a file: entries are added at its end, and none is taken away.
struct KeptList {
    static let name = KeptPrices.name

    let path: String
    private let lines: [String]

    init(_ settings: Settings) throws {
        path = KeptPrices.path(root: settings.project.root)
        do throws(PriceError) {
            let text = try KeptPrices.text(root: settings.project.root).map { String(decoding: $0, as: UTF8.self) } ?? ""
            lines = text.lines.filter { !$0.isBlank }.map(String.init)
        } catch {
            throw UsageError(error.description)
        }
    }

    /// - Throws: `UsageError`: one of them cannot be read, or the list has a row of the same model and day.
    func add(_ entries: [PriceListEntry], at moment: Timestamp) throws {
        var lines = lines
        if lines.isEmpty {
            let header: JSONValue = ["version": .string(moment.dateText), "source": "project", "checked_at": .string(moment.dateText)]
            lines.append(header.jsonText)
        }
        lines += entries.map(\.line)
        // Sources are words of whoever adds them.
        let text = Output.secrets.redactor.redact(lines.map { $0 + "\n" }.joined())
        do throws(PriceError) { _ = try PriceCatalogue(lines: Array(text.utf8)) } catch {
            throw UsageError("\(path): \(error.description)", hint: "nothing was written; a price that changes has another first day: --from DATE")
        }
        try WholeFile.replace(path, with: text)
    }
}
