import Testing
import Values

@testable import Reports

/// A clock that was set back while something waited.
@Suite struct ElapsedTests {
    @Test func nothingTookLessThanNoTime() {
        let start = Timestamp(microseconds: 5_000_000)
        #expect(Timestamp(microseconds: 1_000_000).elapsed(since: start) == .milliseconds(0))
        #expect(Timestamp(microseconds: 7_250_000).elapsed(since: start) == .milliseconds(2_250))
        #expect(Figures.span(start, Timestamp(microseconds: 1)) == .milliseconds(0))
    }
}
