import Testing
import Values
import WorkflowModel

/// Parts of a whole are exact.
@Suite struct ShareTests {
    @Test(arguments: [
        ("0%", 0), ("30%", 300_000), ("0.5%", 5_000), ("12.5%", 125_000), ("0.0001%", 1), ("99.9999%", 999_999), ("100%", 1_000_000), ("100.0%", 1_000_000), ("05%", 50_000),
    ])
    func read(text: String, millionths: Int) throws {
        let share = try #require(Share(text: text))
        #expect(share.millionths == millionths)
        #expect(Share(text: share.description) == share)
    }

    @Test(arguments: ["", "%", "30", "30 %", "-1%", "+1%", "101%", "100.0001%", "1.%", ".5%", "1.23456%", "1e1%", "030%", "1,5%", "½%"]) func refused(text: String) {
        #expect(Share(text: text) == nil)
    }

    /// Rounded down, and without an overflow.
    @Test(arguments: [("30%", 10, 3), ("33.3333%", 10, 3), ("0.0001%", 999_999, 0), ("0.0001%", 1_000_000, 1), ("100%", Int64.max, Int64.max), ("50%", Int64.max, Int64.max / 2)])
    func ofAnAmount(text: String, amount: Int64, part: Int64) throws {
        #expect(try #require(Share(text: text)).of(amount) == part)
    }

    @Test func rates() throws {
        let rate = try #require(EscalationRate(text: "30%/1h"))
        #expect(rate.limit.millionths == 300_000 && rate.window == .seconds(3600))
        for text in ["30%", "30%/", "/1h", "30/1h", "30%/0s", "30%/1", "30%/1h/2", "130%/1h"] { #expect(EscalationRate(text: text) == nil, "\(text)") }
    }
}
