import Economics
import Testing
import Values
import WorkflowModel

@testable import Reports

/// Credits and commitments beside what was spent.
@Suite struct AgreementTests {
    private static func row(_ kind: PriceAdjustment.Kind, spent: String, isOver: Bool = false) -> AgreementRow {
        let adjustment = PriceAdjustment(name: "c", models: ["p/*"], kind: kind, from: Timestamp(rfc3339: "2026-01-01"), to: Timestamp(rfc3339: "2027-01-01"))
        return AgreementRow(adjustment, spent: MoneySum(Money(decimal: spent)!), isLowerBound: false, isOver: isOver)
    }

    @Test(arguments: [
        (true, "1200.5", "1200.5", "3799.5", "0"), (true, "5000", "5000", "0", "0"), (true, "6000.000000000001", "5000", "0", "1000.000000000001"), (true, "0", "0", "5000", "0"),
        (false, "1200.5", "1200.5", "3799.5", "5000"), (false, "6000", "5000", "0", "6000"), (false, "4999.999999999999", "4999.999999999999", "0.000000000001", "5000"),
    ])
    func whatIsLeftAndOwed(isCredit: Bool, spent: String, used: String, left: String, owed: String) {
        let amount = Money(decimal: "5000")!
        let row = Self.row(isCredit ? .credit(amount) : .commitment(amount), spent: spent)
        #expect([row.used, row.rest, row.owed].map(\.decimalText) == [used, left, owed])
    }

    @Test func theAuditHasThem() {
        var report = AuditReport(dimensions: ["model"], rows: supportAudit().rows)
        #expect(!report.text(style: style(100)).contains("agreement"))
        report.agreements = [Self.row(.credit(Money(decimal: "5000")!), spent: "1200.5")]
        let table = report.text(style: style(100))
        #expect(table.contains("agreement") && table.contains("799.50") && table.contains("000.00"))
        #expect(report.json["agreements"]?[0]?["left_usd"] == "3799.5" && report.json["agreements"]?[0]?["kind"] == "credit")
    }
}
