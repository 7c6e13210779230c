import Values

/// Sheets on other terms than the usual ones, as they were made: making one seals all of its rows, and a server that works at another tier does so
/// for each call.
///
/// What is remembered is no part of a sheet's value: two sheets with the same rows are equal, whatever was asked of them.
final class SheetsOnTerms: Sendable, Hashable {
    /// The words of terms are a server's.
    private static let most = 64

    private let made = Mutex<[ServedTerms: (sheet: PriceSheet, notes: [String])]>([:])

    func sheet(_ terms: ServedTerms, make: () -> (sheet: PriceSheet, notes: [String])) -> (sheet: PriceSheet, notes: [String]) {
        if let known = made.withLock({ $0[terms] }) { return known }
        let sheet = make()
        made.withLock { if $0.count < Self.most { $0[terms] = sheet } }
        return sheet
    }

    static func == (a: SheetsOnTerms, b: SheetsOnTerms) -> Bool { true }
    func hash(into hasher: inout Hasher) {}
}
