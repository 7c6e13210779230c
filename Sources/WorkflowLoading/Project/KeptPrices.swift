import Economics
import Glibc
import Values

/// The price list that a project keeps beside its file: what `agentctl prices import` and `prices add` put down.
public enum KeptPrices {
    public static let name = "agentctl.prices.jsonl"

    public static func path(root: String) -> String { "\(root)/\(name)" }

    /// As it stands; `nil` where there is none.
    ///
    /// - Throws: `PriceError` naming what is wrong with it. One that somebody else may have written is not taken.
    public static func text(root: String) throws(PriceError) -> [UInt8]? {
        let path = path(root: root)
        guard access(path, F_OK) == 0 else { return nil }
        if let owner = FileOwner.foreign(of: path) { throw PriceError("\(path) belongs to \(owner), and prices are not taken from others") }
        do throws(RegularFile.Problem) { return try RegularFile.bytes(of: path, atMost: 1 << 28) } catch { throw PriceError(error.message) }
    }

    public static func load(root: String) throws(PriceError) -> PriceCatalogue? {
        guard let text = try text(root: root) else { return nil }
        do throws(PriceError) { return try PriceCatalogue(lines: text) } catch { throw PriceError("\(path(root: root)): \(error.description)") }
    }
}
