import Economics
import PromptCaching
import Values
import WorkflowModel

/// What prompt caches came to by month and vendor, for those who pay: what was read and written, and what our marks saved against runs that were kept from them.
public struct CacheFinance: Sendable {
    /// A month of a vendor.
    public struct Row: Sendable {
        /// `2026-11`, of the moment at which calls began, in universal time.
        public let month: String
        /// The provider's name, as models are asked by.
        public let vendor: String
        /// Tokens and amounts of all calls.
        public var calls = CacheRow(keys: [])
        public var runs = 0
        public var heldOutRuns = 0
        /// Of workflows with enough runs that were held out: what all of their runs would have cost as those did, and what they did.
        public var scaled: MoneySum?
        public var scaledActual: MoneySum?
        /// Of the difference of both, half of its interval of 95 %.
        public var interval: MoneySum?

        /// What our marks and warm-up saved of them.
        public var net: MoneySum? { scaled.flatMap { scaled in scaledActual.map { scaled - $0 } } }
    }

    private struct Run {
        let row: Int
        let workflow: String
        let isHeldOut: Bool?
        var figures = HoldoutEstimate.Run()
        /// A call of it has no price: it says nothing.
        var isUnknown = false
    }

    private let book: PriceRowBook
    private var rows: [Row] = []
    private var places: TextTable<Int> = [:]
    private var runs: [Run] = []
    private var runPlaces: TextTable<Int> = [:]
    private var written = WrittenPrefixes()

    public init(prices: [PriceRow]) { book = PriceRowBook(prices) }

    /// - Parameter call: began no earlier than one before; one that is not selected only fills caches.
    public mutating func add(_ call: CachedCall) {
        let figures = CachedCallFigures(call, book)
        let row = call.isSelected ? place(of: call) : nil
        written.add(figures, owner: row)
        guard let row else { return }
        rows[row].calls.add(figures, nil, 0)
        let run = self.run(of: call, row)
        if call.isWarmUp {
            guard let cost = call.cost else { return runs[run].isUnknown = true }
            runs[run].figures.actual.add(cost)
        } else if let cost = figures.cost {
            runs[run].figures.uncached = runs[run].figures.uncached + cost.uncached
            runs[run].figures.actual = runs[run].figures.actual + cost.actual
        } else {
            runs[run].isUnknown = true
        }
    }

    private mutating func place(of call: CachedCall) -> Int {
        let (month, vendor) = (String(call.startedAt.dateText.prefix(7)), call.model.provider)
        let name = "\(month) \(vendor)"
        if let place = places[name] { return place }
        rows.append(Row(month: month, vendor: vendor))
        places[name] = rows.count - 1
        return rows.count - 1
    }

    private mutating func run(of call: CachedCall, _ row: Int) -> Int {
        let name = "\(row) \(call.run)"
        if let place = runPlaces[name] { return place }
        runs.append(Run(row: row, workflow: call.workflow, isHeldOut: call.isHeldOut))
        runPlaces[name] = runs.count - 1
        rows[row].runs += 1
        if call.isHeldOut == true { rows[row].heldOutRuns += 1 }
        return runs.count - 1
    }

    /// In the order of months and vendors.
    public func result(at now: Timestamp) -> [Row] {
        var rows = rows
        for (place, fate) in written.fates(at: now) {
            rows[place].calls.derivedWritten = fate.written
            rows[place].calls.inVain = fate.inVain
            rows[place].calls.pending = fate.pending
        }
        // Only runs of a workflow that keeps some apart, and of one workflow each, are compared.
        let compared = TextTable(grouping: runs.filter { $0.isHeldOut != nil && !$0.isUnknown }) { "\($0.row) \($0.workflow)" }
        var variances: [Int: (variance: Double, freedom: Int)] = [:]
        for (_, runs) in compared.sortedByKey {
            guard let estimate = HoldoutEstimate(heldOut: runs.filter { $0.isHeldOut == true }.map(\.figures), others: runs.filter { $0.isHeldOut == false }.map(\.figures))
            else { continue }
            let row = runs[0].row
            rows[row].scaled = (rows[row].scaled ?? .zero) + estimate.scaled
            rows[row].scaledActual = (rows[row].scaledActual ?? .zero) + estimate.actual
            let sum = variances[row]
            variances[row] = ((sum?.variance ?? 0) + estimate.variance, min(sum?.freedom ?? .max, estimate.freedom))
        }
        for (row, sum) in variances { rows[row].interval = HoldoutEstimate.halfWidth(variance: sum.variance, freedom: sum.freedom) }
        return rows.sorted { ($0.month, $0.vendor) < ($1.month, $1.vendor) }
    }
}
