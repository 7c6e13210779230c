import Testing
import Values

@Suite struct TimeTests {
    @Test(arguments: [
        ("250ms", 250), ("45s", 45_000), ("1.5m", 90_000), ("24h", 86_400_000), ("7d", 604_800_000), ("1h30m", 5_400_000), ("0s", 0),
    ])
    func spansAreRead(_ text: String, milliseconds: Int64) {
        #expect(TimeSpan(text: text)?.milliseconds == milliseconds)
    }

    @Test(arguments: ["", "45", "s", "4 s", "-1s", "1y", "1s2", "1.s.", "99999999999999999d"])
    func spansWithoutAUnitAreNot(_ text: String) {
        #expect(TimeSpan(text: text) == nil)
    }

    @Test(arguments: [(840, "840ms"), (1000, "1s"), (12_340, "12.3s"), (245_000, "4m 05s"), (7_800_000, "2h 10m"), (273_600_000, "3d 04h")])
    func spansArePrinted(_ milliseconds: Int64, text: String) {
        #expect(TimeSpan(milliseconds: milliseconds).description == text)
    }

    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0), ("2000-02-29T12:00:00Z", 951_825_600), ("2026-11-21T09:48:15Z", 1_795_254_495),
        ("2026-11-21T10:48:15+01:00", 1_795_254_495), ("1969-12-31T23:59:59Z", -1), ("2026-11-21", 1_795_219_200), ("0001-01-01", -62_135_596_800),
    ])
    func momentsAreRead(_ text: String, seconds: Int64) {
        #expect(Timestamp(rfc3339: text)?.microseconds == seconds * 1_000_000)
    }

    @Test(arguments: ["2026-13-01", "2026-02-30", "2025-02-29", "2026-11-21T24:00:00Z", "2026-11-21T09:48:15", "today", "2026-11-21T09:48:15.Z"])
    func momentsThatDoNotExistAreNot(_ text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test func everyDayOfFourCenturiesRoundTrips() {
        for day in stride(from: Int64(-80_000), to: 80_000, by: 7) {
            let moment = Timestamp(microseconds: day * 86_400_000_000 + 123_456)
            #expect(Timestamp(rfc3339: moment.rfc3339) == moment)
        }
    }
}
